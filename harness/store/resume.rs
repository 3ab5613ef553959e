//! A run that stopped early, opened to be gone on with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::files;
use super::lines::read_lines;
use super::writer::{claim, hold};
use super::{Counts, FORMAT, RunRecord, SAMPLES, TRIALS, Writer, bounds, record};
use crate::drive::ENGINE_FAILED;
use crate::sample::{HostInterval, Outcome, Sample, TrialRecord};

/// What a run that stopped early left.
#[derive(Debug)]
pub struct Unfinished {
    /// Its record tells of what is kept alone, and is not saved yet.
    writer: Writer,
    /// The rows of every trial that was run to its end, by number.
    pub rows: BTreeMap<u32, Vec<Sample>>,
    /// Rows of a trial that was cut short, or whose engine was gone: it is run again.
    pub dropped: usize,
    /// The latest stamp of all, in nanoseconds since the run's epoch.
    pub last: u64,
}

impl Unfinished {
    /// Opens a run's folder, and changes nothing in it. `invocations` are those of each
    /// trial of its plan.
    ///
    /// # Errors
    /// When another process measures it, when it cannot be read or written, or when
    /// its rows are not those of a run that stopped: the folder is named.
    pub fn open(folder: &Path, invocations: &BTreeMap<u32, u64>) -> Result<Self> {
        let append = |name: &str| {
            let path = folder.join(name);
            let file = files::open_to_append(&path);
            file.with_context(|| format!("cannot write {}", path.display()))
        };
        let mut record = record(folder)?;
        if record.format != FORMAT {
            bail!(
                "{} is of format {}, which is read and not gone on with: start a new run",
                folder.display(),
                record.format
            );
        }
        if record.scenario.is_from_outside() {
            bail!(
                "the calls of {} came from outside, and nobody makes them again: start a new run",
                folder.display()
            );
        }
        let (samples, trials) = (append(SAMPLES)?, append(TRIALS)?);
        let samples = claim(samples, folder)?;
        let read_samples = read_lines(&folder.join(SAMPLES), "sample", bounds::sample, false)?.all;
        let read_trials = read_lines(&folder.join(TRIALS), "trial", bounds::trial, false)?.all;

        let mut whole = whole(&read_samples, &read_trials, invocations);
        if let Some(trial) =
            whole.last().copied().filter(|n| is_no_result(*n, &read_samples, &record))
        {
            whole.remove(&trial);
        }
        let (samples_end, kept) = prefix(&read_samples, |sample| whole.contains(&sample.trial))
            .with_context(|| out_of_order(folder))?;
        let (trials_end, done) = prefix(&read_trials, |trial| whole.contains(&trial.trial))
            .with_context(|| out_of_order(folder))?;

        let dropped = read_samples.len() - kept;
        let mut rows: BTreeMap<u32, Vec<Sample>> = BTreeMap::new();
        record.counts = Counts { planned: record.counts.planned, ..Counts::default() };
        for (sample, _) in read_samples.into_iter().take(kept) {
            record.counts.add(&sample);
            rows.entry(sample.trial).or_default().push(sample);
        }
        let done = &read_trials[..done];
        let last = done.last().map_or(0, |(trial, _)| trial.ended);
        // A run that was killed had no time to say.
        record.elapsed = record.elapsed.or(Some(last as f64 / 1e9));
        record.machine.meanwhile = record.machine.meanwhile.or_else(|| together(done));
        record.stopped = None;
        let (place, ends) = (hold(folder)?, [samples_end, trials_end]);
        let writer = Writer { place, samples, trials, ends, unwritten: Default::default(), record };
        Ok(Self { writer, rows, dropped, last })
    }

    /// What is known of the run.
    #[must_use]
    pub fn record(&self) -> &RunRecord {
        &self.writer.record
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.writer.folder()
    }

    /// Removes what is left of a trial that is run again, and goes on from there: what
    /// appends to it, and the rows that it keeps.
    ///
    /// # Errors
    /// Names the folder when it cannot be written.
    pub fn resume(self) -> Result<(Writer, BTreeMap<u32, Vec<Sample>>)> {
        let Self { writer, rows, .. } = self;
        let [samples, trials] = writer.ends;
        cut(&writer.samples, samples, writer.folder())?;
        cut(&writer.trials, trials, writer.folder())?;
        Ok((writer, rows))
    }
}

/// The trials that were run to their end: noted, and with every row of theirs.
fn whole(
    samples: &[(Sample, u64)],
    trials: &[(TrialRecord, u64)],
    invocations: &BTreeMap<u32, u64>,
) -> BTreeSet<u32> {
    let mut rows: BTreeMap<u32, u64> = BTreeMap::new();
    for (sample, _) in samples {
        *rows.entry(sample.trial).or_default() += 1;
    }
    let noted = trials.iter().map(|(trial, _)| trial.trial);
    noted.filter(|n| rows.contains_key(n) && rows.get(n) == invocations.get(n)).collect()
}

/// Whether the last trial met the end of its engine: what failed in it tells of the
/// engine, not of the function.
fn is_no_result(trial: u32, samples: &[(Sample, u64)], record: &RunRecord) -> bool {
    let of_trial = samples.iter().rev().map(|(sample, _)| sample).filter(|s| s.trial == trial);
    let engine_failed = record.stopped.as_deref().is_some_and(|why| why.starts_with(ENGINE_FAILED));
    of_trial.map(|sample| &sample.outcome).any(|outcome| {
        matches!(outcome, Outcome::EngineError { .. }) || engine_failed && !outcome.is_ok()
    })
}

fn out_of_order(folder: &Path) -> String {
    format!(
        "{} cannot be resumed: its rows are not in the order of its plan; start a new run",
        folder.display()
    )
}

/// Where the lines to keep end, and how many they are; none where one of them comes
/// after one that is not to be kept.
fn prefix<T>(lines: &[(T, u64)], keep: impl Fn(&T) -> bool) -> Option<(u64, usize)> {
    let kept = lines.iter().take_while(|(line, _)| keep(line)).count();
    let in_order = !lines[kept..].iter().any(|(line, _)| keep(line));
    in_order.then(|| (kept.checked_sub(1).map_or(0, |last| lines[last].1), kept))
}

fn cut(file: &File, end: u64, folder: &Path) -> Result<()> {
    file.set_len(end).with_context(|| format!("cannot write {}", folder.display()))
}

/// What the machine did during some trials.
fn together(trials: &[(TrialRecord, u64)]) -> Option<HostInterval> {
    let seconds = |trial: &TrialRecord| trial.ended.saturating_sub(trial.began) as f64 / 1e9;
    let parts = trials.iter().map(|(trial, _)| (trial.machine, seconds(trial)));
    let whole =
        parts.reduce(|(all, so_far), (next, more)| (all.then(so_far, &next, more), so_far + more));
    whole.map(|(all, _)| all)
}

#[cfg(test)]
mod tests;
