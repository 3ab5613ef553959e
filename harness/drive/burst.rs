//! Releases a burst at one instant.
//!
//! The tasks exist and wait before the instant comes; one call wakes them all,
//! on one thread, so that the last of a small burst begins microseconds after
//! the first.
//!
//! Why on one thread: decision 0001 and decision 0014.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::clock::Clock;

/// Runs `n` acts that all begin at the instant `at` (nanoseconds since the
/// epoch), and returns what they return, in the order of their number.
///
/// Dropping the future aborts the acts.
pub async fn burst<A, F>(clock: Clock, at: u64, n: u32, act: impl Fn(u32) -> F) -> Vec<A>
where
    A: Send + 'static,
    F: Future<Output = A> + Send + 'static,
{
    // Wakes in the order of arrival, so that simulated runs repeat to the byte.
    let release = Arc::new(Notify::new());
    let mut acts = JoinSet::new();
    for index in 0..n {
        let released = release.clone().notified_owned();
        let act = act(index);
        acts.spawn(async move {
            released.await;
            (index, act.await)
        });
    }
    // Every act must be waiting before the thread is blocked for the instant.
    tokio::task::yield_now().await;
    clock.wait_until(at).await;
    release.notify_waiters();
    let mut done: Vec<(u32, A)> = Vec::with_capacity(n as usize);
    while let Some(act) = acts.join_next().await {
        match act {
            Ok(act) => done.push(act),
            // A lost act would be a lost row.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, act)| act).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn every_act_begins_at_the_instant() {
        let clock = Clock::paused();
        let begun = burst(clock, 50_000_000, 20, |index| async move { (index, clock.now()) }).await;
        let expected: Vec<_> = (0..20).map(|index| (index, 50_000_000)).collect();
        assert_eq!(begun, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_runs_when_the_burst_is_dropped() {
        let clock = Clock::paused();
        let (sender, receiver) = std::sync::mpsc::channel();
        let burst = burst(clock, 1_000_000_000, 3, move |_| {
            let sender = sender.clone();
            async move { sender.send(()).unwrap() }
        });
        let waited = tokio::time::timeout(std::time::Duration::from_millis(10), burst).await;
        assert!(waited.is_err());
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        assert!(receiver.try_recv().is_err());
    }
}
