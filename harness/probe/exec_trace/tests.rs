use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::clock::Clock;
use crate::sample::Mark;

mod other_engines;

const ONE: &str = "27d47270af154a707249382cb605428f16ca8381d198471cae948c7d2cc63635";
const TWO: &str = "2af3af547506d6af412ba87300c8a6e6d714bf26762382fe0c1faf47440daf0e";
const STATE: &str = "/run/engine/daemon/io.containerd.runtime.v2.task/moby";
/// Processes that are there before.
const DAEMON: u32 = 22731;

fn exec(at: u64, pid: u32, parent: u32, line: &str) -> Event {
    let argv = line.split(' ').map(str::to_owned).collect();
    Event::Exec { at, pid, parent: Some(parent), argv, used: None }
}

fn exit(at: u64, pid: u32) -> Event {
    Event::Exit { at, pid }
}

fn runc(verb: &str, id: &str) -> String {
    let log =
        format!("--root /run/runtime-runc/moby --log {STATE}/{id}/log.json --log-format json");
    let bundle = format!("--bundle {STATE}/{id} --pid-file {STATE}/{id}/init.pid");
    match verb {
        "create" => format!("runc {log} create {bundle} {id}"),
        verb => format!("runc {log} {verb} {id}"),
    }
}

fn shim(id: &str, rest: &str) -> String {
    format!("/usr/bin/containerd-shim-runc-v2 -namespace moby -id {id}{rest}")
}

/// One start on a bridge, as recorded; times are microseconds after the start
/// call, process ids count from `p`. The function's process is `p + 28`.
fn on_a_bridge(id: &str, p: u32) -> Vec<Event> {
    let mut events = vec![
        exec(14_850, p, DAEMON, &shim(id, " -publish-binary /usr/bin/containerd start")),
        exec(17_854, p + 7, p, &shim(id, " -address /run/containerd.sock")),
        exit(18_727, p),
        exec(21_163, p + 18, p + 7, &runc("create", id)),
        exec(25_108, p + 25, p + 18, "runc init"),
        exec(25_592, p + 25, p + 18, "runc init"),
        // A process that the second self left behind, never executed.
        exit(39_291, p + 27),
        exit(39_409, p + 25),
        exec(
            44_706,
            p + 34,
            p + 18,
            &format!("libnetwork-setkey -exec-root=/run/docker {id} c0c95"),
        ),
        // The daemon's own helper says of no container.
        exec(77_362, p + 43, DAEMON - 6, "set-ipv6 /run/docker/netns/14cc64c9697e all false"),
        exit(103_426, p + 43),
        exit(131_269, p + 34),
        exit(142_292, p + 18),
        exec(144_942, p + 49, p + 7, &runc("start", id)),
        exit(148_087, p + 49),
        exec(149_876, p + 28, p + 7, "/function"),
    ];
    events.sort_by_key(Event::at);
    events
}

fn start(id: &str, pid: u32) -> Start<'_> {
    Start { id, pid: Some(pid), from: 0, until: 160_000 }
}

fn told(traced: &Traced) -> Vec<(&str, u64, Option<u64>)> {
    traced.processes.iter().map(|p| (p.name.as_str(), p.exec, p.exit)).collect()
}

const BRIDGE_MARKS: [(Mark, u64); 5] = [
    (Mark::Shim, 14_850),
    (Mark::OciCreate, 21_163),
    (Mark::Hooks, 44_706),
    (Mark::OciStart, 144_942),
    (Mark::Exec, 149_876),
];

#[test]
fn a_start_on_a_bridge_has_every_mark() {
    let traced = join(&on_a_bridge(ONE, 13_778), &start(ONE, 13_806));
    assert_eq!(traced.marks, BRIDGE_MARKS);
    assert_eq!(
        told(&traced),
        [
            ("containerd-shim-runc-v2 start", 14_850, Some(18_727)),
            ("containerd-shim-runc-v2", 17_854, None),
            ("runc create", 21_163, Some(142_292)),
            ("runc init", 25_108, Some(25_592)),
            ("runc init", 25_592, Some(39_409)),
            ("libnetwork-setkey", 44_706, Some(131_269)),
            ("runc start", 144_942, Some(148_087)),
            ("function", 149_876, None),
        ]
    );
}

