//! Quantiles of nanoseconds, failures included, with intervals.

use std::collections::BTreeSet;

use super::binomial::{self, least_rows};
use super::cluster_bootstrap::{BootstrapWeights, Rows};

/// A height in the ranking of all rows. Failures rank above every success.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum RankedValue {
    /// Nanoseconds.
    Ns(f64),
    /// Among the failures: no bound.
    Failed,
}

impl RankedValue {
    /// Nanoseconds; none for a failure.
    #[must_use]
    pub fn ns(self) -> Option<f64> {
        match self {
            RankedValue::Ns(ns) => Some(ns),
            RankedValue::Failed => None,
        }
    }
}

/// A 95 % interval, two-sided, that assumes no distribution. Of rows that are
/// independent, from order statistics; where a round gave several, from drawing
/// rounds again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: RankedValue,
    /// Upper end.
    pub high: RankedValue,
}

impl Interval {
    /// From nanoseconds; infinite among the failures.
    fn of((low, high): (f64, f64)) -> Self {
        let level =
            |ns: f64| if ns.is_finite() { RankedValue::Ns(ns) } else { RankedValue::Failed };
        Self { low: level(low), high: level(high) }
    }
}

/// A quantile; its value and interval as far as the rows support them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// Which, from 0 to 1.
    pub q: f64,
    /// Hyndman-Fan type 7. The median needs one row; the others are none below
    /// [`least_rows`] rows.
    pub value: Option<RankedValue>,
    /// None below [`least_rows`] rows, or, where a round gave several, below
    /// six rounds.
    pub interval: Option<Interval>,
}

impl Quantile {
    /// Whether its interval lies within a share of its value on either side.
    #[must_use]
    pub fn is_within(&self, share: f64) -> bool {
        let (Some(RankedValue::Ns(value)), Some(interval)) = (self.value, self.interval) else {
            return false;
        };
        let low = interval.low.ns().is_some_and(|low| low >= value * (1.0 - share));
        let high = interval.high.ns().is_some_and(|high| high <= value * (1.0 + share));
        low && high
    }
}

/// What is known of one quantity over one set of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencySummary {
    /// Rows, failures included.
    pub n: usize,
    /// Rows that failed.
    pub failed: usize,
    /// Smallest success, in nanoseconds.
    pub min: Option<u64>,
    /// Largest success, in nanoseconds.
    pub max: Option<u64>,
    /// Median.
    pub p50: Quantile,
    /// 0.9-quantile.
    pub p90: Quantile,
    /// 0.95-quantile.
    pub p95: Quantile,
    /// 0.99-quantile.
    pub p99: Quantile,
}

impl LatencySummary {
    /// Of rows that are independent: from the successes in nanoseconds, in any
    /// order, and the failures.
    #[must_use]
    pub fn new(mut successes: Vec<u64>, failed: usize) -> Self {
        successes.sort_unstable();
        let ranked = Ranked { successes: &successes, n: successes.len() + failed };
        Self {
            n: ranked.n,
            failed,
            min: successes.first().copied(),
            max: successes.last().copied(),
            p50: ranked.quantile(0.5),
            p90: ranked.quantile(0.9),
            p95: ranked.quantile(0.95),
            p99: ranked.quantile(0.99),
        }
    }

    /// From (round, nanoseconds, or none of a failure), in any order. Rows of one
    /// round are not independent of each other: where a round has several, the
    /// intervals come from drawing rounds again.
    #[must_use]
    pub fn by_round(rows: &[(u32, Option<u64>)], draws: &mut BootstrapWeights) -> Self {
        let successes: Vec<u64> = rows.iter().filter_map(|(_, ns)| *ns).collect();
        let failed = rows.len() - successes.len();
        let mut all = Self::new(successes, failed);
        if has_several_in_a_round(rows) {
            let ranked = |(round, ns): &(u32, Option<u64>)| {
                (*round, ns.map_or(f64::INFINITY, |ns| ns as f64))
            };
            let intervals = Rows::new(rows.iter().map(ranked).collect())
                .intervals(all.quantiles().map(|quantile| quantile.q), draws);
            let quantiles = [&mut all.p50, &mut all.p90, &mut all.p95, &mut all.p99];
            for (quantile, interval) in quantiles.into_iter().zip(intervals) {
                quantile.interval = interval.map(Interval::of);
            }
        }
        all
    }

    /// The four quantiles, lowest first.
    #[must_use]
    pub fn quantiles(&self) -> [Quantile; 4] {
        [self.p50, self.p90, self.p95, self.p99]
    }
}

fn has_several_in_a_round(rows: &[(u32, Option<u64>)]) -> bool {
    let mut seen = BTreeSet::new();
    rows.iter().any(|(round, _)| !seen.insert(*round))
}

/// Any quantile (Hyndman-Fan type 7) of the sorted successes and the failures, which
/// rank above them. None where [`Quantile::value`] would be: the median needs one row,
/// the others [`least_rows`] rows.
#[must_use]
pub fn quantile(sorted: &[u64], failed: usize, q: f64) -> Option<RankedValue> {
    let ranked = Ranked { successes: sorted, n: sorted.len() + failed };
    let is_median = (q - 0.5).abs() < 1e-9;
    if is_median || ranked.n >= least_rows(q) { ranked.type_7(q) } else { None }
}

/// Hyndman-Fan type 7 of sorted values, in nanoseconds; none of no values.
pub(super) fn type_7(sorted: &[u64], q: f64) -> Option<f64> {
    Ranked { successes: sorted, n: sorted.len() }.type_7(q).and_then(RankedValue::ns)
}

/// Median of sorted values; none of no values.
#[must_use]
pub fn middle(sorted: &[f64]) -> Option<f64> {
    let below = sorted.len().checked_sub(1)? / 2;
    Some(f64::midpoint(sorted[below], sorted[sorted.len() / 2]))
}

/// All rows in order: successes, then failures.
struct Ranked<'a> {
    successes: &'a [u64],
    n: usize,
}

impl Ranked<'_> {
    fn quantile(&self, q: f64) -> Quantile {
        let interval = binomial::ranks(self.n, q)
            .map(|(low, high)| Interval { low: self.at(low - 1), high: self.at(high - 1) });
        // A median of few rows is still their middle; a p90 of few rows is their
        // maximum by another name.
        let supported = q <= 0.5 || interval.is_some();
        Quantile { q, value: self.type_7(q).filter(|_| supported), interval }
    }

    /// Hyndman & Fan, Sample Quantiles in Statistical Packages, 1996, type 7.
    fn type_7(&self, q: f64) -> Option<RankedValue> {
        let position = self.n.checked_sub(1)? as f64 * q;
        let below = position.floor();
        let share = position - below;
        let low = self.at(below as usize);
        // Rounding must not pull in a failure that has no weight.
        if share < 1e-9 {
            return Some(low);
        }
        let high = self.at(below as usize + 1);
        Some(match (low, high) {
            (RankedValue::Ns(low), RankedValue::Ns(high)) => {
                RankedValue::Ns(low + share * (high - low))
            }
            _ => RankedValue::Failed,
        })
    }

    fn at(&self, index: usize) -> RankedValue {
        self.successes.get(index).map_or(RankedValue::Failed, |ns| RankedValue::Ns(*ns as f64))
    }
}

#[cfg(test)]
mod tests;
