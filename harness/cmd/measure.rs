//! From a request to rows on disk: what `run`, `gate` and `aa` share.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use tokio::sync::watch;

use super::interrupt::{self, Phase};
use super::progress::Progress;
use super::voice::{self, TerminalObserver};
use super::{ExitReason, say, warn};
use crate::cli::EngineChoice;
use crate::clock::Clock;
use crate::drive::{DriveError, Driver, RunEnd, Stop, TrialResult};
use crate::engine::docker::DockerEngine;
use crate::engine::fake::FakeEngine;
use crate::engine::process::ProcessEngine;
use crate::engine::{Engine, ImageStore};
use crate::platform::Platform;
use crate::probe::exec_trace::ExecTrace;
use crate::probe::host;
use crate::probe::machine::{self, Reading};
use crate::provision::Consent;
use crate::provision::bases::Bases;
use crate::provision::images;
use crate::sample::HostInterval;
use crate::spec::plan::Trial;
use crate::store::{self, FunctionRecord, Unfinished, Writer};
use crate::system::descriptors;
use crate::system::private::Live;

mod beside;
mod others;
mod prepare;
mod preparing;
mod request;
mod resume;

pub(super) use preparing::Preparing;
use preparing::most_at_a_time;
pub(super) use request::{Measurement, RunIdentity, Side};

/// An engine that has the images of every side.
pub(super) enum PreparedEngine {
    /// Containers.
    Docker {
        /// The engine.
        engine: Arc<DockerEngine>,
        /// What is known of the functions of each side.
        records: Vec<Vec<FunctionRecord>>,
        /// For as long as the engine is used.
        _live: Live,
    },
    /// Simulated latencies.
    Fake {
        /// What is known of the functions of each side.
        records: Vec<Vec<FunctionRecord>>,
    },
}

impl PreparedEngine {
    /// Finds an engine and makes sure of every image.
    pub(super) async fn get(
        choice: EngineChoice,
        consent: Consent,
        request: &Measurement,
        stop: &watch::Receiver<Stop>,
    ) -> Result<Self, ExitReason> {
        if choice == EngineChoice::Fake {
            let records = request.sides.iter().map(|side| images::simulated(&side.with_null()));
            return Ok(PreparedEngine::Fake { records: records.collect() });
        }
        let most = most_at_a_time(&request.scenario);
        descriptors::check(most).map_err(|reason| anyhow!(reason))?;
        let preparing = Preparing::begin(consent, &request.id, stop).await?;
        let bases = Bases::new(&preparing.around, consent, &TerminalObserver);
        let records = preparing.unless(stop, images_of(request, &preparing.engine, &bases));
        let records = records.await??;
        let Preparing { engine, live, .. } = preparing;
        Ok(PreparedEngine::Docker { engine: Arc::new(engine), records, _live: live })
    }

    /// Measures a request for whose sides it was made.
    pub(super) async fn measure<A: FnOnce() -> Result<Vec<usize>>>(
        &self,
        request: &Measurement,
        steering: RunControl<'_, A>,
    ) -> Result<RunEnd> {
        let before = request.unfinished()?;
        let offset = before.as_ref().map_or(0, |before| before.last + PAUSE);
        match self {
            PreparedEngine::Docker { engine, records, .. } => {
                let clock = Clock::start().going_on(offset);
                let begin = Begin { clock, records, trace: listen(request, clock), before };
                let all = Arc::new(ProcessEngine::new(engine.clone()));
                measure(request, engine.as_ref(), all, begin, steering).await
            }
            PreparedEngine::Fake { records } => {
                let clock = Clock::paused().going_on(offset);
                // What comes after must not be what came before once more.
                let done = before.as_ref().map_or(0, |before| before.rows.len() as u64);
                let seed = request.plan.seed.wrapping_add(done);
                let engine = Arc::new(FakeEngine::new(clock, seed, Default::default()));
                let trace = Err("simulated: there is no kernel to listen to".to_owned());
                let begin = Begin { clock, records, trace, before };
                measure(request, engine.as_ref(), engine.clone(), begin, steering).await
            }
        }
    }
}

