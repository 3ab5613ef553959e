//! The Docker Engine API: the only module that knows it, or bollard.
//!
//! Nothing here polls. Create and start are one request each; what they need
//! beyond their arguments was found out when the engine was connected.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bollard::Docker;
use tokio::sync::oneshot;

use super::sockets::Sockets;
use super::{
    BuildOutput, BuildSpec, Credentials, Engine, EngineError, EngineInfo, Exit, Image, ImageStore,
    InstanceId, InstanceSpec, InstanceState, ListedInstance, Listener, Route, Strangers, Watchable,
};
use crate::spec::factor::{Attachment, Network};
use crate::system::private;

pub mod beside;
mod callback;
mod connection;
mod exit_events;
mod export;
mod extensions;
mod failure;
mod fleets;
mod identity;
mod images;
mod info;
mod instances;
mod leaving;
mod load;
mod removal_lock;
mod run_once;
mod snapshots;
pub mod swarm;
mod tunnel;

pub use connection::{SPOKEN, is_spoken};
use exit_events::Exits;
use failure::failed;
use identity::{Brand, Identity};
use leaving::Leaving;
use removal_lock::Turn;

/// How long a call may wait for the first byte of its answer, in seconds. Only a
/// stuck engine comes near it.
const TIMEOUT: u64 = 120;
/// How long a removal may take. It takes some 0.1 s; a stuck engine takes for ever.
const REMOVAL: Duration = Duration::from_secs(30);

/// A Docker engine on this machine.
#[derive(Debug)]
pub struct DockerEngine {
    docker: Docker,
    address: String,
    bridge: Option<IpAddr>,
    exits: Exits,
    leaving: Leaving,
    identity: Identity,
    /// None where instances may be removed side by side.
    removal: Option<Turn>,
    /// Instances that were created, which see processors in turns.
    created: AtomicUsize,
    /// Made when the first instance without network needs it.
    sockets: OnceLock<Result<Sockets, String>>,
    /// The private folder of this user.
    private: PathBuf,
    /// Where instances call, where that was said.
    callback: Option<callback::Given>,
    /// What leads to it, where it is reached by `ssh`.
    _tunnel: Option<tunnel::Tunnel>,
}

impl DockerEngine {
    /// Connects to an address of one of the kinds that are [`SPOKEN`], agrees on a version of the API, and listens to its events from here on.
    ///
    /// # Errors
    /// [`EngineError::Gone`] when nothing answers there.
    pub async fn connect(address: &str) -> Result<Self, EngineError> {
        Self::connect_by(address, None).await
    }

    /// The same over TLS, where there is a folder of certificates: `ca.pem`, `cert.pem` and
    /// `key.pem`, as Docker's client has them.
    ///
    /// # Errors
    /// As [`DockerEngine::connect`], and where either side does not trust the other.
    pub async fn connect_by(address: &str, tls: Option<&Path>) -> Result<Self, EngineError> {
        let private = private::folder()
            .map_err(|e| failure::refused("make a folder for locks", e.to_string()))?;
        let (docker, tunnel) = connection::open(address, tls, &private).await?;
        let docker = docker
            .negotiate_version()
            .await
            .map_err(|e| failed(&format!("agree on an API version with {address}"), e))?;
        let identity = identity::ask(&docker, address).await?;
        let bridge = info::bridge_gateway(&docker).await?;
        let exits = Exits::subscribe(&docker, identity.brand);
        let leaving = Leaving::subscribe(&docker);
        let removal = identity.takes_turns.then(|| Turn::new(&private, &identity.key));
        let (address, created, sockets) =
            (address.to_owned(), AtomicUsize::new(0), OnceLock::new());
        Ok(Self {
            docker,
            address,
            bridge,
            exits,
            leaving,
            identity,
            removal,
            created,
            sockets,
            private,
            callback: None,
            _tunnel: tunnel,
        })
    }

    /// The same, whose instances call the driver by an address that the user gave.
    #[must_use]
    pub fn called_at(self, address: Option<IpAddr>) -> Self {
        Self { callback: address.map(callback::Given::new), ..self }
    }

