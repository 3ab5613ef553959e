//! So many instances of each function are always there; what is started beyond them is kept for
//! the same time after its latest call.

use super::{Idle, Policy};

pub(super) struct Provisioned {
    pub(super) instances: u32,
    /// How long others are kept, in nanoseconds.
    pub(super) time: u64,
}

impl Policy for Provisioned {
    fn keep(&mut self, idle: &Idle) -> Option<u64> {
        Some(idle.at.saturating_add(self.time))
    }

    fn provisioned(&self) -> u32 {
        self.instances
    }
}
