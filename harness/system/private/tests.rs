use std::os::unix::fs::symlink;
use std::process::Command;

use super::*;
use crate::system::maker::Maker;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

/// A maker that was, and is no more.
fn dead() -> String {
    let mut child = Command::new("true").spawn().unwrap();
    let own = Maker::own().to_string();
    let world = own.split('-').next().unwrap();
    child.wait().unwrap();
    format!("{world}-{}-1", child.id())
}

#[test]
fn a_private_folder_is_made_for_its_user_alone_and_closed_where_it_was_open() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a/b");
    assert_eq!(mode(&make(&path).unwrap()), 0o700);
    fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
    make(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
}

#[test]
fn a_link_or_a_file_in_place_of_a_private_folder_is_refused_and_named() {
    let home = tempfile::tempdir().unwrap();
    let (target, link) = (home.path().join("target"), home.path().join("link"));
    fs::create_dir(&target).unwrap();
    fs::set_permissions(&target, Permissions::from_mode(0o755)).unwrap();
    symlink(&target, &link).unwrap();
    let error = make(&link).unwrap_err().to_string();
    assert!(error.contains("/link") && error.contains("XDG_STATE_HOME"), "{error}");
    assert_eq!(mode(&target), 0o755, "it was followed");
    fs::write(home.path().join("file"), "").unwrap();
    assert!(make(&home.path().join("file")).is_err());
}

#[test]
fn a_private_folder_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("left out: only root can make what is another user's");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("theirs");
    fs::create_dir(&path).unwrap();
    std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
    let error = make(&path).unwrap_err().to_string();
    assert!(error.contains("user 65534's"), "{error}");
    fs::write(home.path().join("a.lock"), "").unwrap();
    std::os::unix::fs::chown(home.path().join("a.lock"), Some(65_534), None).unwrap();
    let error = Lock::try_take(&home.path().join("a.lock")).unwrap_err().to_string();
    assert!(error.contains("a.lock") && error.contains("in its place"), "{error}");
}

/// Root's run waited for ever in the open of a pipe, or followed a link.
#[test]
fn a_pipe_or_a_link_in_place_of_a_lock_is_refused_at_once() {
    let home = tempfile::tempdir().unwrap();
    let (pipe, link) = (home.path().join("pipe.lock"), home.path().join("link.lock"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    symlink(home.path().join("made"), &link).unwrap();
    for path in [pipe, link] {
        let (sender, receiver) = std::sync::mpsc::channel();
        let tried = path.clone();
        std::thread::spawn(move || sender.send(Lock::try_take(&tried).map(drop)));
        let answer = receiver.recv_timeout(std::time::Duration::from_secs(20));
        let error = answer.expect("it waits").unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
    assert!(!home.path().join("made").exists(), "the link was followed");
}

#[test]
fn a_lock_is_held_by_one_and_signed_and_swept_only_when_nobody_holds_it() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.lock");
    let held = Lock::try_take(&path).unwrap().unwrap().sign();
    assert!(Lock::try_take(&path).unwrap().is_none());
    assert_eq!(holder(&path), Some(std::process::id()));
    assert_eq!(mode(&path), 0o600);
    assert!(sweep_locks(home.path()).unwrap().is_empty() && path.exists());
    drop(held);
    assert_eq!(sweep_locks(home.path()).unwrap(), [path.as_path()]);
    assert!(!path.exists());
}

#[test]
fn a_lock_whose_file_was_swept_while_it_was_waited_for_is_taken_anew() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.lock");
    let early = open(&path).unwrap();
    sweep_locks(home.path()).unwrap();
    let early = Locked::take(early).unwrap().unwrap();
    assert!(!is_at(&early, &path), "a lock on a file that is gone counts for nobody");
    let taken = Lock::try_take(&path).unwrap().unwrap();
    assert!(is_at(&taken.file, &path));
}

#[test]
fn folders_of_the_dead_are_swept_and_those_of_the_living_and_of_others_stay() {
    let home = tempfile::tempdir().unwrap();
    let living = Temporary::create(home.path(), "kind-").unwrap();
    assert_eq!(mode(living.path()), 0o700);
    assert!(Temporary::own().iter().any(|path| path == living.path()));
    let left = home.path().join(format!("kind-{}-aB3", dead()));
    fs::create_dir_all(left.join("deep/er")).unwrap();
    let link = home.path().join(format!("kind-{}-link", dead()));
    let target = home.path().join("target");
    fs::create_dir(&target).unwrap();
    symlink(&target, &link).unwrap();
    for other in ["kind-x", "kind-1-2", "other", "kind-"] {
        fs::create_dir(home.path().join(other)).unwrap();
    }
    let elsewhere = home.path().join("kind-fffffffffffffff-1-1-aB3");
    fs::create_dir(&elsewhere).unwrap();
    let swept = Temporary::sweep(home.path(), "kind-").unwrap();
    assert_eq!(swept.removed, [left]);
    assert_eq!(swept.kept.len(), 1, "{swept:?}");
    assert!(swept.kept[0].0 == elsewhere && swept.kept[0].1.contains("another machine"));
    assert!(living.path().exists() && link.exists() && target.exists());
    assert!(["kind-x", "kind-1-2", "other", "kind-"].iter().all(|n| home.path().join(n).exists()));
    let path = living.path().to_owned();
    drop(living);
    assert!(!path.exists() && !Temporary::own().contains(&path));
}

#[test]
fn who_uses_an_engine_is_told_as_long_as_it_lives() {
    let home = tempfile::tempdir().unwrap();
    let used = ["a", "b"].map(|key| Used { key, address: "unix:///a.sock" });
    let live = Live::say(home.path(), "run-1", &used).unwrap();
    let stale = home.path().join(format!("live-{}", dead()));
    fs::write(&stale, "run-0\nof an older version\nb\tunix:///b.sock\n").unwrap();
    let used = used_by_the_dead(home.path()).unwrap();
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ["unix:///b.sock"], "who lives is none");
    let found = living(home.path()).unwrap();
    let own = Living {
        run: "run-1".to_owned(),
        engines: vec!["a".to_owned(), "b".to_owned()],
        pid: std::process::id(),
    };
    assert_eq!(found, [own]);
    assert!(!stale.exists(), "what a dead process left is swept");
    drop(live);
    assert!(living(home.path()).unwrap().is_empty());
}

#[test]
fn a_lock_is_let_go_though_a_process_that_just_begins_still_has_its_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("lock");
    let held = Lock::try_take(&path).unwrap().unwrap();
    // As between fork and exec of a child.
    let inherited = held.file.try_clone().unwrap();
    assert!(Lock::try_take(&path).unwrap().is_none());
    drop(held);
    assert!(Lock::try_take(&path).unwrap().is_some());
    drop(inherited);
}
