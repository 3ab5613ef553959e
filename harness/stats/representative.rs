//! Where the time goes: phases over all rows, and the one typical row.

use std::collections::BTreeMap;

use super::cluster_bootstrap::BootstrapWeights;
use super::distribution::{LatencySummary, RankedValue};
use crate::sample::{Mark, Phases, Sample};

/// The distribution of every span of phases among the successes.
pub(super) fn phases(
    samples: &[Sample],
    rows: &[usize],
    draws: &mut BootstrapWeights,
) -> Vec<(Phases, LatencySummary)> {
    let mut spans: BTreeMap<Phases, Vec<(u32, Option<u64>)>> = BTreeMap::new();
    for &row in rows {
        for (span, ns) in samples[row].phases() {
            spans.entry(span).or_default().push((samples[row].round, Some(ns)));
        }
    }
    spans.into_iter().map(|(span, rows)| (span, LatencySummary::by_round(&rows, draws))).collect()
}

/// From the intended instant to the first byte of a streamed reply, among the successes
/// that had one; none where no reply was streamed.
pub(super) fn first_byte(
    samples: &[Sample],
    rows: &[usize],
    draws: &mut BootstrapWeights,
) -> Option<LatencySummary> {
    let good = rows.iter().map(|&row| &samples[row]).filter(|sample| sample.outcome.is_ok());
    let first = |sample: &Sample| sample.marks.between(Mark::Intended, Mark::FirstByte);
    let rows: Vec<_> = good.filter_map(|s| Some((s.round, Some(first(s)?)))).collect();
    (!rows.is_empty()).then(|| LatencySummary::by_round(&rows, draws))
}

/// The success nearest the median. Ties go to the faster, then to the earlier,
/// so that the order of the rows does not matter.
pub(super) fn nearest(
    samples: &[Sample],
    rows: &[usize],
    median: Option<RankedValue>,
) -> Option<usize> {
    let median = median?.ns()?;
    rows.iter()
        .filter_map(|&row| samples[row].latency().map(|ns| (row, ns)))
        .min_by(|(a, a_ns), (b, b_ns)| {
            let off = |ns: u64| (ns as f64 - median).abs();
            let when = |row: usize| (samples[row].trial, samples[row].index);
            off(*a_ns).total_cmp(&off(*b_ns)).then(a_ns.cmp(b_ns)).then(when(*a).cmp(&when(*b)))
        })
        .map(|(row, _)| row)
}
