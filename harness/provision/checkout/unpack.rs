//! The temporary folder of a checkout, and what a killed process left of one.
//!
//! Knows nothing of git.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::SideError;
use crate::system::private::{Swept, Temporary};

/// What every such folder's name begins with.
pub(super) const PREFIX: &str = "coldstart-side-";

/// A temporary folder, removed on drop. It is in `TMPDIR`, and only its owner can read
/// it: the repository may be private, the machine shared.
#[derive(Debug)]
pub(super) struct Checkout {
    folder: Temporary,
}

impl Checkout {
    pub(super) fn new() -> Result<Self, SideError> {
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
        fs::create_dir(folder.path().join("tree"))?;
        Ok(Self { folder })
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
        let path = checkout.folder.path().to_owned();
        let swept = Temporary::sweep(temp.path(), PREFIX).unwrap();
        assert!(swept.removed.is_empty() && checkout.tree().is_dir());
        drop(checkout);
        assert!(!path.exists());
    }
}
