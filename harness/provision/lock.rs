//! Two processes do not provision at the same time.

use std::fs::File;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::{ProvisionError, Say, Surroundings};

/// Held while provisioning; let go when it is dropped, or the process dies.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Waits for the lock, asking again and again so that an interrupt gets through.
pub(super) async fn take(around: &Surroundings, say: Say<'_>) -> Result<Lock, ProvisionError> {
    let path = around.make_state()?.join("lock");
    let failed =
        |message: String| ProvisionError::failed(format!("lock {}", path.display()), message);
    let file = File::create(&path).map_err(|e| failed(e.to_string()))?;
    let mut said = false;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(Errno::WOULDBLOCK) => {}
            Err(e) => return Err(failed(e.to_string())),
        }
        if !said {
            say.say("waiting for another coldstart that is provisioning");
            said = true;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
