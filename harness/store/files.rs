//! Files in folders that somebody else may have made: nothing is written through a link,
//! nothing outside the folder, and what is read is a file, and has an end.
//!
//! Why so: decision 0047.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, fstat, mkdirat, open, openat, renameat, unlinkat,
};
use rustix::io::Errno;

/// The longest file that is read whole, in bytes: a page of thousands of cells is a
/// tenth of it.
const LONGEST: u64 = 64 << 20;
/// Names that are tried for what is being written.
const TRIES: u32 = 100;

/// Creates a folder of results and those above it, unless it is there.
///
/// # Errors
/// Names the folder.
pub fn create(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))
}

/// Writes one file of a folder that is there: whole, or not at all. Folders between the
/// two are made; where one of them, or the file, is a link, what it points to is left
/// alone.
///
/// # Errors
/// Names the file, and the link where one is in the way.
pub fn write(folder: &Path, relative: &Path, bytes: &[u8]) -> Result<()> {
    let within = place(folder, relative);
    let written = within.and_then(|(within, name)| put(&within, &name, bytes));
    written
        .map_err(full)
        .with_context(|| format!("cannot write {}", folder.join(relative).display()))
}

/// Writes a text file that is not there, and the folders above it; false where something
/// of its name is, which is left as it is.
///
/// # Errors
/// Names the file, or the folder.
pub fn create_new(path: &Path, text: &str) -> Result<bool> {
    path.parent().map_or(Ok(()), create)?;
    let file = match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        created => created.with_context(|| format!("cannot create {}", path.display())),
    };
    let written = file?.write_all(text.as_bytes()).map_err(full);
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

/// Writes a file into a folder that is open: whole, or not at all.
pub(super) fn put(within: &impl AsFd, name: &Path, bytes: &[u8]) -> io::Result<()> {
    let (mut file, partial) = exclusive(within, name)?;
    let done = file.write_all(bytes);
    let done = done.and_then(|()| Ok(renameat(within, &partial, within, name)?));
    if done.is_err() {
        // Best effort: a half-written file helps nobody.
        let _ = unlinkat(within, &partial, AtFlags::empty());
    }
    done
}

/// The folder that a file of a folder is to stand in, open, and the file's name.
fn place(folder: &Path, relative: &Path) -> io::Result<(OwnedFd, PathBuf)> {
    const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);
    let outside = || refused(format!("`{}` is no place within a folder", relative.display()));
    let normal = |part| match part {
        Component::Normal(name) => Ok(PathBuf::from(name)),
        _ => Err(outside()),
    };
    let mut names = relative.components().map(normal).collect::<io::Result<Vec<_>>>()?;
    let name = names.pop().ok_or_else(outside)?;
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    // Whoever typed the folder may have meant a link.
    let mut within = open(here, FOLDER, Mode::empty())?;
    for name in &names {
        match mkdirat(&within, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        within = match openat(&within, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()) {
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(is_link(name)),
            opened => opened?,
        };
    }
    Ok((within, name))
}

/// A new file beside the one that it is to become.
fn exclusive(within: &impl AsFd, name: &Path) -> io::Result<(File, PathBuf)> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    for number in 0..TRIES {
        let process = std::process::id();
        let partial = PathBuf::from(format!(".{}.{process}-{number}.partial", name.display()));
        // Exclusive creation follows no link either.
        match openat(within, &partial, flags, Mode::from_raw_mode(0o666)) {
            Err(Errno::EXIST) => {}
            opened => return Ok((opened?.into(), partial)),
        }
    }
    let name = name.display();
    Err(refused(format!("it has many files named `.{name}.NUMBER.partial` beside it: remove them")))
}

fn refused(why: impl Into<String>) -> io::Error {
    io::Error::other(why.into())
}

fn is_link(name: &Path) -> io::Error {
    let name = name.display();
    refused(format!("`{name}` is a link or no folder, and no link is written through: remove it"))
}

/// A limit on the size of files is as a full disk, and does not say so itself.
pub(super) fn full(error: io::Error) -> anyhow::Error {
    let is_limit = error.raw_os_error() == Some(Errno::FBIG.raw_os_error());
    let error = anyhow::Error::from(error);
    if is_limit { error.context("is the disk full?") } else { error }
}

/// Opens a file to read it. A pipe or a device, which may never end, is refused, and is
/// not waited for.
///
/// # Errors
/// Says what it is instead; the caller names the file.
pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    regular(OFlags::RDONLY, path)
}

/// Opens a file of a run to go on with it, and nothing that a link points to.
///
/// # Errors
/// As [`open_to_read`].
pub(super) fn open_to_append(path: &Path) -> io::Result<File> {
    regular(OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW, path)
}

fn regular(flags: OFlags, path: &Path) -> io::Result<File> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match open(path, flags, Mode::empty()) {
        Err(Errno::LOOP) if flags.contains(OFlags::NOFOLLOW) => {
            return Err(refused("it is a link, and no link is written through: remove it"));
        }
        opened => opened?,
    };
    match FileType::from_raw_mode(fstat(&file)?.st_mode) {
        FileType::RegularFile => Ok(file.into()),
        _ => Err(refused("it is no file")),
    }
}

/// A file of a result, whole.
///
/// # Errors
/// Names the file when it cannot be read, is no text, or is far longer than any of ours.
pub fn text(path: &Path) -> Result<String> {
    let read = || -> io::Result<String> {
        let mut text = String::new();
        open_to_read(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
        if text.len() as u64 > LONGEST {
            return Err(refused("it is longer than any file of a result"));
        }
        Ok(text)
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests;
