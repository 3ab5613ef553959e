//! `run.json`: everything about a run but its samples.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fleet::NodeRecord;
use crate::cost::Architecture;
use crate::engine::EngineInfo;
use crate::probe::host::Host;
use crate::sample::{HostInterval, Sample};
use crate::spec::function::{HttpRequest, Launch, Limits, ReplyCheck};
use crate::spec::scenario::Scenario;
use crate::text::units::format_size;

/// Everything about a run but its samples: `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of the folder's format: [`FORMAT`](super::FORMAT).
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
    /// What a gate measured beyond its rounds, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beyond: Vec<BeyondRecord>,
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
    /// The nodes of a fleet, each with a folder of its own; empty for a run of one machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fleet: Vec<NodeRecord>,
    /// What its sizes are weighed by, where it was measured for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tune: Option<TuneRecord>,
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

/// Rounds beyond a plan, of some functions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeyondRecord {
    /// Their names.
    pub functions: Vec<String>,
    /// How many.
    pub rounds: u32,
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
        let told =
            engine.told(|EngineInfo { kind, version, oci_runtime, storage_driver, .. }| {
                format!("{kind} {version}, {oci_runtime}, {storage_driver}")
            });
        let size = format_size(host.memory);
        format!("{} x {}, {size}, {}; {told}", host.cpus, host.cpu, host.kernel)
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
    /// Whether they were told to work for so long instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub works: bool,
}

/// What the sizes of a run are weighed by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TuneRecord {
    /// The share of calls that are cold, from 0 to 1.
    pub cold_share: f64,
    /// Of which processors the prices are.
    pub architecture: Architecture,
    /// The prices: the text of a file such as `functions/prices.toml`.
    pub prices: String,
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
    /// The programs that were heard as OCI runtimes when everything was tried, by the names
    /// that the runtimes have with the engine.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub oci_runtimes: BTreeMap<String, String>,
    /// How many times programs that set firewall rules were executed in a start on a bridge when
    /// everything was tried, by the names of daemons that take turns.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub firewall_calls: BTreeMap<String, u32>,
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
    /// How long a process waited to be moved between cgroups after a quiet time, before the first
    /// trial, in nanoseconds; none where nobody could try it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup_move_ns: Option<u64>,
    /// From the begin to the end of the run; none while it runs.
    pub meanwhile: Option<HostInterval>,
}

impl MachineRecord {
    /// How long a move between cgroups waited, where that was tried.
    pub(crate) fn cgroup_move(&self) -> Option<Duration> {
        self.cgroup_move_ns.map(Duration::from_nanos)
    }
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
    pub reply: ReplyCheck,
    /// What it was invoked with; none where that was not recorded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventRecord>,
    /// What its instances were told; none where that was not recorded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentRecord>,
    /// How its instances were started where that was not what the image says.
    #[serde(default, skip_serializing_if = "Launch::is_plain")]
    pub launch: Launch,
    /// How it was asked, where it listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpRequest>,
    /// The external extensions that are started before it, by the names of their files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
    /// Of which function it is a variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<VariantRecord>,
    /// How long its image took to be made, beside variants: none where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildRecord>,
    /// Whether its instances were plain processes of this machine, not of its image.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_bare: bool,
}

impl FunctionRecord {
    /// In what the same function differs now, in words; nothing where it does not. What
    /// the record does not tell is not compared.
    #[must_use]
    pub fn changed(&self, now: &Self) -> Vec<&'static str> {
        let (event, environment) = (&self.event, &self.environment);
        let changed = [
            ("its place in the functions file", self.position != now.position),
            ("its image", (&self.image, &self.digest) != (&now.image, &now.digest)),
            ("its image's size", self.size != now.size),
            ("its base images", self.bases != now.bases),
            ("its version", self.version != now.version),
            ("its limits", self.limits != now.limits),
            ("its time-out", self.timeout_ms != now.timeout_ms),
            ("how its replies are verified", self.reply != now.reply),
            ("its event", event.is_some() && *event != now.event),
            ("how it is started", self.launch != now.launch),
            ("its environment", environment.is_some() && *environment != now.environment),
            ("how it is asked", self.http != now.http),
        ];
        changed.into_iter().filter(|(_, is)| *is).map(|(what, _)| what).collect()
    }
}

/// What a function is, of which another is the same but for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantRecord {
    /// Name of the function of which it is one.
    pub of: String,
    /// What tells it from that: the end of its name.
    pub name: String,
    /// What it changes.
    pub about: String,
    /// Where that is documented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What its image printed that shows it to be in effect; none where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
}

/// How long an image took to be made: prepared and built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecord {
    /// Milliseconds.
    pub ms: u64,
    /// Whether that was just before this run; else it was there, and says so itself.
    pub in_this_run: bool,
}

/// An event, which is not kept itself: it may be large, or nobody's business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// SHA-256 of its bytes: `sha256:...`.
    pub digest: String,
    /// Bytes.
    pub size: u64,
}

/// The environment of a function's instances, beside the contract's own. Values may be
/// secrets: none is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRecord {
    /// Names of the variables, in order.
    pub names: Vec<String>,
    /// SHA-256 of all names and values together: `sha256:...`. A digest of each would
    /// give a short secret away to who guesses.
    pub digest: String,
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

    pub(super) fn add(&mut self, sample: &Sample) {
        self.dropped_marks += u64::from(sample.dropped_marks);
        if sample.outcome.is_ok() { self.ok += 1 } else { self.failed += 1 }
    }
}