/// The images of every side.
async fn images_of(
    request: &Measurement,
    engine: &DockerEngine,
    bases: &Bases<'_>,
) -> Result<Vec<Vec<FunctionRecord>>> {
    let mut records = Vec::new();
    for side in &request.sides {
        let built = images::ensure(engine, &side.with_null(), bases, &request.id).await;
        records.push(match &side.record {
            Some(record) => built.with_context(|| format!("{}, {}", side.name, record.label))?,
            None => built?,
        });
    }
    Ok(records)
}

/// What steers a measurement from outside.
pub(super) struct RunControl<'a, A> {
    /// What was asked for by Ctrl-C.
    pub(super) stop: &'a mut watch::Receiver<Stop>,
    /// Asked once all is measured: which functions, by index, to measure for as many
    /// rounds again.
    pub(super) again: A,
}

/// Measures nothing again.
pub(super) fn nothing_again() -> Result<Vec<usize>> {
    Ok(Vec::new())
}

/// What is said of containers that would not go.
const NOT_REMOVED: &str = "removing the run's containers: `coldstart clean` tries again";

/// Nanoseconds on the run's clock between its last trial and the first after it went on,
/// however long that took: an axis of time is of what was measured.
const PAUSE: u64 = 1_000_000_000;

/// What a measurement begins with.
struct Begin<'a> {
    /// Its epoch is the begin of it all.
    clock: Clock,
    /// What is known of the functions of each side.
    records: &'a [Vec<FunctionRecord>],
    trace: Trace,
    /// What an earlier part of the run left; none for a new run.
    before: Option<Unfinished>,
}

/// The listener to the kernel, or why there is none.
type Trace = Result<ExecTrace, String>;

fn listen(request: &Measurement, clock: Clock) -> Trace {
    if !request.traced {
        return Err(resume::SWITCHED_OFF.to_owned());
    }
    ExecTrace::start(clock).map_err(|reason| {
        warn(&format!("phases of the engine will be merged: {reason}"));
        reason.to_string()
    })
}

/// Everything from an engine with images to rows on disk. Whatever happens after
/// the first trial, the instances are removed and the records are saved.
async fn measure<E: Engine, A: FnOnce() -> Result<Vec<usize>>>(
    request: &Measurement,
    images: &impl ImageStore,
    engine: Arc<E>,
    begin: Begin<'_>,
    steering: RunControl<'_, A>,
) -> Result<RunEnd> {
    let Begin { clock, records, trace, before } = begin;
    let preparing = voice::step("preparing: each function is tried once");
    let mut info = engine.describe().await?;
    info.address = without_home(&info.address);
    if let Some(before) = &before {
        resume::check(before, &info, &records[0])?;
    }
    let mut warnings = beside::other_runs(images, &request.id).await?;
    let platform = Arc::new(Platform::new(engine.clone(), clock, request.id.clone()));
    let silent = trace.as_ref().err().cloned();
    let prepared = async {
        let targets = prepare::targets(request, images, &info, records).await?;
        let (scenario, plan) = (request.scenario.clone(), request.plan.clone());
        let driver = Driver::new(engine, platform.clone(), plan, targets, trace.ok());
        let tried = prepare::try_all(request, &driver).await?;
        anyhow::Ok((driver, tried))
    };
    let Some(prepared) = interrupt::unless(steering.stop, prepared).await else {
        platform.clear().await.context(NOT_REMOVED)?;
        return Ok(RunEnd::Stopped);
    };
    let (driver, tried) = match prepared {
        Ok(prepared) => prepared,
        // What was tried may still be there.
        Err(e) => return both(Err(e), platform.clear().await.context(NOT_REMOVED), warn),
    };
    warnings.extend(tried);
    if let Some(before) = before {
        let (writer, rows) = resume::begin(request, before, silent, warnings)?;
        // A killed run's instances, which bear the same label.
        driver.platform().clear().await?;
        drop(preparing);
        return drive(request, &driver.going_on(rows), vec![writer], steering).await;
    }
    drop(preparing);
    let mut writers = Vec::new();
    for (index, side) in request.sides.iter().enumerate() {
        let (records, warnings) = (records[index].clone(), warnings.clone());
        let mut record = request.record(index, info.clone(), records, warnings);
        record.kernel_events.silent = silent.clone();
        writers.push(Writer::create(&side.folder, record)?);
    }
    drive(request, &driver, writers, steering).await
}

