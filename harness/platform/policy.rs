//! Keep-alive: until when an idle instance is kept, and which one an invocation gets.
//! That one is never taken after its time, and never removed before, is the platform's.

use std::time::Duration;

/// A policy of keep-alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepAlive {
    /// Each is kept for the same time after its latest reply; the most recently used one
    /// is taken, as platforms do, so that those which are not needed expire.
    Fixed(Duration),
}

impl KeepAlive {
    /// Until when an instance is kept that becomes idle at an instant; both in nanoseconds
    /// since the run's epoch.
    pub(super) fn expires(self, idle_since: u64) -> u64 {
        let Self::Fixed(time) = self;
        idle_since.saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 2))
    }

    /// Takes one out of a target's idle instances, the most recently used of which is the
    /// last.
    pub(super) fn take<T>(self, idle: &mut Vec<T>) -> Option<T> {
        let Self::Fixed(_) = self;
        idle.pop()
    }
}
