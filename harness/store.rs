//! The only reader and writer of `results/`.
//!
//! A run is a folder: `run.json` (what, where, with what), `samples.jsonl` (a
//! line an invocation) and what is derived from the two. Analysis reads these
//! files and nothing else.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::engine::EngineInfo;
use crate::functions::{Limits, ReplyRule};
use crate::host::Host;
use crate::sample::Sample;
use crate::scenario::Scenario;

/// The version of the run folder's format that this program writes.
pub const FORMAT: u32 = 1;

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
    /// The machine.
    pub host: Host,
    /// The engine.
    pub engine: EngineInfo,
    /// The functions that were measured, with digests and versions.
    pub functions: Vec<FunctionRecord>,
    /// Rows by what became of them.
    pub counts: Counts,
    /// The most memory that the driver held, in bytes; none while it runs.
    pub driver_memory: Option<u64>,
    /// What the reader must know to judge the figures.
    pub warnings: Vec<String>,
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

/// A run read back from its folder.
#[derive(Debug, Clone)]
pub struct Run {
    /// The folder.
    pub folder: PathBuf,
    /// `run.json`.
    pub record: RunRecord,
    /// `samples.jsonl`, in the order of execution.
    pub samples: Vec<Sample>,
    /// Whether the last line was cut short (the driver was killed).
    pub truncated: bool,
}