async fn drive<E: Engine, A: FnOnce() -> Result<Vec<usize>>>(
    request: &Measurement,
    driver: &Driver<E>,
    mut writers: Vec<Writer>,
    steering: RunControl<'_, A>,
) -> Result<RunEnd> {
    interrupt::now(Phase::Measuring);
    others::look(request, &mut writers).await;
    say(&request.announce());
    let (begun, before) = (Instant::now(), Before::now());
    // What an earlier part has rows of was asked for then.
    let mut asked: Vec<u64> = writers.iter().map(|w| w.record.counts.rows()).collect();
    let ended = trials(request, driver, &mut writers, &mut asked, steering).await;
    let cleared = driver.platform().clear().await.context(NOT_REMOVED);
    let ended = close(request, driver, writers, RunOutcome { ended, begun, before, asked });
    both(ended, cleared, warn)
}

/// Of two failures the first decides and the other is told: neither hides the other.
fn both<T>(first: Result<T>, other: Result<()>, tell: impl FnOnce(&str)) -> Result<T> {
    match (first, other) {
        (first, Ok(())) => first,
        (Ok(_), Err(other)) => Err(other),
        (Err(first), Err(other)) => {
            tell(&format!("{other:#}"));
            Err(first)
        }
    }
}

/// Runs every trial of the plan, and then those of `again`.
async fn trials<E: Engine, A: FnOnce() -> Result<Vec<usize>>>(
    request: &Measurement,
    driver: &Driver<E>,
    writers: &mut [Writer],
    asked: &mut [u64],
    RunControl { stop, again }: RunControl<'_, A>,
) -> Result<RunEnd, DriveError> {
    let Measurement { plan, scenario, .. } = request;
    let reckoned = |trial| (trial, plan.estimate_of(trial));
    let left = driver.left().map(reckoned);
    let mut progress = Progress::new(left, request.rounds(), scenario.max_time);
    let mut rows = |progress: &mut Progress, trial: &Trial, done: TrialResult| {
        asked[trial.side] += plan.invocations_of(trial);
        writers[trial.side].append(&done.record, &done.samples)?;
        progress.trial(trial, &done.samples);
        if let Some(given_up) = &done.given_up {
            let text = request.name_on(given_up.side, &given_up.to_string());
            warn(&text);
            writers[trial.side].record.warnings.push(text);
        }
        Ok(())
    };
    let mut ended = driver.run(stop, |trial, done| rows(&mut progress, trial, done)).await;
    if matches!(ended, Ok(RunEnd::Complete)) {
        let functions = again().map_err(DriveError::Rows)?;
        let more = plan.again(&functions, scenario.rounds);
        if !more.is_empty() {
            progress.more(more.iter().map(reckoned), scenario.rounds);
            let rows = |trial: &Trial, done| rows(&mut progress, trial, done);
            ended = driver.run_trials(&more, stop, rows).await;
        }
    }
    progress.end();
    ended
}

/// The machine before the first trial.
struct Before {
    reading: Reading,
    throttles: Option<u64>,
}

impl Before {
    fn now() -> Self {
        Self { reading: Reading::now(), throttles: machine::throttles() }
    }
}

