//! The only reader and writer of `results/`.
//!
//! A run is a folder: `run.json` (what, where, with what), `samples.jsonl` (a
//! line an invocation), `trials.jsonl` (a line a trial) and what is derived from
//! the three. Analysis reads these files and nothing else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::cost::Question;
use crate::sample::{Sample, TrialRecord};

mod baseline;
mod bounds;
pub mod catalog;
mod cost;
mod expected;
mod files;
pub(crate) mod fingerprint;
mod fleet;
mod lines;
mod migrate;
mod place;
mod record;
mod reserve;
mod resume;
mod shortfall;
mod writer;

pub use baseline::{BASELINES, Baseline, baseline};
pub use cost::ask_cost;
pub use files::{create, create_new, text, write};
pub use fingerprint::fingerprint;
pub use fleet::{NODES, NodeRecord, NodeRun, is_node_name, write_fleet};
pub use record::{
    BaseRecord, BeyondRecord, BuildRecord, Counts, EnvironmentRecord, EventRecord, FunctionRecord,
    KernelEvents, MachineRecord, Origin, RunRecord, SideRecord, TuneRecord, VariantRecord,
};
pub use reserve::Reservation;
pub use resume::Unfinished;
pub use shortfall::Shortfall;
pub use writer::Writer;

use lines::{invalid, read_lines};
use reserve::taken;

/// The version of the run folder's format that this program writes.
///
/// 3: engine and adapter are part of a cell, and an engine's offers are told by factor.
/// 2: cells carry every factor; `trials.jsonl`; it is read as well. Format 1 was of no
/// release.
pub const FORMAT: u32 = 3;

/// What the record says of a run that its time limit ended.
pub const OUT_OF_TIME: &str = "the time limit was reached";

/// What the record says of a run whose functions were all given up.
pub const NOTHING_ANSWERS: &str = "no function answers";

/// A run read back from its folder.
#[derive(Debug, Clone)]
pub struct Run {
    /// The folder.
    pub folder: PathBuf,
    /// `run.json`.
    pub record: RunRecord,
    /// `samples.jsonl`, in the order of execution.
    pub samples: Vec<Sample>,
    /// `trials.jsonl`, in the order of execution.
    pub trials: Vec<TrialRecord>,
    /// Whether the last line was cut short (the driver was killed).
    pub truncated: bool,
    /// Why it could only be read in part, where that was asked for: what is there is not
    /// what was measured.
    pub salvaged: Option<String>,
    /// What was asked of its bill; none where nothing was.
    pub cost: Option<Question>,
    /// What was measured on each node, of a fleet; empty of a run of one machine.
    pub nodes: Vec<NodeRun>,
}

/// The file of a run's facts: a folder that has it is a run's.
pub const RECORD: &str = "run.json";
/// The file of a run's samples.
const SAMPLES: &str = "samples.jsonl";

/// The file of a run's trials.
const TRIALS: &str = "trials.jsonl";

/// Reads a run's folder: `run.json`, `samples.jsonl` and `trials.jsonl`, nothing
/// derived. What cannot have been measured so is refused: rows that are not those of the
/// run's plan, an answer before its question, a number that nothing has.
///
/// # Errors
/// When it is not a run folder, is of another format, or a row is not readable or cannot
/// be: the file and the line of the first are named. Of a run that stopped early a last
/// line that was cut short is no error.
pub fn open(folder: &Path) -> Result<Run> {
    let (run, wrong) = read(folder, false)?;
    match wrong {
        None => Ok(run),
        Some(wrong) => Err(invalid(format!(
            "{wrong}: it was not measured so; `coldstart report --salvage {}` reads what is there",
            folder.display()
        ))
        .into()),
    }
}

/// Reads of a run's folder what can be read, where [`open`] refuses it: lines that are no
/// rows, rows that cannot be and rows that are there already are left out, and the run
/// says so ([`Run::salvaged`]). A folder with nothing wrong is read as [`open`] reads it.
///
/// # Errors
/// When `run.json` is not readable, or a file is not there.
pub fn salvage(folder: &Path) -> Result<Run> {
    match read(folder, false) {
        Ok((run, None)) => Ok(run),
        Ok((_, Some(wrong))) => salvaged(folder, wrong),
        Err(error) => salvaged(folder, format!("{error:#}")),
    }
}

