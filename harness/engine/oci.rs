//! An OCI runtime called directly: no daemon, no shim, and no network made within a start.
//!
//! Images stay where another engine keeps them. Of the folders of their layers an instance's
//! root file system is mounted when it is created, beside the configuration that Docker would
//! give it; its start is one call of the runtime. What is known of an instance stands in a
//! folder of its own, so that `clean` finds what a killed driver left.
//!
//! Why so, and what it leaves out: decision 0089.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, oneshot};

use super::{
    Engine, EngineError, EngineInfo, Exit, ImageStore, InstanceId, InstanceSource, InstanceSpec,
    InstanceState, ListedInstance, Listener, Resident, Route, Strangers, Watchable,
    images_are_kept_by,
};
use crate::spec::factor::{Attachment, Network};

mod aside;
mod bundle;
mod calls;
mod cgroup;
mod config;
mod folders;
mod info;
mod instances;
mod leftovers;
mod life;
mod network;
mod orphans;
mod places;
mod record;
mod remains;
mod root;
mod runtimes;
mod seccomp;
mod unpacked;
mod user;

use calls::Calls;
pub use leftovers::Leftovers;

use config::Machine;
use life::{Pending, Running, Waiter};
use remains::Remains;

/// Where a runtime writes the first process of an instance, in the instance's folder.
const PID: &str = "pid";
/// How long a killed instance may take to be gone: longer only where the kernel hangs.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// Instances by an OCI runtime, of images that another engine keeps.
#[derive(Debug)]
pub struct OciEngine<S> {
    images: Arc<S>,
    /// Folders of instances are made here.
    left: Leftovers,
    /// By the name that they are asked for.
    runtimes: BTreeMap<String, PathBuf>,
    machine: Arc<Machine>,
    /// Instances that were created, which see processors in turns.
    created: AtomicUsize,
    /// Bytes of what an instance writes that are kept from its beginning.
    keeps: AtomicUsize,
    /// The folders of images' layers, asked once: an image does not change.
    layers: Mutex<BTreeMap<String, Arc<[PathBuf]>>>,
    /// Where the driver listens on the bridge, once it is made.
    bridge: OnceCell<Ipv4Addr>,
    /// Those of this driver.
    held: AllHeld,
    /// What is left of those that are gone.
    remains: Remains,
}

/// Every instance of this driver.
type AllHeld = Arc<Mutex<BTreeMap<InstanceId, Held>>>;

/// An instance of this driver.
#[derive(Debug)]
struct Held {
    calls: Calls,
    /// On the bridge.
    address: Option<Ipv4Addr>,
    exit: Waiter,
    running: Option<Running>,
    /// Where it was created ahead and is not started yet.
    pending: Option<Pending>,
}

/// What runtimes are here, with their versions.
///
/// # Errors
/// Says why none can be called.
pub async fn found() -> Result<String, String> {
    let found = runtimes::find(&[]);
    can_start(&found)?;
    let mut told = Vec::new();
    for name in runtimes::in_order(&found) {
        told.push(format!("{name} {}", runtimes::version(&found[&name]).await));
    }
    Ok(told.join(", "))
}

/// Whether instances can be made so on this machine.
///
/// # Errors
/// Says why not, and what to do.
pub fn can_be_had() -> Result<(), String> {
    can_start(&runtimes::find(&[]))
}

/// Whether all such runtimes are programs of this machine; others are names in a daemon's settings.
#[must_use]
pub fn has_all(asked: &[String]) -> bool {
    let found = runtimes::find(asked);
    asked.iter().all(|name| found.contains_key(name))
}

/// The runtime that takes the least of a start, and varies least, of those that are here.
#[must_use]
pub fn quietest() -> Option<String> {
    let found = runtimes::find(&[]);
    runtimes::BY_SHARE.iter().find(|name| found.contains_key(**name)).map(|name| (*name).to_owned())
}

