//! The [`Engine`] trait: the one boundary behind which instances are made.
//!
//! `docker` is the Docker Engine API, `oci` an OCI runtime called directly, `process` plain
//! processes of this machine, `fake` a script of latencies and faults for tests on paused
//! time. What is measured, and when, is decided elsewhere.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::spec::factor::{Attachment, Capabilities, Daemon, Factors};
use crate::spec::function::Launch;
use crate::system::maker::{Life, Maker};

mod caller;
pub mod docker;
pub mod fake;
mod images;
mod in_turns;
mod listener;
pub mod oci;
pub mod process;
mod processors;
mod registry;
mod route;
mod side_by_side;
pub mod sockets;
mod strangers;
mod words;

pub use caller::{Caller, Evidence, Holder, Untold, Verdict};
pub(crate) use images::images_are_kept_by;
pub use images::{
    BuildOutput, BuildSpec, Credentials, Image, ImageConfig, ImageStore, Login, Watchable,
};
pub use in_turns::{InTurns, OneOf};
pub use listener::{Listener, RoundTrip, SOCKET, Stream};
pub use registry::AnyEngine;
pub(crate) use registry::clock;
pub use route::{Dial, Inspect, Route};
pub use strangers::{Resident, Strangers};

/// Label on everything that is created, with the run's id as its value.
pub const LABEL_RUN: &str = "coldstart.run";
/// Label on every instance: the function's name.
pub const LABEL_FUNCTION: &str = "coldstart.function";
/// Label on everything that is created: the process that did, as an
/// [`Maker`] is written.
pub const LABEL_MAKER: &str = "coldstart.maker";
/// Label on what measures a node of a fleet: the fleet's run.
pub const LABEL_FLEET: &str = "coldstart.fleet";
/// Label on every image that is built or imported here: its function, or a base's name.
/// What is built from such an image has the label too.
pub const LABEL_IMAGE: &str = "coldstart.image";
/// Label of an image that says in how many milliseconds it was prepared and built.
pub const LABEL_BUILD_MS: &str = "coldstart.build-ms";
/// What the names of functions' images begin with; the function's name follows.
pub const FUNCTION_NAMES: &str = "coldstart/";
/// What the names of bootstrapped bases begin with; the base's name follows.
pub const BASE_NAMES: &str = "coldstart-base/";
/// What the version of an image begins with that a command of the user's own has built: it
/// has no label of ours.
pub const BUILT: &str = "built-";
/// Where the external extensions of an image are, as AWS Lambda has it.
pub const EXTENSIONS: &str = "/opt/extensions";
/// Where what starts extensions is found in a container.
const LAUNCHER: &str = "/run/coldstart-launcher";
/// The most that is kept of what an instance wrote, in bytes from its end: a trace of
/// calls is long, and what went wrong may stand in front of it.
const OUTPUT: usize = 16 * 1024;
/// Length of the version after either: hexadecimal digits of all that went into it.
pub const VERSION: usize = 12;

/// What can go wrong between us and an engine. It becomes data: the cause of an
/// `EngineError` outcome.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// Nothing answers at its address (any more).
    #[error("the engine does not answer: {0}")]
    Gone(String),
    /// It answered, and refused or failed.
    #[error("{doing}: {message}")]
    Refused {
        /// What it was asked to do, and to what.
        doing: String,
        /// Its own words.
        message: String,
    },
    /// It asked a registry, which answered that it has no such image.
    #[error("{doing}: {message}")]
    NotFound {
        /// What it was asked to do, and to what.
        doing: String,
        /// Its own words.
        message: String,
    },
}

/// What an engine says of itself. Part of every run's record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineInfo {
    /// Which engine; `fake` for simulated figures.
    pub kind: String,
    /// Its version.
    pub version: String,
    /// The version of its interface that is spoken.
    pub api_version: String,
    /// Its default OCI runtime and that runtime's version or commit.
    pub oci_runtime: String,
    /// The names of the files that it says its OCI runtimes are, by the runtimes' names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub oci_programs: BTreeMap<String, String>,
    /// How images are stored, such as `overlay2`.
    pub storage_driver: String,
    /// Who manages cgroups, and their version, such as `cgroupfs v1`.
    pub cgroups: String,
    /// Kernel release of the machine that it runs on.
    pub kernel: String,
    /// Where it was found.
    pub address: String,
    /// What it can vary.
    pub offers: Capabilities,
    /// Where its instances call the driver, where the user has said that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<Callback>,
    /// Of several daemons in turns what each is, by the name that it was given; this one is the
    /// first of them, with what all can vary.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub daemons: BTreeMap<String, EngineInfo>,
}

