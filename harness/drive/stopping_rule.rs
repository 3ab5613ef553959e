//! When a cell has been measured enough.

use std::collections::{BTreeMap, BTreeSet};

use crate::sample::{Cell, Sample};
use crate::spec::plan::{Trial, TrialSubject};
use crate::spec::scenario::Scenario;
use crate::stats::{BootstrapWeights, LatencySummary};

/// Rounds that every cell is measured for, whatever its interval.
const LEAST_ROUNDS: u32 = 10;

/// What the stopping rule has seen.
#[derive(Debug, Default)]
pub(super) struct StoppingRule {
    /// The share of the median that an interval must lie within; none to measure
    /// every round.
    within: Option<f64>,
    seen: BTreeMap<TrialSubject, BTreeMap<Cell, Vec<Row>>>,
    round: u32,
    done: BTreeSet<TrialSubject>,
    all_done: bool,
}

/// A row as inference uses it: round, and nanoseconds or none of a failure.
type Row = (u32, Option<u64>);

impl StoppingRule {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self { within: scenario.until, ..Self::default() }
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
            TrialSubject::Control { .. } => self.all_done,
            subject => self.done.contains(&subject),
        }
    }

    /// Adds the rows of a trial.
    pub(super) fn add(&mut self, trial: &Trial, samples: &[Sample]) {
        let is_control = matches!(trial.subject, TrialSubject::Control { .. });
        if self.within.is_none() || is_control || trial.round == 1 {
            return;
        }
        let cells = self.seen.entry(trial.subject).or_default();
        for sample in samples {
            let rows = cells.entry(sample.cell.clone()).or_default();
            rows.push((sample.round, sample.latency()));
        }
    }

    /// Expects no more of a subject that was given up.
    pub(super) fn leaves(&mut self, subject: TrialSubject) {
        self.done.insert(subject);
    }

    fn judge(&mut self, within: f64) {
        let mut draws = BootstrapWeights::default();
        for (subject, cells) in &self.seen {
            if cells.values().all(|rows| are_within(rows, within, &mut draws)) {
                self.done.insert(*subject);
            }
        }
        self.all_done = self.seen.keys().all(|subject| self.done.contains(subject));
    }
}

/// By the interval that the report gives.
fn are_within(rows: &[Row], share: f64, draws: &mut BootstrapWeights) -> bool {
    LatencySummary::by_round(rows, draws).p50.is_within(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(rows: &[Row], share: f64) -> bool {
        are_within(rows, share, &mut BootstrapWeights::default())
    }

    #[test]
    fn a_steady_cell_is_enough_and_a_failing_one_never() {
        let steady = |rounds: u32| (0..rounds).map(|i| (i, Some(1_000_000 + u64::from(i) * 100)));
        let mut rows: Vec<Row> = steady(20).collect();
        assert!(within(&rows, 0.02) && !within(&rows, 0.0001));
        rows.extend((20..31).map(|round| (round, None)));
        assert!(!within(&rows, 0.02));
        assert!(!within(&steady(5).collect::<Vec<Row>>(), 0.5), "too few for any");
    }

    #[test]
    fn many_rows_of_few_rounds_are_few() {
        // Each round has its own level, and no spread within it.
        let rows = |rounds: u32| {
            let of = |i: u32| (i % rounds, Some(1_000_000 + 10_000 * u64::from(i % rounds)));
            (0..200).map(of).collect::<Vec<Row>>()
        };
        assert!(!within(&rows(5), 0.5), "five rounds tell nothing");
        assert!(within(&rows(10), 0.05) && !within(&rows(10), 0.01));
    }
}
