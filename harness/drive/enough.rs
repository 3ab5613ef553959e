//! When a cell has been measured enough.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Subject, Trial};
use crate::sample::{Cell, Sample};
use crate::scenario::Scenario;
use crate::stats::Distribution;

/// Rounds that every cell is measured for, whatever its interval.
const LEAST_ROUNDS: u32 = 10;

/// What the stopping rule has seen.
#[derive(Debug)]
pub(super) struct Enough {
    /// The share of the median that an interval must lie within; none to measure
    /// every round.
    within: Option<f64>,
    seen: BTreeMap<Subject, BTreeMap<Cell, Rows>>,
    round: u32,
    done: BTreeSet<Subject>,
    all_done: bool,
}

/// The rows of a cell that inference uses.
#[derive(Debug, Default)]
struct Rows {
    successes: Vec<u64>,
    failed: usize,
}

impl Enough {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self {
            within: scenario.until,
            seen: BTreeMap::new(),
            round: 0,
            done: BTreeSet::new(),
            all_done: false,
        }
    }

    /// Whether a trial need not be run. Judged at the begin of each round, so that
    /// a round is whole for every cell that is still measured.
    pub(super) fn has(&mut self, trial: &Trial) -> bool {
        let Some(within) = self.within else { return false };
        if trial.round > self.round {
            self.round = trial.round;
            // The rounds before this one; the first is in no interval.
            if self.round > LEAST_ROUNDS + 1 {
                self.judge(within);
            }
        }
        match trial.subject {
            // The controls go on as long as anything does.
            Subject::Control { .. } => self.all_done,
            subject => self.done.contains(&subject),
        }
    }

    /// Adds the rows of a trial.
    pub(super) fn add(&mut self, trial: &Trial, samples: &[Sample]) {
        let is_control = matches!(trial.subject, Subject::Control { .. });
        if self.within.is_none() || is_control || trial.round == 1 {
            return;
        }
        let cells = self.seen.entry(trial.subject).or_default();
        for sample in samples {
            let rows = cells.entry(sample.cell.clone()).or_default();
            match sample.latency() {
                Some(ns) => rows.successes.push(ns),
                None => rows.failed += 1,
            }
        }
    }

    fn judge(&mut self, within: f64) {
        for (subject, cells) in &self.seen {
            if cells.values().all(|rows| rows.are_within(within)) {
                self.done.insert(*subject);
            }
        }
        self.all_done = self.done.len() == self.seen.len();
    }
}

impl Rows {
    fn are_within(&self, share: f64) -> bool {
        Distribution::new(self.successes.clone(), self.failed).p50.is_within(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_cell_is_enough_and_a_failing_one_never() {
        let steady = Rows { successes: (0..20).map(|i| 1_000_000 + i * 100).collect(), failed: 0 };
        assert!(steady.are_within(0.02) && !steady.are_within(0.0001));
        let failing = Rows { failed: 11, ..steady };
        assert!(!failing.are_within(0.02));
        assert!(!Rows { successes: vec![1; 5], failed: 0 }.are_within(0.5), "too few for any");
    }
}
