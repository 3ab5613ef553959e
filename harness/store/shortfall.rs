//! How much of what was planned a run has, where that is not all.

use super::Run;

/// What a run lacks of its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// The rows that it has.
    pub rows: u64,
    /// Invocations in its plan, those of nodes that left nothing included.
    pub planned: u64,
    /// Whether the plan would have ended earlier had enough been known.
    pub at_most: bool,
    /// Nodes that were not measured to their end, of how many; none of one machine.
    pub nodes: Option<(usize, usize)>,
    /// Why it ended early, a reason for each such node; none where the driver was killed.
    pub why: Option<String>,
}

impl Run {
    /// What it lacks of its plan; none where it is complete.
    #[must_use]
    pub fn shortfall(&self) -> Option<Shortfall> {
        let record = &self.record;
        let failed = record.fleet.iter().filter(|of| of.failed.is_some()).count();
        (!record.complete).then(|| Shortfall {
            rows: self.samples.len() as u64,
            planned: record.counts.planned,
            at_most: record.scenario.until.is_some(),
            nodes: (!record.fleet.is_empty()).then_some((failed, record.fleet.len())),
            why: record.stopped.clone(),
        })
    }
}