impl EngineInfo {
    /// What makes an instance: one of several daemons, or the one that there is.
    #[must_use]
    pub fn of(&self, daemon: Option<&Daemon>) -> &Self {
        daemon.and_then(|daemon| self.daemons.get(daemon.name())).unwrap_or(self)
    }

    /// What is to be told of it; of several daemons of each, after its name.
    #[must_use]
    pub fn told(&self, what: impl Fn(&Self) -> String) -> String {
        if self.daemons.is_empty() {
            return what(self);
        }
        let told = self.daemons.iter().map(|(name, of)| format!("{name}: {}", what(of)));
        told.collect::<Vec<_>>().join("; ")
    }
}

/// By which way instances call the driver that are not on its own network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// The address that the user gave.
    pub address: String,
    /// The shortest round trip of a connection, in nanoseconds; none before the first.
    pub round_trip_ns: Option<u64>,
}

/// The engine's id of an instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub String);

impl InstanceId {
    /// The first twelve characters, as every tool shows it.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

/// What an instance is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceSource {
    /// An image, by reference or id: a container.
    Image(String),
    /// A program of this machine and its arguments: a process.
    Command(Vec<String>),
}

impl InstanceSource {
    /// How an error names it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            InstanceSource::Image(image) => image,
            InstanceSource::Command(command) => command.first().map_or("nothing", String::as_str),
        }
    }
}

/// Everything that an engine must know to create an instance.
#[derive(Debug, Clone)]
pub struct InstanceSpec {
    /// What it is made from.
    pub source: InstanceSource,
    /// What its image says of how it is started.
    pub image: Arc<ImageConfig>,
    /// What it is started under.
    pub factors: Factors,
    /// The most processes and threads that it may have; none for no limit of its own.
    pub processes: Option<u32>,
    /// The socket of its listener on this machine, where it has no network.
    pub socket: Option<PathBuf>,
    /// Its environment.
    pub env: BTreeMap<String, String>,
    /// How it is started where that is not what its image says.
    pub launch: Launch,
    /// The file of a program that starts the extensions of its image and then becomes what it
    /// is started as; none where there are none, and where nobody answers them.
    pub launcher: Option<PathBuf>,
    /// Its labels, [`LABEL_RUN`] and [`LABEL_FUNCTION`] among them.
    pub labels: BTreeMap<String, String>,
}

/// How an instance ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Exit status; none when the engine does not tell, or is gone.
    pub code: Option<i64>,
}

/// What an engine knows of an instance that was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InstanceState {
    /// Its first process, as this machine numbers it; none when it has ended.
    pub pid: Option<u32>,
    /// Its address on the engine's network; none without one, or when it has ended.
    pub address: Option<IpAddr>,
    /// Whether it was killed when it ran out of memory.
    pub out_of_memory: bool,
}

/// An instance found by its labels.
#[derive(Debug, Clone)]
pub struct ListedInstance {
    /// Its id.
    pub id: InstanceId,
    /// Value of [`LABEL_RUN`].
    pub run: String,
    /// Value of [`LABEL_FUNCTION`].
    pub function: String,
    /// Who made it; none where its label is missing, or says nothing.
    pub maker: Option<Maker>,
    /// Whether it is running now.
    pub running: bool,
}

impl ListedInstance {
    /// Whether the process that made it lives.
    #[must_use]
    pub fn life(&self) -> Life {
        let unlabelled = Life::Unknown("no label tells who made it");
        self.maker.as_ref().map_or(unlabelled, Maker::life)
    }
}

