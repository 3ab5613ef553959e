//! One removal at a time, over all processes of this user.
//!
//! Engines before 20.10.27 take two locks in opposite orders when two containers
//! leave one network at the same time, and then never answer again
//! (<https://github.com/moby/moby/issues/46661>): seen here after some fifty
//! removals of four at once. Debian 12 ships such an engine; newer ones take no turns
//! (decision 0096).

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, MutexGuard};

use super::REMOVAL;
use super::failure::refused;
use crate::engine::EngineError;
use crate::system::private::Lock;

/// How often another process's removal is waited for. Never on the timed path.
const AGAIN: Duration = Duration::from_millis(5);
/// How long the turn is waited for. A removal is given up after [`REMOVAL`], so longer
/// than two of them is waited for one that stands still, or in a crowd.
const TURN: Duration = Duration::from_secs(2 * REMOVAL.as_secs() + 30);

/// Whose turn it is to remove.
#[derive(Debug)]
pub(super) struct Turn {
    within: Mutex<()>,
    file: PathBuf,
    longest: Duration,
}

/// Held while a removal is under way.
pub(super) struct Taken<'a> {
    _within: MutexGuard<'a, ()>,
    _across: Lock,
}

impl Turn {
    /// For an engine, by its own id: it may be reached in two ways. In the private folder of
    /// this user: what lies in a folder for all could be held by anybody, for ever.
    pub(super) fn new(private: &Path, engine: &str) -> Self {
        let digest = Sha256::digest(engine.as_bytes());
        let digits: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let file = private.join(format!("removal-{digits}.lock"));
        Self { within: Mutex::new(()), file, longest: TURN }
    }

    /// The file that is held by whose turn it is.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Waits for the turn.
    pub(super) async fn take(&self) -> Result<Taken<'_>, EngineError> {
        let doing = "take turns at removing instances";
        let _within = self.within.lock().await;
        let begun = Instant::now();
        loop {
            match Lock::try_take(&self.file).map_err(|e| refused(doing, e.to_string()))? {
                Some(_across) => return Ok(Taken { _within, _across }),
                None if begun.elapsed() < self.longest => tokio::time::sleep(AGAIN).await,
                None => return Err(refused(doing, self.never())),
            }
        }
    }

    fn never(&self) -> String {
        format!(
            "another coldstart has held {} for {:?}: see `fuser {0}`, and end it if it hangs",
            self.file.display(),
            self.longest
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_processes_take_turns() {
        // Two values stand for two processes: each opens the file by itself.
        let home = tempfile::tempdir().unwrap();
        let turn = || Turn::new(home.path(), "one");
        let (one, other) = (turn(), turn());
        let held = one.take().await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_millis(20), other.take()).await;
        assert!(waiting.is_err(), "both have the turn");
        let elsewhere = Turn::new(home.path(), "another");
        elsewhere.take().await.unwrap();
        drop(held);
        other.take().await.unwrap();
    }

    #[tokio::test]
    async fn a_turn_that_never_comes_is_not_waited_for_longer_than_its_limit_and_told() {
        let home = tempfile::tempdir().unwrap();
        let turn = |longest| Turn { longest, ..Turn::new(home.path(), "one") };
        let (one, other) = (turn(TURN), turn(Duration::from_millis(30)));
        let _held = one.take().await.unwrap();
        let error = other.take().await.err().unwrap().to_string();
        assert!(error.contains("removal-") && error.contains("fuser"), "{error}");
    }
}
