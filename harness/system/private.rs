//! What only this user may enter: the private folder, the locks in it, and temporary
//! folders whose names tell who made them.
//!
//! Nothing is opened through a link, nothing waits in an open, and what another user put
//! there is refused: a file in a folder for all is a way to stop us for ever.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Error, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::locked::Locked;

mod live;
mod temporary;

pub use live::{Live, Living, Used, living, used_by_the_dead};
pub use temporary::{Swept, Temporary};

/// Where what outlives a run is by default: `$XDG_STATE_HOME/coldstart`, or
/// `~/.local/state/coldstart`.
#[must_use]
pub fn state() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let named = variable("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    // Without a home: that of root, who needs it least often.
    let home = || variable("HOME").map_or_else(|| PathBuf::from("/root"), PathBuf::from);
    named.unwrap_or_else(|| home().join(".local/state")).join("coldstart")
}

/// The private folder of this user, for locks and sockets: made where it is missing.
///
/// It is found by who the user is and not by what the environment says, where that can
/// be: a login, `sudo` and a timer must find the same locks.
///
/// # Errors
/// Names the folder, and what is wrong with it.
pub fn folder() -> io::Result<PathBuf> {
    let user = rustix::process::geteuid();
    let standard = match user.is_root() {
        true => Some(PathBuf::from("/run/coldstart")),
        false => {
            let session = PathBuf::from(format!("/run/user/{}", user.as_raw()));
            let own = fs::symlink_metadata(&session).is_ok_and(|m| m.uid() == user.as_raw());
            own.then(|| session.join("coldstart"))
        }
    };
    if let Some(Ok(made)) = standard.map(|path| make(&path)) {
        return Ok(made);
    }
    // Without a folder for what runs (in a container, say).
    make(&state())?;
    make(&state().join("run"))
}

/// Makes a folder that only this user may enter, or closes one of theirs to others.
///
/// # Errors
/// When it is a link, is no folder, or is another user's.
pub fn make(path: &Path) -> io::Result<PathBuf> {
    let failed = |e: Error| {
        Error::new(
            e.kind(),
            format!("{}: {e}; set XDG_STATE_HOME to a folder of your own", path.display()),
        )
    };
    if let Some(above) = path.parent() {
        fs::create_dir_all(above).map_err(failed)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(failed(e)),
        _ => {}
    }
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let opened = File::from(opened.map_err(|e| failed(e.into()))?);
    let meta = opened.metadata().map_err(failed)?;
    if !is_ours(&meta) {
        return Err(failed(Error::new(
            io::ErrorKind::PermissionDenied,
            format!("it is user {}'s, and not to be trusted with locks", meta.uid()),
        )));
    }
    if meta.mode() & 0o077 != 0 {
        opened.set_permissions(Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(path.to_owned())
}

/// Whether this user made it; for root under `sudo`, also who typed that: they may do
/// what they like anyway.
fn is_ours(meta: &fs::Metadata) -> bool {
    let user = rustix::process::geteuid();
    let behind = || std::env::var("SUDO_UID").ok().and_then(|uid| uid.parse().ok());
    meta.uid() == user.as_raw() || (user.is_root() && behind() == Some(meta.uid()))
}

/// A lock on a file, let go when it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    file: Locked,
    path: PathBuf,
}

impl Lock {
    /// Takes a lock if nobody holds it.
    ///
    /// # Errors
    /// Names the file, when it is not one of ours or cannot be made.
    pub fn try_take(path: &Path) -> io::Result<Option<Self>> {
        let named = |e: Error| Error::new(e.kind(), format!("lock {}: {e}", path.display()));
        loop {
            let file = open(path).map_err(named)?;
            let Some(file) = Locked::take(file).map_err(named)? else { return Ok(None) };
            // Whoever sweeps may have removed it in between: a lock on nothing.
            if is_at(&file, path) {
                return Ok(Some(Self { file, path: path.to_owned() }));
            }
        }
    }

    /// Writes into the file who holds it, for those who wait.
    pub fn sign(self) -> Self {
        let name = format!("{:<10}\n", std::process::id());
        // Only a message is poorer without it.
        let _ = (&*self.file).write_all(name.as_bytes());
        self
    }

    /// Lets go of the lock and removes its file.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// Who holds a lock, as they signed it.
#[must_use]
pub fn holder(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Removes the lock files of a folder that nobody holds; returns those.
///
/// # Errors
/// When the folder cannot be read, or a file cannot be removed.
pub fn sweep_locks(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for entry in entries(folder)? {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "lock")
            && let Some(lock) = Lock::try_take(&path)?
        {
            lock.remove()?;
            removed.push(path);
        }
    }
    Ok(removed)
}

/// What is in a folder; nothing where there is none.
fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.collect(),
    }
}

/// Opens a file of our own to lock it. Never waits: a pipe of that name would.
fn open(path: &Path) -> io::Result<File> {
    let flags =
        OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?);
    let meta = file.metadata()?;
    if !meta.is_file() || !is_ours(&meta) {
        let why = "something else is in its place: remove it, or find out who put it there";
        return Err(Error::new(io::ErrorKind::PermissionDenied, why));
    }
    Ok(file)
}

fn is_at(file: &File, path: &Path) -> bool {
    let there = fs::symlink_metadata(path).and_then(|there| Ok((there, file.metadata()?)));
    there.is_ok_and(|(there, held)| (there.dev(), there.ino()) == (held.dev(), held.ino()))
}

#[cfg(test)]
mod tests;
