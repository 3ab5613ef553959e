//! An engine around another that has the starts watched which are to be.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::engine::{
    AnyEngine, Engine, EngineError, EngineInfo, Exit, ImageStore, InstanceId, InstanceSpec,
    InstanceState, ListedInstance, Listener, Route, Strangers, Watchable, images_are_kept_by,
};
use crate::probe::container_trace::ContainerTrace;
use crate::sample::{Mark, Marks};
use crate::spec::factor::Attachment;

/// How far a start came, on the run's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instants {
    pub(super) main: Option<u64>,
    pub(super) ready: Option<u64>,
    pub(super) responded: Option<u64>,
}

impl Instants {
    pub(super) fn of(marks: &Marks) -> Self {
        let (main, responded) = (marks.get(Mark::Main), marks.get(Mark::Responded));
        Self { main, ready: marks.ready(), responded }
    }
}

/// What is seen of a container that is created.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Watch {
    /// Nothing.
    #[default]
    Nothing,
    /// Which programs it runs.
    Programs,
    /// Those, the files that it opens, and what its first process does.
    Files,
}

/// The engine: of a container that is created while it is on, all is watched.
#[derive(Debug)]
pub(super) struct Watching {
    engine: Arc<AnyEngine>,
    trace: Option<ContainerTrace>,
    watch: Mutex<Watch>,
}

impl Watching {
    pub(super) fn new(engine: Arc<AnyEngine>, trace: Option<ContainerTrace>) -> Self {
        Self { engine, trace, watch: Mutex::default() }
    }

    /// What makes the instances.
    pub(super) fn engine(&self) -> &AnyEngine {
        &self.engine
    }

    /// What watches, where anything does.
    pub(super) fn trace(&self) -> Option<&ContainerTrace> {
        self.trace.as_ref()
    }

    /// What is seen of the containers that are created from now on.
    pub(super) fn turn(&self, to: Watch) {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }

    fn watch(&self) -> Watch {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

macro_rules! pass_on {
    ($($call:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(async fn $call(&self, $($argument: $type),*) -> Result<$result, EngineError> {
            self.engine.$call($($argument),*).await
        })*
    };
}

impl Engine for Watching {
    pass_on! {
        describe() -> EngineInfo;
        listen(at: Attachment) -> Listener;
        start(id: &InstanceId) -> ();
        inspect(id: &InstanceId) -> InstanceState;
        remove(id: &InstanceId) -> ();
        output(id: &InstanceId) -> String;
        strangers() -> Arc<Strangers>;
        instances(run: Option<&str>) -> Vec<ListedInstance>;
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        let id = self.engine.create(spec).await?;
        match (&self.trace, self.watch()) {
            (Some(trace), Watch::Files) => {
                // Where it will be is not known by every engine: then no file is seen.
                let root = self.engine.root_folder(&id).await.unwrap_or_default();
                trace.expect(&id.0, root);
            }
            (Some(trace), Watch::Programs) => trace.expect_programs(&id.0),
            _ => {}
        }
        Ok(id)
    }

    fn reach(&self, at: Attachment) -> Result<Route, EngineError> {
        self.engine.reach(at)
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        self.engine.watch_exit(id)
    }

    fn processes(&self, id: &InstanceId) -> Option<PathBuf> {
        self.engine.processes(id)
    }
}

impl ImageStore for Watching {
    images_are_kept_by!(engine);
}
