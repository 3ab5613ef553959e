//! One removal at a time, over all processes of this machine.
//!
//! Engines before 20.10.27 take two locks in opposite orders when two containers
//! leave one network at the same time, and then never answer again
//! (<https://github.com/moby/moby/issues/46661>): seen here after some fifty
//! removals of four at once. Debian 12 ships such an engine.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, MutexGuard};

/// How often another process's removal is waited for. Never on the timed path.
const AGAIN: Duration = Duration::from_millis(5);

/// Whose turn it is to remove.
#[derive(Debug)]
pub(super) struct Turn {
    within: Mutex<()>,
    file: PathBuf,
}

/// Held while a removal is under way.
pub(super) struct Taken<'a> {
    _within: MutexGuard<'a, ()>,
    /// Released when it is closed. None where it could not be had: then only this
    /// process takes turns.
    _across: Option<File>,
}

impl Turn {
    /// For the engine at an address.
    pub(super) fn new(address: &str) -> Self {
        let digest = Sha256::digest(address.as_bytes());
        let name = format!("coldstart-removal-{:02x}{:02x}.lock", digest[0], digest[1]);
        Self { within: Mutex::new(()), file: std::env::temp_dir().join(name) }
    }

    /// Waits for the turn.
    pub(super) async fn take(&self) -> Taken<'_> {
        let _within = self.within.lock().await;
        let across = self.open().ok();
        if let Some(file) = &across {
            while flock(file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
                tokio::time::sleep(AGAIN).await;
            }
        }
        Taken { _within, _across: across }
    }

    fn open(&self) -> io::Result<File> {
        // Another user's file can be locked too, when it is only opened to read.
        File::open(&self.file).or_else(|_| File::create_new(&self.file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_processes_take_turns() {
        // Two values stand for two processes: each opens the file by itself.
        let address = format!("test:{}", std::process::id());
        let (one, other) = (Turn::new(&address), Turn::new(&address));
        let held = one.take().await;
        let waiting = tokio::time::timeout(Duration::from_millis(20), other.take()).await;
        assert!(waiting.is_err(), "both have the turn");
        drop(held);
        other.take().await;
        std::fs::remove_file(&one.file).unwrap();
    }
}
