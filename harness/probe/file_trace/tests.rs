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
