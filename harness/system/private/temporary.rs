//! A folder for a while. Its name tells its maker, so that what a killed process left is
//! known from what a living one uses.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use crate::system::maker::{Life, Maker};

/// Those of this process: what is left behind when it is ended without a clean-up.
static OWN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A folder that only this user may enter, removed when it is dropped.
#[derive(Debug)]
pub struct Temporary {
    folder: TempDir,
}

/// What became of folders of one kind.
#[derive(Debug, Default)]
pub struct Swept {
    /// Left by processes that are gone, and removed.
    pub removed: Vec<PathBuf>,
    /// Still there, each with the reason.
    pub kept: Vec<(PathBuf, String)>,
}

impl Temporary {
    /// Makes one in a folder; `kind` is the beginning of its name. No other user can
    /// know the rest, and put something in its place.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn create(within: &Path, kind: &str) -> io::Result<Self> {
        let private = Permissions::from_mode(0o700);
        let prefix = format!("{kind}{}-", Maker::own());
        let folder =
            tempfile::Builder::new().prefix(&prefix).permissions(private).tempdir_in(within)?;
        lock().insert(folder.path().to_owned());
        Ok(Self { folder })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Every one of this process that is there now.
    #[must_use]
    pub fn own() -> Vec<PathBuf> {
        lock().iter().cloned().collect()
    }

    /// Removes those of a kind, in a folder, whose processes are gone. Folders of other
    /// users, and links, are left alone.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn sweep(within: &Path, kind: &str) -> io::Result<Swept> {
        let mut swept = Swept::default();
        for entry in super::entries(within)? {
            let name = entry.file_name();
            let Some(maker) = name.to_str().and_then(|name| maker(name, kind)) else { continue };
            let path = entry.path();
            if !is_our_folder(&path) {
                continue;
            }
            match maker.life() {
                Life::Alive(_) => {}
                Life::Unknown(why) => swept.kept.push((path, why.to_owned())),
                Life::Dead => match fs::remove_dir_all(&path) {
                    Ok(()) => swept.removed.push(path),
                    // Another sweep was faster.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    Err(e) => swept.kept.push((path, e.to_string())),
                },
            }
        }
        Ok(swept)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        lock().remove(self.folder.path());
    }
}

fn lock() -> std::sync::MutexGuard<'static, BTreeSet<PathBuf>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The maker in a name of a kind: what follows is random.
fn maker(name: &str, kind: &str) -> Option<Maker> {
    let (maker, _) = name.strip_prefix(kind)?.rsplit_once('-')?;
    Maker::parse(maker)
}

fn is_our_folder(path: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir() && meta.uid() == user)
}
