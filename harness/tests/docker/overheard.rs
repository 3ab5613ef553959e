//! An engine whose listeners' addresses others get to know, or whose instances get
//! each other's.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use coldstart::engine::{
    Engine, EngineError, EngineInfo, Exit, InstanceId, InstanceSpec, InstanceState, ListedInstance,
    Listener, Strangers,
};
use coldstart::spec::factor::{Attachment, Network};
use tokio::sync::oneshot;

const API: &str = "AWS_LAMBDA_RUNTIME_API";

/// An engine, overheard.
#[derive(Debug)]
pub(crate) struct Overheard<E> {
    inner: Arc<E>,
    /// Whether an instance is given the address of another.
    swaps: bool,
    addresses: Mutex<Vec<String>>,
    next: Mutex<Option<SocketAddr>>,
}

impl<E: Engine> Overheard<E> {
    pub(crate) fn new(inner: Arc<E>, swaps: bool) -> Self {
        Self { inner, swaps, addresses: Mutex::default(), next: Mutex::default() }
    }

    /// Where it was listened so far.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.addresses.lock().unwrap().clone()
    }

    /// An address of the bridge at which nobody listens.
    pub(crate) async fn free_address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.inner.listen(Network::Bridge.into()).await?.address().parse()?)
    }

    /// Has the next listener at an address.
    pub(crate) fn listen_next_on(&self, address: SocketAddr) {
        *self.next.lock().unwrap() = Some(address);
    }
}

impl<E: Engine> Engine for Overheard<E> {
    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        self.inner.describe().await
    }

    async fn listen(&self, at: Attachment) -> Result<Listener, EngineError> {
        let next = self.next.lock().unwrap().take();
        let listener = match next {
            Some(address) => Listener::tcp_at(address).await.unwrap(),
            None => self.inner.listen(at).await?,
        };
        self.addresses.lock().unwrap().push(listener.address().to_owned());
        Ok(listener)
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        let mut spec = spec.clone();
        let other = self.addresses().into_iter().find(|address| spec.env[API] != *address);
        if let Some(other) = other.filter(|_| self.swaps) {
            spec.env.insert(API.to_owned(), other);
        }
        self.inner.create(&spec).await
    }

    async fn start(&self, id: &InstanceId) -> Result<(), EngineError> {
        self.inner.start(id).await
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        self.inner.watch_exit(id)
    }

    async fn inspect(&self, id: &InstanceId) -> Result<InstanceState, EngineError> {
        self.inner.inspect(id).await
    }

    async fn remove(&self, id: &InstanceId) -> Result<(), EngineError> {
        self.inner.remove(id).await
    }

    async fn output(&self, id: &InstanceId) -> Result<String, EngineError> {
        self.inner.output(id).await
    }

    async fn strangers(&self) -> Result<Arc<Strangers>, EngineError> {
        self.inner.strangers().await
    }

    async fn instances(&self, run: Option<&str>) -> Result<Vec<ListedInstance>, EngineError> {
        self.inner.instances(run).await
    }
}
