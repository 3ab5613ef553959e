//! The engine without a daemon, as the program uses it.

use std::sync::Arc;

use anyhow::Result;
use coldstart::engine::Engine;
use coldstart::engine::docker::DockerEngine;
use coldstart::engine::oci::OciEngine;
use coldstart::engine::process::ProcessEngine;
use coldstart::platform::{Target, TargetSpec};
use coldstart::provision::Surroundings;
use coldstart::spec::factor::{Combination, EngineKind, Network};

use crate::RUN;
use crate::ready::Ready;

/// Runtimes that are tried, where they are.
const RUNTIMES: [&str; 2] = ["runc", "crun"];

/// The engine as the program uses it, without a daemon.
pub(crate) type Instances = ProcessEngine<OciEngine<DockerEngine>>;

/// What is there once and for all.
pub(crate) struct Oci {
    pub(crate) engine: Arc<Instances>,
    /// The part of it whose instances are containers.
    pub(crate) instances: Arc<OciEngine<DockerEngine>>,
    pub(crate) runtimes: Vec<String>,
}

impl Oci {
    pub(crate) async fn find(ready: &Ready) -> Result<Self> {
        let images = ready.images.clone();
        let instances = OciEngine::new(images, &Surroundings::read().state, &[])?;
        instances.make_ready()?;
        let offers = instances.describe().await?.offers;
        let is_known = |name: &&String| RUNTIMES.contains(&name.as_str());
        let runtimes = offers.runtimes().iter().filter(is_known).cloned().collect();
        let instances = Arc::new(instances);
        let engine = Arc::new(ProcessEngine::new(instances.clone()));
        Ok(Self { engine, instances, runtimes })
    }

    /// The function on the host's network, by a runtime.
    pub(crate) fn making(&self, ready: &Ready, runtime: &str) -> TargetSpec {
        let plain = ready.making(Network::Host);
        let engine = Some(EngineKind::Oci);
        let asked = Combination { engine, ..Combination::on(Network::Host) };
        let factors = asked.resolve(plain.function.limits, runtime);
        TargetSpec { factors, image: ready.config(), ..plain }
    }

    pub(crate) fn target(&self, ready: &Ready, runtime: &str) -> Target {
        Target::new(self.making(ready, runtime), &RUN, 0)
    }
}
