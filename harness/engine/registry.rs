//! The engines that can be chosen. A further one is its folder, and a line in each part
//! of this file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::docker::DockerEngine;
use super::fake::FakeEngine;
use super::process::ProcessEngine;
use super::{
    BuildOutput, BuildSpec, Credentials, Engine, EngineError, EngineInfo, Exit, Image, ImageStore,
    InstanceId, InstanceSpec, InstanceState, ListedInstance, Listener, Strangers,
};
use crate::clock::Clock;
use crate::spec::factor::{EngineKind, Network};

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
    /// Simulated.
    Fake(FakeEngine),
}

impl AnyEngine {
    /// Containers of a Docker engine, and processes of this machine.
    #[must_use]
    pub fn docker(engine: Arc<DockerEngine>) -> Self {
        Self::Docker(engine.clone(), ProcessEngine::new(engine))
    }

    /// Simulated latencies on a paused clock, drawn from a seed.
    #[must_use]
    pub fn fake(clock: Clock, seed: u64) -> Self {
        Self::Fake(FakeEngine::new(clock, seed, BTreeMap::new()))
    }
}

/// The same call to whichever engine it is.
macro_rules! each {
    ($any:expr, $engine:ident => $call:expr) => {
        match $any {
            AnyEngine::Docker(_, $engine) => $call,
            AnyEngine::Fake($engine) => $call,
        }
    };
}

impl Engine for AnyEngine {
    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        each!(self, engine => engine.describe().await)
    }

    async fn listen(&self, network: Network) -> Result<Listener, EngineError> {
        each!(self, engine => engine.listen(network).await)
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        each!(self, engine => engine.create(spec).await)
    }

    async fn start(&self, id: &InstanceId) -> Result<(), EngineError> {
        each!(self, engine => engine.start(id).await)
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        each!(self, engine => engine.watch_exit(id))
    }

    async fn inspect(&self, id: &InstanceId) -> Result<InstanceState, EngineError> {
        each!(self, engine => engine.inspect(id).await)
    }

    async fn remove(&self, id: &InstanceId) -> Result<(), EngineError> {
        each!(self, engine => engine.remove(id).await)
    }

    async fn output(&self, id: &InstanceId) -> Result<String, EngineError> {
        each!(self, engine => engine.output(id).await)
    }

    async fn strangers(&self) -> Result<Arc<Strangers>, EngineError> {
        each!(self, engine => engine.strangers().await)
    }

    async fn instances(&self, run: Option<&str>) -> Result<Vec<ListedInstance>, EngineError> {
        each!(self, engine => engine.instances(run).await)
    }
}

/// The same call to whichever engine keeps the images.
macro_rules! store {
    ($any:expr, $engine:ident => $call:expr) => {
        match $any {
            AnyEngine::Docker($engine, _) => $call,
            AnyEngine::Fake($engine) => $call,
        }
    };
}

impl ImageStore for AnyEngine {
    async fn image(&self, reference: &str) -> Result<Option<Image>, EngineError> {
        store!(self, engine => engine.image(reference).await)
    }

    async fn pull(
        &self,
        reference: &str,
        credentials: Option<&Credentials>,
        printed: BuildOutput<'_>,
    ) -> Result<(), EngineError> {
        store!(self, engine => engine.pull(reference, credentials, printed).await)
    }

    async fn import(&self, tag: &str, archive: &Path) -> Result<(), EngineError> {
        store!(self, engine => engine.import(tag, archive).await)
    }

    async fn build(&self, spec: &BuildSpec, printed: BuildOutput<'_>) -> Result<(), EngineError> {
        store!(self, engine => engine.build(spec, printed).await)
    }

    async fn run_once(
        &self,
        image: &str,
        run: &str,
        command: &[String],
    ) -> Result<String, EngineError> {
        store!(self, engine => engine.run_once(image, run, command).await)
    }

    async fn image_folders(&self, reference: &str) -> Result<Vec<PathBuf>, EngineError> {
        store!(self, engine => engine.image_folders(reference).await)
    }

    async fn platform(&self) -> Result<String, EngineError> {
        store!(self, engine => engine.platform().await)
    }

    async fn images(&self) -> Result<Vec<String>, EngineError> {
        store!(self, engine => engine.images().await)
    }

    async fn remove_image(&self, reference: &str) -> Result<(), EngineError> {
        store!(self, engine => engine.remove_image(reference).await)
    }
}
