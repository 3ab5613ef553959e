//! Everything is kept until memory is short; then the least recently used one goes.

use super::{Idle, Policy};

pub(super) struct LeastRecentlyUsed;

impl Policy for LeastRecentlyUsed {
    fn keep(&mut self, _idle: &Idle) -> Option<u64> {
        None
    }
}
