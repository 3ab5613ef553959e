//! Several daemons in turns of one run.
//!
//! Which makes an instance is a factor of it, by the daemon's name; who made it is remembered,
//! as an id alone does not tell. Images are got by the first, and handed to the others before
//! anything is timed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::{
    Engine, EngineError, EngineInfo, Exit, ImageStore, InstanceId, InstanceSource, InstanceSpec,
    InstanceState, ListedInstance, Listener, Route, Strangers, Watchable, images_are_kept_by,
};
use crate::spec::factor::{Attachment, Daemon};

/// Daemons, by the names that they were given.
#[derive(Debug)]
pub struct InTurns<S> {
    first: Arc<S>,
    all: Vec<OneOf<S>>,
    /// Which made an instance, by its place among them.
    made: Mutex<HashMap<InstanceId, usize>>,
}

/// One of several daemons.
#[derive(Debug)]
pub struct OneOf<S> {
    /// What it is called.
    pub daemon: Daemon,
    /// What it is.
    pub engine: Arc<S>,
    /// What it calls images, by the digests that the first knows them by, where it calls them
    /// otherwise.
    pub called: BTreeMap<String, String>,
}

impl<S> InTurns<S> {
    /// Of several, of which the first gets the images; none where there is none.
    #[must_use]
    pub fn new(all: Vec<OneOf<S>>) -> Option<Self> {
        let first = all.first()?.engine.clone();
        Some(Self { first, all, made: Mutex::default() })
    }

    fn named(&self, daemon: Option<&Daemon>) -> Result<(usize, &OneOf<S>), EngineError> {
        let found = self.all.iter().enumerate().find(|(_, one)| Some(&one.daemon) == daemon);
        found.ok_or_else(|| EngineError::Refused {
            doing: "choose a daemon".to_owned(),
            message: match daemon {
                Some(daemon) => format!("there is none named `{}`", daemon.name()),
                None => "none is named, and there are several".to_owned(),
            },
        })
    }

    /// Who made an instance; the first, where nobody here did.
    fn maker(&self, id: &InstanceId) -> &S {
        let at = self.made().get(id).copied();
        at.and_then(|at| self.all.get(at)).map_or(&self.first, |one| &one.engine)
    }

    fn made(&self) -> MutexGuard<'_, HashMap<InstanceId, usize>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls that go to whichever made an instance.
macro_rules! of_instance {
    ($($call:ident -> $result:ty;)*) => {
        $(async fn $call(&self, id: &InstanceId) -> Result<$result, EngineError> {
            self.maker(id).$call(id).await
        })*
    };
}

impl<S: ImageStore> Engine for InTurns<S> {
    of_instance! {
        start -> ();
        inspect -> InstanceState;
        output -> String;
    }

    /// The first, with what all can vary, and each by its name.
    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        let mut daemons = BTreeMap::new();
        let mut offers = None;
        for OneOf { daemon, engine, .. } in &self.all {
            let info = engine.describe().await?;
            let common = offers.map_or_else(|| info.offers.clone(), |o| info.offers.common(&o));
            offers = Some(common);
            daemons.insert(daemon.name().to_owned(), info);
        }
        let first = self.all.first().and_then(|one| daemons.get(one.daemon.name()));
        let first = first.cloned().unwrap_or_default();
        Ok(EngineInfo { offers: offers.unwrap_or_default(), daemons, ..first })
    }

    async fn listen(&self, at: Attachment) -> Result<Listener, EngineError> {
        let (_, one) = self.named(at.daemon.as_ref())?;
        one.engine.listen(at).await
    }

    fn reach(&self, at: Attachment) -> Result<Route, EngineError> {
        let (_, one) = self.named(at.daemon.as_ref())?;
        one.engine.reach(at)
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        let (at, one) = self.named(spec.factors.daemon.as_ref())?;
        let id = match one.calls(&spec.source) {
            None => one.engine.create(spec).await?,
            Some(image) => {
                let source = InstanceSource::Image(image.clone());
                one.engine.create(&InstanceSpec { source, ..spec.clone() }).await?
            }
        };
        self.made().insert(id.clone(), at);
        Ok(id)
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        self.maker(id).watch_exit(id)
    }

    fn processes(&self, id: &InstanceId) -> Option<PathBuf> {
        self.maker(id).processes(id)
    }

    async fn remove(&self, id: &InstanceId) -> Result<(), EngineError> {
        self.maker(id).remove(id).await?;
        self.made().remove(id);
        Ok(())
    }

    async fn strangers(&self) -> Result<Arc<Strangers>, EngineError> {
        let mut each = Vec::new();
        for one in &self.all {
            each.push(one.engine.strangers().await?);
        }
        Ok(Arc::new(Strangers::of_all(each)))
    }

    /// Those of all, each of whose maker is known from then on.
    async fn instances(&self, run: Option<&str>) -> Result<Vec<ListedInstance>, EngineError> {
        let (mut found, mut known) = (Vec::new(), BTreeSet::new());
        for (at, one) in self.all.iter().enumerate() {
            for instance in one.engine.instances(run).await? {
                // One daemon under two names has it twice.
                if known.insert(instance.id.clone()) {
                    self.made().entry(instance.id.clone()).or_insert(at);
                    found.push(instance);
                }
            }
        }
        Ok(found)
    }
}

impl<S> OneOf<S> {
    fn calls(&self, source: &InstanceSource) -> Option<&String> {
        match source {
            InstanceSource::Image(digest) => self.called.get(digest),
            InstanceSource::Command(_) => None,
        }
    }
}

impl<S: ImageStore + Watchable> Watchable for InTurns<S> {
    async fn root_folder(&self, id: &InstanceId) -> Result<Option<PathBuf>, EngineError> {
        self.maker(id).root_folder(id).await
    }

    fn keep_output(&self, most: usize) {
        self.all.iter().for_each(|one| one.engine.keep_output(most));
    }

    async fn whole_output(&self, id: &InstanceId, most: usize) -> Result<Vec<u8>, EngineError> {
        // By the beginning of an id, as rows name it.
        let found =
            self.made().iter().find(|(made, _)| made.0.starts_with(&id.0)).map(|(_, at)| *at);
        let maker = found.and_then(|at| self.all.get(at)).map_or(&self.first, |one| &one.engine);
        maker.whole_output(id, most).await
    }
}

impl<S: ImageStore> ImageStore for InTurns<S> {
    images_are_kept_by! { first but folders }

    /// Of all: what is driven out of memory is so for each of them.
    async fn image_folders(&self, reference: &str) -> Result<Vec<PathBuf>, EngineError> {
        let mut folders = BTreeSet::new();
        for one in &self.all {
            let called = one.called.get(reference).map_or(reference, String::as_str);
            folders.extend(one.engine.image_folders(called).await?);
        }
        Ok(folders.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
