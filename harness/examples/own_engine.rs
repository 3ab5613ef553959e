//! An engine of one's own: one that starts the simulated engine's instances a little
//! later, and the platform on it: `cargo run --example own_engine`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use coldstart::clock::Clock;
use coldstart::engine::fake::FakeEngine;
use coldstart::engine::{
    Engine, EngineError, EngineInfo, Exit, InstanceId, InstanceSpec, InstanceState, ListedInstance,
    Listener, Strangers,
};
use coldstart::platform::{Platform, Target, TargetSpec};
use coldstart::sample::Mark;
use coldstart::spec::factor::{Attachment, Network};
use coldstart::spec::function::Function;
use tokio::sync::oneshot;

/// Starts instances 50 ms after it was asked to.
struct Slow(FakeEngine);

impl Engine for Slow {
    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        Ok(EngineInfo { kind: "slow".to_owned(), ..self.0.describe().await? })
    }

    async fn listen(&self, at: Attachment) -> Result<Listener, EngineError> {
        self.0.listen(at).await
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        self.0.create(spec).await
    }

    async fn start(&self, id: &InstanceId) -> Result<(), EngineError> {
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.0.start(id).await
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        self.0.watch_exit(id)
    }

    async fn inspect(&self, id: &InstanceId) -> Result<InstanceState, EngineError> {
        self.0.inspect(id).await
    }

    async fn remove(&self, id: &InstanceId) -> Result<(), EngineError> {
        self.0.remove(id).await
    }

    async fn output(&self, id: &InstanceId) -> Result<String, EngineError> {
        self.0.output(id).await
    }

    async fn strangers(&self) -> Result<Arc<Strangers>, EngineError> {
        self.0.strangers().await
    }

    async fn instances(&self, run: Option<&str>) -> Result<Vec<ListedInstance>, EngineError> {
        self.0.instances(run).await
    }
}

fn main() -> anyhow::Result<()> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        let clock = Clock::paused();
        let engine = Arc::new(Slow(FakeEngine::new(clock, 7, BTreeMap::new())));
        let platform: Platform<_> = Platform::new(engine, clock, "example".to_owned());
        let function = Function::of_image("hello", "hello:1", "{}", 0);
        let spec = TargetSpec::plain(function, "hello:1".to_owned(), Network::Bridge, "runc");
        let target = Target::new(spec, "example", 0);
        let call = platform.invoke(target.invocation(clock.now())).await;
        platform.clear().await?;
        let latency = call.marks.between(Mark::Intended, Mark::Responded);
        println!("{} {:?}: {latency:?} ns", call.temperature, call.outcome);
        Ok(())
    })
}
