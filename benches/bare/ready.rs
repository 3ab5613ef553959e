//! An engine with the image, and what both sides of a part are made from.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use coldstart::clock::Clock;
use coldstart::engine::docker::DockerEngine;
use coldstart::engine::process::ProcessEngine;
use coldstart::engine::{Engine, ImageConfig, ImageStore};
use coldstart::observer::Lines;
use coldstart::platform::{Platform, Target, TargetSpec};
use coldstart::provision::bases::Bases;
use coldstart::provision::{Consent, Surroundings, engine, images, launcher};
use coldstart::spec::factor::Network;
use coldstart::spec::function::{self, Function};

use crate::client::Recipe;
use crate::{FUNCTION, RUN};

/// The engine as the program uses it.
pub(crate) type Containers = ProcessEngine<DockerEngine>;

/// What is there once and for all.
pub(crate) struct Ready {
    pub(crate) engine: Arc<Containers>,
    /// What keeps the images.
    pub(crate) images: Arc<DockerEngine>,
    /// How the bare loops make the same instances.
    pub(crate) recipe: Recipe,
    function: Function,
    image: String,
    /// What the image says of how it is started.
    config: Arc<ImageConfig>,
    /// The engine's default OCI runtime.
    runtime: String,
    clock: Clock,
}

impl Ready {
    pub(crate) async fn find() -> Result<Self> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions/functions.toml");
        let named = [FUNCTION.to_owned()];
        let function = function::select(&function::load(&file)?, &named)?.remove(0);
        let consent = Consent::from_flag(false);
        let say = Lines(|text: &str| eprintln!("{text}"));
        let around = Surroundings::read();
        let engine = Arc::new(engine::find(&around, consent, &say).await?);
        let bases = Bases::new(&around, consent, &say);
        let of = std::slice::from_ref(&function);
        let image = images::ensure(engine.as_ref(), of, &bases, &RUN).await?.remove(0).digest;
        let found = engine.image(&image).await?.context("its image is gone")?;
        let config = Arc::new(found.config);
        let gateway: SocketAddr = engine.listen(Network::Bridge.into()).await?.address().parse()?;
        let runtime = engine.describe().await?.offers.default_runtime().to_owned();
        let address = engine.address();
        let socket = address.strip_prefix("unix://").with_context(|| {
            format!("the bare loop speaks to a Unix socket, and the engine is at {address}")
        })?;
        let recipe = Recipe {
            socket: socket.into(),
            gateway: gateway.ip(),
            image: image.clone(),
            function: function.clone(),
        };
        let (images, engine) = (engine.clone(), Arc::new(ProcessEngine::new(engine)));
        Ok(Self { engine, images, recipe, function, image, config, runtime, clock: Clock::start() })
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// A platform without instances.
    pub(crate) fn platform(&self) -> Platform<Containers> {
        Platform::new(self.engine.clone(), self.clock, RUN.clone())
    }

    /// The function through the bridge.
    pub(crate) fn target(&self) -> Target {
        Target::new(self.making(Network::Bridge), &RUN, 0)
    }

    /// The same on the host's network, as another target of its platform.
    pub(crate) fn on_host(&self) -> Target {
        Target::new(self.making(Network::Host), &RUN, 1)
    }

    /// The same, started as if its image had extensions.
    pub(crate) fn launched(&self) -> Result<Target> {
        let launcher = Some(launcher::file(&Surroundings::read())?);
        let image = self.config.clone();
        let spec = TargetSpec { image, launcher, ..self.making(Network::Host) };
        Ok(Target::new(spec, &RUN, 2))
    }

    /// What the image says of how it is started.
    pub(crate) fn config(&self) -> Arc<ImageConfig> {
        self.config.clone()
    }

    pub(crate) fn making(&self, network: Network) -> TargetSpec {
        let (function, image) = (self.function.clone(), self.image.clone());
        TargetSpec::plain(function, image, network, &self.runtime)
    }
}
