//! Who leaves a network: an address that a container had can be an instance's the next
//! moment, so whoever was a stranger there is none any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bollard::Docker;
use bollard::models::EventActor;
use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::StreamExt;
use tokio::task::JoinHandle;

use super::exit_events::a_moment_ago;
use crate::engine::{EngineError, Strangers};

/// A subscription to those who leave, and the strangers who are told.
#[derive(Debug)]
pub(super) struct Leaving {
    told: Arc<Told>,
    listening: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Told {
    latest: Mutex<Latest>,
    /// Held by who asks for strangers.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Latest {
    strangers: Weak<Strangers>,
    /// Who left while strangers were asked for: they may be in the answer.
    meanwhile: Option<Vec<String>>,
}

impl Leaving {
    /// Subscribes. Must be called within a runtime, which must outlive it.
    pub(super) fn subscribe(docker: &Docker) -> Self {
        let told = Arc::<Told>::default();
        let listening = tokio::spawn(listen(docker.clone(), Arc::clone(&told)));
        Self { told, listening }
    }

    /// Asks for strangers, and keeps them true from now on; only the latest are.
    ///
    /// # Errors
    /// Those of who is asked.
    pub(super) async fn keep_true(
        &self,
        ask: impl Future<Output = Result<Strangers, EngineError>>,
    ) -> Result<Arc<Strangers>, EngineError> {
        self.told.keep_true(ask).await
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Told {
    async fn keep_true(
        &self,
        ask: impl Future<Output = Result<Strangers, EngineError>>,
    ) -> Result<Arc<Strangers>, EngineError> {
        let _one_at_a_time = self.asking.lock().await;
        self.lock().meanwhile = Some(Vec::new());
        let asked = ask.await;
        let mut latest = self.lock();
        let meanwhile = latest.meanwhile.take().unwrap_or_default();
        let strangers = Arc::new(asked?);
        for id in meanwhile {
            strangers.left(&id);
        }
        latest.strangers = Arc::downgrade(&strangers);
        Ok(strangers)
    }

    fn left(&self, id: String) {
        let mut latest = self.lock();
        if let Some(strangers) = latest.strangers.upgrade() {
            strangers.left(&id);
        }
        if let Some(meanwhile) = &mut latest.meanwhile {
            meanwhile.push(id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn listen(docker: Docker, told: Arc<Told>) {
    // Not every engine tells who leaves a network; who has ended calls nobody.
    let filters = HashMap::from([
        ("type", vec!["network", "container"]),
        ("event", vec!["disconnect", "die"]),
    ]);
    // None is lost before this request is served.
    let since = a_moment_ago().to_string();
    let options = EventsOptionsBuilder::new().since(&since).filters(&filters).build();
    let mut events = Box::pin(docker.events(Some(options)));
    while let Some(Ok(event)) = events.next().await {
        if let Some(id) = event.actor.and_then(who) {
            told.left(id);
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
    use std::net::IpAddr;

    use super::*;
    use crate::engine::Caller;
    use crate::engine::strangers::Resident;

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

    #[tokio::test]
    async fn who_leaves_while_strangers_are_asked_for_or_after_is_none() {
        let told = Told::default();
        let asked = async {
            let resident = |id: &str| Resident { id: id.to_owned(), name: id.to_owned() };
            let known = ["c-1", "c-2", "c-3"].into_iter().zip(1..);
            let known = known.map(|(id, n)| (IpAddr::from([172, 17, 0, n]), resident(id)));
            let strangers = Strangers::new(None, known.collect());
            told.left("c-1".to_owned());
            Ok(strangers)
        };
        let strangers = told.keep_true(asked).await.unwrap();
        let left = |n| strangers.find(Caller::Address(IpAddr::from([172, 17, 0, n]))).is_none();
        assert_eq!([1, 2, 3].map(left), [true, false, false]);
        told.left("c-3".to_owned());
        assert_eq!([1, 2, 3].map(left), [true, false, true]);
    }
}
