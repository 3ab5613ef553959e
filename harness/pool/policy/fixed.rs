//! Each is kept for the same time after its latest call, as most platforms do.

use super::{Idle, Policy};

pub(super) struct Fixed {
    /// In nanoseconds.
    pub(super) time: u64,
}

impl Policy for Fixed {
    fn keep(&mut self, idle: &Idle) -> Option<u64> {
        Some(idle.at.saturating_add(self.time))
    }
}
