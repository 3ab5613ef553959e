//! How well the driver kept its own schedule.

use std::collections::{BTreeMap, BTreeSet};

use super::Summary;
use super::distribution::type_7;
use crate::sample::{Cell, Mark, Sample, Temperature};
use crate::spec::scenario::LoadShape;

/// Lag that makes a burst invalid, in nanoseconds, however slow the cell is.
pub const MOST_LAG_NS: u64 = 1_000_000;
/// Lag that makes a burst invalid, as a share of its cell's median.
pub const MOST_LAG_SHARE: f64 = 0.01;
/// Lag that never makes a burst invalid, in nanoseconds: 1 % of a warm reply is
/// less than one thread needs to begin a handful of acts.
pub const LEAST_LAG_NS: u64 = 100_000;

/// A lateness or a width, in nanoseconds: diagnostic, so without intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DispatchLag {
    /// Median.
    pub p50: f64,
    /// 0.99-quantile; next to the maximum when rows are few.
    pub p99: f64,
    /// Largest.
    pub max: u64,
}

impl DispatchLag {
    /// Of values in nanoseconds, in any order; none of no values.
    #[must_use]
    pub fn of(mut values: Vec<u64>) -> Option<Self> {
        values.sort_unstable();
        Some(Self { p50: type_7(&values, 0.5)?, p99: type_7(&values, 0.99)?, max: *values.last()? })
    }
}

/// All bursts of one size that had rows of one temperature.
#[derive(Debug, Clone, PartialEq)]
pub struct Bursts {
    /// Invocations in each.
    pub size: u32,
    /// The temperature of the rows looked at; a burst with both kinds counts
    /// under both.
    pub temperature: Temperature,
    /// How many bursts.
    pub bursts: usize,
    /// Bursts with a row that was dispatched more than 1 ms, or more than 1 % of
    /// its cell's median (and more than 0.1 ms), after its intended instant.
    pub invalid: usize,
    /// First dispatch to last dispatch within one burst, all its rows.
    pub width: Option<DispatchLag>,
}

/// One burst: its trial and where in the pattern it stands.
type Key<'a> = (u32, &'a str, &'a str);

fn key(sample: &Sample) -> Key<'_> {
    (sample.trial, &sample.cell.pattern, &sample.cell.step)
}

/// The bursts of a run, by size and temperature, over the rows used for
/// inference.
#[must_use]
pub fn bursts(samples: &[Sample], summaries: &[Summary]) -> Vec<Bursts> {
    let widths = widths(samples);
    let medians = medians(summaries);
    let mut groups: BTreeMap<(u32, Temperature), BTreeMap<Key, bool>> = BTreeMap::new();
    for sample in super::used(samples).filter(|s| s.cell.control.is_none()) {
        if let LoadShape::Burst(size) = sample.cell.act {
            let group = groups.entry((size, sample.cell.temperature)).or_default();
            *group.entry(key(sample)).or_default() |= is_late(sample, &medians);
        }
    }
    let width = |key: &Key| widths.get(key).copied();
    groups
        .into_iter()
        .map(|((size, temperature), group)| Bursts {
            size,
            temperature,
            bursts: group.len(),
            width: DispatchLag::of(group.keys().filter_map(width).collect()),
            invalid: group.values().filter(|late| **late).count(),
        })
        .collect()
}

/// First dispatch to last dispatch of one burst, in nanoseconds; none when no row
/// of it was dispatched.
pub fn release_width<'a>(burst: impl IntoIterator<Item = &'a Sample>) -> Option<u64> {
    let begun = burst.into_iter().filter_map(|s| s.marks.get(Mark::Dispatched));
    let (first, last) = begun.fold((u64::MAX, 0), |(f, l), at| (f.min(at), l.max(at)));
    last.checked_sub(first)
}

/// The widths of all bursts of more than one, whatever their size, over the rows
/// used for inference; no controls.
#[must_use]
pub fn release_widths(samples: &[Sample]) -> Option<DispatchLag> {
    let mut bursts: BTreeMap<Key, Vec<&Sample>> = BTreeMap::new();
    for sample in super::used(samples).filter(|s| s.cell.control.is_none()) {
        if matches!(sample.cell.act, LoadShape::Burst(n) if n > 1) {
            bursts.entry(key(sample)).or_default().push(sample);
        }
    }
    DispatchLag::of(bursts.into_values().filter_map(release_width).collect())
}

/// The width of every burst.
fn widths(samples: &[Sample]) -> BTreeMap<Key<'_>, u64> {
    let mut bursts: BTreeMap<Key, Vec<&Sample>> = BTreeMap::new();
    for sample in samples.iter().filter(|s| matches!(s.cell.act, LoadShape::Burst(_))) {
        bursts.entry(key(sample)).or_default().push(sample);
    }
    bursts.into_iter().filter_map(|(key, rows)| Some((key, release_width(rows)?))).collect()
}

/// Counts, for every cell, the bursts in which a row of it was too late.
pub(super) fn count_invalid(samples: &[Sample], summaries: &mut [Summary]) {
    let mut late: BTreeMap<&Cell, BTreeSet<u32>> = BTreeMap::new();
    {
        let medians = medians(summaries);
        for sample in super::used(samples) {
            if matches!(sample.cell.act, LoadShape::Burst(_)) && is_late(sample, &medians) {
                late.entry(&sample.cell).or_default().insert(sample.trial);
            }
        }
    }
    for summary in summaries {
        summary.invalid_bursts = late.get(&summary.cell).map_or(0, BTreeSet::len);
    }
}

/// Where an invalid burst is: its trial, and its step.
pub type BurstPlace<'a> = (u32, &'a str);

/// The bursts of all rounds with a row that was dispatched too late, as
/// [`Bursts::invalid`] says.
#[must_use]
pub fn invalid_bursts<'a>(
    samples: &'a [Sample],
    summaries: &[Summary],
) -> BTreeSet<BurstPlace<'a>> {
    let medians = medians(summaries);
    let bursts = samples.iter().filter(|s| matches!(s.cell.act, LoadShape::Burst(_)));
    let late = bursts.filter(|s| is_late(s, &medians));
    late.map(|s| (s.trial, s.cell.step.as_str())).collect()
}

fn medians(summaries: &[Summary]) -> BTreeMap<&Cell, f64> {
    summaries.iter().filter_map(|s| Some((&s.cell, s.median()?))).collect()
}

fn is_late(sample: &Sample, medians: &BTreeMap<&Cell, f64>) -> bool {
    let Some(lag) = sample.lag() else { return false };
    let share = medians.get(&sample.cell).map_or(f64::INFINITY, |m| m * MOST_LAG_SHARE);
    lag > MOST_LAG_NS || (lag > LEAST_LAG_NS && lag as f64 > share)
}
