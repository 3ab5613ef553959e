//! The page cache: an image's files put out of it, and the proof that they are.
//!
//! [`evict`] touches the files of the folders that it is given and nothing else,
//! so that the engine stays warm: the start of an image that this machine has but
//! has not read. [`drop_host`] empties the cache of the whole machine, as a reboot
//! would. What is cold is the files' *contents*: the walk itself leaves their
//! names and inodes in memory. A virtual machine's host may keep a copy of its own
//! that nothing here reaches. Must not know engines, images or trials.
//!
//! Every call blocks, for milliseconds to tenths of seconds: make it where nothing
//! is timed.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::fs::{Advice, FileType, Mode, OFlags};

use crate::sample::Residency;

mod resident;

use resident::resident;

/// Takes pages, names and inodes that nobody uses out of memory.
const DROP_CACHES: &str = "/proc/sys/vm/drop_caches";

/// Whether this process may evict an engine's files, and would be told the truth
/// of them.
///
/// # Errors
/// Says what is missing, and the cure.
pub fn can_evict() -> Result<(), String> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err("only root may read an engine's image files and ask which of them are in memory: \
         run as root"
        .to_owned())
}

/// Whether this process may empty the page cache of the whole machine.
///
/// # Errors
/// Says what is missing, and the cure.
pub fn can_drop_host() -> Result<(), String> {
    // Opening it changes nothing. In a container it is often read-only, root or not.
    match OpenOptions::new().write(true).open(DROP_CACHES) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "{DROP_CACHES} cannot be written ({error}): run as root, outside any container"
        )),
    }
}

/// Puts the regular files under `folders` out of the page cache, and says how much
/// of them is in memory afterwards. Symbolic links are not followed.
///
/// What a process has mapped, and what is on a file system that lives in memory,
/// stays: look at [`Residency::resident`].
///
/// # Errors
/// Names the folder or file that could not be read. Files that vanish meanwhile
/// are no error; a folder that is not there is.
pub fn evict(folders: &[PathBuf]) -> Result<Residency> {
    let found = evict_once(folders)?;
    if found.resident == 0 { Ok(found) } else { evict_once(folders) }
}

fn evict_once(folders: &[PathBuf]) -> Result<Residency> {
    sync(folders)?;
    each_file(folders, |path, file, _| {
        rustix::fs::fadvise(file, 0, None, Advice::DontNeed)
            .with_context(|| format!("cannot evict {}", path.display()))
    })?;
    // A walk of its own: what a reader brought back during the first is seen.
    residency(folders)
}

/// How much of the regular files under `folders` is in memory. Changes nothing.
///
/// # Errors
/// As [`evict`].
pub fn residency(folders: &[PathBuf]) -> Result<Residency> {
    let mut found = Residency::default();
    each_file(folders, |path, file, size| {
        found.files += 1;
        found.bytes += size;
        found.resident += resident(file, size)
            .with_context(|| format!("cannot tell what of {} is in memory", path.display()))?;
        Ok(())
    })?;
    Ok(found)
}

/// Bytes of one file that are in memory; none where it is gone, or no file. Changes nothing.
#[must_use]
pub fn resident_of(path: &Path) -> Option<u64> {
    let file = open(path, OFlags::NOFOLLOW).ok()?;
    let size = rustix::fs::fstat(&file).ok()?.st_size;
    resident(&file, u64::try_from(size).ok()?).ok()
}

/// Empties the page cache of the whole machine: of everything that is not dirty or
/// in use. Whether it worked is told by [`residency`].
///
/// # Errors
/// Says what is missing, and the cure.
pub fn drop_host() -> Result<()> {
    // Dirty pages cannot be dropped.
    rustix::fs::sync();
    fs::write(DROP_CACHES, "3")
        .with_context(|| format!("cannot write {DROP_CACHES}: run as root, outside any container"))
}

/// Writes what is dirty to disk, once a file system: dirty pages cannot be evicted.
fn sync(folders: &[PathBuf]) -> Result<()> {
    let mut synced = HashSet::new();
    for folder in folders {
        let not_synced = || format!("cannot write {} to disk", folder.display());
        let opened = open(folder, OFlags::DIRECTORY).with_context(|| no_folder(folder))?;
        let device = rustix::fs::fstat(&opened).with_context(not_synced)?.st_dev;
        if synced.insert(device) {
            rustix::fs::syncfs(&opened).with_context(not_synced)?;
        }
    }
    Ok(())
}

/// Opens every regular file under the folders once, whatever its names, and gives
/// its path, itself and its length in bytes.
fn each_file(
    folders: &[PathBuf],
    mut visit: impl FnMut(&Path, &OwnedFd, u64) -> Result<()>,
) -> Result<()> {
    let mut seen = HashSet::new();
    for root in folders {
        let mut left = vec![root.clone()];
        while let Some(folder) = left.pop() {
            let entries = match fs::read_dir(&folder) {
                Err(error) if folder != *root && gone(&error) => continue,
                entries => entries.with_context(|| no_folder(&folder))?,
            };
            for entry in entries {
                let entry = entry.with_context(|| no_folder(&folder))?;
                let path = entry.path();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => left.push(path),
                    Ok(kind) if kind.is_file() => one_file(&path, &mut seen, &mut visit)?,
                    Ok(_) => {}
                    Err(error) if gone(&error) => {}
                    Err(error) => bail!("cannot look at {}: {error}", path.display()),
                }
            }
        }
    }
    Ok(())
}

fn one_file(
    path: &Path,
    seen: &mut HashSet<(u64, u64)>,
    visit: &mut impl FnMut(&Path, &OwnedFd, u64) -> Result<()>,
) -> Result<()> {
    let file = match open(path, OFlags::NOFOLLOW) {
        Err(error) if gone(&error) => return Ok(()),
        file => file.with_context(|| format!("cannot open {}", path.display()))?,
    };
    let told = rustix::fs::fstat(&file)
        .with_context(|| format!("cannot ask for the length of {}", path.display()))?;
    // It may have become something else since it was listed.
    let regular = FileType::from_raw_mode(told.st_mode) == FileType::RegularFile;
    if regular && seen.insert((told.st_dev, told.st_ino)) {
        visit(path, &file, u64::try_from(told.st_size).unwrap_or(0))?;
    }
    Ok(())
}

fn open(path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    // Never waits, should a pipe stand where a file was.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | flags;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// Whether it went away, or became a symbolic link, since it was listed.
fn gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        || error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

fn no_folder(folder: &Path) -> String {
    format!(
        "cannot read the folder {}: the image must exist, its engine run on this machine, \
         and we be root",
        folder.display()
    )
}

#[cfg(test)]
mod tests;
