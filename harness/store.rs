//! The only reader and writer of `results/`.
//!
//! A run is a folder: `run.json` (what, where, with what), `samples.jsonl` (a
//! line an invocation), `trials.jsonl` (a line a trial) and what is derived from
//! the three. Analysis reads these files and nothing else.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::sample::{Sample, TrialRecord};

mod files;
mod lines;
mod record;
mod unfinished;
mod writer;

pub use files::{create, text, write};
pub use record::{
    BaseRecord, Counts, FunctionRecord, KernelEvents, MachineRecord, Origin, RunRecord, SideRecord,
};
pub use unfinished::Unfinished;
pub use writer::Writer;

use lines::read_lines;

/// The version of the run folder's format that this program writes.
///
/// 2: cells carry every factor; `trials.jsonl`. Format 1 was of no release.
pub const FORMAT: u32 = 2;

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
}

/// The file of a run's facts: a folder that has it is a run's.
pub const RECORD: &str = "run.json";
/// The file of a run's samples.
const SAMPLES: &str = "samples.jsonl";

/// The file of a run's trials.
const TRIALS: &str = "trials.jsonl";

/// Reads a run's folder: `run.json`, `samples.jsonl` and `trials.jsonl`, nothing
/// derived.
///
/// # Errors
/// When it is no run's folder, is of another format, or a row is not readable:
/// the file and the line are named. A last line that was cut short is no error.
pub fn open(folder: &Path) -> Result<Run> {
    let record = record(folder)?;
    let (samples, cut) = read_lines(&folder.join(SAMPLES), "sample")?;
    let (trials, cut_too) = read_lines(&folder.join(TRIALS), "trial")?;
    Ok(Run { folder: folder.to_owned(), record, samples, trials, truncated: cut || cut_too })
}

/// Reads `run.json` alone.
///
/// # Errors
/// As [`open`].
pub fn record(folder: &Path) -> Result<RunRecord> {
    let path = folder.join(RECORD);
    let text = text(&path).with_context(|| format!("{} is no run's folder", folder.display()))?;
    check_format(text.as_bytes(), &path)?;
    serde_json::from_str(&text).with_context(|| format!("{} is not readable", path.display()))
}

fn check_format(text: &[u8], path: &Path) -> Result<()> {
    #[derive(Deserialize)]
    struct Versioned {
        format: u32,
    }
    let Versioned { format } = serde_json::from_slice(text)
        .with_context(|| format!("{} is not readable", path.display()))?;
    match format {
        FORMAT => Ok(()),
        newer if newer > FORMAT => bail!(
            "{} has format {newer}, and this program reads format {FORMAT}: use a newer coldstart",
            path.display()
        ),
        older => bail!(
            "{} has format {older}, whose rows lack the factors of format {FORMAT}: measure again",
            path.display()
        ),
    }
}

#[cfg(test)]
mod tests;
