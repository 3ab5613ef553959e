//! Who waits for the end of which instance: one subscription to the engine's
//! events for all of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bollard::Docker;
use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::StreamExt;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::identity::Brand;
use crate::engine::Exit;

/// Waiters by the id of their instance; none once the engine is gone.
type Waiters = Arc<Mutex<Option<BTreeMap<String, oneshot::Sender<Exit>>>>>;

/// How long an end may be on its way to us when its instance is gone already: podman looks into
/// its log of events four times a second.
const ON_THE_WAY: Duration = Duration::from_secs(1);

/// The one subscription, and those who wait.
#[derive(Debug)]
pub(super) struct Exits {
    waiters: Waiters,
    listening: JoinHandle<()>,
}

impl Exits {
    /// Subscribes. Must be called within a runtime, which must outlive it.
    pub(super) fn subscribe(docker: &Docker, brand: Brand) -> Self {
        let waiters: Waiters = Arc::new(Mutex::new(Some(BTreeMap::new())));
        let listening = tokio::spawn(listen(docker.clone(), brand, Arc::clone(&waiters)));
        Self { waiters, listening }
    }

    /// Waits for the end of an instance.
    pub(super) fn watch(&self, id: &str) -> oneshot::Receiver<Exit> {
        let (sender, receiver) = oneshot::channel();
        // When the engine is gone the sender is dropped here: the receiver
        // resolves at once.
        if let Some(waiters) = lock(&self.waiters).as_mut() {
            waiters.insert(id.to_owned(), sender);
        }
        receiver
    }

    /// Tells whoever still waits for an instance that it was removed, once what the engine tells
    /// of its end would have come. One that was never started has no other end. Must be called
    /// within a runtime.
    pub(super) fn settle(&self, id: &str) {
        if !lock(&self.waiters).as_ref().is_some_and(|waiters| waiters.contains_key(id)) {
            return;
        }
        let (waiters, id) = (Arc::clone(&self.waiters), id.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(ON_THE_WAY).await;
            tell(&waiters, &id, Exit { code: None });
        });
    }
}

impl Drop for Exits {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(docker: Docker, brand: Brand, waiters: Waiters) {
    // Not by label: to podman the key of one alone fits nothing. Whose an end is, its id says.
    let filters = HashMap::from([("type", vec!["container"]), ("event", vec!["die"])]);
    // `since` makes the engine replay the ends that it remembers: none is lost
    // between the first create and the moment this request is served.
    let since = since(brand).to_string();
    let options = EventsOptionsBuilder::new().since(&since).filters(&filters).build();
    let mut events = Box::pin(docker.events(Some(options)));
    while let Some(Ok(event)) = events.next().await {
        if let Some((id, exit)) = read(event) {
            tell(&waiters, &id, exit);
        }
    }
    lock(&waiters).take();
}

/// From when on ends are wanted, in seconds: all that are remembered. podman's are in a log
/// that is as old as the machine.
fn since(brand: Brand) -> u64 {
    match brand {
        Brand::Docker => 1,
        Brand::Podman => a_moment_ago(),
    }
}

/// A second ago, as an engine's events are asked for: in seconds since 1970.
pub(super) fn a_moment_ago() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(1, |now| now.as_secs().saturating_sub(1))
}

fn read(event: EventMessage) -> Option<(String, Exit)> {
    let actor = event.actor?;
    let code = actor.attributes.as_ref().and_then(|a| a.get("exitCode")?.parse().ok());
    Some((actor.id?, Exit { code }))
}

fn tell(waiters: &Waiters, id: &str, exit: Exit) {
    let sender = lock(waiters).as_mut().and_then(|w| w.remove(id));
    if let Some(sender) = sender {
        // Nobody waits any more: no matter.
        let _ = sender.send(exit);
    }
}

fn lock(waiters: &Waiters) -> MutexGuard<'_, Option<BTreeMap<String, oneshot::Sender<Exit>>>> {
    waiters.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard_by_nobody() -> Exits {
        let listening = tokio::spawn(std::future::pending());
        Exits { waiters: Arc::new(Mutex::new(Some(BTreeMap::new()))), listening }
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_that_is_on_its_way_when_its_instance_is_removed_is_told() {
        let exits = heard_by_nobody();
        let (killed, never) = (exits.watch("killed"), exits.watch("never started"));
        exits.settle("killed");
        exits.settle("never started");
        exits.settle("nobody waits for it");
        tokio::time::sleep(ON_THE_WAY / 2).await;
        tell(&exits.waiters, "killed", Exit { code: Some(137) });
        assert_eq!(killed.await.unwrap().code, Some(137));
        assert_eq!(never.await.unwrap().code, None);
        assert!(lock(&exits.waiters).as_ref().unwrap().is_empty());
    }
}
