//! The temporary folder of a checkout, and what a killed process left of one.
//!
//! Knows nothing of git.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::SideError;

/// What every such folder's name begins with.
pub(super) const PREFIX: &str = "coldstart-side-";
/// A leftover is not touched before it is as old as this.
const OLD: Duration = Duration::from_secs(24 * 60 * 60);

/// A temporary folder, removed on drop. It is in `TMPDIR`, and only its owner can read
/// it: the repository may be private, the machine shared.
#[derive(Debug)]
pub(super) struct Checkout {
    folder: TempDir,
    /// Locked for as long as the process lives, however it ends: a measurement may
    /// take longer than [`OLD`], and another process must not take it for a leftover.
    _lock: File,
}

impl Checkout {
    pub(super) fn new() -> Result<Self, SideError> {
        let temp = std::path::absolute(std::env::temp_dir()).unwrap_or_else(|_| "/tmp".into());
        Self::new_in(&temp).map_err(|e| {
            let temp = temp.display();
            SideError::Environment(format!(
                "cannot make a folder for a checkout in {temp}: {e}; TMPDIR names another place"
            ))
        })
    }

    pub(super) fn new_in(temp: &Path) -> io::Result<Self> {
        let private = Permissions::from_mode(0o700);
        let folder =
            tempfile::Builder::new().prefix(PREFIX).permissions(private).tempdir_in(temp)?;
        let lock = File::open(folder.path())?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        fs::create_dir(folder.path().join("tree"))?;
        Ok(Self { folder, _lock: lock })
    }

    /// Where the files are.
    pub(super) fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    /// Where git may keep its list of them: not in the repository.
    pub(super) fn index(&self) -> PathBuf {
        self.folder.path().join("index")
    }
}

/// Removes what killed processes of this user left in a folder for temporary files.
/// What cannot be removed stays: it is nobody's fault who wants to compare.
pub(super) fn sweep(temp: &Path) {
    let Ok(entries) = fs::read_dir(temp) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && is_left(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether it is a folder (no link to one) of this user, old, and no living process's.
fn is_left(path: &Path) -> bool {
    let Ok(meta) = fs::symlink_metadata(path) else { return false };
    let age = meta.modified().ok().and_then(|t| SystemTime::now().duration_since(t).ok());
    let ours = meta.is_dir() && meta.uid() == rustix::process::geteuid().as_raw();
    let free = |f: File| flock(&f, FlockOperation::NonBlockingLockExclusive).is_ok();
    ours && age.is_some_and(|age| age > OLD) && File::open(path).is_ok_and(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(temp: &Path, name: &str, age: Duration) -> PathBuf {
        let path = temp.join(name);
        fs::create_dir_all(path.join("tree/functions")).unwrap();
        let then = SystemTime::now() - age;
        File::open(&path).unwrap().set_modified(then).unwrap();
        path
    }

    #[test]
    fn only_old_folders_of_ours_are_leftovers() {
        let temp = tempfile::tempdir().unwrap();
        let day = Duration::from_secs(86_400);
        let left = folder(temp.path(), "coldstart-side-left", 2 * day);
        let young = folder(temp.path(), "coldstart-side-young", day / 2);
        let other = folder(temp.path(), "coldstart-other", 2 * day);
        let target = folder(temp.path(), "target", 2 * day);
        let link = temp.path().join("coldstart-side-link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        sweep(temp.path());
        assert!(!left.exists(), "a leftover stays");
        assert!(young.exists() && other.exists());
        assert!(link.exists() && target.join("tree").exists(), "a link was followed");
    }

    #[test]
    fn a_living_checkout_is_no_leftover_however_old() {
        let temp = tempfile::tempdir().unwrap();
        let checkout = Checkout::new_in(temp.path()).unwrap();
        let path = checkout.folder.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        File::open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        sweep(temp.path());
        assert!(path.exists());
        drop(checkout);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_not_there_is_not_swept() {
        sweep(Path::new("/no/such/folder"));
    }
}