#[test]
fn without_hooks_the_network_comes_after_the_create() {
    let mut events = on_a_bridge(ONE, 13_778);
    events.retain(|e| !matches!(e, Event::Exec { pid: 13_812 | 13_821, .. }));
    let marks = join(&events, &start(ONE, 13_806)).marks;
    assert_eq!(marks[2], (Mark::Hooks, 142_292));
    assert_eq!(marks.len(), 5);
}

#[test]
fn a_runtime_with_no_second_self_and_a_hook_without_the_id() {
    let events = [
        exec(10, 100, 1, &format!("/usr/bin/conmon -c {ONE} -u {ONE} -r /usr/bin/crun")),
        exec(20, 102, 100, &format!("crun create --bundle {STATE}/{ONE} --pid-file pid {ONE}")),
        exec(30, 104, 102, "/opt/hook --stage prestart"),
        exit(35, 104),
        exit(40, 102),
        exec(50, 105, 1, &format!("crun start {ONE}")),
        exec(60, 103, 100, "/bin/sh /entry"),
        exec(70, 103, 100, "/function start"),
        exit(75, 105),
    ];
    let traced = join(&events, &start(ONE, 103));
    let marks = [
        (Mark::Shim, 10),
        (Mark::OciCreate, 20),
        (Mark::Hooks, 30),
        (Mark::OciStart, 50),
        (Mark::Exec, 70),
    ];
    assert_eq!(traced.marks, marks);
    let names: Vec<&str> = traced.processes.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["conmon", "crun create", "hook", "crun start", "sh", "function"]);
}

#[test]
fn of_what_was_created_ahead_its_start_and_the_function_are_heard() {
    let events = [
        exec(5, 20, 7, &format!("runc --root /r create --bundle /b {ONE}")),
        exec(6, 21, 20, "runc init"),
        exec(40, 30, 7, &format!("sh /wrapper --root /r start {ONE}")),
        exec(42, 30, 7, &format!("runc --root /r start {ONE}")),
        exec(50, 21, 7, "/function"),
    ];
    let traced = join(&events, &Start { from: 30, ..start(ONE, 21) });
    assert_eq!(traced.marks, [(Mark::OciStart, 40), (Mark::Exec, 50)]);
}

/// A start on a bridge of which the programs executed at some instants died unread.
fn unread(gone: &[u64]) -> Traced {
    let mut events = on_a_bridge(ONE, 13_778);
    for event in &mut events {
        if let Event::Exec { at, argv, .. } = event
            && gone.contains(at)
        {
            argv.clear();
        }
    }
    join(&events, &start(ONE, 13_806))
}

#[test]
fn helpers_that_died_unread_are_known_by_their_parents() {
    let (shim, init, again, oci_start, function) = (14_850, 25_108, 25_592, 144_942, 149_876);
    let cases: [&[u64]; 6] =
        [&[shim], &[init], &[again], &[init, again], &[oci_start], &[shim, again, function]];
    for gone in cases {
        let traced = unread(gone);
        assert_eq!(traced.marks, BRIDGE_MARKS, "unread at {gone:?}");
        assert_eq!(traced.processes.len(), 8);
        let unknown = traced.processes.iter().filter(|p| p.name == "unknown").map(|p| p.exec);
        assert!(unknown.eq(gone.iter().copied()));
    }
}

#[test]
fn a_hook_that_could_not_be_read_marks_nothing() {
    let marks = unread(&[44_706]).marks;
    assert!(marks.iter().all(|(mark, _)| *mark != Mark::Hooks));
    assert_eq!(marks.len(), 4);
}

#[test]
fn lost_events_cost_their_own_marks_only() {
    let whole = on_a_bridge(ONE, 13_778);
    let without = |gone: u64| {
        let events: Vec<Event> = whole.iter().filter(|e| e.at() != gone).cloned().collect();
        let marks = join(&events, &start(ONE, 13_806)).marks;
        marks.into_iter().map(|(mark, _)| mark).collect::<Vec<_>>()
    };
    use Mark::{Exec, Hooks, OciCreate, OciStart, Shim};
    // Without the create, its start cannot be told from the shim's.
    assert_eq!(without(21_163), [Exec]);
    assert_eq!(without(144_942), [Shim, OciCreate, Hooks, Exec]);
    assert_eq!(without(149_876), [Shim, OciCreate, Hooks, OciStart]);
    assert_eq!(without(25_108).len(), 5);
    assert_eq!(join(&[], &start(ONE, 13_806)), Traced::default());
}

