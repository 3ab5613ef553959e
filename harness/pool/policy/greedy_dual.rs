//! Everything is kept until memory is short; then that goes whose start is cheapest for what
//! it takes, seldom called and long not used.
//!
//! FaasCache (Fuerst and Sharma, ASPLOS 2021): priority = clock + frequency x cost / size,
//! where the clock is the priority of whatever went last.

use super::{Candidate, Idle, Policy, lowest};

/// Of memory in a priority.
const MIB: f64 = (1 << 20) as f64;
/// Of a start in a priority.
const SECOND: f64 = 1e9;

#[derive(Default)]
pub(super) struct GreedyDual {
    clock: f64,
    /// Whether instances that a function has several of share what keeping one is worth, as
    /// CIDRE has it.
    shared: bool,
}

impl GreedyDual {
    pub(super) fn shared() -> Self {
        Self { shared: true, ..Self::default() }
    }

    fn priority(&self, one: &Candidate) -> f64 {
        let alike = if self.shared { f64::from(one.alike.max(1)) } else { 1.0 };
        let size = (one.memory as f64 / MIB).max(1.0);
        one.stamp + one.frequency as f64 * (one.start as f64 / SECOND) / (size * alike)
    }
}

impl Policy for GreedyDual {
    fn keep(&mut self, _idle: &Idle) -> Option<u64> {
        None
    }

    fn victim(&mut self, idle: &[Candidate]) -> usize {
        let (at, priority) = lowest(idle, |one| self.priority(one));
        self.clock = self.clock.max(priority);
        at
    }

    fn stamp(&self) -> f64 {
        self.clock
    }
}
