//! What each variant of a function changes, with its interval, against the margin: the forest
//! of a comparison, in the page of a run.

use super::context::ChartContext;
use super::{ChartSpec, forest};
use crate::compare::Variants;

pub(super) const HOW_TO_READ: &str = forest::HOW_TO_READ;

/// Composes the chart; none where no variant was measured beside its function.
pub(super) fn compose(context: &ChartContext) -> Option<ChartSpec> {
    forest::compose(&Variants::of(context.run)?.comparison, context.layout)
}
