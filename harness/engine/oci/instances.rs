//! Instances: created, started, removed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::aside::Aside;
use super::calls::Calls;
use super::record::Record;
use super::{
    GONE_WITHIN, Held, OciEngine, bundle, gone, life, network, orphans, record, refused, runtimes,
};
use crate::engine::processors::processors;
use crate::engine::words::Words;
use crate::engine::{EngineError, Exit, ImageStore, InstanceId, InstanceSpec};
use crate::spec::factor::Network;

impl<S: ImageStore> OciEngine<S> {
    /// Whether an instance is one of this engine, of whichever driver, and not of the other.
    pub(in crate::engine) fn is_own(&self, id: &InstanceId) -> bool {
        record::is_id(&id.0)
            && (self.lock().contains_key(id) || self.left.folders(id).disk.exists())
    }

    /// Whether an id, or the beginning of one, names an instance of this driver.
    pub(in crate::engine) fn holds(&self, id: &InstanceId) -> bool {
        super::named(&self.lock(), id).is_some()
    }

    fn runtime(&self, name: &str) -> Result<PathBuf, EngineError> {
        self.runtimes.get(name).cloned().ok_or_else(|| {
            let message = match self.runtimes.is_empty() {
                true => runtimes::missing(),
                false => format!(
                    "it is not there, or cannot be executed; install it, or use one of \
                                  {}",
                    runtimes::in_order(&self.runtimes).join(", ")
                ),
            };
            refused(&format!("find the OCI runtime `{name}`"), message)
        })
    }

    async fn layers(&self, image: &str) -> Result<Arc<[PathBuf]>, EngineError> {
        let known = |layers: &Mutex<BTreeMap<String, Arc<[PathBuf]>>>| {
            layers.lock().unwrap_or_else(PoisonError::into_inner).get(image).cloned()
        };
        if let Some(layers) = known(&self.layers) {
            return Ok(layers);
        }
        let folders = self.image_folders(image).await?;
        let layers: Arc<[PathBuf]> = folders.into();
        let mut all = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(image.to_owned(), layers.clone());
        Ok(layers)
    }

    pub(super) async fn create_own(
        &self,
        spec: &InstanceSpec,
        image: &str,
    ) -> Result<InstanceId, EngineError> {
        let runtime = self.runtime(&spec.factors.runtime)?;
        let layers = self.layers(image).await?;
        let id = record::fresh();
        let turn = self.created.fetch_add(1, Ordering::Relaxed);
        let processors = spec.factors.visible_processors().and_then(|n| processors(n, turn));
        let record = Record {
            labels: spec.labels.clone(),
            runtime: runtime.display().to_string(),
            ..Record::default()
        };
        let bridge = match spec.factors.network {
            Network::Bridge => Some(self.bridge().await?),
            Network::Host | Network::None => None,
        };
        let folders = self.left.folders(&id);
        let (bundle, places) = (folders.bundle.clone(), self.left.places());
        let (name, machine) = (id.0.clone(), self.machine.clone());
        let (network, is_ahead) = (spec.factors.network, spec.factors.is_created_ahead());
        let (spec, path) = (spec.clone(), runtime.clone());
        // Elsewhere: others may be timed here meanwhile.
        let made = tokio::task::spawn_blocking(move || {
            let (layers, places, machine) = (&layers[..], &*places, &*machine);
            let spec = &spec;
            let making =
                bundle::Making { spec, layers, places, machine, processors, record, bridge };
            let address = bundle::make(making, &folders, &name)?;
            // It is mounted by now, and to be seen there.
            let aside = Aside::of(&path).map_err(|e| {
                // As above.
                let _ = bundle::remove(&folders, &name);
                format!("hiding a version of cgroups from its runtime: {e}")
            })?;
            Ok::<_, String>((address, aside))
        });
        let doing = || format!("create an instance of {image}");
        let made = made.await.map_err(|e| refused(&doing(), e.to_string()))?;
        let (address, aside) = made.map_err(|e| refused(&doing(), e))?;
        let calls = Calls {
            options: runtimes::options(&runtime, network),
            runtime,
            folder: bundle,
            id: id.0.clone(),
            aside,
        };
        let held = Held { calls, address, exit: None, running: None, pending: None };
        self.lock().insert(id.clone(), held);
        if is_ahead && let Err(why) = self.create_ahead(&id).await {
            // It is told why it could not be created; `clean` finds what is left.
            let _ = self.remove_own(&id).await;
            return Err(refused(&doing(), why));
        }
        Ok(id)
    }

    /// Has a container created, to be started later.
    async fn create_ahead(&self, id: &InstanceId) -> Result<(), String> {
        let created = {
            let mut held = self.lock();
            let held = held.get_mut(id).ok_or("it is gone")?;
            let called = life::create(&held.calls, self.words());
            let (running, pending, created) = called.map_err(|e| format!("calling {e}"))?;
            (held.running, held.pending) = (Some(running), Some(pending));
            created
        };
        created.await.unwrap_or_else(|_| Err("it is gone".to_owned()))
    }

    fn words(&self) -> Words {
        Words::keeping(self.keeps.load(Ordering::Relaxed))
    }

    pub(super) async fn start_own(&self, id: &InstanceId) -> Result<(), EngineError> {
        let doing = || format!("start instance {}", id.short());
        let started = {
            let mut held = self.lock();
            let held = held.get_mut(id).ok_or_else(|| gone(id))?;
            let exit = held.exit.take();
            let called = match held.pending.take() {
                Some(pending) => pending.start(&held.calls, exit),
                None => life::run(&held.calls, exit, self.words()).map(|(running, started)| {
                    held.running = Some(running);
                    started
                }),
            };
            called.map_err(|e| refused(&doing(), format!("calling {e}")))?
        };
        match started.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err((why, exit))) => {
                // Whoever waits for its end hears of it when it is removed.
                if let Some(held) = self.lock().get_mut(id) {
                    held.exit = exit;
                }
                Err(refused(&doing(), why))
            }
            Err(_) => Err(gone(id)),
        }
    }

    pub(super) async fn remove_own(&self, id: &InstanceId) -> Result<(), EngineError> {
        let doing = || format!("remove instance {}", id.short());
        let Some(Held { calls, address, exit, running, .. }) = self.lock().remove(id) else {
            self.remains.are_gone().await;
            return self.left.remove(id).await;
        };
        if let Some(running) = running
            && !running.end(GONE_WITHIN).await
        {
            let message = format!("it is still there {GONE_WITHIN:?} after it was killed");
            return Err(refused(&doing(), message));
        }
        let folders = self.left.folders(id);
        life::delete(&calls.runtime, &folders.bundle, &id.0, GONE_WITHIN).await;
        let (name, at) = (id.0.clone(), folders.disk.clone());
        let known: Vec<u32> =
            self.lock().values().filter_map(|held| held.running.as_ref()?.pid()).collect();
        let ended = tokio::task::spawn_blocking(move || {
            orphans::let_go(&known);
            bundle::end(&name)?;
            // The kernel removes the devices when it has the time.
            address.map_or(Ok(()), |address| network::detach(&name, &at, Some(address)))
        });
        let ended = ended.await.map_err(|e| refused(&doing(), e.to_string()))?;
        ended.map_err(|e| refused(&doing(), e))?;
        let take_away = move || {
            // Where its runtime was called from ends with it.
            drop(calls);
            // What cannot be taken away is found when it is asked what is there.
            let _ = bundle::take_away(&folders);
        };
        self.remains.add(take_away).await;
        // One that never ran has no other end.
        let _ = exit.map(|exit| exit.send(Exit { code: None }));
        Ok(())
    }
}
