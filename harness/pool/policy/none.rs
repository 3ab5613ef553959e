//! Nothing is kept: every call is cold. What others are compared with.

use super::{Idle, Policy};

pub(super) struct Nothing;

impl Policy for Nothing {
    fn keep(&mut self, idle: &Idle) -> Option<u64> {
        Some(idle.at)
    }
}
