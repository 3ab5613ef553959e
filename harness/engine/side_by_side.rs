//! Instances of a daemon and of an OCI runtime without one, in turns of one run.
//!
//! Which makes an instance is a factor of it; what was made by which shows in its id. Images are
//! kept by the daemon for both.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::oci::OciEngine;
use super::{
    Engine, EngineError, EngineInfo, Exit, ImageStore, InstanceId, InstanceSpec, InstanceState,
    ListedInstance, Listener, Route, Strangers, Watchable, images_are_kept_by,
};
use crate::spec::factor::{Attachment, Capabilities, EngineKind, Factor, StartFrom};

/// A daemon, and an OCI runtime beside it.
#[derive(Debug)]
pub struct SideBySide<S> {
    daemon: Arc<S>,
    without: Arc<OciEngine<S>>,
}

impl<S> SideBySide<S> {
    /// Of a daemon and the runtime that takes its images.
    #[must_use]
    pub fn new(daemon: Arc<S>, without: Arc<OciEngine<S>>) -> Self {
        Self { daemon, without }
    }
}

/// What both can vary; and from what a start begins, which is asked of those alone that can
/// begin from it.
fn offers(with: &Capabilities, without: &Capabilities) -> Capabilities {
    let both = with.common(without);
    match without.of(StartFrom::KEY) {
        Some(offer) => both.with::<StartFrom>(offer.clone()),
        None => both,
    }
}

/// Calls that go to whichever made an instance.
macro_rules! of_instance {
    ($($call:ident -> $result:ty;)*) => {
        $(async fn $call(&self, id: &InstanceId) -> Result<$result, EngineError> {
            match self.without.is_own(id) {
                true => self.without.$call(id).await,
                false => self.daemon.$call(id).await,
            }
        })*
    };
}

impl<S: ImageStore> Engine for SideBySide<S> {
    of_instance! {
        start -> ();
        inspect -> InstanceState;
        remove -> ();
        output -> String;
    }

    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        let (with, without) = (self.daemon.describe().await?, self.without.describe().await?);
        Ok(EngineInfo {
            kind: format!("{} and {}", with.kind, without.kind),
            offers: offers(&with.offers, &without.offers),
            ..with
        })
    }

    async fn listen(&self, at: Attachment) -> Result<Listener, EngineError> {
        match at.engine {
            EngineKind::Oci => self.without.listen(at).await,
            _ => self.daemon.listen(at).await,
        }
    }

    fn reach(&self, at: Attachment) -> Result<Route, EngineError> {
        match at.engine {
            EngineKind::Oci => self.without.reach(at),
            _ => self.daemon.reach(at),
        }
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        match spec.factors.engine {
            EngineKind::Oci => self.without.create(spec).await,
            _ => self.daemon.create(spec).await,
        }
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        match self.without.is_own(id) {
            true => self.without.watch_exit(id),
            false => self.daemon.watch_exit(id),
        }
    }

    fn processes(&self, id: &InstanceId) -> Option<PathBuf> {
        match self.without.is_own(id) {
            true => self.without.processes(id),
            false => self.daemon.processes(id),
        }
    }

    async fn strangers(&self) -> Result<Arc<Strangers>, EngineError> {
        let each = [self.daemon.strangers().await?, self.without.strangers().await?];
        Ok(Arc::new(Strangers::of_all(each.into())))
    }

    async fn instances(&self, run: Option<&str>) -> Result<Vec<ListedInstance>, EngineError> {
        // The daemon's are among them.
        self.without.instances(run).await
    }
}

impl<S: ImageStore + Watchable> Watchable for SideBySide<S> {
    async fn root_folder(
        &self,
        id: &InstanceId,
    ) -> Result<Option<std::path::PathBuf>, EngineError> {
        match self.without.is_own(id) {
            true => self.without.root_folder(id).await,
            false => self.daemon.root_folder(id).await,
        }
    }

    fn keep_output(&self, most: usize) {
        self.without.keep_output(most);
        self.daemon.keep_output(most);
    }

    async fn whole_output(&self, id: &InstanceId, most: usize) -> Result<Vec<u8>, EngineError> {
        // By the beginning of an id, as rows name it.
        match self.without.holds(id) {
            true => self.without.whole_output(id, most).await,
            false => self.daemon.whole_output(id, most).await,
        }
    }
}

impl<S: ImageStore> ImageStore for SideBySide<S> {
    images_are_kept_by!(daemon);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::factor::{MemoryLimit, Network};

    #[test]
    fn what_one_alone_can_begin_from_is_offered_and_else_what_both_have() {
        let networks = |names: &[&str]| {
            Capabilities::default().with::<Network>(names.iter().copied().collect())
        };
        let with = networks(&["host", "none"]).with::<MemoryLimit>(true.into());
        let without = networks(&["host"]).with::<StartFrom>(true.into());
        let expected = networks(&["host"]).with::<StartFrom>(true.into());
        assert_eq!(offers(&with, &without), expected);
        assert_eq!(offers(&with, &networks(&["none"])), networks(&["none"]));
    }
}
