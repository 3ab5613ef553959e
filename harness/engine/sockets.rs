//! A folder for the Unix sockets of instances without network.
//!
//! Only we can enter it; inside a container a socket is mounted by itself, and
//! any user of the container may connect.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Listener;
use crate::system::private::Temporary;

/// What such a folder's name begins with, within the private folder.
pub const KIND: &str = "sockets-";

/// The folder; removed with all that is in it when dropped.
#[derive(Debug)]
pub(super) struct Sockets {
    folder: Temporary,
    next: AtomicU64,
}

impl Sockets {
    /// Makes a folder of this process within the private one.
    pub(super) fn create(within: &Path) -> io::Result<Self> {
        Ok(Self { folder: Temporary::create(within, KIND)?, next: AtomicU64::new(0) })
    }

    /// A listener on a socket of its own.
    pub(super) fn listen(&self) -> io::Result<Listener> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let file = self.folder.path().join(format!("{number}.sock"));
        let listener = Listener::unix(file.clone())?;
        fs::set_permissions(&file, Permissions::from_mode(0o777))?;
        Ok(listener)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_and_its_folder_go_with_their_owners() {
        let home = tempfile::tempdir().unwrap();
        let sockets = Sockets::create(home.path()).unwrap();
        let listener = sockets.listen().unwrap();
        let file = listener.socket().unwrap().to_owned();
        assert!(file.exists() && listener.address() == "unix:/run/coldstart.sock");
        drop(listener);
        assert!(!file.exists());
        let folder = sockets.folder.path().to_owned();
        drop(sockets);
        assert!(!folder.exists());
    }
}
