//! The folder of a checkout: one that is kept of a repository for the next comparison, where
//! nobody else uses it, else a temporary one; and what a killed process left of those.
//!
//! Knows nothing of git.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::SideError;
use crate::system::private::{self, Lock, Swept, Temporary};

/// What every such folder's name begins with.
pub(super) const PREFIX: &str = "coldstart-side-";
/// The files, in a folder of their own; git's list of them; how the name of a lock ends.
const TREE: &str = "tree";
const INDEX: &str = "index";
const LOCK: &str = "lock";

/// The commit that one holds, in a file.
const COMMIT: &str = "commit";
/// How many are kept of a repository, each for one comparison at a time.
const KEPT: usize = 3;

/// A folder that only its owner can read: the repository may be private, the machine shared.
#[derive(Debug)]
pub(super) enum Checkout {
    /// In `TMPDIR`; removed on drop.
    Temporary(Temporary),
    /// Nobody else uses it as long as this lives. What was built in it is there the next time.
    Kept { folder: PathBuf, _used: Lock },
}

impl Checkout {
    /// One that is kept of a repository, within a folder of those: what held this commit last
    /// before what held another.
    pub(super) fn of(within: &Path, repository: &Path, commit: &str) -> Result<Self, SideError> {
        match Self::kept(within, repository, commit) {
            Ok(Some(checkout)) => Ok(checkout),
            // Other comparisons are at all of them; or nothing can be kept here.
            Ok(None) | Err(_) => Self::new(),
        }
    }

    fn kept(within: &Path, repository: &Path, commit: &str) -> io::Result<Option<Self>> {
        private::make(within)?;
        let name = Sha256::digest(repository.as_os_str().as_bytes());
        let name: String = name[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let mut all = Vec::from_iter((0..KEPT).map(|n| within.join(format!("{name}-{n}"))));
        all.sort_by_key(|folder| {
            let held = fs::read_to_string(folder.join(COMMIT)).ok();
            held.is_none_or(|held| held != commit)
        });
        for folder in all {
            let Some(used) = Lock::try_take(&folder.with_extension(LOCK))? else { continue };
            fs::create_dir_all(folder.join(TREE))?;
            let checkout = Self::Kept { folder, _used: used };
            fs::write(checkout.folder().join(COMMIT), commit)?;
            return Ok(Some(checkout));
        }
        Ok(None)
    }

    fn new() -> Result<Self, SideError> {
        let temp = temp();
        Self::new_in(&temp).map_err(|e| {
            let temp = temp.display();
            SideError::Environment(format!(
                "cannot make a folder for a checkout in {temp}: {e}; TMPDIR names another place"
            ))
        })
    }

    pub(super) fn new_in(temp: &Path) -> io::Result<Self> {
        let folder = Temporary::create(temp, PREFIX)?;
        fs::create_dir(folder.path().join(TREE))?;
        Ok(Self::Temporary(folder))
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept { folder, .. } => folder,
        }
    }

    /// Where the files are.
    pub(super) fn tree(&self) -> PathBuf {
        self.folder().join(TREE)
    }

    /// Where git may keep its list of them: not in the repository.
    pub(super) fn index(&self) -> PathBuf {
        self.folder().join(INDEX)
    }

    /// Removes all that is in it.
    pub(super) fn clear(&self) -> io::Result<()> {
        match fs::remove_file(self.index()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::remove_dir_all(self.tree())?;
        fs::create_dir(self.tree())
    }
}

/// Where checkouts are kept, among what outlives a run.
pub(super) fn kept_folder(state: &Path) -> PathBuf {
    state.join("checkouts")
}

/// Removes the checkouts that are kept and nobody uses; how many those were.
///
/// # Errors
/// When one cannot be removed.
pub fn forget(state: &Path) -> io::Result<usize> {
    let within = kept_folder(state);
    if !within.is_dir() {
        return Ok(0);
    }
    let mut removed = 0;
    for entry in fs::read_dir(within)? {
        let folder = entry?.path();
        if folder.is_dir()
            && let Some(unused) = Lock::try_take(&folder.with_extension(LOCK))?
        {
            fs::remove_dir_all(&folder)?;
            unused.remove()?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn temp() -> PathBuf {
    std::path::absolute(std::env::temp_dir()).unwrap_or_else(|_| "/tmp".into())
}

/// Removes what killed processes of this user left of checkouts, among temporary files.
///
/// # Errors
/// When temporary files cannot be listed.
pub fn sweep() -> io::Result<Swept> {
    Temporary::sweep(&temp(), PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_checkout_is_not_swept_and_goes_when_it_is_dropped() {
        let temp = tempfile::tempdir().unwrap();
        let checkout = Checkout::new_in(temp.path()).unwrap();
        let path = checkout.folder().to_owned();
        let swept = Temporary::sweep(temp.path(), PREFIX).unwrap();
        assert!(swept.removed.is_empty() && checkout.tree().is_dir());
        drop(checkout);
        assert!(!path.exists());
    }

    #[test]
    fn some_are_kept_of_a_repository_each_for_one_at_a_time() {
        let state = tempfile::tempdir().unwrap();
        let within = kept_folder(state.path());
        let of = |commit: &str| Checkout::of(&within, Path::new("/r/.git"), commit).unwrap();
        let is_kept = |checkout: &Checkout| matches!(checkout, Checkout::Kept { .. });
        let all = ["a", "b", "c", "d"].map(of);
        assert_eq!(all.each_ref().map(is_kept), [true, true, true, false]);
        fs::write(all[1].tree().join("built"), "").unwrap();
        assert_eq!(forget(state.path()).unwrap(), 0, "all are used");
        drop(all);
        let again = of("b");
        assert!(again.tree().join("built").exists(), "what held it last");
        again.clear().unwrap();
        assert!(again.tree().is_dir() && !again.tree().join("built").exists());
        assert!(is_kept(&of("e")), "what held another");
        assert_eq!(forget(state.path()).unwrap(), 2);
        drop(again);
        assert_eq!(forget(state.path()).unwrap(), 1);
    }
}
