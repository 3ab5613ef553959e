//! One metric of one cell, before it is judged.

use super::two_sample::TwoSample;
use super::{Cell, PartChange};

/// One metric of one cell (or function), before it is judged.
#[derive(Debug, Clone, Default)]
pub(super) struct Case {
    /// Name of the function.
    pub(super) function: String,
    /// Which cell; none for what belongs to a function as a whole.
    pub(super) cell: Option<Cell>,
    /// The values of base and head, one a round.
    pub(super) evidence: TwoSample,
    /// Rounds with any failure, of how many.
    pub(super) failures: [(u64, u64); 2],
    /// Why the first row that failed did: base, head.
    pub(super) causes: [Option<String>; 2],
    /// The changes of the parts that the metric consists of.
    pub(super) parts: Vec<PartChange>,
    /// Whether it was measured again because it alarmed at first.
    pub(super) again: bool,
}
