//! Starts a minute: what several workers at a time bring, and what they cost.
//!
//! A closed loop: a worker begins its next start when its last instance is gone,
//! so removals are part of it.

use std::collections::BTreeMap;

use super::distribution::middle;
use super::{BootstrapWeights, LatencySummary, RankedValue, binomial, ratio};
use crate::sample::{Mark, Sample};
use crate::spec::factor::Factors;
use crate::spec::scenario::LoadShape;

/// Starts of one function under one combination of factors, so many at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Throughput {
    /// Which function.
    pub function: String,
    /// What its instances were started under.
    pub factors: Factors,
    /// Starts at a time.
    pub workers: u32,
    /// Trials used for inference.
    pub trials: usize,
    /// Starts that succeeded, over all these trials.
    pub starts: usize,
    /// Starts that failed.
    pub failed: usize,
    /// Starts a minute; none when no trial tells when its last instance was gone.
    pub rate: Option<Rate>,
    /// Headline latency of the starts.
    pub latency: LatencySummary,
    /// Against one at a time; none of one at a time itself, or where it was not
    /// measured.
    pub gain: Option<Gain>,
}

/// Starts a minute over trials.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Trials that it rests on.
    pub n: usize,
    /// Median over the trials.
    pub median: f64,
    /// Of the slowest trial.
    pub min: f64,
    /// Of the fastest trial.
    pub max: f64,
    /// Distribution-free 95 % interval of the median; none below six trials.
    pub interval: Option<(f64, f64)>,
}

/// Several workers against one. Point estimates, without intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain {
    /// Starts a minute, divided by those of one at a time.
    pub speed_up: f64,
    /// Median latency, divided by that of one at a time; none where either is a
    /// failure.
    pub inflation: Option<f64>,
}

type Key<'a> = (&'a str, &'a Factors, u32);

/// Every function, combination of factors and number of workers that was measured,
/// in this order. Round 1 is left out as everywhere.
#[must_use]
pub fn throughput(samples: &[Sample]) -> Vec<Throughput> {
    let mut groups: BTreeMap<Key, Vec<&Sample>> = BTreeMap::new();
    for sample in super::used(samples).filter(|s| s.cell.control.is_none()) {
        if let LoadShape::Parallel { workers, .. } = sample.cell.act {
            let key = (sample.cell.function.as_str(), &sample.cell.factors, workers);
            groups.entry(key).or_default().push(sample);
        }
    }
    let mut draws = BootstrapWeights::default();
    let mut all: Vec<Throughput> =
        groups.into_iter().map(|(key, rows)| one(key, &rows, &mut draws)).collect();
    let gains: Vec<Option<Gain>> = all.iter().map(|many| gain(many, &all)).collect();
    for (one, gain) in all.iter_mut().zip(gains) {
        one.gain = gain;
    }
    all
}

fn one(
    (function, factors, workers): Key,
    rows: &[&Sample],
    draws: &mut BootstrapWeights,
) -> Throughput {
    let mut trials: BTreeMap<u32, Vec<&Sample>> = BTreeMap::new();
    for row in rows {
        trials.entry(row.trial).or_default().push(row);
    }
    let latencies: Vec<(u32, Option<u64>)> = rows.iter().map(|s| (s.round, s.latency())).collect();
    let latency = LatencySummary::by_round(&latencies, draws);
    Throughput {
        function: function.to_owned(),
        factors: factors.clone(),
        workers,
        trials: trials.len(),
        starts: latency.n - latency.failed,
        failed: latency.failed,
        rate: Rate::of(trials.values().filter_map(|rows| a_minute(rows)).collect()),
        latency,
        gain: None,
    }
}

/// Starts a minute of one trial: successes, from the first intended instant to the
/// last removal.
fn a_minute(rows: &[&Sample]) -> Option<f64> {
    let successes = rows.iter().filter(|s| s.outcome.is_ok()).count();
    if successes == 0 {
        return Some(0.0);
    }
    let begin = rows.iter().filter_map(|s| s.marks.get(Mark::Intended)).min()?;
    let end = rows.iter().filter_map(|s| s.marks.get(Mark::Removed)).max()?;
    let ns = end.checked_sub(begin).filter(|ns| *ns > 0)?;
    Some(successes as f64 * 60e9 / ns as f64)
}

