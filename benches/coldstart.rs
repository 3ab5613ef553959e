//! One cold start of each function a sample, on the real engine:
//! `cargo bench --bench coldstart`.
//!
//! The familiar local entry point; campaigns and gates are the program's own. A
//! sample holds exactly one start, because criterion averages within a sample:
//! eleven starts a function, the first one thrown away as the warm-up. Its line
//! "Unable to complete 10 samples" is the price of that.
//!
//! By its clock criterion decides how many starts follow, so each happens when it is asked
//! for, on the platform itself: a measurement (`coldstart::measure`) has its own order.
//!
//! An engine and images must be there (`coldstart build --provision`), or
//! `COLDSTART_PROVISION=1` be set; without an engine it says so and does nothing.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has no result")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use coldstart::clock::Clock;
use coldstart::engine::Engine;
use coldstart::engine::docker::DockerEngine;
use coldstart::observer::Lines;
use coldstart::platform::{Platform, Target, TargetSpec};
use coldstart::provision::bases::Bases;
use coldstart::provision::images;
use coldstart::provision::{Consent, Surroundings, engine};
use coldstart::sample::{Mark, Temperature};
use coldstart::spec::factor::Network;
use coldstart::spec::function;
use coldstart::store::FunctionRecord;
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use tokio::runtime::Runtime;

criterion_group!(coldstart, cold_starts);
criterion_main!(coldstart);

/// The id that everything made here is labelled with.
const RUN: &str = "bench";

fn cold_starts(c: &mut Criterion) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions/functions.toml");
    let all = function::load(&file).expect("functions.toml");
    let functions = function::choose(&all, &[]).expect("functions that are not optional");
    let ready = runtime.block_on(async {
        let consent = Consent::from_flag(false);
        let say = Lines(|text: &str| eprintln!("{text}"));
        let around = Surroundings::read();
        let engine = engine::find(&around, consent, &say).await?;
        let bases = Bases::new(&around, consent, &say);
        let records = images::ensure(&engine, &functions, &bases, RUN).await?;
        anyhow::Ok((Arc::new(engine), records))
    });
    let (engine, records) = match ready {
        Ok(ready) => ready,
        Err(error) => return eprintln!("skipped, nothing was measured: {error:#}"),
    };
    let mut group = c.benchmark_group("cold_start");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(1))
        .measurement_time(Duration::from_millis(1))
        .noise_threshold(0.05)
        .nresamples(10_000);
    for (function, record) in functions.into_iter().zip(&records) {
        let name = function.name.clone();
        let mut starts = Starts::new(&runtime, &engine, function, record);
        group.bench_function(&name, |b| {
            b.iter_custom(|times| (0..times).map(|_| starts.once()).sum());
        });
    }
    group.finish();
}

/// Cold starts of one function, one after another.
struct Starts<'a> {
    runtime: &'a Runtime,
    platform: Platform<DockerEngine>,
    target: Target,
}

impl<'a> Starts<'a> {
    fn new(
        runtime: &'a Runtime,
        engine: &Arc<DockerEngine>,
        function: function::Function,
        record: &FunctionRecord,
    ) -> Self {
        let info = runtime.block_on(engine.describe()).expect("the engine to answer");
        let oci = info.offers.default_runtime();
        let making = TargetSpec::plain(function, record.digest.clone(), Network::Bridge, oci);
        let target = Target::new(making, RUN, 0);
        let _context = runtime.enter();
        let platform = Platform::new(engine.clone(), Clock::start(), RUN.to_owned());
        Self { runtime, platform, target }
    }

    /// From the intended instant to the verified reply; the removal is not timed.
    fn once(&mut self) -> Duration {
        self.runtime.block_on(async {
            let intended = self.platform.clock().now();
            let mut visit = self.platform.invoke(self.target.invocation(intended)).await;
            self.platform.vouch(&mut visit).await;
            assert!(visit.outcome.is_ok(), "{:?}", visit.outcome);
            assert_eq!(visit.temperature, Temperature::Cold);
            self.platform.clear().await.expect("the instance to be removed");
            let latency = visit.marks.between(Mark::Intended, Mark::Responded);
            Duration::from_nanos(latency.expect("both marks"))
        })
    }
}
