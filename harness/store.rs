//! The only reader and writer of `results/`.
//!
//! A run is a folder: `run.json` (what, where, with what), `samples.jsonl` (a
//! line an invocation), `trials.jsonl` (a line a trial) and what is derived from
//! the three. Analysis reads these files and nothing else.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::engine::EngineInfo;
use crate::functions::{Limits, ReplyRule};
use crate::host::Host;
use crate::sample::{Meanwhile, Sample, TrialRecord};
use crate::scenario::Scenario;
use crate::units::format_size;

mod files;
mod lines;
mod unfinished;
mod unwritten;

pub use files::{create, text, write};
pub use unfinished::Unfinished;
pub(crate) use unwritten::unwritten;

use lines::read_lines;

/// The version of the run folder's format that this program writes.
///
/// 2: cells carry every factor; `trials.jsonl`. Format 1 was of no release.
pub const FORMAT: u32 = 2;

/// What the record says of a run that its time limit ended.
pub const OUT_OF_TIME: &str = "the time limit was reached";

/// What the record says of a run whose functions were all given up.
pub const NOTHING_ANSWERS: &str = "no function answers";

/// Everything about a run but its samples: `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of the folder's format: [`FORMAT`].
    pub format: u32,
    /// The run's id: the folder's name, and the label on what it created.
    pub id: String,
    /// Name and version of this program.
    pub tool: String,
    /// The command that repeats the run, seed included.
    pub command: String,
    /// When it began, RFC 3339, UTC. The only reading of the wall clock.
    pub started: String,
    /// How long it took, in seconds, images ready; none while it runs.
    pub elapsed: Option<f64>,
    /// Whether every planned trial was run.
    pub complete: bool,
    /// Why it stopped early.
    pub stopped: Option<String>,
    /// What was asked for.
    pub scenario: Scenario,
    /// Seed of the plan.
    pub seed: u64,
    /// Whether everything was started once, unrecorded, before round 1: no start of that
    /// round is the first ever then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tried: bool,
    /// The machine.
    pub host: Host,
    /// The engine.
    pub engine: EngineInfo,
    /// Which side of a comparison it is; none for a run by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<SideRecord>,
    /// The functions that were measured, with digests and versions.
    pub functions: Vec<FunctionRecord>,
    /// The null function of the controls; none without controls.
    pub null: Option<FunctionRecord>,
    /// Whether the kernel's exec events were heard.
    pub kernel_events: KernelEvents,
    /// What the machine did during the run.
    pub machine: MachineRecord,
    /// Rows by what became of them.
    pub counts: Counts,
    /// The most memory that the driver held, in bytes; none while it runs.
    pub driver_memory: Option<u64>,
    /// What the reader must know to judge the figures.
    pub warnings: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl RunRecord {
    /// Host and engine in a line.
    #[must_use]
    pub fn place(&self) -> String {
        let Self { host, engine, .. } = self;
        format!(
            "{} x {}, {}, {}; {} {}, {}, {}",
            host.cpus,
            host.cpu,
            format_size(host.memory),
            host.kernel,
            engine.kind,
            engine.version,
            engine.oci_runtime,
            engine.storage_driver
        )
    }
}

/// What a run was a side of, when it was measured together with others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideRecord {
    /// What all sides of one measurement share: their trials took turns, in mirrored
    /// order, on one clock.
    pub pair: String,
    /// What a reader calls it: `main (1a2b3c4d5e6f)`.
    pub label: String,
    /// Full commit; none where it is of no repository.
    pub commit: Option<String>,
    /// Whether the files differ from that commit.
    pub dirty: bool,
    /// Milliseconds that functions were told to sleep in their init, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub injected: BTreeMap<String, u32>,
}

/// Whether the kernel's exec events were heard, and how many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelEvents {
    /// Why they were not: the phases that they split are then merged.
    pub silent: Option<String>,
    /// Events that were heard.
    pub seen: u64,
    /// Times that events came faster than they could be kept: some are missing.
    pub lost: u64,
}

/// What the machine did during a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MachineRecord {
    /// Frequency governor of the processors; none where there is none to see.
    pub governor: Option<String>,
    /// Whether they may run faster than their nominal speed for a while; none where
    /// the kernel does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turbo: Option<bool>,
    /// How many times processors were slowed down because they were hot, all of them
    /// together; none where the kernel does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled: Option<u64>,
    /// Load average over the minute before the run. It tells of images that were built
    /// just before as well: the run is judged by it only where nothing else is known.
    pub load_at_start: Option<f64>,
    /// Share of the processors' time that others used in the second before the first
    /// trial, from 0 to 1; none where the kernel does not tell, or nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_at_start: Option<f64>,
    /// Share of that second in which some task waited for a processor, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_at_start: Option<f64>,
    /// From the begin to the end of the run; none while it runs.
    pub meanwhile: Option<Meanwhile>,
}