fn gain(many: &Throughput, all: &[Throughput]) -> Option<Gain> {
    let alike = |t: &&Throughput| t.function == many.function && t.factors == many.factors;
    let one = all.iter().filter(alike).find(|t| t.workers == 1 && many.workers > 1)?;
    let median = |t: &Throughput| t.latency.p50.value.and_then(RankedValue::ns);
    let speed_up = ratio(many.rate?.median, one.rate?.median)?;
    let inflation = median(many).zip(median(one)).and_then(|(m, o)| ratio(m, o));
    Some(Gain { speed_up, inflation })
}

impl Rate {
    fn of(mut rates: Vec<f64>) -> Option<Self> {
        rates.sort_by(f64::total_cmp);
        let n = rates.len();
        let (min, max) = (*rates.first()?, *rates.last()?);
        let interval = binomial::ranks(n, 0.5).map(|(low, high)| (rates[low - 1], rates[high - 1]));
        Some(Self { n, median: middle(&rates)?, min, max, interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Outcome, Temperature};
    use crate::stats::tests::{MS, cell, row};

    /// A trial of `starts` starts, each `ms` long, `workers` at a time, the removal
    /// taking a quarter more.
    fn trial(round: u32, workers: u32, starts: u32, ms: u64) -> Vec<Sample> {
        let cell = cell(LoadShape::Parallel { workers, starts }, Temperature::Cold);
        let start = |index: u32| {
            let mut row = row(&cell, round, round * 100 + workers, 0, ms * MS);
            let from = row.marks.get(Mark::Intended).unwrap();
            let turn = u64::from(index / workers) * (ms + ms / 4) * MS;
            row.index = index;
            row.marks.set(Mark::Intended, from + turn);
            row.marks.set(Mark::Responded, from + turn + ms * MS);
            row.marks.set(Mark::Removed, from + turn + (ms + ms / 4) * MS);
            row
        };
        (0..starts).map(start).collect()
    }

    #[test]
    fn several_at_a_time_are_faster_and_each_is_slower() {
        let mut rows = Vec::new();
        for round in 1..=7 {
            // Round 1 is slow, and must not count.
            let slow = if round == 1 { 10 } else { 1 };
            rows.extend(trial(round, 1, 5, 80 * slow));
            rows.extend(trial(round, 4, 40, 160 * slow));
        }
        let all = throughput(&rows);
        let [one, four] = &all[..] else { panic!("{all:?}") };
        assert_eq!((one.workers, one.trials, one.starts, one.failed), (1, 6, 30, 0));
        let rate = one.rate.unwrap();
        assert_eq!((rate.median, rate.min, rate.max), (600.0, 600.0, 600.0));
        assert_eq!(rate.interval, Some((600.0, 600.0)));
        assert_eq!(one.gain, None, "one at a time is no gain over itself");
        assert_eq!(four.rate.map(|r| r.median), Some(1200.0));
        assert_eq!(four.gain, Some(Gain { speed_up: 2.0, inflation: Some(2.0) }));
    }

    #[test]
    fn a_failure_is_no_start_but_takes_its_time() {
        let mut rows = trial(1, 1, 4, 80);
        rows[3].outcome = Outcome::Crashed { cause: "x".into() };
        let one = throughput(&rows).remove(0);
        assert_eq!((one.starts, one.failed, one.rate.map(|r| r.median)), (3, 1, Some(450.0)));
        assert_eq!(one.rate.unwrap().interval, None, "one trial");
        for row in &mut rows {
            row.outcome = Outcome::Crashed { cause: "x".into() };
            row.marks.clear(Mark::Removed);
        }
        let lost = throughput(&rows).remove(0);
        assert_eq!((lost.starts, lost.rate.map(|r| r.median)), (0, Some(0.0)));
    }

    #[test]
    fn without_a_removal_there_is_no_rate_and_without_parallel_starts_nothing() {
        let mut rows = trial(1, 2, 4, 80);
        rows.iter_mut().for_each(|row| row.marks.clear(Mark::Removed));
        assert_eq!(throughput(&rows)[0].rate, None);
        let burst = cell(LoadShape::Burst(1), Temperature::Cold);
        assert!(throughput(&[row(&burst, 1, 1, 0, MS)]).is_empty());
    }
}