fn salvaged(folder: &Path, wrong: String) -> Result<Run> {
    let (mut run, _) = read(folder, true)?;
    let before = run.samples.len();
    let mut seen = BTreeSet::new();
    run.samples.retain(|sample| {
        let key =
            (sample.trial, sample.cell.pattern.clone(), sample.cell.step.clone(), sample.index);
        expected::senseless(sample, None).is_none() && seen.insert(key)
    });
    let mut seen = BTreeSet::new();
    run.trials.retain(|trial| seen.insert(trial.trial));
    let left_out = before - run.samples.len();
    run.salvaged = Some(format!("{wrong}; {left_out} rows that were read are left out"));
    Ok(run)
}

/// A run, and the first thing that is wrong with what was read of it.
fn read(folder: &Path, leave_out: bool) -> Result<(Run, Option<String>)> {
    let record = record(folder)?;
    match record.fleet.is_empty() {
        true => read_one(folder, record, leave_out),
        false => fleet::read(folder, record, leave_out),
    }
}

/// The same of one machine's.
fn read_one(folder: &Path, record: RunRecord, leave_out: bool) -> Result<(Run, Option<String>)> {
    let samples = read_lines(&folder.join(SAMPLES), "sample", bounds::sample, leave_out)?;
    let trials = read_lines(&folder.join(TRIALS), "trial", bounds::trial, leave_out)?;
    let cut = [samples.cut, trials.cut];
    let mut samples: Vec<Sample> = samples.all.into_iter().map(|(sample, _)| sample).collect();
    samples.iter_mut().for_each(|sample| migrate::sample(sample, &record));
    let mut trials: Vec<TrialRecord> = trials.all.into_iter().map(|(trial, _)| trial).collect();
    let read = expected::Read { record: &record, samples: &samples, trials: &trials, cut };
    let wrong = expected::check(&read).err().map(|(file, line, what)| {
        let line = line.map_or_else(String::new, |line| format!(":{line}"));
        format!("{}{line}: {what}", folder.join(file).display())
    });
    if record.scenario.is_from_outside() {
        // They were written as they ended.
        samples.sort_by_key(|sample| (sample.trial, sample.index));
        trials.sort_by_key(|trial| trial.trial);
    }
    let cost = match cost::asked(folder) {
        Err(_) if leave_out => None,
        asked => asked?,
    };
    let (folder, truncated) = (folder.to_owned(), cut != [false, false]);
    let (salvaged, nodes) = (None, Vec::new());
    Ok((Run { folder, record, samples, trials, truncated, salvaged, cost, nodes }, wrong))
}

/// Reads `run.json` alone.
///
/// # Errors
/// As [`open`].
pub fn record(folder: &Path) -> Result<RunRecord> {
    let path = folder.join(RECORD);
    let text = text(&path).with_context(|| format!("{} is not a run folder", folder.display()))?;
    let format = format(text.as_bytes(), &path)?;
    let spoilt = || format!("{} is not readable", path.display());
    let record: RunRecord = match format {
        FORMAT => serde_json::from_str(&text).with_context(spoilt)?,
        _ => {
            let record = serde_json::from_str(&text).with_context(spoilt)?;
            let record = migrate::from_2(record).and_then(|r| Ok(serde_json::from_value(r)?));
            record.with_context(spoilt)?
        }
    };
    bounds::record(&record).map_err(invalid).with_context(spoilt)?;
    Ok(record)
}

/// The version of a record's format, where this program reads it.
fn format(text: &[u8], path: &Path) -> Result<u32> {
    #[derive(Deserialize)]
    struct Versioned {
        format: u32,
    }
    let Versioned { format } = serde_json::from_slice(text)
        .with_context(|| format!("{} is not readable", path.display()))?;
    match format {
        migrate::OLDEST..=FORMAT => Ok(format),
        newer if newer > FORMAT => unreadable(format!(
            "{} has format {newer}, and this program reads format {FORMAT}: use a newer coldstart",
            path.display()
        )),
        older => unreadable(format!(
            "{} has format {older}, whose rows lack the factors of format {}: measure again",
            path.display(),
            migrate::OLDEST
        )),
    }
}

/// A file that could be read, and is none of this program's.
fn unreadable<T>(message: String) -> Result<T> {
    Err(invalid(message).into())
}

#[cfg(test)]
mod tests;