#[test]
fn an_id_used_again_is_another_process() {
    let mut events = vec![
        // Before the start: another program, whose end was lost.
        exec(5, 13_806, 1, "/bin/other"),
        exec(6, 13_796, 1, &format!("cat {ONE}")),
    ];
    events.extend(on_a_bridge(ONE, 13_778));
    // The create's id comes round: neither it nor its child takes part.
    events.push(exec(143_000, 13_796, 1, "/bin/stranger"));
    events.push(exec(143_100, 14_900, 13_796, "/bin/child"));
    events.push(exit(143_200, 13_796));
    events.push(exit(155_000, 13_806));
    let traced = join(&events, &Start { from: 10, ..start(ONE, 13_806) });
    assert_eq!(traced.marks, BRIDGE_MARKS);
    assert_eq!(told(&traced)[2], ("runc create", 21_163, Some(142_292)));
    assert_eq!(told(&traced)[7], ("function", 149_876, Some(155_000)));
    assert_eq!(traced.processes.len(), 8);
}

#[test]
fn a_plain_process_has_its_exec_only() {
    let events = [
        exec(10, 7, 1, "/bin/sh -c start"),
        exec(20, 7, 1, "./function create"),
        exec(25, 8, 7, "/bin/child init"),
        exec(26, 9, 1, &runc("create", ONE)),
        exit(30, 8),
    ];
    let traced = join(&events, &start("", 7));
    assert_eq!(traced.marks, [(Mark::Exec, 20)]);
    assert_eq!(
        told(&traced),
        [("sh", 10, Some(20)), ("function", 20, None), ("child", 25, Some(30)),]
    );
    assert_eq!(join(&events, &Start { pid: None, ..start("", 7) }), Traced::default());
}

#[test]
fn a_sandbox_that_is_no_function_yet_is_not_its_exec() {
    let events = [
        exec(10, 5, 1, &runc("create", ONE)),
        exec(20, 6, 5, "sandbox boot"),
        exec(30, 7, 1, &runc("start", ONE)),
    ];
    let marks = join(&events, &start(ONE, 6)).marks;
    assert_eq!(marks, [(Mark::OciCreate, 10), (Mark::OciStart, 30)]);
}

#[test]
fn a_function_cannot_pass_for_its_engine() {
    let mut events = on_a_bridge(ONE, 13_778);
    events.retain(|e| e.at() != 144_942);
    let forged = format!("\u{1b}[31m/x{}\u{202e} start {ONE}", "y".repeat(90));
    events.push(exec(150_000, 20_000, 13_806, &forged));
    for pid in 0..200 {
        events.push(exec(150_001, 30_000 + pid, 20_000, "more"));
    }
    let traced = join(&events, &start(ONE, 13_806));
    assert!(traced.marks.iter().all(|(mark, _)| *mark != Mark::OciStart));
    assert_eq!(traced.processes.len(), 64);
    assert!(traced.processes.iter().all(|p| p.name.chars().count() <= 40));
    assert!(!traced.processes.iter().any(|p| p.name.contains(char::is_control)));
}

#[test]
fn the_kernel_tells_of_a_program_that_ran() {
    let clock = Clock::start();
    let trace = match ExecTrace::start(clock) {
        Ok(trace) => trace,
        Err(Unavailable::Failed(error)) => panic!("{error}"),
        // No privilege, a container of its own, or a kernel without.
        Err(other) => {
            let cure =
                if matches!(other, Unavailable::NotPermitted) { "CAP_NET_ADMIN" } else { "host" };
            return assert!(other.to_string().contains(cure), "{other}");
        }
    };
    // The two readings of the epoch are not one instruction apart.
    let slack = 1_000_000;
    let mut ends = 0;
    for _ in 0..20 {
        let before = clock.now();
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let after = clock.now();
        let events = trace.take();
        let ran =
            events.iter().find(|e| matches!(e, Event::Exec { pid, .. } if *pid == child.id()));
        let at = ran.unwrap_or_else(|| panic!("not among {} events", events.len())).at();
        assert!(before <= at + slack && at <= after + slack);
        // The kernel lets the parent know before it tells us: an end may come later.
        ends += events.iter().filter(|e| matches!(e, Event::Exit { .. })).count();
    }
    assert!(ends > 0);
    assert!(trace.seen() > 20);
    assert_eq!(trace.lost(), 0);
}

#[test]
fn a_recorder_ends_at_once() {
    for _ in 0..20 {
        let Ok(trace) = ExecTrace::start(Clock::start()) else { return };
        drop(trace);
    }
}