fn can_start(found: &BTreeMap<String, PathBuf>) -> Result<(), String> {
    if found.is_empty() {
        return Err(runtimes::missing());
    }
    if !rustix::process::geteuid().is_root() || !may_mount() {
        return Err("mounts, cgroups and namespaces are made by root alone: run this with sudo, \
                    or measure with `--engine docker`"
            .to_owned());
    }
    Ok(())
}

/// Whether this process has what root usually has: in a container it may lack it.
fn may_mount() -> bool {
    let has = rustix::thread::capabilities(None);
    has.is_ok_and(|has| has.effective.contains(rustix::thread::CapabilitySet::SYS_ADMIN))
}

impl<S: ImageStore> OciEngine<S> {
    /// Around an engine that keeps images, with its folders in one of this user's own, and
    /// with such runtimes besides those that are looked for by name.
    ///
    /// # Errors
    /// When this machine cannot be told enough of to configure an instance.
    pub fn new(images: Arc<S>, state: &Path, asked: &[String]) -> Result<Self, EngineError> {
        let machine = info::machine().map_err(|e| refused("know this machine", e))?;
        Ok(Self {
            images,
            left: Leftovers::of(state),
            runtimes: runtimes::find(asked),
            machine: Arc::new(machine),
            created: AtomicUsize::new(0),
            keeps: AtomicUsize::new(0),
            layers: Mutex::default(),
            bridge: OnceCell::new(),
            held: AllHeld::default(),
            remains: Remains::default(),
        })
    }

    /// Makes ready for instances.
    ///
    /// # Errors
    /// Says what is missing, and what to do: a runtime, or the right to call one.
    pub fn make_ready(&self) -> Result<(), EngineError> {
        let doing = "start instances without a daemon";
        can_start(&self.runtimes).map_err(|e| refused(doing, e))?;
        self.left.make().map_err(|e| refused(doing, e.to_string()))?;
        // What a runtime starts becomes our child when the runtime ends: so its end is told.
        let own = Some(rustix::process::getpid());
        rustix::process::set_child_subreaper(own).map_err(|e| refused(doing, e.to_string()))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<InstanceId, Held>> {
        lock(&self.held)
    }

    /// What instances left, of whichever driver with its state folder.
    #[must_use]
    pub fn leftovers(&self) -> &Leftovers {
        &self.left
    }

    async fn bridge(&self) -> Result<Ipv4Addr, EngineError> {
        let make = || async {
            let made = tokio::task::spawn_blocking(network::bridge).await;
            made.map_err(|e| e.to_string())?
        };
        let made = self.bridge.get_or_try_init(make).await;
        made.copied().map_err(|e| refused("make a bridge for instances", e))
    }
}

fn lock(held: &AllHeld) -> MutexGuard<'_, BTreeMap<InstanceId, Held>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An instance of this driver by its id, of which rows name the beginning alone.
fn named<'a>(
    held: &'a BTreeMap<InstanceId, Held>,
    id: &InstanceId,
) -> Option<(&'a InstanceId, &'a Held)> {
    held.iter().find(|(whole, _)| whole.0.starts_with(&id.0))
}

fn state_of(held: &AllHeld, id: &InstanceId) -> Result<InstanceState, EngineError> {
    let held = lock(held);
    let held = held.get(id).ok_or_else(|| gone(id))?;
    let pid = held.running.as_ref().and_then(Running::pid);
    let address = held.address.filter(|_| pid.is_some()).map(IpAddr::V4);
    Ok(InstanceState { pid, address, out_of_memory: cgroup::ran_out_of_memory(&id.0) })
}

fn gone(id: &InstanceId) -> EngineError {
    refused(&format!("find instance {}", id.short()), "there is no such instance".to_owned())
}

fn refused(doing: &str, message: String) -> EngineError {
    EngineError::Refused { doing: doing.to_owned(), message }
}

