//! Where a run's folder is, and whether it still is: a folder that is removed, renamed
//! or replaced while a run writes to it is found out before anything is written past it.
//!
//! Why: decision 0060.

use std::fs::{self, File, Metadata};
use std::io::{Error, Result};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::files;

/// A folder that is held open: what was made in its stead later is told from it by the
/// file system's own numbers, which are not given away while it is held.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    held: File,
}

impl Place {
    /// Holds a folder that is there.
    pub(super) fn hold(path: &Path) -> Result<Self> {
        Ok(Self { path: path.to_owned(), held: File::open(path)? })
    }

    /// Where it was when it was held.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is where it was.
    pub(super) fn is_there(&self) -> bool {
        is_same(&self.path, &self.held).is_some()
    }

    /// The same folder where it is now: it may have another name. None where it is gone.
    pub(super) fn found(&self) -> Option<PathBuf> {
        let link = format!("/proc/self/fd/{}", self.held.as_raw_fd());
        let path = fs::read_link(link).ok()?;
        is_same(&path, &self.held).map(|_| path)
    }

    /// Writes a file into the folder wherever it is: whole, or not at all.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        files::put(&self.held, Path::new(name), bytes)
    }

    /// A new folder beside where this one was, or as near as there is one: what the
    /// folders in between were called is in its name. Of one of several sides it is beside
    /// what holds them all: that is what somebody removes, and perhaps has not yet.
    pub(super) fn beside(&self, is_side: bool) -> Result<PathBuf> {
        let path = std::path::absolute(&self.path)?;
        let (mut name, mut above) = (String::new(), path.as_path());
        let mut inside = is_side;
        loop {
            let (Some(last), Some(parent)) = (above.file_name(), above.parent()) else {
                return Err(Error::other("no folder above it is left"));
            };
            let last = last.to_string_lossy();
            name = if name.is_empty() { last.into_owned() } else { format!("{last}-{name}") };
            above = parent;
            let prefix = format!("{name}.rescued-");
            let is_inside = std::mem::take(&mut inside) && above.parent().is_some();
            if !is_inside && above.is_dir() {
                let made = tempfile::Builder::new().prefix(&prefix).tempdir_in(above)?;
                return Ok(made.keep());
            }
        }
    }
}

/// Whether a folder has this very file under this name, so long.
pub(super) fn has(folder: &Path, name: &str, file: &File, length: u64) -> bool {
    is_same(&folder.join(name), file).is_some_and(|found| found.len() == length)
}

/// What is at a path, where it is what is held.
fn is_same(path: &Path, held: &File) -> Option<Metadata> {
    let (found, held) = (fs::metadata(path).ok()?, held.metadata().ok()?);
    ((found.dev(), found.ino()) == (held.dev(), held.ino())).then_some(found)
}
