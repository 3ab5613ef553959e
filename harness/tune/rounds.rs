//! From rows to what calls took in each round.

use std::collections::BTreeMap;

use super::bill::Took;
use super::{InitSource, STEPS};
use crate::sample::{Mark, Sample, Temperature};

/// The init of a cold start, in nanoseconds.
pub(super) fn init_of(sample: &Sample, source: InitSource) -> Option<u64> {
    let from = match source {
        InitSource::Exec => Mark::Exec,
        InitSource::StartCalled => Mark::StartCalled,
    };
    sample.marks.ready()?.checked_sub(sample.marks.get(from)?)
}

/// What the handler of a call took: of a cold one from its readiness.
pub(super) fn handler_of(sample: &Sample) -> Option<u64> {
    let from = match sample.cell.temperature {
        Temperature::Cold => sample.marks.ready(),
        Temperature::Warm => sample.marks.get(Mark::Dispatched),
    };
    sample.marks.get(Mark::Responded)?.checked_sub(from?)
}

/// Whether a row is a cold start of the step that is for that.
pub(super) fn is_cold(sample: &Sample) -> bool {
    sample.cell.step == STEPS[0] && sample.cell.temperature == Temperature::Cold
}

/// Whether a row is a warm call of the step that is for that.
pub(super) fn is_warm(sample: &Sample) -> bool {
    sample.cell.step == STEPS[1] && sample.cell.temperature == Temperature::Warm
}

/// What calls took in each round that has a cold start and warm calls which succeeded. Of
/// several warm calls it is the middle one.
pub(super) fn took(rows: &[&Sample], source: InitSource) -> BTreeMap<u32, Took> {
    let mut cold: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    let mut warm: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.outcome.is_ok()) {
        let Some(handler) = handler_of(row) else { continue };
        if is_warm(row) {
            warm.entry(row.round).or_default().push(handler);
        } else if let Some(init) = init_of(row, source).filter(|_| is_cold(row)) {
            cold.insert(row.round, (handler, init));
        }
    }
    let both = |(round, mut warm): (u32, Vec<u64>)| {
        warm.sort_unstable();
        let (cold, init) = *cold.get(&round)?;
        Some((round, Took { warm: warm[warm.len() / 2], cold, init }))
    };
    warm.into_iter().filter_map(both).collect()
}
