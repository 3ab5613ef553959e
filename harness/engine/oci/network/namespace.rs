//! Network namespaces by name, as `ip netns` knows them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use nix::sched::{CloneFlags, unshare};
use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, UnmountFlags};

/// Where they are kept.
const FOLDER: &str = "/run/netns";

/// The file that is one.
pub(super) fn file(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name)
}

/// Makes one, and enters it with this thread, which is to end there.
pub(super) fn make(file: &Path) -> io::Result<File> {
    make_folder()?;
    File::create_new(file)?;
    unshare(CloneFlags::CLONE_NEWNET)?;
    let own = "/proc/thread-self/ns/net";
    rustix::mount::mount_bind(own, file)?;
    File::open(own)
}

/// Makes the folder, so that what goes there goes for everybody, as `ip netns` does.
fn make_folder() -> io::Result<()> {
    fs::create_dir_all(FOLDER)?;
    let flags = MountPropagationFlags::SHARED | MountPropagationFlags::REC;
    match rustix::mount::mount_change(FOLDER, flags) {
        // It is no place where something is mounted.
        Err(Errno::INVAL) => {}
        other => return Ok(other?),
    }
    rustix::mount::mount_bind_recursive(FOLDER, FOLDER)?;
    Ok(rustix::mount::mount_change(FOLDER, flags)?)
}

/// Removes one; whether there was one.
pub(super) fn remove(file: &Path) -> io::Result<bool> {
    match rustix::mount::unmount(file, UnmountFlags::DETACH) {
        // Of who was killed before it was mounted.
        Ok(()) | Err(Errno::INVAL | Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    match fs::remove_file(file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
