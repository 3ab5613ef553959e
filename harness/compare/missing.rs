//! What one side has and the other lacks.

use super::{Cell, Side, SideData};

/// A cell that one side lacks, or a whole function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Name of the function.
    pub function: String,
    /// Which cell; none for all of the function.
    pub cell: Option<Cell>,
    /// The side that lacks it.
    pub lacks: Side,
    /// Why its invocations found no instance there, where that is known of one.
    pub why_cold: Option<String>,
}

/// Cells that one side lacks, rare ones aside: a step that should be warm now and
/// then meets a cold instance, which is no cell that anybody planned. Nor is one in which
/// nothing ever succeeded, as what never began is neither cold nor warm.
pub(super) fn missing(base: &SideData, head: &SideData) -> Vec<Missing> {
    let of = |has: &SideData, other: &SideData, lacks: Side| {
        let succeeded = |cell: &&Cell| has.cells[*cell].rounds.iter().any(|r| !r.has_failed);
        let regular = has.regular().filter(|cell| !other.cells.contains_key(*cell));
        let missing = regular.filter(succeeded).map(|cell| Missing {
            function: cell.function.clone(),
            cell: Some(cell.clone()),
            lacks,
            why_cold: other.why_cold(cell),
        });
        missing.collect::<Vec<_>>()
    };
    let mut missing = of(base, head, Side::Head);
    missing.extend(of(head, base, Side::Base));
    missing
}
