//! What instances without a daemon left on this machine, of whichever driver. It needs no
//! engine that keeps images: `clean` finds it where none answers.

use std::io;
use std::path::{Path, PathBuf};

use super::folders::{self, Folders};
use super::record::{self, Record};
use super::{GONE_WITHIN, bundle, life, network, places, refused, unpacked};
use crate::engine::{EngineError, InstanceId, ListedInstance};
use crate::system::private;

/// What is in the folders of instances, and what they have in common.
#[derive(Debug, Clone)]
pub struct Leftovers {
    /// Where those on the disk are.
    disk: PathBuf,
    /// Where bundles are.
    bundles: PathBuf,
}

impl Leftovers {
    /// Of drivers with this state folder.
    #[must_use]
    pub fn of(state: &Path) -> Self {
        let disk = state.join("oci");
        let bundles = folders::in_memory().map_or_else(|| disk.clone(), Path::to_owned);
        Self { disk, bundles }
    }

    /// Where the folders of instances on the disk are.
    pub(super) fn disk(&self) -> &Path {
        &self.disk
    }

    /// The layer below those of every image.
    pub(super) fn places(&self) -> PathBuf {
        places::folder(&self.disk)
    }

    /// The folders of an instance.
    pub(super) fn folders(&self, id: &InstanceId) -> Folders {
        Folders::of(&self.disk, &self.bundles, &id.0)
    }

    /// Makes the folders that those of instances are in, and what all have in common.
    pub(super) fn make(&self) -> io::Result<()> {
        private::make(&self.disk)?;
        places::make(&self.disk)?;
        private::make(&self.bundles).map(drop)
    }

    /// Every instance, of one run or of all.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self, run: Option<&str>) -> Result<Vec<ListedInstance>, EngineError> {
        record::list(&self.disk, &self.bundles, run)
            .map_err(|e| refused("list the instances", e.to_string()))
    }

    /// Ends an instance, and removes all that was made for it, at once.
    ///
    /// # Errors
    /// Says what cannot be removed, and why.
    pub async fn remove(&self, id: &InstanceId) -> Result<(), EngineError> {
        let doing = || format!("remove instance {}", id.short());
        let folders = self.folders(id);
        let runtime = PathBuf::from(Record::read(&folders.disk).runtime);
        life::delete(&runtime, &folders.bundle, &id.0, GONE_WITHIN).await;
        let name = id.0.clone();
        let removed = tokio::task::spawn_blocking(move || bundle::remove(&folders, &name)).await;
        removed.map_err(|e| refused(&doing(), e.to_string()))?.map_err(|e| refused(&doing(), e))?;
        let name = id.0.clone();
        let removed = tokio::task::spawn_blocking(move || network::remove_pair(&name)).await;
        let doing = || format!("remove the network of instance {}", id.short());
        removed.map_err(|e| refused(&doing(), e.to_string()))?.map_err(|e| refused(&doing(), e))
    }

    /// Removes what instances had in common, where nobody uses it; says what that was. To be
    /// called when no run lives.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn sweep(&self) -> Result<Vec<&'static str>, EngineError> {
        let bridge = network::remove_bridge(network::shared());
        let bridge = bridge.map_err(|e| refused("remove the bridge", e))?;
        places::remove(&self.disk).map_err(|e| refused("remove a layer", e.to_string()))?;
        let images = unpacked::remove(&self.disk);
        let images = images.map_err(|e| refused("remove unpacked images", e.to_string()))?;
        let all = [
            (bridge, "the bridge of instances that are gone"),
            (images, "images that were unpacked for instances without a daemon"),
        ];
        Ok(all.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect())
    }
}