#[test]
#[ignore = "needs root: makes a network namespace"]
fn a_foreign_network_is_told() {
    let inside = "COLDSTART_TEST_INSIDE";
    if std::env::var_os(inside).is_some() {
        let refused = ExecTrace::start(Clock::start()).unwrap_err();
        return assert!(matches!(refused, Unavailable::ForeignNetwork), "{refused}");
    }
    let mut itself = Command::new("unshare");
    itself.arg("--net").arg(std::env::current_exe().unwrap());
    let thread = std::thread::current();
    itself.args(["--exact", thread.name().unwrap(), "--ignored"]);
    let output = itself.env(inside, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    // A name that fits no test would be a success of none.
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// Anything, with process ids, ids and verbs that often meet.
fn any_event() -> impl Strategy<Value = Event> {
    let word = prop_oneof![
        Just(ONE.to_owned()),
        Just(format!("{STATE}/{TWO}")),
        Just("create".to_owned()),
        Just("start".to_owned()),
        Just("init".to_owned()),
        any::<String>(),
    ];
    let argv = prop::collection::vec(word, 0..5);
    let exec = (0_u64..100, 1_u32..8, prop::option::of(1_u32..8), argv)
        .prop_map(|(at, pid, parent, argv)| Event::Exec { at, pid, parent, argv, used: None });
    let exit = (0_u64..100, 1_u32..8).prop_map(|(at, pid)| Event::Exit { at, pid });
    prop_oneof![3 => exec, 1 => exit]
}

proptest! {
    #[test]
    fn whatever_happened_the_marks_are_in_order(
        events in prop::collection::vec(any_event(), 0..60),
        pid in prop::option::of(1_u32..8),
        from in 0_u64..50,
        length in 0_u64..60,
    ) {
        let start = Start { id: ONE, pid, from, until: from + length };
        let traced = join(&events, &start);
        prop_assert!(traced.marks.is_sorted());
        prop_assert!(traced.marks.is_sorted_by_key(|(_, at)| *at));
        prop_assert!(traced.processes.is_sorted_by_key(|p| p.exec));
        let inside = from..=start.until;
        prop_assert!(traced.marks.iter().all(|(_, at)| inside.contains(at)));
        for process in &traced.processes {
            prop_assert!(inside.contains(&process.exec));
            prop_assert!(process.exit.is_none_or(|at| at >= process.exec));
            prop_assert!(!process.name.is_empty() && process.name.chars().count() <= 40);
            prop_assert!(!process.name.contains(char::is_control));
        }
    }

    #[test]
    fn a_burst_is_its_starts(late in 0_u64..150_000, seed in any::<[u8; 8]>()) {
        let alone = on_a_bridge(ONE, 13_778);
        let mut both = alone.clone();
        both.extend(on_a_bridge(TWO, 14_000).into_iter().map(|event| match event {
            Event::Exec { at, pid, parent, argv, used } => {
                Event::Exec { at: at + late, pid, parent, argv, used }
            }
            Event::Exit { at, pid } => Event::Exit { at: at + late, pid },
        }));
        // Out of turn, as two processors may tell.
        both.sort_by_key(|e| e.at() + u64::from(seed[e.at() as usize % 8]));
        prop_assert_eq!(join(&both, &start(ONE, 13_806)), join(&alone, &start(ONE, 13_806)));
        let two = Start { from: late, until: late + 160_000, ..start(TWO, 14_028) };
        let marks: Vec<(Mark, u64)> =
            BRIDGE_MARKS.iter().map(|(mark, at)| (*mark, at + late)).collect();
        prop_assert_eq!(join(&both, &two).marks, marks);
    }
}

/// An engine does not tell the process of a function that has ended.
#[test]
fn of_a_function_that_is_gone_every_mark_is_found_too() {
    let gone = Start { pid: None, ..start(ONE, 0) };
    assert_eq!(join(&on_a_bridge(ONE, 13_778), &gone).marks, BRIDGE_MARKS);
    let mut two = on_a_bridge(ONE, 13_778);
    two.extend(on_a_bridge(TWO, 14_000));
    let other = Start { pid: None, ..start(TWO, 0) };
    assert_eq!(join(&two, &other).marks, join(&two, &start(TWO, 14_028)).marks);
    assert_eq!(join(&two, &gone).marks, BRIDGE_MARKS);
}
