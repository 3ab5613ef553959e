//! The trials of a measurement, from the first to records that are saved.

use std::time::Instant;

use anyhow::{Context, Result};

use super::{Measurement, More, NOT_REMOVED, RunControl, host_load};
use crate::drive::{DriveError, Driver, RunEnd, TrialResult};
use crate::engine::Engine;
use crate::observer::{Event, Observer};
use crate::probe::host;
use crate::probe::machine::{self, Reading};
use crate::sample::HostInterval;
use crate::spec::plan::Trial;
use crate::store::{self, BeyondRecord, Writer};

pub(super) async fn drive<E: Engine>(
    request: &Measurement,
    driver: &Driver<E>,
    mut writers: Vec<Writer>,
    control: RunControl<'_>,
    observer: &dyn Observer,
) -> Result<RunEnd> {
    observer.notify(Event::Measuring);
    host_load::look(request, &mut writers).await;
    observer.info(&request.announce());
    let (begun, before) = (Instant::now(), Before::now());
    // What an earlier part has rows of was asked for then.
    let mut asked: Vec<u64> = writers.iter().map(|w| w.record.counts.rows()).collect();
    let ended = trials(request, driver, &mut writers, &mut asked, control, observer).await;
    let cleared = driver.platform().clear().await.context(NOT_REMOVED);
    let ended =
        close(request, driver, writers, RunOutcome { ended, begun, before, asked }, observer);
    both(ended, cleared, observer)
}

/// Of two failures the first decides and the other is told: neither hides the other.
pub(super) fn both<T>(first: Result<T>, other: Result<()>, observer: &dyn Observer) -> Result<T> {
    match (first, other) {
        (first, Ok(())) => first,
        (Ok(_), Err(other)) => Err(other),
        (Err(first), Err(other)) => {
            observer.warn(&format!("{other:#}"));
            Err(first)
        }
    }
}

/// Runs every trial of the plan, and then those that are asked for besides.
async fn trials<E: Engine>(
    request: &Measurement,
    driver: &Driver<E>,
    writers: &mut [Writer],
    asked: &mut [u64],
    RunControl { stop, more }: RunControl<'_>,
    observer: &dyn Observer,
) -> Result<RunEnd, DriveError> {
    let plan = &request.plan;
    let scenario = &plan.scenario;
    let estimated = |trial: &Trial| (*trial, plan.estimate_of(trial));
    let left: Vec<_> = driver.left().map(estimated).collect();
    let (rounds, limit) = (request.rounds(), scenario.max_time);
    observer.notify(Event::Planned { trials: &left, rounds, limit });
    let mut rows = |trial: &Trial, done: TrialResult| {
        asked[trial.side] += plan.invocations_of(trial);
        writers[trial.side].append(&done.record, &done.samples)?;
        observer.notify(Event::TrialDone { trial, samples: &done.samples });
        if let Some(given_up) = &done.given_up {
            let text = request.name_on(given_up.side, &given_up.to_string());
            observer.warn(&text);
            writers[trial.side].record.warnings.push(text);
        }
        Ok(())
    };
    let mut ended = driver.run(stop, &mut rows).await;
    let mut beyond = Vec::new();
    let mut ask = more.unwrap_or_else(|| Box::new(|| Ok(None)));
    let mut last = plan.trials.last().copied();
    while let Ok(RunEnd::Complete) = &ended {
        let Some(More { functions, rounds: n }) = ask().map_err(DriveError::Rows)? else { break };
        let more = plan.beyond(last.as_ref(), &functions, n);
        let names = functions.iter().filter_map(|index| scenario.functions.get(*index));
        beyond.push(BeyondRecord { functions: names.cloned().collect(), rounds: n });
        let trials: Vec<_> = more.iter().map(estimated).collect();
        observer.notify(Event::Extended { trials: &trials, rounds: n });
        ended = driver.run_trials(&more, stop, &mut rows).await;
        last = more.last().copied().or(last);
    }
    observer.notify(Event::Measured);
    for writer in writers {
        writer.record.beyond.clone_from(&beyond);
    }
    ended
}

/// The machine before the first trial.
pub(super) struct Before {
    reading: Reading,
    throttles: Option<u64>,
}

impl Before {
    pub(super) fn now() -> Self {
        Self { reading: Reading::now(), throttles: machine::throttles() }
    }
}

/// How a measurement came to its end.
pub(super) struct RunOutcome {
    pub(super) ended: Result<RunEnd, DriveError>,
    pub(super) begun: Instant,
    pub(super) before: Before,
    /// Invocations that were asked for, by side.
    pub(super) asked: Vec<u64>,
}

/// Completes the record of every side and saves it, or tells where it is kept instead.
pub(super) fn close<E: Engine>(
    request: &Measurement,
    driver: &Driver<E>,
    writers: Vec<Writer>,
    outcome: RunOutcome,
    observer: &dyn Observer,
) -> Result<RunEnd> {
    let RunOutcome { ended, begun, before, asked } = outcome;
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
        let by_itself =
            request.plan.scenario.until.is_some() && matches!(ended, Ok(RunEnd::OutOfTime));
        record.complete = matches!(ended, Ok(RunEnd::Complete)) || by_itself;
        // Cells that were known well enough were not measured to the last round; those that
        // alarmed were measured beyond it.
        record.counts.planned = match record.complete {
            true => asked,
            false => record.counts.planned.max(asked),
        };
        record.stopped = match &ended {
            Ok(RunEnd::Complete) => None,
            Ok(RunEnd::OutOfTime) => Some(store::OUT_OF_TIME.to_owned()),
            Ok(RunEnd::Stopped) => Some("interrupted".to_owned()),
            Ok(RunEnd::GivenUp) => Some(store::NOTHING_ANSWERS.to_owned()),
            Err(error) => Some(format!("{error:#}")),
        };
        saved = both(saved, writer.close(), observer);
    }
    both(ended.map_err(Into::into), saved, observer)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use anyhow::anyhow;

    use super::*;
    use crate::observer::Lines;

    /// Of a run out of file descriptors only the disk was told.
    #[test]
    fn of_several_failures_the_first_decides_and_every_other_is_told() {
        let failed = |text: &str| Err::<(), _>(anyhow!("{text}").context("at"));
        let told = Mutex::new(Vec::new());
        let observer = Lines(|text: &str| told.lock().unwrap().push(text.to_owned()));
        let all = |first, other| both(first, other, &observer);
        all(Ok(()), Ok(())).unwrap();
        assert_eq!(format!("{:#}", all(failed("a"), Ok(())).unwrap_err()), "at: a");
        assert_eq!(format!("{:#}", all(Ok(()), failed("b")).unwrap_err()), "at: b");
        assert_eq!(format!("{:#}", all(failed("a"), failed("b")).unwrap_err()), "at: a");
        assert_eq!(*told.lock().unwrap(), ["warning: at: b"]);
    }
}
