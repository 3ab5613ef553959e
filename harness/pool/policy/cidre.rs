//! A call that finds all instances busy waits for one of them, where that is expected to be
//! free before a new one were.
//!
//! CIDRE (Liu et al., ASPLOS 2025): a start and a busy instance are waited for at the same time,
//! which late binding is, but where the start is not worth it; and what goes where memory is
//! short is chosen as by `greedy-dual`, with what keeping an instance is worth divided by how
//! many of its function there are. When a start is not worth it is our rule: with b busy
//! instances, calls that take r on the average and a calls ahead, one is expected to be free
//! after (a + 1) r / b; a call waits if that is less than a start takes, and for at most as long
//! as a start takes. So it never waits more than twice as long as for a start. The paper's own
//! condition is another one, and that of the program that its authors published goes by how long
//! calls have queued and not by what a start takes.

use super::greedy_dual::GreedyDual;
use super::{Candidate, Idle, Patience, Policy};

pub(super) struct Cidre {
    eviction: GreedyDual,
    /// How long an idle one is kept in nanoseconds; none: until memory is short.
    keep: Option<u64>,
}

impl Cidre {
    pub(super) fn new(keep: Option<u64>) -> Self {
        Self { eviction: GreedyDual::shared(), keep }
    }
}

impl Policy for Cidre {
    fn keep(&mut self, idle: &Idle) -> Option<u64> {
        self.keep.map(|time| idle.at.saturating_add(time))
    }

    fn victim(&mut self, idle: &[Candidate]) -> usize {
        self.eviction.victim(idle)
    }

    fn stamp(&self) -> f64 {
        self.eviction.stamp()
    }

    fn patience(&self, waits: &Patience) -> Option<u64> {
        let (start, run) = (waits.start?, waits.run?);
        let busy = u128::from(waits.busy.max(1));
        let expected = u128::from(run) * (u128::from(waits.ahead) + 1) / busy;
        (expected < u128::from(start)).then_some(start)
    }
}
