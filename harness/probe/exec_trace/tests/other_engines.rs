//! Engines whose helpers start one another in other ways.

use super::*;

/// One start by podman, as recorded; times are microseconds after the start call. The shim
/// leaves the service before it runs the OCI create, each call of the runtime becomes itself
/// anew, and the service starts the container itself.
fn by_podman(gone: &[u64]) -> Vec<Event> {
    let crun = |verb: &str| format!("/usr/bin/crun {verb} {ONE}");
    let mut events = vec![
        exec(5, 90, DAEMON, "/usr/lib/podman/netavark setup"),
        exit(9, 90),
        exec(10, 100, DAEMON, &format!("/usr/bin/conmon -c {ONE} -u {ONE} -r /usr/bin/crun")),
        exit(15, 100),
        exec(20, 102, 100, &crun("create --bundle b")),
        exec(22, 102, 100, &crun("create --bundle b")),
        exit(40, 102),
        exec(50, 105, DAEMON, &crun("start")),
        exec(52, 105, DAEMON, &crun("start")),
        exit(55, 105),
        exec(60, 103, 102, "/function"),
    ];
    for event in &mut events {
        if let Event::Exec { at, argv, .. } = event
            && gone.contains(at)
        {
            argv.clear();
        }
    }
    events
}

#[test]
fn a_start_whose_shim_leaves_its_parent_has_every_mark_whatever_died_unread() {
    let marks = [
        (Mark::Shim, 10),
        (Mark::OciCreate, 20),
        (Mark::Hooks, 40),
        (Mark::OciStart, 50),
        (Mark::Exec, 60),
    ];
    for gone in [&[][..], &[10], &[50, 52], &[5, 10, 50, 52]] {
        let marked = |pid| join(&by_podman(gone), &Start { pid, ..start(ONE, 103) }).marks;
        assert_eq!(marked(Some(103)), marks, "unread at {gone:?}");
    }
    // Another container is started at the same time: it could be either.
    let mut both = by_podman(&[50, 52]);
    let unread =
        Event::Exec { at: 45, pid: 200, parent: Some(DAEMON), argv: Vec::new(), used: None };
    both.push(unread);
    both.sort_by_key(Event::at);
    let marks = join(&both, &start(ONE, 103)).marks;
    assert!(marks.len() == 4 && marks.iter().all(|(mark, _)| *mark != Mark::OciStart), "{marks:?}");
    let gone = Start { pid: None, ..start(ONE, 0) };
    assert_eq!(join(&by_podman(&[]), &gone).marks.last(), Some(&(Mark::Exec, 60)));
}

/// Engines from 28 on have no hook of their own, and newer runtimes execute themselves once.
#[test]
fn a_second_self_that_is_executed_once_and_died_unread_is_no_hook() {
    let mut events = on_a_bridge(ONE, 13_778);
    events.retain(|e| !matches!(e, Event::Exec { pid: 13_812 | 13_821, .. }));
    events.retain(|e| e.at() != 25_592);
    for event in &mut events {
        if let Event::Exec { at: 25_108, argv, .. } = event {
            argv.clear();
        }
    }
    assert_eq!(join(&events, &start(ONE, 13_806)).marks[2], (Mark::Hooks, 142_292));
}