/// Where instances are made. Every call may fail with [`EngineError`]; none
/// retries.
pub trait Engine: Send + Sync + 'static {
    /// What it is. Also the check that it is still there.
    fn describe(&self) -> impl Future<Output = Result<EngineInfo, EngineError>> + Send;

    /// Opens the listener that one instance will call: on its own port, on the
    /// address where containers of that place reach the driver, and nowhere else.
    fn listen(&self, at: Attachment) -> impl Future<Output = Result<Listener, EngineError>> + Send;

    /// How the driver reaches instances of that place which listen. An engine that does
    /// not say runs none.
    fn reach(&self, at: Attachment) -> Result<Route, EngineError> {
        Err(EngineError::Refused {
            doing: format!("reach an instance on the {} network", at.network),
            message: "this engine does not say how".to_owned(),
        })
    }

    /// Creates an instance, not started.
    fn create(
        &self,
        spec: &InstanceSpec,
    ) -> impl Future<Output = Result<InstanceId, EngineError>> + Send;

    /// Starts it. May return after the function has asked for its first event.
    fn start(&self, id: &InstanceId) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Told when the instance ends, without polling. Call between create and
    /// start. The sender is dropped when the engine is gone.
    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit>;

    /// The kernel's list of the processes of an instance, a file that is there once it was
    /// started; none where that is not known without asking. In it the holder of a connection
    /// is looked for first.
    fn processes(&self, _: &InstanceId) -> Option<PathBuf> {
        None
    }

    /// What became of its start: never called while something is timed.
    fn inspect(
        &self,
        id: &InstanceId,
    ) -> impl Future<Output = Result<InstanceState, EngineError>> + Send;

    /// Kills and removes it. It is no error when it is gone already.
    fn remove(&self, id: &InstanceId) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// The last lines that it wrote, at most 16 KiB, as it wrote them: hostile.
    fn output(&self, id: &InstanceId) -> impl Future<Output = Result<String, EngineError>> + Send;

    /// Who cannot be an instance that is started from now on, kept true as long as it
    /// is held: who leaves is taken out. Never called while something is timed.
    fn strangers(&self) -> impl Future<Output = Result<Arc<Strangers>, EngineError>> + Send;

    /// Every instance, running or not, that carries [`LABEL_RUN`], of one run or
    /// of any.
    fn instances(
        &self,
        run: Option<&str>,
    ) -> impl Future<Output = Result<Vec<ListedInstance>, EngineError>> + Send;
}

/// How long a removal that was answered may take to show.
const LAST_REMOVAL: Duration = Duration::from_secs(10);
/// How long after it was asked for a removal is asked for again: one may be answered, or
/// be said to be under way, and come to nothing.
const NEXT_REMOVAL: Duration = Duration::from_secs(1);
/// How often it is looked for. Nothing is timed then.
const AGAIN: Duration = Duration::from_millis(20);

/// Removes every instance of a run, known or not, and verifies that none is left, nor
/// comes within a time: a call that was given up is still at work in the engine.
///
/// # Errors
/// When the engine fails, or an instance refuses to go.
pub async fn clear_run(
    engine: &impl Engine,
    run: &str,
    quiet: Duration,
) -> Result<(), EngineError> {
    // When each was asked to go, and when the latest was for the first time.
    let (mut asked, mut last) = (BTreeMap::<InstanceId, Instant>::new(), Instant::now());
    let mut empty_since = None;
    loop {
        let left = engine.instances(Some(run)).await?;
        let Some(first) = left.first() else {
            if empty_since.get_or_insert_with(Instant::now).elapsed() >= quiet {
                return Ok(());
            }
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        empty_since = None;
        for found in &left {
            // Not at once again: a removal goes a little later than it is answered.
            if asked.get(&found.id).is_some_and(|asked| asked.elapsed() < NEXT_REMOVAL) {
                continue;
            }
            engine.remove(&found.id).await?;
            if asked.insert(found.id.clone(), Instant::now()).is_none() {
                last = Instant::now();
            }
        }
        if last.elapsed() >= LAST_REMOVAL {
            return Err(EngineError::Refused {
                doing: format!("removing container {}", first.id.short()),
                message: "it is still there after its removal".to_owned(),
            });
        }
        tokio::time::sleep(AGAIN).await;
    }
}
