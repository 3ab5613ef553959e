//! A folder for the Unix sockets of instances without network.
//!
//! Only we can enter it; inside a container a socket is mounted by itself, and
//! any user of the container may connect.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Listener;

const PREFIX: &str = "coldstart-sockets-";

/// The folder; removed with all that is in it when dropped.
#[derive(Debug)]
pub(super) struct Sockets {
    folder: PathBuf,
    next: AtomicU64,
}

impl Sockets {
    /// Makes a folder of this process among temporary files.
    pub(super) fn create() -> io::Result<Self> {
        static FOLDERS: AtomicU64 = AtomicU64::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        // Left by a killed process that had our number.
        let _ = fs::remove_dir_all(&folder);
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self { folder, next: AtomicU64::new(0) })
    }

    /// A listener on a socket of its own.
    pub(super) fn listen(&self) -> io::Result<Listener> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let file = self.folder.join(format!("{number}.sock"));
        let listener = Listener::unix(file.clone())?;
        fs::set_permissions(&file, Permissions::from_mode(0o777))?;
        Ok(listener)
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        // Best effort: `coldstart clean` removes what is left.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes the folders that killed processes left; returns how many.
///
/// # Errors
/// When temporary files cannot be listed.
pub fn remove_left_over() -> io::Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(std::env::temp_dir())? {
        let entry = entry?;
        if is_left_over(&entry.file_name().to_string_lossy())
            && fs::remove_dir_all(entry.path()).is_ok()
        {
            removed += 1;
        }
    }
    Ok(removed)
}

/// Whether a file's name is that of a folder whose process is gone.
fn is_left_over(name: &str) -> bool {
    let pid = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
    let pid = pid.and_then(|pid| pid.parse::<u32>().ok());
    pid.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_and_its_folder_go_with_their_owners() {
        let sockets = Sockets::create().unwrap();
        let listener = sockets.listen().unwrap();
        let file = listener.socket().unwrap().to_owned();
        assert!(file.exists() && listener.address() == "unix:/run/coldstart.sock");
        drop(listener);
        assert!(!file.exists());
        let folder = sockets.folder.clone();
        drop(sockets);
        assert!(!folder.exists());
    }

    #[test]
    fn only_folders_of_the_dead_are_left_over() {
        assert!(!is_left_over(&format!("{PREFIX}{}-0", std::process::id())));
        assert!(is_left_over(&format!("{PREFIX}4194999-0")), "beyond the largest number");
        assert!(!is_left_over("coldstart-sockets-x") && !is_left_over("other"));
    }
}