/// How a measurement came to its end.
struct RunOutcome {
    ended: Result<RunEnd, DriveError>,
    begun: Instant,
    before: Before,
    /// Invocations that were asked for, by side.
    asked: Vec<u64>,
}

/// Completes the record of every side and saves it, or tells where it is kept instead.
fn close<E: Engine>(
    request: &Measurement,
    driver: &Driver<E>,
    writers: Vec<Writer>,
    closing: RunOutcome,
) -> Result<RunEnd> {
    let RunOutcome { ended, begun, before, asked } = closing;
    let nanoseconds = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let meanwhile = HostInterval::between(&before.reading, &Reading::now(), nanoseconds);
    let throttled = machine::throttles().zip(before.throttles);
    let throttled = throttled.and_then(|(now, then)| now.checked_sub(then));
    let mut saved = Ok(());
    for (mut writer, asked) in writers.into_iter().zip(asked) {
        let record = &mut writer.record;
        // An earlier part of the run has left its own.
        let (earlier, seconds) = (record.elapsed.unwrap_or(0.0), begun.elapsed().as_secs_f64());
        let machine = &mut record.machine;
        machine.load_at_start = machine.load_at_start.or(before.reading.load);
        machine.throttled = match (machine.throttled, throttled) {
            (Some(first), Some(later)) => Some(first + later),
            (first, later) => first.or(later),
        };
        machine.meanwhile = match machine.meanwhile {
            Some(first) => Some(first.then(earlier, &meanwhile, seconds)),
            None => Some(meanwhile),
        };
        record.elapsed = Some(earlier + seconds);
        record.driver_memory = record.driver_memory.max(Some(host::peak_memory()));
        record.warnings.extend(driver.platform().warnings());
        if let Some(trace) = driver.trace() {
            record.kernel_events.seen += trace.seen();
            record.kernel_events.lost += trace.lost();
        }
        // Whichever comes first, enough or the limit, is the end of a run until enough.
        let by_itself = request.scenario.until.is_some() && matches!(ended, Ok(RunEnd::OutOfTime));
        record.complete = matches!(ended, Ok(RunEnd::Complete)) || by_itself;
        if record.complete {
            // Cells that were known well enough were not measured to the last round;
            // those that alarmed were measured beyond it.
            record.counts.planned = asked;
        }
        record.stopped = match &ended {
            Ok(RunEnd::Complete) => None,
            Ok(RunEnd::OutOfTime) => Some(store::OUT_OF_TIME.to_owned()),
            Ok(RunEnd::Stopped) => Some("interrupted".to_owned()),
            Ok(RunEnd::GivenUp) => Some(store::NOTHING_ANSWERS.to_owned()),
            Err(error) => Some(format!("{error:#}")),
        };
        saved = both(saved, writer.close(), warn);
    }
    both(ended.map_err(Into::into), saved, warn)
}

/// A run's folder is made to be shared: it need not say whose home it was made in.
fn without_home(text: &str) -> String {
    match std::env::var("HOME") {
        Ok(home) if home.len() > 1 => text.replace(&home, "~"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a run out of file descriptors only the disk was told.
    #[test]
    fn of_several_failures_the_first_decides_and_every_other_is_told() {
        let failed = |text: &str| Err::<(), _>(anyhow!("{text}").context("at"));
        let mut told = Vec::new();
        let mut all = |first, other| both(first, other, |text| told.push(text.to_owned()));
        all(Ok(()), Ok(())).unwrap();
        assert_eq!(format!("{:#}", all(failed("a"), Ok(())).unwrap_err()), "at: a");
        assert_eq!(format!("{:#}", all(Ok(()), failed("b")).unwrap_err()), "at: b");
        assert_eq!(format!("{:#}", all(failed("a"), failed("b")).unwrap_err()), "at: a");
        assert_eq!(told, ["at: b"]);
    }
}
