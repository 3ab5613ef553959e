//! Starts a minute: `run --parallel 4` against four bare loops.
//!
//! Both from the first intended instant to the last removal, as the reports count.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};
use coldstart::drive::{Driver, Targets};
use coldstart::engine::Engine;
use coldstart::platform::{Platform, Target};
use coldstart::probe::exec_trace::ExecTrace;
use coldstart::sample::{Mark, Sample};
use coldstart::spec::plan::{Plan, Trial};
use coldstart::spec::scenario::{self, LoadShape};
use tokio::runtime::Runtime;

use crate::client::{Client, Turn};
use crate::ready::Ready;
use crate::turns::Turns;
use crate::{FUNCTION, RUN};

/// At a time.
pub(crate) const WORKERS: u32 = 4;

/// Made to be turned into a measurement of throughput; its own pattern is not run.
const SCENARIO: &str = r#"
name = "bench"
rounds = 1
controls = false
keep-alive = "0s"
[[pattern]]
name = "none"
steps = [{ name = "call", burst = 1 }]
"#;

/// `starts` of each side in a round.
pub(crate) fn measure(runtime: &Runtime, ready: &Ready, rounds: u32, starts: u32) -> Result<()> {
    let turn = Turn::of(&ready.images)?;
    let through_the_driver = || through(runtime, ready, &ready.engine, ready.target(), starts);
    let clients = || (0..WORKERS).map(|_| Client::connect(&ready.recipe).map(Mutex::new));
    let bare = || {
        by_hand(starts, &clients().collect::<Result<Vec<_>>>()?, |client| {
            let mut client = client.lock().unwrap_or_else(PoisonError::into_inner);
            let started = client.start()?;
            client.remove(&started.id, &turn)
        })
    };
    let rates = Turns::take(rounds, through_the_driver, bare)?;
    let what = format!("{FUNCTION} through the bridge");
    Sides { rates, what, one: "driver", other: "bare loops" }.print(rounds, starts);
    Ok(())
}

/// Starts a minute of two sides.
pub(crate) struct Sides {
    pub(crate) rates: Turns,
    pub(crate) what: String,
    pub(crate) one: &'static str,
    pub(crate) other: &'static str,
}

impl Sides {
    pub(crate) fn print(&self, rounds: u32, starts: u32) {
        let Self { rates, what, one, other } = self;
        let [first, second] = rates.medians();
        let (lowest, highest) = rates.range();
        println!(
            "{what}, {WORKERS} at a time, {rounds} blocks of {starts} starts: {one} {first:.1} starts \
             a minute, {other} {second:.1}, {one} over {other} {:.1} % (of single rounds {:.1} % to \
             {:.1} %)",
            first / second * 100.0,
            lowest * 100.0,
            highest * 100.0
        );
    }
}

/// Starts a minute of a target as `run --parallel 4` measures them.
pub(crate) fn through<E: Engine + Send + Sync + 'static>(
    runtime: &Runtime,
    ready: &Ready,
    engine: &Arc<E>,
    target: Target,
    starts: u32,
) -> Result<f64> {
    // Made anew: it listens to the kernel, which must not slow the other side.
    let (driver, trial) = driver(ready, engine, target, starts)?;
    let done = runtime.block_on(driver.trial(&trial))?;
    rate_of(&done.samples, starts)
}

/// What `run --parallel 4` runs, and its one trial with several workers.
fn driver<E: Engine>(
    ready: &Ready,
    engine: &Arc<E>,
    target: Target,
    starts: u32,
) -> Result<(Driver<E>, Trial)> {
    let mut scenario = scenario::parse(SCENARIO, "the scenario of the benchmark")?;
    scenario.in_parallel(WORKERS);
    for step in scenario.patterns.iter_mut().flat_map(|pattern| &mut pattern.steps) {
        if let LoadShape::Parallel { workers: WORKERS, starts: planned } = &mut step.act {
            *planned = starts;
        }
    }
    let plan = Plan::new(&scenario, 1, 7);
    let trial = *plan
        .trials
        .iter()
        .find(|trial| is_parallel(&plan, trial))
        .context("the plan has no trial with several workers")?;
    let mut targets = Targets::default();
    targets.add(trial.side, trial.subject, target);
    let platform = Arc::new(Platform::new(engine.clone(), ready.clock(), RUN.to_owned()));
    // Where the kernel tells nothing, `run` goes on without, too.
    let trace = ExecTrace::start(ready.clock()).ok();
    let driver = Driver::new(engine.clone(), platform, plan, targets, trace);
    Ok((driver, trial))
}

fn is_parallel(plan: &Plan, trial: &Trial) -> bool {
    let steps = &plan.pattern(trial).steps;
    steps.iter().any(|step| matches!(step.act, LoadShape::Parallel { workers: WORKERS, .. }))
}

/// Starts a minute of a trial whose starts all succeeded.
fn rate_of(samples: &[Sample], starts: u32) -> Result<f64> {
    if let Some(failed) = samples.iter().find(|s| !s.outcome.is_ok()) {
        bail!("{:?}", failed.outcome);
    }
    ensure!(samples.len() == starts as usize, "{} starts, not {starts}", samples.len());
    let begin = samples.iter().filter_map(|s| s.marks.get(Mark::Intended)).min();
    let removed: Option<Vec<u64>> = samples.iter().map(|s| s.marks.get(Mark::Removed)).collect();
    let end = removed.context("an instance was not removed")?.into_iter().max();
    let (begin, end) = begin.zip(end).context("a mark is missing")?;
    Ok(f64::from(starts) * 60e9 / (end - begin) as f64)
}

/// Starts a minute of the same by hand: a worker for each of what it is done with.
pub(crate) fn by_hand<T: Sync>(
    starts: u32,
    each: &[T],
    start: impl Fn(&T) -> Result<()> + Sync,
) -> Result<f64> {
    let left = AtomicU32::new(starts);
    let gate = Barrier::new(each.len());
    let times = thread::scope(|scope| {
        let (left, gate, start) = (&left, &gate, &start);
        let work = |one| scope.spawn(move || work(|| start(one), left, gate));
        let workers: Vec<_> = each.iter().map(work).collect();
        let joined = workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| anyhow!("a bare loop panicked"))?);
        joined.collect::<Result<Vec<(Instant, Instant)>>>()
    })?;
    let begin = times.iter().map(|(begin, _)| *begin).min().context("no worker")?;
    let end = times.iter().map(|(_, end)| *end).max().context("no worker")?;
    Ok(f64::from(starts) * 60.0 / (end - begin).as_secs_f64())
}

/// One bare loop, as long as there are starts to take: when it began and ended.
fn work(
    start: impl Fn() -> Result<()>,
    left: &AtomicU32,
    gate: &Barrier,
) -> Result<(Instant, Instant)> {
    gate.wait();
    let begin = Instant::now();
    let mut end = begin;
    let one_less = |left: u32| left.checked_sub(1);
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
        start()?;
        end = Instant::now();
    }
    Ok((begin, end))
}
