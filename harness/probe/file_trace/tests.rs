use std::fs;
use std::os::fd::AsFd;

use super::*;

fn opened(kept: &mut Kept, path: &Path, executed: bool) {
    let file = fs::File::open(path).unwrap();
    kept.add(1, 7, file.as_fd(), executed);
}

#[test]
fn an_execution_that_is_told_twice_is_one_and_a_file_that_is_opened_twice_is_two() {
    let folder = tempfile::tempdir().unwrap();
    let (program, other) = (folder.path().join("program"), folder.path().join("o\nther"));
    fs::write(&program, "12345").unwrap();
    fs::write(&other, "").unwrap();
    let mut kept = Kept::default();
    opened(&mut kept, &program, false);
    opened(&mut kept, &program, true);
    opened(&mut kept, &other, false);
    opened(&mut kept, &program, false);
    let seen: Vec<_> = kept.opens.all.iter().map(|open| (open.size, open.executed)).collect();
    assert_eq!(seen, [(5, true), (0, false), (5, false)]);
    let path = kept.opens.all[2].path.clone();
    assert!(Arc::ptr_eq(&kept.opens.all[0].path, &path), "a path is kept once");
}

#[test]
fn opens_beyond_the_most_are_counted() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut kept = Kept::default();
    for _ in 0..MOST + 3 {
        kept.opens.all.push(Open {
            at: 0,
            pid: 1,
            path: Arc::from("/x"),
            size: 0,
            executed: false,
        });
        if kept.opens.all.len() == MOST {
            break;
        }
    }
    opened(&mut kept, file.path(), false);
    assert_eq!((kept.opens.all.len(), kept.opens.beyond), (MOST, 1));
}

/// Where we may listen at all: on a file system of our own nobody else opens anything.
#[test]
fn what_is_opened_on_a_marked_file_system_is_heard_and_nothing_else() {
    let Ok(trace) = FileTrace::start(Clock::start()) else { return };
    // One in memory: those of `/dev/shm` are few and ours is told by its name.
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else { return };
    if trace.mark(folder.path()).is_err() {
        return;
    }
    let path = folder.path().join("read");
    fs::write(&path, "123").unwrap();
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    fs::read(elsewhere.path()).unwrap();
    fs::read(&path).unwrap();
    let opens = trace.take().all;
    let ours: Vec<_> = opens.iter().filter(|open| open.pid == std::process::id()).collect();
    assert!(ours.iter().any(|open| open.path.ends_with("/read") && open.size == 3), "{ours:?}");
    assert!(!ours.iter().any(|open| Path::new(&*open.path) == elsewhere.path()), "{ours:?}");
    assert!(trace.take().all.is_empty(), "what was taken is gone");
}

/// A queue that has an end, as nobody reads from it: ours has none, and this is what would
/// come of one.
#[test]
fn a_queue_of_the_kernel_that_overflows_is_counted_and_what_it_held_is_kept() {
    let most = fs::read_to_string("/proc/sys/fs/fanotify/max_queued_events");
    let most: usize = most.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(usize::MAX);
    let flags = InitFlags::FAN_CLASS_NOTIF | InitFlags::FAN_CLOEXEC | InitFlags::FAN_NONBLOCK;
    let opened = EventFFlags::O_RDONLY | EventFFlags::O_CLOEXEC;
    let (Ok(group), true) = (Fanotify::init(flags, opened), most <= 50_000) else { return };
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else { return };
    let flags = MarkFlags::FAN_MARK_ADD | MarkFlags::FAN_MARK_FILESYSTEM;
    if group.mark(flags, MaskFlags::FAN_OPEN, rustix::fs::CWD, Some(folder.path())).is_err() {
        return;
    }
    // Of one file the kernel takes many events for one.
    for at in 0..most + 100 {
        fs::File::create(folder.path().join(at.to_string())).unwrap();
    }
    let shared = Shared { group, clock: Clock::start(), kept: Mutex::default() };
    let mut kept = Kept::default();
    assert!(shared.drain(&mut kept));
    assert_eq!(kept.opens.overflows, 1);
    let seen = kept.opens.all.len() + kept.opens.beyond as usize;
    assert!(seen > most / 2, "{seen} of {most}");
}
