//! Cold against warm: how many times longer a cold start takes.

use super::Summary;
use crate::sample::{Cell, Temperature};
use crate::spec::factor::Factors;
use crate::spec::scenario::LoadShape;

/// A cold median over a warm one, of the same function under the same
/// factors.
#[derive(Debug, Clone, PartialEq)]
pub struct ColdToWarm {
    /// Cold p50 divided by warm p50. A point estimate, without an interval.
    pub ratio: f64,
    /// The warm cell it is measured against.
    pub warm: Cell,
}

/// Gives every cold summary its ratio, where a warm cell answers to it.
pub(super) fn compare(summaries: &mut [Summary]) {
    let ratios: Vec<Option<ColdToWarm>> =
        summaries.iter().map(|cold| ratio(cold, summaries)).collect();
    for (summary, ratio) in summaries.iter_mut().zip(ratios) {
        summary.cold_to_warm = ratio;
    }
}

fn ratio(cold: &Summary, all: &[Summary]) -> Option<ColdToWarm> {
    if cold.cell.temperature != Temperature::Cold || cold.cell.control.is_some() {
        return None;
    }
    let warm = warm_of(all, &cold.cell.function, &cold.cell.factors)?;
    Some(ColdToWarm {
        ratio: super::ratio(cold.median()?, warm.median()?)?,
        warm: warm.cell.clone(),
    })
}

/// The warm cell of a function under some factors that has a median.
#[must_use]
pub fn warm_of<'a>(all: &'a [Summary], function: &str, factors: &Factors) -> Option<&'a Summary> {
    all.iter()
        .filter(|s| s.cell.temperature == Temperature::Warm)
        .filter(|s| s.cell.control.is_none())
        .filter(|s| s.cell.function == function && s.cell.factors == *factors)
        .filter(|s| s.median().is_some_and(|ns| ns > 0.0))
        // A steady caller is what warm means; a warm burst also queues.
        .min_by_key(|s| matches!(s.cell.act, LoadShape::Burst(_)))
}
