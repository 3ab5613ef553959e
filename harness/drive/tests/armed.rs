//! Listeners are armed before a step is timed.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::oneshot;

use super::*;
use crate::engine::{EngineInfo, Exit, Found, Inspected, InstanceId, InstanceSpec, Listener};

/// The simulated engine, but a listener takes its time.
#[derive(Debug)]
struct SlowToListen {
    inner: FakeEngine,
    listeners: AtomicU64,
}

impl Engine for SlowToListen {
    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        self.inner.describe().await
    }

    async fn listen(&self, network: Network) -> Result<Listener, EngineError> {
        self.listeners.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(7)).await;
        self.inner.listen(network).await
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        self.inner.create(spec).await
    }

    async fn start(&self, id: &InstanceId) -> Result<(), EngineError> {
        self.inner.start(id).await
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        self.inner.watch_exit(id)
    }

    async fn inspect(&self, id: &InstanceId) -> Result<Inspected, EngineError> {
        self.inner.inspect(id).await
    }

    async fn remove(&self, id: &InstanceId) -> Result<(), EngineError> {
        self.inner.remove(id).await
    }

    async fn output(&self, id: &InstanceId) -> Result<String, EngineError> {
        self.inner.output(id).await
    }

    async fn instances(&self, run: Option<&str>) -> Result<Vec<Found>, EngineError> {
        self.inner.instances(run).await
    }
}

fn slow() -> Setup<SlowToListen> {
    let listeners = AtomicU64::new(0);
    setup_of(SCENARIO, Fault::None, |inner| SlowToListen { inner, listeners })
}

#[tokio::test(start_paused = true)]
async fn no_listener_is_waited_for_once_a_burst_is_timed() {
    let (_, samples) = run(&slow()).await;
    for sample in samples.iter().filter(|s| s.cell.temperature == Temperature::Cold) {
        assert_eq!(sample.lag(), Some(0));
        assert_eq!(sample.marks.between(Mark::Dispatched, Mark::CreateCalled), Some(0));
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_listeners_are_armed_than_starts_will_need() {
    let setup = slow();
    let (_, samples) = run(&setup).await;
    assert!(samples.iter().any(|s| s.cell.temperature == Temperature::Warm));
    let engine = &setup.driver.engine;
    assert_eq!(engine.listeners.load(Ordering::Relaxed), engine.inner.starts("f"));
}
