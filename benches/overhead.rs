//! What the driver itself costs, without Docker: `cargo bench --bench overhead`.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has no result")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use coldstart::adapter::runtime_api::RuntimeApi;
use coldstart::adapter::{self, Adapter as _, Answer, Asked};
use coldstart::clock::Clock;
use coldstart::drive::burst;
use coldstart::engine::fake::FakeEngine;
use coldstart::engine::{EngineInfo, Listener};
use coldstart::platform::{Platform, Target, TargetSpec};
use coldstart::probe::exec_trace::{self, Event};
use coldstart::probe::host::Host;
use coldstart::probe::machine::Reading;
use coldstart::sample::{
    Cell, HostInterval, Mark, Outcome, Proof, Sample, Temperature, TrialRecord,
};
use coldstart::spec::control::{Control, SERIES};
use coldstart::spec::factor::{Combination, Network};
use coldstart::spec::function::{self, Limits, ReplyCheck};
use coldstart::spec::plan::Plan;
use coldstart::spec::scenario::{self, LoadShape, Scenario};
use coldstart::stats;
use coldstart::store::{
    self, Counts, FORMAT, FunctionRecord, KernelEvents, MachineRecord, RunRecord, Writer,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const EVENT: &str = r#"{"order":{"id":7}}"#;

criterion_group! {
    name = overhead;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(3));
    targets = round_trip, release, width, clock, reading, joining, recording, summarising,
        calibrating, planning
}
criterion_main!(overhead);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// One warm invocation over loopback: event out, reply in, with a client that
/// does nothing. The floor of every warm figure.
fn round_trip(c: &mut Criterion) {
    let runtime = runtime();
    let _context = runtime.enter();
    let listener =
        runtime.block_on(Listener::tcp([127, 0, 0, 1].into())).expect("a free port on loopback");
    let address = listener.address().to_owned();
    let api = RuntimeApi::serve(listener, Clock::start(), Default::default(), Default::default());
    thread::spawn(move || client(&address));
    let event = adapter::Event::with_nonce(EVENT);
    let invoke = || {
        runtime.block_on(async {
            let asked = Asked {
                function: "f",
                event: &event,
                limit: std::time::Duration::ZERO,
                keep: 4096,
                request: None,
                client: None,
            };
            let answered = api.invoke(asked).answer.await.expect("an answer");
            assert!(matches!(answered.answer, Answer::Response(_)), "{answered:?}");
            api.prepare();
        });
    };
    c.bench_function("runtime API round trip over loopback", |b| b.iter(invoke));
}

/// A function that answers every event at once, until the server goes away.
fn client(address: &str) -> Option<()> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_nodelay(true).ok()?;
    let mut stream = BufReader::new(stream);
    loop {
        let next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n";
        stream.get_mut().write_all(next.as_bytes()).ok()?;
        let id = response(&mut stream)?;
        let reply = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        stream.get_mut().write_all(reply.as_bytes()).ok()?;
        response(&mut stream)?;
    }
}

