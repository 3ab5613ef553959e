//! Two processes do not provision at the same time.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{ProvisionError, Surroundings};
use crate::observer::Observer;
use crate::system::private::{Lock, holder};

/// How often it is asked for, so that an interrupt gets through.
const AGAIN: Duration = Duration::from_millis(200);
/// How long it is waited for: packages that install slowly take minutes, and no more.
const LONGEST: Duration = Duration::from_secs(20 * 60);

/// Waits for the lock. It is let go when it is dropped, or the process dies.
pub(super) async fn take(
    around: &Surroundings,
    observer: &dyn Observer,
) -> Result<Lock, ProvisionError> {
    let path = around.make_state()?.join("provision.lock");
    take_within(&path, LONGEST, observer).await
}

async fn take_within(
    path: &Path,
    longest: Duration,
    observer: &dyn Observer,
) -> Result<Lock, ProvisionError> {
    let failed = |message: String| ProvisionError::failed("wait for another coldstart", message);
    let begun = Instant::now();
    let mut said = false;
    loop {
        if let Some(lock) = Lock::try_take(path).map_err(|e| failed(e.to_string()))? {
            return Ok(lock.sign());
        }
        if begun.elapsed() >= longest {
            let whose = whose(path);
            return Err(failed(format!(
                "{whose} has been provisioning for {longest:?} (it holds {}): end it if it hangs",
                path.display()
            )));
        }
        if !said {
            observer.info(&format!(
                "waiting for {}, which is provisioning, for {} minutes at most",
                whose(path),
                longest.as_secs() / 60
            ));
            said = true;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn whose(path: &Path) -> String {
    holder(path).map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::observer::Lines;

    #[tokio::test]
    async fn a_lock_that_is_never_let_go_is_told_waited_for_no_longer_than_its_limit_and_named() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("provision.lock");
        let said = Mutex::new(Vec::new());
        let say = Lines(|line: &str| said.lock().unwrap().push(line.to_owned()));
        let held = take_within(&path, LONGEST, &say).await.unwrap();
        assert!(said.lock().unwrap().is_empty());
        let limit = Duration::from_millis(250);
        let error = take_within(&path, limit, &say).await.unwrap_err().to_string();
        let process = format!("process {}", std::process::id());
        assert!(error.contains(&process) && error.contains("provision.lock"), "{error}");
        assert!(said.lock().unwrap()[0].contains(&process));
        drop(held);
        take_within(&path, limit, &say).await.unwrap();
    }
}
