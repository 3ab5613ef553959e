//! Samples -> numbers: one [`Summary`] a cell.
//!
//! Pure: no clock, no files, no printing. Quantiles come from the raw
//! nanoseconds, never from a histogram; failures rank above every success.
//! Must not know how a number is shown.

use std::collections::BTreeMap;

use crate::sample::{Cell, Phases, Sample};
use crate::spec::scenario::LoadShape;

mod binomial;
mod burst;
mod cluster_bootstrap;
mod controls;
pub mod density;
mod distribution;
mod histogram;
pub mod hodges_lehmann;
mod machine_noise;
pub mod mann_whitney;
pub mod multiple_testing;
pub mod normal;
mod null_stability;
pub mod proportions;
mod representative;
mod resources;
mod throughput;
mod unattributed;
mod warm;
pub mod wilcoxon;

pub use binomial::least_rows;
pub use burst::{
    BurstPlace, Bursts, DispatchLag, LEAST_LAG_NS, MOST_LAG_NS, MOST_LAG_SHARE, bursts,
    invalid_bursts, release_width, release_widths,
};
pub use cluster_bootstrap::{BootstrapWeights, quantile_ratio};
pub use controls::{
    Calibration, CalibrationSeries, ControlFigures, Controls, Fault, MOST_RESIDUAL_NS,
    MOST_SLOPE_ERROR,
};
pub use distribution::{Interval, LatencySummary, Quantile, RankedValue, middle, quantile};
pub use histogram::{BoundedHistogram, HIGHEST_NS, LOWEST_NS, OutOfRange, SIGNIFICANT_FIGURES};
pub use machine_noise::{Cause, Grade, NoiseFacts, grade};
pub use null_stability::Stability;
pub use resources::{MedianAndMax, ResourceUse, resources};
pub use throughput::{Gain, Rate, Throughput, throughput};
pub use unattributed::unattributed;
pub use warm::{ColdToWarm, warm_of};

/// How many times as much the one is as the other; none where that is no number, as of
/// what takes no time at all.
#[must_use]
pub fn ratio(of: f64, to: f64) -> Option<f64> {
    Some(of / to).filter(|times| times.is_finite())
}

/// The numbers of one cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Which cell.
    pub cell: Cell,
    /// Headline latency, from the intended instant, over the rows used for
    /// inference, failures included.
    pub latency: LatencySummary,
    /// The phases of the successes, in order. A span of phases that is merged in
    /// some rows only has its own entry, so their `n` may differ.
    pub phases: Vec<(Phases, LatencySummary)>,
    /// Until the first byte of the successes whose replies were streamed, from the intended
    /// instant; none where none was.
    pub first_byte: Option<LatencySummary>,
    /// Rows of round 1.
    pub first_ever: FirstEver,
    /// The success nearest the median, as an index into the samples: its phases
    /// add up, medians of phases do not. None when the median is a failure.
    pub typical: Option<usize>,
    /// Successes that a histogram cannot hold.
    pub out_of_range: OutOfRange,
    /// The driver's own lateness; none when no row was dispatched.
    pub lag: Option<DispatchLag>,
    /// Bursts in which a row of this cell was dispatched too late.
    pub invalid_bursts: usize,
    /// How many times the warm median this cell's median is; cold cells only.
    pub cold_to_warm: Option<ColdToWarm>,
}

impl Summary {
    /// Median headline latency in nanoseconds; none when it is a failure, or of no
    /// rows.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        self.latency.p50.value.and_then(RankedValue::ns)
    }
}

/// Round 1 of a cell: the first visit ever, when images are unread and caches
/// are empty; in a run that tried everything before, the first that was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstEver {
    /// Rows of round 1, failures included.
    pub rows: usize,
    /// Their median.
    pub median: Option<RankedValue>,
    /// Whether these rows are used for inference all the same, because the run
    /// has no other round.
    pub used: bool,
}

/// Summarises every cell, in the order of [`Cell`].
///
/// Round 1 is left out of inference when the run has more than one round.
#[must_use]
pub fn summarise(samples: &[Sample]) -> Vec<Summary> {
    let first = first_used_round(samples);
    let mut rows: BTreeMap<&Cell, Vec<usize>> = BTreeMap::new();
    for (index, sample) in samples.iter().enumerate() {
        rows.entry(&sample.cell).or_default().push(index);
    }
    let mut draws = BootstrapWeights::default();
    let mut summaries: Vec<Summary> =
        rows.into_iter().map(|(cell, rows)| one(cell, samples, &rows, first, &mut draws)).collect();
    burst::count_invalid(samples, &mut summaries);
    warm::compare(&mut summaries);
    summaries
}

/// The rows used for inference: all but round 1, unless there is no other. Of calls from outside
/// that is no round: all of them.
pub fn used(samples: &[Sample]) -> impl Iterator<Item = &Sample> {
    let first = first_used_round(samples);
    samples.iter().filter(move |s| s.round >= first)
}

/// The first round that is used for inference: 2, unless there is only one, or none was planned.
#[must_use]
pub fn first_used_round(samples: &[Sample]) -> u32 {
    if is_from_outside(samples) || samples.iter().all(|s| s.round <= 1) { 1 } else { 2 }
}

fn is_from_outside(samples: &[Sample]) -> bool {
    samples.iter().any(|sample| sample.cell.act == LoadShape::Arrivals)
}

fn one(
    cell: &Cell,
    samples: &[Sample],
    rows: &[usize],
    first_used: u32,
    draws: &mut BootstrapWeights,
) -> Summary {
    let (used, rest): (Vec<usize>, Vec<usize>) =
        rows.iter().partition(|i| samples[**i].round >= first_used);
    let one_round = first_used == 1 && cell.act != LoadShape::Arrivals;
    let first = if one_round { &used } else { &rest };
    let latency = latency_of(samples, &used, draws);
    Summary {
        cell: cell.clone(),
        phases: representative::phases(samples, &used, draws),
        first_byte: representative::first_byte(samples, &used, draws),
        typical: representative::nearest(samples, &used, latency.p50.value),
        out_of_range: OutOfRange::count(used.iter().filter_map(|i| samples[*i].latency())),
        lag: DispatchLag::of(used.iter().filter_map(|i| samples[*i].lag()).collect()),
        first_ever: FirstEver {
            rows: first.len(),
            median: latency_of(samples, first, draws).p50.value,
            used: one_round,
        },
        latency,
        invalid_bursts: 0,
        cold_to_warm: None,
    }
}

fn latency_of(samples: &[Sample], rows: &[usize], draws: &mut BootstrapWeights) -> LatencySummary {
    let rows: Vec<(u32, Option<u64>)> =
        rows.iter().map(|i| (samples[*i].round, samples[*i].latency())).collect();
    LatencySummary::by_round(&rows, draws)
}

#[cfg(test)]
mod tests;