/// Reads one response; returns the request id that it carries.
fn response(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|n| *n > 0)?;
        match line.trim_end().split_once(": ") {
            Some(("Lambda-Runtime-Aws-Request-Id", value)) => id = value.to_owned(),
            Some(("Content-Length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    stream.read_exact(&mut vec![0; length]).ok()?;
    Some(id)
}

/// From the intended instant to the begin of the last of a burst.
fn release(c: &mut Criterion) {
    let runtime = runtime();
    let clock = Clock::start();
    for n in [4, 50] {
        c.bench_function(&format!("last of a burst of {n} begins after the instant"), |b| {
            b.iter_custom(|times| {
                let late = |_| {
                    let at = clock.now() + 8_000_000;
                    let begun = runtime
                        .block_on(burst::burst(clock, at, n, |_| async move { clock.now() }));
                    begun.into_iter().max().unwrap_or(at) - at
                };
                Duration::from_nanos((0..times).map(late).sum())
            });
        });
    }
}

/// The release of a burst of 50 cold starts through the whole platform, on the
/// simulated engine in real time: from the first dispatch to the last. Printed as
/// quantiles, because what counts is the tail; so criterion does not run it.
fn width(_: &mut Criterion) {
    const NAME: &str = "release width of a burst of 50 cold starts, simulated engine";
    let (options, filters): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with('-'));
    if !filters.is_empty() && !filters.iter().any(|filter| NAME.contains(filter)) {
        return;
    }
    let bursts = if options.iter().any(|option| option == "--test") { 2 } else { 200 };
    let runtime = runtime();
    let clock = runtime.block_on(async { Clock::start() });
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions/functions.toml");
    let function = function::load(&file).expect("functions.toml").remove(0);
    let making = TargetSpec::plain(function, "image".to_owned(), Network::Bridge, "fake");
    let target = Arc::new(Target::new(making, "bench", 0));
    let mut widths: Vec<u64> = (0..bursts)
        .map(|_| {
            // A new engine a burst: removing fifty instances takes seconds.
            let engine = Arc::new(FakeEngine::new(clock, 7, BTreeMap::new()));
            let platform: Platform<_> = Platform::new(engine, clock, "bench".to_owned());
            let platform = Arc::new(platform);
            let visits = runtime.block_on(async {
                platform.prepare(&target, 50).await;
                let at = clock.now() + 10_000_000;
                burst::burst(clock, at, 50, |_| {
                    let (platform, target) = (platform.clone(), target.clone());
                    async move { platform.invoke(target.invocation(at)).await }
                })
                .await
            });
            let begun = visits.iter().filter_map(|v| v.marks.get(Mark::Dispatched));
            let (first, last) = begun.fold((u64::MAX, 0), |(f, l), at| (f.min(at), l.max(at)));
            last - first
        })
        .collect();
    widths.sort_unstable();
    let us = |share: f64| widths[(share * (bursts - 1) as f64).round() as usize] as f64 / 1e3;
    println!(
        "{NAME}, {bursts} bursts: p50 {:.0} us, p99 {:.0} us, max {:.0} us",
        us(0.5),
        us(0.99),
        us(1.0)
    );
}

fn clock(c: &mut Criterion) {
    let _runtime = runtime();
    let clock = Clock::start();
    c.bench_function("reading the clock", |b| b.iter(|| black_box(clock.now())));
}

/// The machine's counters: read before and after every trial.
fn reading(c: &mut Criterion) {
    c.bench_function("reading the machine's counters", |b| b.iter(Reading::now));
}

/// What the kernel told of a burst of 50 starts, joined to each of them, as is done
/// once a step has ended.
fn joining(c: &mut Criterion) {
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

/// Rows of one trial of the default scenario's surge, to disk.
fn recording(c: &mut Criterion) {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut writer = Writer::create(&home.path().join("run"), record()).expect("a run folder");
    let rows: Vec<Sample> = samples(208).collect();
    let trial = trial();
    let mut group = c.benchmark_group("recording");
    group.throughput(Throughput::Elements(rows.len() as u64));
    group.bench_function("208 samples to disk", |b| {
        b.iter(|| writer.append(&trial, &rows).expect("room on the disk"));
    });
    group.finish();
}

fn summarising(c: &mut Criterion) {
    let rows: Vec<Sample> = samples(100_000).collect();
    let home = tempfile::tempdir().expect("a temporary folder");
    let folder = home.path().join("run");
    let (record, kept) = of_one_step(100_000);
    let mut writer = Writer::create(&folder, record).expect("a run folder");
    writer.append(&trial(), &kept).expect("room on the disk");
    let mut group = c.benchmark_group("100,000 samples");
    group.sample_size(10);
    group.bench_function("summarise", |b| b.iter(|| stats::summarise(black_box(&rows))));
    group.bench_function("read back and summarise", |b| {
        b.iter(|| stats::summarise(&store::open(&folder).expect("a run").samples));
    });
    group.finish();
}

/// At worst: every row is a control's.
fn calibrating(c: &mut Criterion) {
    let rows: Vec<Sample> = samples(100_000).map(as_control).collect();
    let summaries = stats::summarise(&rows);
    let mut group = c.benchmark_group("100,000 samples");
    group.sample_size(10);
    group.bench_function("of controls, calibrated", |b| {
        b.iter(|| {
            let controls = stats::Controls::of(black_box(&rows), &summaries);
            assert!(controls.kinds.iter().all(|of| of.line.is_some()));
        });
    });
    group.finish();
}

/// The row as one of a control's, each of them in turn.
fn as_control(mut sample: Sample) -> Sample {
    let ms = SERIES[sample.index as usize % SERIES.len()];
    let process = sample.trial.is_multiple_of(2);
    sample.cell.control = Some(if process { Control::Process(ms) } else { Control::Container(ms) });
    let intended = sample.marks.get(Mark::Intended).expect("a mark of every row");
    let responded = intended + 400_000 + u64::from(ms) * 1_000_000;
    sample.marks.set(Mark::Main, intended + 200_000);
    sample.marks.set(Mark::Replied, responded - 50_000);
    sample.marks.set(Mark::Responded, responded);
    sample
}

fn planning(c: &mut Criterion) {
    let scenario = default_scenario();
    c.bench_function("planning the default scenario", |b| {
        b.iter(|| Plan::new(black_box(&scenario), 4, 7));
    });
}

fn default_scenario() -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scenarios");
    scenario::load(&folder.join("default.toml")).expect("the default scenario")
}

/// Plausible rows over eight cells: what they say is of no matter here.
fn samples(n: u32) -> impl Iterator<Item = Sample> {
    let limits = Limits { memory: 512 << 20, cpus: None, processes: None };
    let factors = Combination::on(Network::Bridge).resolve(limits, "runc");
    (0..n).map(move |i| {
        let cold = i % 25 == 0;
        let start = u64::from(i) * 1_000_000;
        let latency = 400_000 + u64::from(i.wrapping_mul(2_654_435_761) % 100_000);
        let mut marks = vec![(Mark::Intended, start), (Mark::Dispatched, start + 9_000)];
        if cold {
            marks.extend([(Mark::StartCalled, start + 50_000), (Mark::Ready, start + 300_000)]);
        }
        marks.push((Mark::Responded, start + latency));
        Sample {
            cell: Cell {
                function: format!("f{}", i % 4),
                adapter: Default::default(),
                factors: factors.clone(),
                control: None,
                pattern: "surge".into(),
                step: if cold { "out" } else { "steady" }.into(),
                act: if cold { LoadShape::Burst(4) } else { LoadShape::Sequence(200) },
                temperature: if cold { Temperature::Cold } else { Temperature::Warm },
            },
            round: 1 + i * 20 / n,
            trial: 1 + i / 208,
            index: i % 208,
            instance: Some(format!("{i:064x}")),
            why_cold: None,
            proof: Some(Proof { nonce: format!("{i:016x}"), invocation: 1 }),
            marks: marks.into_iter().collect(),
            readiness: None,
            dropped_marks: 0,
            processes: Vec::new(),
            resources: None,
            reply: None,
            output: None,
            outcome: Outcome::Ok,
        }
    })
}

/// As many rows of one step, and the record of a run that can have them: what is read
/// back is checked against its plan.
fn of_one_step(n: u32) -> (RunRecord, Vec<Sample>) {
    let mut record = record();
    record.functions = vec![function("f")];
    record.scenario.controls = false;
    record.scenario.patterns.truncate(1);
    let pattern = &mut record.scenario.patterns[0];
    pattern.steps.truncate(1);
    pattern.steps[0].act = LoadShape::Sequence(n);
    let (pattern, step) = (pattern.name.clone(), pattern.steps[0].name.clone());
    let row = |(index, sample): (u32, Sample)| {
        let (function, act) = ("f".to_owned(), LoadShape::Sequence(n));
        let (pattern, step) = (pattern.clone(), step.clone());
        let cell = Cell { function, act, pattern, step, ..sample.cell };
        Sample { cell, trial: 1, round: 1, index, ..sample }
    };
    let rows = (0..).zip(samples(n)).map(row).collect();
    (record, rows)
}

fn function(name: &str) -> FunctionRecord {
    FunctionRecord {
        name: name.to_owned(),
        position: 0,
        image: "bench".to_owned(),
        digest: "bench".to_owned(),
        size: 0,
        bases: Vec::new(),
        version: "bench".to_owned(),
        limits: Limits { memory: 512 << 20, cpus: None, processes: None },
        timeout_ms: 10_000,
        reply: ReplyCheck::Proof,
        event: None,
        environment: None,
        launch: Default::default(),
        http: None,
        extensions: Vec::new(),
        variant: None,
        build: None,
        is_bare: false,
    }
}

fn trial() -> TrialRecord {
    let machine = HostInterval::default();
    TrialRecord { trial: 1, round: 1, began: 0, ended: 1 << 40, machine, resident: None }
}

fn record() -> RunRecord {
    RunRecord {
        format: FORMAT,
        id: format!("bench-{:?}", Instant::now()),
        tool: "coldstart".into(),
        command: "cargo bench".into(),
        started: "2026-01-01T00:00:00Z".into(),
        elapsed: None,
        complete: false,
        stopped: None,
        beyond: Vec::new(),
        scenario: default_scenario(),
        seed: 7,
        host: Host::read(),
        engine: EngineInfo::default(),
        functions: Vec::new(),
        null: None,
        fleet: Vec::new(),
        tune: None,
        side: None,
        kernel_events: KernelEvents::default(),
        machine: MachineRecord::default(),
        counts: Counts::default(),
        tried: false,
        driver_memory: None,
        warnings: Vec::new(),
    }
}
