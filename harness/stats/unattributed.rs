//! How much of a start is in no named part.

use crate::sample::Sample;

/// The share of a row's latency that is in merged phases, from 0, where each phase
/// has its own mark, to 1. None for a failure, or of no latency.
#[must_use]
pub fn unattributed(sample: &Sample) -> Option<f64> {
    let whole = sample.latency().filter(|ns| *ns > 0)?;
    let phases = sample.phases();
    let merged: u64 = phases.iter().filter(|(span, _)| span.is_merged()).map(|(_, ns)| ns).sum();
    Some(merged as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Mark, Outcome, Temperature};
    use crate::spec::scenario::LoadShape;
    use crate::stats::tests::{MS, cell, row};

    #[test]
    fn a_start_with_every_mark_is_all_named_and_each_missing_one_merges_two_phases() {
        let cold = cell(LoadShape::Burst(1), Temperature::Cold);
        let mut start = row(&cold, 1, 1, 0, 90 * MS);
        let from = start.marks.get(Mark::Intended).unwrap();
        let order = [
            Mark::Dispatched,
            Mark::StartCalled,
            Mark::Shim,
            Mark::OciCreate,
            Mark::Hooks,
            Mark::OciStart,
            Mark::Exec,
            Mark::Main,
            Mark::Ready,
            Mark::Responded,
        ];
        for (at, mark) in (0..).zip(order) {
            start.marks.set(mark, from + at * 10 * MS);
        }
        assert_eq!(unattributed(&start), Some(0.0));
        start.marks.clear(Mark::Exec);
        // `start` and `boot`, 10 ms each, of 90.
        assert_eq!(unattributed(&start), Some(20.0 / 90.0));
        start.outcome = Outcome::Crashed { cause: "x".into() };
        assert_eq!(unattributed(&start), None);
    }
}