    fn refuse_elsewhere(&self, doing: &str) -> Result<(), EngineError> {
        match self.elsewhere() {
            None => Ok(()),
            Some(which) => Err(EngineError::Refused {
                doing: doing.to_owned(),
                message: format!(
                    "the engine runs on another machine ({which}): run coldstart there"
                ),
            }),
        }
    }

    /// Where it was found.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it is known by, however it is reached: its own id, where it has one.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.identity.key
    }

    /// The file by which processes take turns at removing instances; none where it needs no turns.
    #[must_use]
    pub fn turns(&self) -> Option<&Path> {
        self.removal.as_ref().map(Turn::file)
    }

    /// Of an engine that runs on another machine than this: which that is.
    #[must_use]
    pub fn elsewhere(&self) -> Option<&str> {
        self.identity.elsewhere.as_deref()
    }

    /// The private folder of this user, where its locks and sockets are.
    #[must_use]
    pub fn private(&self) -> &Path {
        &self.private
    }

    /// The folder where it keeps images and instances.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn data_root(&self) -> Result<String, EngineError> {
        info::data_root(&self.docker).await
    }
}

impl Engine for DockerEngine {
    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        let callback = self.callback.as_ref().map(callback::Given::known);
        Ok(EngineInfo { callback, ..info::describe(&self.docker, &self.address).await? })
    }

    async fn listen(
        &self,
        Attachment { network, .. }: Attachment,
    ) -> Result<Listener, EngineError> {
        let refused = |message: String| EngineError::Refused {
            doing: format!("listen for instances on the {network} network"),
            message,
        };
        if let (Network::Bridge | Network::Host, Some(given)) = (network, &self.callback) {
            return given.listen().await.map_err(|e| refused(e.to_string()));
        }
        let address = match network {
            Network::None if self.elsewhere().is_some() => {
                return Err(refused(
                    "the engine runs on another machine, where no socket of this one can be: use \
                     `bridge` or `host`"
                        .to_owned(),
                ));
            }
            Network::Host => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Network::Bridge => self.bridge.ok_or_else(|| {
                refused("the engine has no network named `bridge`: use the host network".to_owned())
            })?,
            Network::None => {
                let make = || Sockets::create(&self.private).map_err(|e| e.to_string());
                let made = self.sockets.get_or_init(make);
                let sockets = made.as_ref().map_err(|e| refused(e.clone()))?;
                return sockets.listen().map_err(|e| refused(e.to_string()));
            }
        };
        let listener = match (network, self.identity.brand) {
            // Its bridge has no address before a container is on it.
            (Network::Bridge, Brand::Podman) => Listener::tcp_before(address),
            _ => Listener::tcp(address).await,
        };
        listener.map_err(|e| {
            refused(format!(
                "cannot bind {address}, the engine's address on that network: {e}; does it run in \
                 a network of its own? Then say by which address its containers reach this machine: \
                 --callback ADDRESS"
            ))
        })
    }

    fn reach(&self, Attachment { network, .. }: Attachment) -> Result<Route, EngineError> {
        if self.callback.is_some() {
            return Err(EngineError::Refused {
                doing: "reach an instance that listens".to_owned(),
                message: "its engine is on another machine or in a network of its own, and only \
                          what calls the driver is measured from there: run coldstart where the \
                          engine runs"
                    .to_owned(),
            });
        }
        match network {
            Network::Host => Ok(Route::Host),
            Network::Bridge => {
                let docker = self.docker.clone();
                Ok(Route::Address(Arc::new(move |id| {
                    let docker = docker.clone();
                    Box::pin(async move { instances::inspect(&docker, &id).await })
                })))
            }
            Network::None => Err(EngineError::Refused {
                doing: "reach an instance".to_owned(),
                message: "it has no network: use `bridge` or `host`".to_owned(),
            }),
        }
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        instances::create(&self.docker, spec, self.created.fetch_add(1, Ordering::Relaxed)).await
    }

    async fn start(&self, id: &InstanceId) -> Result<(), EngineError> {
        instances::start(&self.docker, id).await
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        self.exits.watch(&id.0)
    }

    async fn inspect(&self, id: &InstanceId) -> Result<InstanceState, EngineError> {
        let state = instances::inspect(&self.docker, id).await?;
        // Of another machine it means nothing here, or somebody else.
        let pid = state.pid.filter(|_| self.elsewhere().is_none());
        Ok(InstanceState { pid, ..state })
    }

    async fn remove(&self, id: &InstanceId) -> Result<(), EngineError> {
        let _turn = match &self.removal {
            Some(turn) => Some(turn.take().await?),
            None => None,
        };
        let removal = instances::remove(&self.docker, self.identity.brand, id);
        let removed = tokio::time::timeout(REMOVAL, removal).await;
        removed.map_err(|_| EngineError::Refused {
            doing: format!("remove instance {}", id.short()),
            message: format!("no answer within {REMOVAL:?}: the engine is stuck, restart it"),
        })??;
        self.exits.settle(&id.0);
        Ok(())
    }

    async fn output(&self, id: &InstanceId) -> Result<String, EngineError> {
        instances::output(&self.docker, id).await
    }

    async fn strangers(&self) -> Result<Arc<Strangers>, EngineError> {
        if self.callback.is_some() {
            // Whoever forwards for them may have any address.
            return Ok(Arc::default());
        }
        self.leaving.keep_true(info::strangers(&self.docker)).await
    }

    async fn instances(&self, run: Option<&str>) -> Result<Vec<ListedInstance>, EngineError> {
        instances::list(&self.docker, self.identity.brand, run).await
    }
}