/// One function as it was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionRecord {
    /// Its name.
    pub name: String,
    /// Its position in `functions.toml`, from 0: its colour.
    pub position: usize,
    /// Image reference; the tag holds a digest of all that went into it.
    pub image: String,
    /// Content address of the image.
    pub digest: String,
    /// Bytes of the image on disk.
    pub size: u64,
    /// The base images that it was built from.
    pub bases: Vec<BaseRecord>,
    /// What its version command printed, first line.
    pub version: String,
    /// What an instance may use.
    pub limits: Limits,
    /// Time limit of an invocation, in milliseconds.
    pub timeout_ms: u64,
    /// How replies were verified.
    pub reply: ReplyRule,
}

/// A base image as it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseRecord {
    /// The build argument that took it.
    pub argument: String,
    /// Its key in `functions.toml`.
    pub name: String,
    /// Where it came from.
    pub origin: Origin,
    /// Content address.
    pub digest: String,
}

/// Where a base image came from. Cells from different origins are never
/// compared silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Pulled from a registry by its pinned digest.
    Pulled,
    /// Bootstrapped from Debian packages.
    Bootstrapped,
    /// Simulated.
    Fake,
}

/// Rows by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Invocations in the plan.
    pub planned: u64,
    /// Rows of success.
    pub ok: u64,
    /// Rows of failure.
    pub failed: u64,
    /// Function's own marks that were dropped as not between their neighbours.
    pub dropped_marks: u64,
}

impl Counts {
    /// Rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.ok + self.failed
    }

    fn add(&mut self, sample: &Sample) {
        self.dropped_marks += u64::from(sample.dropped_marks);
        if sample.outcome.is_ok() { self.ok += 1 } else { self.failed += 1 }
    }
}

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

/// Writes a run's folder as the run goes.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
    samples: File,
    trials: File,
    /// Kept up to date here, written by [`Writer::save`].
    pub record: RunRecord,
}

impl Writer {
    /// Creates the folder, which must not exist, with a record that says that
    /// the run is not complete.
    ///
    /// # Errors
    /// Names the folder, when it exists or cannot be written.
    pub fn create(folder: &Path, record: RunRecord) -> Result<Self> {
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot create {}", parent.display()))?;
        }
        fs::create_dir(folder).with_context(|| match folder.exists() {
            true => format!(
                "{} exists already: a run never writes over another; name a new folder with --out",
                folder.display()
            ),
            false => format!("cannot create {}", folder.display()),
        })?;
        let create = |name: &str| {
            let path = folder.join(name);
            File::create_new(&path).with_context(|| format!("cannot create {}", path.display()))
        };
        let (samples, trials) = (create(SAMPLES)?, create(TRIALS)?);
        unfinished::claim(&samples, folder)?;
        let writer = Self { folder: folder.to_owned(), samples, trials, record };
        writer.save()?;
        Ok(writer)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends a trial and its rows: in the kernel's hands when this returns, so
    /// that a killed driver loses nothing.
    ///
    /// # Errors
    /// Names the file. What was written before stays readable.
    pub fn append(&mut self, trial: &TrialRecord, samples: &[Sample]) -> Result<()> {
        let mut lines = Vec::with_capacity(samples.len() * 450);
        for sample in samples {
            serde_json::to_writer(&mut lines, sample)?;
            lines.push(b'\n');
            self.record.counts.add(sample);
        }
        let mut line = serde_json::to_vec(trial)?;
        line.push(b'\n');
        let failed = |name: &str, error| unwritten(&self.folder.join(name), error);
        self.samples.write_all(&lines).map_err(|error| failed(SAMPLES, error))?;
        self.trials.write_all(&line).map_err(|error| failed(TRIALS, error))
    }

    /// Writes the record as it stands.
    ///
    /// # Errors
    /// Names the file.
    pub fn save(&self) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(&self.record)?;
        text.push(b'\n');
        write(&self.folder, Path::new(RECORD), &text)
    }
}

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
        newer if newer > FORMAT => unreadable(format!(
            "{} has format {newer}, and this program reads format {FORMAT}: use a newer coldstart",
            path.display()
        )),
        older => unreadable(format!(
            "{} has format {older}, whose rows lack the factors of format {FORMAT}: measure again",
            path.display()
        )),
    }
}

/// A file that could be read, and is none of this program's.
fn unreadable<T>(message: String) -> Result<T> {
    Err(std::io::Error::new(ErrorKind::InvalidData, message).into())
}

#[cfg(test)]
mod tests;
