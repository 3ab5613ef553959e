//! The one clock: CLOCK_MONOTONIC, in nanoseconds since the run's epoch.
//!
//! On paused time (the simulated engine) the same type runs on the virtual
//! clock of the async runtime, so nothing else needs to know which it is.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

/// How long before the instant the coarse timer hands over: it may be late by
/// some 2 ms, rarely by 6.
const COARSE: Duration = Duration::from_millis(5);
/// How long before the instant sleeping ends and spinning begins: the kernel
/// wakes a sleeper some 0.1 ms late, rarely 0.25.
const SPIN: Duration = Duration::from_micros(300);

/// A clock with an epoch.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// When it was started.
    started: Instant,
    /// Nanoseconds from the epoch to the start: none for a new run, more for one that
    /// goes on.
    offset: u64,
    /// The kernel's monotonic nanoseconds at the start.
    monotonic: u64,
    /// Wall-clock milliseconds since 1970 at the start: for deadlines that are
    /// told to functions, never for a measurement.
    wall_ms: u64,
    paused: bool,
}

impl Clock {
    /// Starts the clock: the epoch is now.
    #[must_use]
    pub fn start() -> Self {
        // Instant does not tell its nanoseconds, so read both clocks until they
        // are read close together; the error is half of the gap.
        let pair = || {
            let before = monotonic_ns();
            let started = Instant::now();
            let after = monotonic_ns();
            (after - before, started, before + (after - before) / 2)
        };
        let first = pair();
        let (_, started, monotonic) = (0..8)
            .map(|_| pair())
            .fold(first, |best, next| if next.0 < best.0 { next } else { best });
        let wall_ms = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0);
        Self { started, offset: 0, monotonic, wall_ms, paused: false }
    }

    /// Starts a clock on paused time: waiting is exact and takes no time.
    #[must_use]
    pub fn paused() -> Self {
        let (started, monotonic) = (Instant::now(), 1_000_000_000);
        Self { started, offset: 0, monotonic, wall_ms: 0, paused: true }
    }

    /// The same clock with its epoch so many nanoseconds before its start: for a run
    /// that goes on, perhaps after the machine was started anew.
    #[must_use]
    pub fn going_on(self, offset: u64) -> Self {
        Self { offset, ..self }
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub fn now(&self) -> u64 {
        let elapsed = u64::try_from(self.started.elapsed().as_nanos());
        elapsed.unwrap_or(u64::MAX).saturating_add(self.offset)
    }

    /// A stamp of the kernel's monotonic clock, such as a function makes, as
    /// nanoseconds since the epoch. None when it is from before the start.
    #[must_use]
    pub fn since_epoch(&self, monotonic_ns: u64) -> Option<u64> {
        Some(monotonic_ns.checked_sub(self.monotonic)? + self.offset)
    }

    /// The inverse of [`Clock::since_epoch`].
    #[must_use]
    pub fn monotonic(&self, since_epoch: u64) -> u64 {
        self.monotonic + since_epoch.saturating_sub(self.offset)
    }

    /// Wall-clock milliseconds since 1970 at an instant, reckoned from the one
    /// reading at the start.
    #[must_use]
    pub fn wall_ms(&self, since_epoch: u64) -> u64 {
        self.wall_ms + since_epoch.saturating_sub(self.offset) / 1_000_000
    }

    /// Waits until an instant, to within a few microseconds: a coarse sleep,
    /// then a sleep of the thread, then spinning. The last 5 ms block the
    /// thread, so nothing else may be due on it.
    pub async fn wait_until(&self, at: u64) {
        let at = self.started + Duration::from_nanos(at.saturating_sub(self.offset));
        if self.paused {
            return tokio::time::sleep_until(at).await;
        }
        if let Some(coarse) = at.checked_sub(COARSE) {
            tokio::time::sleep_until(coarse).await;
        }
        std::thread::sleep(at.saturating_duration_since(Instant::now()).saturating_sub(SPIN));
        while Instant::now() < at {
            std::hint::spin_loop();
        }
    }
}

fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    // Both parts are non-negative for this clock.
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_on_this_kernel_shares_the_clock() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let clock = Clock::start();
            let before = clock.now();
            let stamp = clock.since_epoch(monotonic_ns()).unwrap();
            let after = clock.now();
            // The two readings of the epoch are not one instruction apart.
            let slack = 1_000_000;
            assert!(before <= stamp + slack && stamp <= after + slack);
            assert_eq!(clock.since_epoch(clock.monotonic(7)), Some(7));
            assert_eq!(clock.since_epoch(0), None);
        });
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_on_paused_time_is_exact() {
        let clock = Clock::paused();
        clock.wait_until(1_234_000_000).await;
        assert_eq!(clock.now(), 1_234_000_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_goes_on_counts_from_the_first_epoch() {
        let clock = Clock::paused().going_on(5_000_000_000);
        assert_eq!(clock.now(), 5_000_000_000);
        clock.wait_until(5_250_000_000).await;
        assert_eq!(clock.now(), 5_250_000_000);
        let stamp = clock.monotonic(5_250_000_000);
        assert_eq!(clock.since_epoch(stamp), Some(5_250_000_000));
        assert_eq!(clock.wall_ms(5_250_000_000), 250);
        // What a function stamped before this part began is of no run of ours.
        assert_eq!(clock.since_epoch(clock.monotonic(0) - 1), None);
    }

    #[tokio::test]
    async fn waiting_never_ends_early() {
        let clock = Clock::start();
        let at = clock.now() + 8_000_000;
        clock.wait_until(at).await;
        assert!(clock.now() >= at);
    }
}
