//! Who leaves a network: an address that a container had can be an instance's the next
//! moment, so whoever was a stranger there is none any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bollard::Docker;
use bollard::models::EventActor;
use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::StreamExt;
use tokio::task::JoinHandle;

use crate::engine::Strangers;

type Told = Arc<Mutex<Weak<Strangers>>>;

/// A subscription to those who leave, and the strangers who are told.
#[derive(Debug)]
pub(super) struct Leaving {
    told: Told,
    listening: JoinHandle<()>,
}

impl Leaving {
    /// Subscribes. Must be called within a runtime, which must outlive it.
    pub(super) fn subscribe(docker: &Docker) -> Self {
        let told = Told::default();
        let listening = tokio::spawn(listen(docker.clone(), Arc::clone(&told)));
        Self { told, listening }
    }

    /// Keeps these true from now on; only the latest are.
    pub(super) fn tell(&self, strangers: &Arc<Strangers>) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(strangers);
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(docker: Docker, told: Told) {
    // Not every engine tells who leaves a network; who has ended calls nobody.
    let filters = HashMap::from([
        ("type", vec!["network", "container"]),
        ("event", vec!["disconnect", "die"]),
    ]);
    let options = EventsOptionsBuilder::new().filters(&filters).build();
    let mut events = Box::pin(docker.events(Some(options)));
    while let Some(Ok(event)) = events.next().await {
        let strangers = told.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        if let (Some(id), Some(strangers)) = (event.actor.and_then(who), strangers) {
            strangers.left(&id);
        }
    }
}

/// The container that a network tells of, or that tells of itself.
fn who(actor: EventActor) -> Option<String> {
    let told = actor.attributes.and_then(|mut all| all.remove("container"));
    told.or(actor.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_is_told_by_the_network_or_by_its_own_end() {
        let attributes = |pairs: &[(&str, &str)]| {
            Some(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
        };
        let of = |id: &str, attributes| who(EventActor { id: Some(id.to_owned()), attributes });
        let network = of("network", attributes(&[("container", "c-1"), ("name", "bridge")]));
        assert_eq!(network.as_deref(), Some("c-1"));
        assert_eq!(of("c-2", attributes(&[("exitCode", "0")])).as_deref(), Some("c-2"));
    }
}
