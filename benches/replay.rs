//! A day of 200 functions and some 100,000 calls on the virtual clock, read and played:
//! `cargo bench --bench replay`.
//!
//! No engine is needed. What it takes at most of memory is printed at the end: the whole of
//! this process, the trace and criterion with it.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has no result")]

use std::hint::black_box;
use std::path::Path;

use coldstart::cost::{Architecture, Prices};
use coldstart::pool::{Limits, PolicyChoice};
use coldstart::replay::Measured;
use coldstart::replay::played::Tariff;
use coldstart::replay::trace::generate::{Wanted, generate};
use coldstart::replay::trace::{self, Reading};
use coldstart::replay::virtual_clock::{Runs, Setting, play};
use coldstart::store;
use criterion::{Criterion, criterion_group, criterion_main};

criterion_group!(replay, a_day);
criterion_main!(replay);

/// Of different kinds: nothing kept, timers, a histogram, memory that is short.
const POLICIES: [&str; 5] = ["none", "fixed:10m", "hybrid", "cidre", "provisioned"];

fn a_day(c: &mut Criterion) {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("day.csv");
    let text = generate(&Wanted::default()).expect("a trace");
    std::fs::write(&file, text).expect("a file");
    let trace = trace::read(&file, &Reading::default()).expect("a trace");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/reference");
    let run = store::open(&folder).expect("a run");
    let measured = Measured::of(&run, &[]).expect("cold and warm calls");
    let mapping = measured.nearest(&trace.average_runs());
    let prices = Prices::builtin().expect("prices");
    let tariff = Tariff { prices, architecture: Architecture::X86 };
    let mut group = c.benchmark_group("replay");
    group.sample_size(10);
    group.bench_function("read", |b| {
        b.iter(|| black_box(trace::read(&file, &Reading::default()).expect("a trace")));
    });
    for name in POLICIES {
        let policy: PolicyChoice = name.parse().expect("a policy");
        let memory = policy.needs_memory_limit().then_some(32 << 30);
        let setting = Setting {
            trace: &trace,
            measured: &measured,
            mapping: &mapping,
            limits: Limits { memory, ..Limits::LAMBDA },
            runs: Runs::Trace,
            seed: 0,
            tariff: &tariff,
        };
        group.bench_function(name, |b| b.iter(|| black_box(play(&setting, policy))));
    }
    group.finish();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    println!("{} calls; {most}", trace.calls.len());
}
