//! An engine that takes its time: what is waited for, and when.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::oneshot;

use super::*;
use crate::engine::{
    EngineInfo, Exit, InstanceId, InstanceSpec, InstanceState, ListedInstance, Listener, Strangers,
};
use crate::spec::factor::Attachment;

/// The simulated engine, but a listener takes its time, and a removal is answered
/// before it is done.
#[derive(Debug)]
struct Slow {
    inner: Arc<FakeEngine>,
    listeners: AtomicU64,
    removal: Duration,
    /// So many removals are answered and come to nothing.
    in_vain: AtomicU64,
}

impl Engine for Slow {
    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        self.inner.describe().await
    }

    async fn listen(&self, at: Attachment) -> Result<Listener, EngineError> {
        self.listeners.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(7)).await;
        self.inner.listen(at).await
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

    async fn inspect(&self, id: &InstanceId) -> Result<InstanceState, EngineError> {
        self.inner.inspect(id).await
    }

    async fn remove(&self, id: &InstanceId) -> Result<(), EngineError> {
        let less = |left: u64| left.checked_sub(1);
        if self.in_vain.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
            return Ok(());
        }
        let (inner, id, removal) = (self.inner.clone(), id.clone(), self.removal);
        tokio::spawn(async move {
            tokio::time::sleep(removal).await;
            inner.remove(&id).await
        });
        Ok(())
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

fn slow(removal: Duration) -> Setup<Slow> {
    let (listeners, in_vain) = Default::default();
    setup_of(SCENARIO, Fault::None, |engine| {
        let inner = Arc::new(engine);
        Slow { inner, listeners, removal, in_vain }
    })
}

#[tokio::test(start_paused = true)]
async fn no_listener_is_waited_for_once_a_burst_is_timed() {
    let (_, samples) = run(&slow(Duration::ZERO)).await;
    for sample in samples.iter().filter(|s| s.cell.temperature == Temperature::Cold) {
        assert_eq!(sample.lag(), Some(0));
        assert_eq!(sample.marks.between(Mark::Dispatched, Mark::CreateCalled), Some(0));
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_listeners_are_armed_than_starts_will_need() {
    let setup = slow(Duration::ZERO);
    let (_, samples) = run(&setup).await;
    assert!(samples.iter().any(|s| s.cell.temperature == Temperature::Warm));
    let engine = &setup.driver.engine;
    assert_eq!(engine.listeners.load(Ordering::Relaxed), engine.inner.starts("f"));
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_going_is_waited_for() {
    let setup = slow(Duration::from_secs(2));
    setup.driver.trial(&setup.driver.plan.trials[0]).await.unwrap();
    setup.driver.platform.clear().await.unwrap();
    assert!(setup.driver.engine.instances(None).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_while_it_removes_still_leaves_nothing() {
    let setup = slow(Duration::from_secs(1));
    let (sender, mut stop) = watch::channel(Stop::No);
    let run = setup.driver.run(&mut stop, |_, _| {
        let sender = sender.clone();
        // Past the keep-alive: into the removals before the next trial.
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(900)).await;
            sender.send_replace(Stop::AfterTrial);
        });
        Ok(())
    });
    assert_eq!(run.await.unwrap(), RunEnd::Stopped);
    assert!(!setup.driver.engine.instances(None).await.unwrap().is_empty(), "nothing was going");
    setup.driver.platform.clear().await.unwrap();
    assert!(setup.driver.engine.instances(None).await.unwrap().is_empty());
}

/// Seen on Docker 20.10: "removal already in progress", of one that then failed.
#[tokio::test(start_paused = true)]
async fn a_removal_that_came_to_nothing_is_asked_for_again() {
    let setup = slow(Duration::ZERO);
    setup.driver.trial(&setup.driver.plan.trials[0]).await.unwrap();
    let left = setup.driver.engine.instances(None).await.unwrap().len() as u64;
    assert!(left > 0, "nothing is there to be removed");
    // By the platform, and then by whoever clears the run.
    setup.driver.engine.in_vain.store(2 * left, Ordering::Relaxed);
    setup.driver.platform.clear().await.unwrap();
    assert!(setup.driver.engine.instances(None).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_never_goes_is_told() {
    let setup = slow(Duration::from_secs(1_000_000));
    setup.driver.trial(&setup.driver.plan.trials[0]).await.unwrap();
    let error = setup.driver.platform.clear().await.unwrap_err().to_string();
    assert!(error.contains("it is still there after its removal"), "{error}");
}
