//! What the kernel told, joined to the starts that it was of.

use std::hint::black_box;

use coldstart::probe::exec_trace::{self, Event};
use criterion::{Criterion, Throughput};

/// What the kernel told of a burst of 50 starts, joined to each of them, as is done
/// once a step has ended.
pub(crate) fn joining(c: &mut Criterion) {
    const STARTS: u32 = 50;
    let id = |i: u32| format!("{i:064x}");
    let mut events: Vec<Event> = (0..STARTS).flat_map(|i| events(&id(i), i)).collect();
    // As the kernel tells them: those of all starts mixed.
    events.sort_by_key(Event::at);
    let join = || {
        let each = (0..STARTS).map(|i| {
            let (id, pid) = (id(i), Some(function_of(i)));
            let start = exec_trace::Start { id: &id, pid, from: 0, until: u64::MAX };
            exec_trace::join(black_box(&events), &start)
        });
        // All that there is to find, or the figure would be of something else.
        each.inspect(|traced| assert_eq!((traced.marks.len(), traced.processes.len()), (5, 8)))
            .count()
    };
    let mut group = c.benchmark_group("kernel events");
    group.throughput(Throughput::Elements(events.len() as u64));
    group.bench_function("joined to a burst of 50 starts", |b| b.iter(join));
    group.finish();
}

/// The process of a start's function.
fn function_of(start: u32) -> u32 {
    10_000 + start * 100 + 28
}

/// What was once recorded of a start on a bridge, moved to the place of another:
/// burst starts are about 30 ms apart.
fn events(id: &str, start: u32) -> Vec<Event> {
    const DAEMON: u32 = 900;
    let first = function_of(start) - 28;
    let at = |us: u64| (us + u64::from(start) * 30_000) * 1_000;
    let exec = |us, pid, parent, line: &str| Event::Exec {
        at: at(us),
        pid,
        parent: Some(parent),
        argv: line.split(' ').map(str::to_owned).collect(),
        used: None,
    };
    let exit = |us, pid| Event::Exit { at: at(us), pid };
    let shim = format!("/usr/bin/containerd-shim-runc-v2 -namespace moby -id {id}");
    let state = format!("/run/engine/daemon/io.containerd.runtime.v2.task/moby/{id}");
    let runc =
        format!("runc --root /run/runtime-runc/moby --log {state}/log.json --log-format json");
    let create = format!("{runc} create --bundle {state} --pid-file {state}/init.pid {id}");
    let hook = format!("libnetwork-setkey -exec-root=/run/docker {id} c0c95");
    vec![
        exec(14_850, first, DAEMON, &format!("{shim} start")),
        exec(17_854, first + 7, first, &shim),
        exit(18_727, first),
        exec(21_163, first + 18, first + 7, &create),
        exec(25_108, first + 25, first + 18, "runc init"),
        exec(25_592, first + 25, first + 18, "runc init"),
        exit(39_291, first + 27),
        exit(39_409, first + 25),
        exec(44_706, first + 34, first + 18, &hook),
        exec(77_362, first + 43, DAEMON, "set-ipv6 /run/docker/netns/14cc64c9697e all false"),
        exit(103_426, first + 43),
        exit(131_269, first + 34),
        exit(142_292, first + 18),
        exec(144_942, first + 49, first + 7, &format!("{runc} start {id}")),
        exit(148_087, first + 49),
        exec(149_876, first + 28, first + 7, "/function"),
    ]
}
