//! Who leaves a network: an address that a container had can be an instance's the next
//! moment, so whoever was a stranger there is none any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bollard::Docker;
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
    let filters = HashMap::from([("type", vec!["network"]), ("event", vec!["disconnect"])]);
    let options = EventsOptionsBuilder::new().filters(&filters).build();
    let mut events = Box::pin(docker.events(Some(options)));
    while let Some(Ok(event)) = events.next().await {
        let attributes = event.actor.and_then(|actor| actor.attributes).unwrap_or_default();
        let strangers = told.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        if let (Some(id), Some(strangers)) = (attributes.get("container"), strangers) {
            strangers.left(id);
        }
    }
}