impl<S: ImageStore> Engine for OciEngine<S> {
    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        // It keeps the images: without it there is nothing to start.
        self.images.describe().await?;
        Ok(info::describe(&self.runtimes, &self.machine, self.left.disk()).await)
    }

    async fn listen(&self, at: Attachment) -> Result<Listener, EngineError> {
        match at.network {
            Network::Bridge => {
                let address = self.bridge().await?;
                let failed = |e: std::io::Error| {
                    refused(&format!("listen on {address}, the bridge"), e.to_string())
                };
                Listener::tcp(IpAddr::V4(address)).await.map_err(failed)
            }
            Network::Host | Network::None => self.images.listen(at).await,
        }
    }

    fn reach(&self, at: Attachment) -> Result<Route, EngineError> {
        match at.network {
            Network::Bridge => {
                let held = self.held.clone();
                Ok(Route::Address(Arc::new(move |id| {
                    let held = held.clone();
                    Box::pin(async move { state_of(&held, &id) })
                })))
            }
            Network::Host | Network::None => self.images.reach(at),
        }
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        match &spec.source {
            InstanceSource::Image(image) => self.create_own(spec, image).await,
            InstanceSource::Command(_) => {
                let doing = format!("create an instance of `{}`", spec.source.name());
                Err(refused(&doing, "it is a program, and this engine runs images".to_owned()))
            }
        }
    }

    async fn start(&self, id: &InstanceId) -> Result<(), EngineError> {
        self.start_own(id).await
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        let (sender, receiver) = oneshot::channel();
        if let Some(held) = self.lock().get_mut(id) {
            held.exit = Some(sender);
        }
        receiver
    }

    fn processes(&self, id: &InstanceId) -> Option<PathBuf> {
        cgroup::processes(&id.0)
    }

    async fn inspect(&self, id: &InstanceId) -> Result<InstanceState, EngineError> {
        state_of(&self.held, id)
    }

    async fn remove(&self, id: &InstanceId) -> Result<(), EngineError> {
        match self.is_own(id) {
            true => self.remove_own(id).await,
            // What runs a command once in an image is the other engine's.
            false => self.images.remove(id).await,
        }
    }

    async fn output(&self, id: &InstanceId) -> Result<String, EngineError> {
        let held = self.lock();
        let held = held.get(id).ok_or_else(|| gone(id))?;
        Ok(held.running.as_ref().map(Running::words).unwrap_or_default())
    }

    async fn strangers(&self) -> Result<Arc<Strangers>, EngineError> {
        let Some(bridge) = self.bridge.get().map(|address| IpAddr::V4(*address)) else {
            return Ok(Arc::default());
        };
        // Of another instance there is told once its answer is compared with the one's address.
        let host = Resident { id: String::new(), name: "this host".to_owned() };
        let known = BTreeMap::from([(bridge, host)]);
        Ok(Arc::new(Strangers::new(Some((bridge, network::PREFIX)), known)))
    }

    async fn instances(&self, run: Option<&str>) -> Result<Vec<ListedInstance>, EngineError> {
        // What is left of those that are gone is none of them.
        self.remains.are_gone().await;
        let mut found = self.left.list(run)?;
        found.extend(self.images.instances(run).await?);
        Ok(found)
    }
}

impl<S: ImageStore> Watchable for OciEngine<S> {
    async fn root_folder(&self, id: &InstanceId) -> Result<Option<PathBuf>, EngineError> {
        Ok(Some(self.left.folders(id).bundle.join(root::ROOT)))
    }

    fn keep_output(&self, most: usize) {
        self.keeps.store(most, Ordering::Relaxed);
    }

    async fn whole_output(&self, id: &InstanceId, most: usize) -> Result<Vec<u8>, EngineError> {
        let held = self.lock();
        let (_, held) = named(&held, id).ok_or_else(|| gone(id))?;
        let mut all = held.running.as_ref().map(Running::whole).unwrap_or_default();
        all.truncate(most);
        Ok(all)
    }
}

impl<S: ImageStore> ImageStore for OciEngine<S> {
    images_are_kept_by!(images but folders);

    async fn image_folders(&self, reference: &str) -> Result<Vec<PathBuf>, EngineError> {
        match self.images.image_folders(reference).await {
            Err(EngineError::Refused { .. }) => {
                let (images, state) = (&*self.images, self.left.disk());
                Ok(vec![unpacked::folder(images, state, reference).await?])
            }
            found => found,
        }
    }
}