impl Watchable for DockerEngine {
    async fn root_folder(&self, id: &InstanceId) -> Result<Option<PathBuf>, EngineError> {
        self.refuse_elsewhere("find the files of an instance")?;
        instances::root_folder(&self.docker, &self.identity, id).await
    }

    async fn whole_output(&self, id: &InstanceId, most: usize) -> Result<Vec<u8>, EngineError> {
        instances::whole_output(&self.docker, id, most).await
    }
}

impl ImageStore for DockerEngine {
    async fn image(&self, reference: &str) -> Result<Option<Image>, EngineError> {
        images::inspect(&self.docker, &self.identity, reference).await
    }

    async fn pull(
        &self,
        reference: &str,
        credentials: Option<&Credentials>,
        printed: BuildOutput<'_>,
    ) -> Result<(), EngineError> {
        images::pull(&self.docker, reference, credentials, printed).await
    }

    async fn import(&self, tag: &str, archive: &Path) -> Result<(), EngineError> {
        images::import(&self.docker, tag, archive).await
    }

    async fn build(&self, spec: &BuildSpec, printed: BuildOutput<'_>) -> Result<(), EngineError> {
        images::build(&self.docker, spec, printed).await
    }

    async fn extensions(&self, image: &str, run: &str) -> Result<Vec<String>, EngineError> {
        extensions::list(&self.docker, self.identity.brand, image, run).await
    }

    async fn run_once(
        &self,
        image: &str,
        run: &str,
        command: &[String],
        env: &BTreeMap<String, String>,
    ) -> Result<String, EngineError> {
        run_once::run(&self.docker, self.identity.brand, image, run, command, env).await
    }

    async fn image_folders(&self, reference: &str) -> Result<Vec<PathBuf>, EngineError> {
        self.refuse_elsewhere(&format!("find the files of image {reference}"))?;
        images::folders(&self.docker, &self.identity, reference).await
    }

    async fn export(&self, image: &str, run: &str, to: &Path) -> Result<(), EngineError> {
        export::write(&self.docker, self.identity.brand, image, run, to).await
    }

    async fn platform(&self) -> Result<String, EngineError> {
        info::platform(&self.docker).await
    }

    async fn images(&self) -> Result<Vec<String>, EngineError> {
        images::list(&self.docker, self.identity.brand).await
    }

    async fn remove_image(&self, reference: &str) -> Result<(), EngineError> {
        images::remove(&self.docker, reference).await
    }
}
