//! The engines that can be chosen. A further one is its folder, and a line in each part
//! of this file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::docker::DockerEngine;
use super::fake::FakeEngine;
use super::in_turns::InTurns;
use super::oci::OciEngine;
use super::process::ProcessEngine;
use super::side_by_side::SideBySide;
use super::{
    BuildOutput, BuildSpec, Credentials, Engine, EngineError, EngineInfo, Exit, Image, ImageStore,
    InstanceId, InstanceSpec, InstanceState, ListedInstance, Listener, Route, Strangers, Watchable,
};
use crate::clock::Clock;
use crate::spec::factor::{Attachment, EngineKind};

/// A clock for an engine, that begins now, so many nanoseconds after the run's begin.
pub(crate) fn clock(kind: EngineKind, offset: u64) -> Clock {
    let clock = if kind.is_simulated() { Clock::paused() } else { Clock::start() };
    clock.going_on(offset)
}

/// One of the engines. It adds a branch to each call, and nothing else: what is timed
/// is neither boxed nor allocated for it.
#[derive(Debug)]
pub enum AnyEngine {
    /// Containers of a Docker engine, and processes.
    Docker(Arc<DockerEngine>, ProcessEngine<DockerEngine>),
    /// Containers of an OCI runtime without a daemon, and processes.
    Oci(Arc<OciEngine<DockerEngine>>, ProcessEngine<OciEngine<DockerEngine>>),
    /// Containers of both in turns, and processes.
    Both(Arc<SideBySide<DockerEngine>>, ProcessEngine<SideBySide<DockerEngine>>),
    /// Containers of several daemons in turns, and processes.
    InTurns(Arc<InTurns<DockerEngine>>, ProcessEngine<InTurns<DockerEngine>>),
    /// Simulated.
    Fake(FakeEngine),
}

impl AnyEngine {
    /// Containers of a Docker engine, and processes of this machine.
    #[must_use]
    pub fn docker(engine: Arc<DockerEngine>) -> Self {
        Self::Docker(engine.clone(), ProcessEngine::new(engine))
    }

    /// Containers of an OCI runtime without a daemon, and processes of this machine.
    #[must_use]
    pub fn oci(engine: Arc<OciEngine<DockerEngine>>) -> Self {
        Self::Oci(engine.clone(), ProcessEngine::new(engine))
    }

    /// Containers of both in turns of one run, and processes of this machine.
    #[must_use]
    pub fn both(docker: Arc<DockerEngine>, oci: Arc<OciEngine<DockerEngine>>) -> Self {
        let engine = Arc::new(SideBySide::new(docker, oci));
        Self::Both(engine.clone(), ProcessEngine::new(engine))
    }

    /// Containers of several daemons in turns of one run, and processes of this machine.
    #[must_use]
    pub fn in_turns(engine: Arc<InTurns<DockerEngine>>) -> Self {
        Self::InTurns(engine.clone(), ProcessEngine::new(engine))
    }

    /// Simulated latencies on a paused clock, drawn from a seed.
    #[must_use]
    pub fn fake(clock: Clock, seed: u64) -> Self {
        Self::Fake(FakeEngine::new(clock, seed, BTreeMap::new()))
    }
}

/// Calls that go on to whichever engine it is; of those that also run processes, to which
/// part.
macro_rules! pass_on {
    ($part:tt => $engine:ident;
     $($call:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(async fn $call(&self, $($argument: $type),*) -> Result<$result, EngineError> {
            match self {
                Self::Docker $part => $engine.$call($($argument),*).await,
                Self::Oci $part => $engine.$call($($argument),*).await,
                Self::Both $part => $engine.$call($($argument),*).await,
                Self::InTurns $part => $engine.$call($($argument),*).await,
                Self::Fake($engine) => $engine.$call($($argument),*).await,
            }
        })*
    };
}

impl Engine for AnyEngine {
    pass_on! {
        (_, engine) => engine;
        describe() -> EngineInfo;
        listen(at: Attachment) -> Listener;
        create(spec: &InstanceSpec) -> InstanceId;
        start(id: &InstanceId) -> ();
        inspect(id: &InstanceId) -> InstanceState;
        remove(id: &InstanceId) -> ();
        output(id: &InstanceId) -> String;
        strangers() -> Arc<Strangers>;
        instances(run: Option<&str>) -> Vec<ListedInstance>;
    }

    fn reach(&self, at: Attachment) -> Result<Route, EngineError> {
        match self {
            Self::Docker(_, engine) => engine.reach(at),
            Self::Oci(_, engine) => engine.reach(at),
            Self::Both(_, engine) => engine.reach(at),
            Self::InTurns(_, engine) => engine.reach(at),
            Self::Fake(engine) => engine.reach(at),
        }
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        match self {
            Self::Docker(_, engine) => engine.watch_exit(id),
            Self::Oci(_, engine) => engine.watch_exit(id),
            Self::Both(_, engine) => engine.watch_exit(id),
            Self::InTurns(_, engine) => engine.watch_exit(id),
            Self::Fake(engine) => engine.watch_exit(id),
        }
    }

    fn processes(&self, id: &InstanceId) -> Option<PathBuf> {
        match self {
            Self::Docker(_, engine) => engine.processes(id),
            Self::Oci(_, engine) => engine.processes(id),
            Self::Both(_, engine) => engine.processes(id),
            Self::InTurns(_, engine) => engine.processes(id),
            Self::Fake(engine) => engine.processes(id),
        }
    }
}

impl ImageStore for AnyEngine {
    pass_on! {
        (engine, _) => engine;
        image(reference: &str) -> Option<Image>;
        pull(reference: &str, login: Option<&Credentials>, printed: BuildOutput<'_>) -> ();
        import(tag: &str, archive: &Path) -> ();
        build(spec: &BuildSpec, printed: BuildOutput<'_>) -> ();
        run_once(
            image: &str,
            run: &str,
            command: &[String],
            env: &BTreeMap<String, String>
        ) -> String;
        extensions(image: &str, run: &str) -> Vec<String>;
        image_folders(reference: &str) -> Vec<PathBuf>;
        export(image: &str, run: &str, to: &Path) -> ();
        platform() -> String;
        images() -> Vec<String>;
        remove_image(reference: &str) -> ();
    }
}

impl Watchable for AnyEngine {
    async fn root_folder(&self, id: &InstanceId) -> Result<Option<PathBuf>, EngineError> {
        match self {
            Self::Docker(engine, _) => engine.root_folder(id).await,
            Self::Oci(engine, _) => engine.root_folder(id).await,
            Self::Both(engine, _) => engine.root_folder(id).await,
            Self::InTurns(engine, _) => engine.root_folder(id).await,
            Self::Fake(_) => Ok(None),
        }
    }

    fn keep_output(&self, most: usize) {
        match self {
            Self::Oci(engine, _) => engine.keep_output(most),
            Self::Both(engine, _) => engine.keep_output(most),
            Self::InTurns(engine, _) => engine.keep_output(most),
            Self::Docker(..) | Self::Fake(_) => {}
        }
    }

    async fn whole_output(&self, id: &InstanceId, most: usize) -> Result<Vec<u8>, EngineError> {
        match self {
            Self::Docker(engine, _) => engine.whole_output(id, most).await,
            Self::Oci(engine, _) => engine.whole_output(id, most).await,
            Self::Both(engine, _) => engine.whole_output(id, most).await,
            Self::InTurns(engine, _) => engine.whole_output(id, most).await,
            Self::Fake(engine) => Ok(engine.output(id).await?.into_bytes()),
        }
    }
}
