//! How long is waited for a target that does not answer, and when it is given up.
//!
//! The rule, which `harness/docs/METHOD.md` states for the reader and decision 0055
//! explains: a target that has not answered once, tries included, is given up when that has taken three of its
//! time-outs; one that answers elsewhere is given up in a pattern after three rounds
//! without an answer, and a trial of it is ended by three time-outs in a row.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{Driver, RunEnd, Stop, TrialResult, nanoseconds};
use crate::engine::Engine;
use crate::platform::{Target, Visit};
use crate::sample::{HostInterval, Outcome, Sample, TrialRecord};
use crate::spec::plan::{Trial, TrialSubject};
use crate::spec::scenario::Step;

/// So many time-outs in a row, without an answer, are enough.
const TIME_OUTS: u64 = 3;
/// So many rounds in a row, without an answer, are enough.
const ROUNDS: u32 = 3;

/// Everything that does not answer.
#[derive(Debug, Default)]
pub(super) struct Silences {
    /// By key of the target.
    targets: BTreeMap<usize, Silence>,
    /// Rounds in a row without an answer, by side and subject: a round has one trial
    /// of each.
    rounds: BTreeMap<(usize, TrialSubject), u32>,
    given_up: BTreeMap<(usize, TrialSubject), u32>,
}

/// How long a target has been silent.
#[derive(Debug, Default)]
struct Silence {
    has_answered: bool,
    /// Nanoseconds since its last answer, of attempts alone.
    waited: u64,
    /// Why the first attempt of these failed.
    cause: Option<String>,
}

/// That a target is given up: told once, when it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// On which side.
    pub side: usize,
    /// What is given up.
    pub what: String,
    /// The trial after which.
    pub trial: u32,
    /// By which part of the rule.
    pub why: String,
    /// Why the first of its attempts failed.
    pub cause: String,
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, trial, why, cause, .. } = self;
        write!(
            f,
            "{what} is given up after trial {trial}: {why}; what is left of it is not tried, and \
             counts as failed; it began with: {cause}"
        )
    }
}

/// How much longer one act waits for its target. An attempt counts for one time-out at
/// most, whatever was done about its failure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    time_out: u64,
    waited: u64,
}

impl Patience {
    /// Takes in an attempt that took so long; false when it is enough.
    pub(super) fn hears(&mut self, has_answered: bool, took: u64) -> bool {
        self.waited = match has_answered {
            true => 0,
            false => self.waited.saturating_add(took.min(self.time_out)),
        };
        !self.is_over()
    }

    fn is_over(&self) -> bool {
        self.waited >= self.time_out.saturating_mul(TIME_OUTS)
    }

    /// Of two that waited at once: whichever waited less.
    pub(super) fn or(self, other: Self) -> Self {
        Self { waited: self.waited.min(other.waited), ..self }
    }
}

impl<E: Engine> Driver<E> {
    /// What a person calls a subject, whatever its pattern.
    #[must_use]
    pub fn name_of(&self, side: usize, subject: TrialSubject) -> String {
        let combinations = self.plan.scenario.factors.combinations();
        match subject {
            TrialSubject::Function { combination, .. } => {
                let name = &self.targets.of(side, subject).function.name;
                format!("`{name}`, {}", combinations[combination])
            }
            TrialSubject::Control { control, combination } => {
                format!("the {}", control.under(&combinations[combination]))
            }
        }
    }

    /// The patience that is left for a target.
    pub(super) fn patience(&self, target: &Target) -> Patience {
        let waited = self.silences().targets.get(&target.key()).map_or(0, |s| s.waited);
        Patience { time_out: nanoseconds(target.function.timeout), waited }
    }

    /// Takes in what an act gave; false when nothing more is to be tried in its trial.
    pub(super) fn hear(&self, target: &Target, visits: &[Visit], patience: Patience) -> bool {
        let mut silences = self.silences();
        let silence = silences.targets.entry(target.key()).or_default();
        if visits.iter().any(|visit| visit.outcome.is_ok()) {
            *silence = Silence { has_answered: true, ..Silence::default() };
        }
        silence.waited = patience.waited;
        let cause = visits.iter().find_map(|visit| visit.outcome.cause());
        if silence.waited > 0 && silence.cause.is_none() {
            silence.cause = cause.map(ToOwned::to_owned);
        }
        !patience.is_over()
    }

    /// A target that has answered before is given a fresh chance in each trial.
    pub(super) fn begins(&self, target: &Target) {
        if let Some(silence) = self.silences().targets.get_mut(&target.key())
            && silence.has_answered
        {
            silence.waited = 0;
        }
    }

    /// The trial in which a subject was given up.
    pub(super) fn given_up(&self, trial: &Trial) -> Option<u32> {
        self.silences().given_up.get(&(trial.side, trial.subject)).copied()
    }

    /// Judges a trial that was tried: what is given up for it.
    pub(super) fn judge(&self, trial: &Trial, samples: &[Sample]) -> Option<GivenUp> {
        let target = self.targets.of(trial.side, trial.subject);
        let is_over = self.patience(target).is_over();
        let mut silences = self.silences();
        let key = (trial.side, trial.subject);
        let rounds = silences.rounds.entry(key).or_default();
        *rounds = if samples.iter().any(|s| s.outcome.is_ok()) { 0 } else { *rounds + 1 };
        let rounds = *rounds;
        let silence = silences.targets.get(&target.key())?;
        let cause = silence.cause.clone().unwrap_or_default();
        let (side, what) = (trial.side, self.name_of(trial.side, trial.subject));
        let given = |what, why| GivenUp { side, what, trial: trial.number, why, cause };
        if is_over && !silence.has_answered {
            let subjects = self.plan.trials.iter().map(|t| (t.side, t.subject));
            let of_target = |key: &(usize, TrialSubject)| self.targets.of(key.0, key.1).key();
            let all = subjects.filter(|key| of_target(key) == target.key());
            silences.given_up.extend(all.map(|key| (key, trial.number)));
            let why = format!(
                "it has not answered once, in {TIME_OUTS} times its time limit of {:?}",
                target.function.timeout
            );
            return Some(given(what, why));
        }
        if rounds < ROUNDS {
            return None;
        }
        silences.given_up.insert(key, trial.number);
        let pattern = &self.plan.pattern(trial).name;
        Some(given(
            format!("{what}, pattern {pattern}"),
            format!("{ROUNDS} whole rounds in a row brought no good answer"),
        ))
    }

    /// The rows of a trial of what was given up: nothing is done for them.
    pub(super) async fn leave_out(
        &self,
        trial: &Trial,
        since: u32,
        stop: &watch::Receiver<Stop>,
    ) -> Result<TrialResult, RunEnd> {
        // Of thousands in a row, each lets a request to stop be heard.
        tokio::task::yield_now().await;
        if *stop.borrow() >= Stop::AfterTrial {
            return Err(RunEnd::Stopped);
        }
        let (target, now) = (self.targets.of(trial.side, trial.subject), self.clock().now());
        let cause = format!("it was given up after trial {since}, whose rows say why");
        let outcome = Outcome::NotTried { cause };
        let mut samples = Vec::new();
        for step in &self.plan.pattern(trial).steps {
            let visits = Visit::not_begun(step.act.invocations(), now, &outcome);
            samples.extend(self.rows(trial, target, step, visits, Vec::new()));
        }
        let (round, trial, machine) = (trial.round, trial.number, HostInterval::default());
        let record = TrialRecord { trial, round, began: now, ended: now, machine, resident: None };
        Ok(TrialResult { samples, record, given_up: None })
    }

    /// Whether no function among these trials answers any more.
    pub(super) fn is_hopeless(&self, trials: &[Trial]) -> bool {
        let mut functions =
            trials.iter().filter(|t| matches!(t.subject, TrialSubject::Function { .. }));
        functions.all(|trial| self.given_up(trial).is_some())
    }

    /// The visits of a step with those that were not tried.
    pub(super) fn completed(&self, step: &Step, mut visits: Vec<Visit>) -> Vec<Visit> {
        let left = step.act.invocations().saturating_sub(visits.len() as u32);
        let cause = "what came before it in its trial took three time limits without an answer";
        let outcome = Outcome::NotTried { cause: cause.to_owned() };
        visits.extend(Visit::not_begun(left, self.clock().now(), &outcome));
        visits
    }

    fn silences(&self) -> MutexGuard<'_, Silences> {
        self.silences.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_counts_for_one_time_out_at_most() {
        let mut patience = Patience { time_out: 10, waited: 0 };
        assert!(patience.hears(false, 1_000) && patience.hears(false, 1_000));
        assert!(!patience.hears(false, u64::MAX), "three are enough");
        assert!(patience.hears(true, 5), "an answer makes good for all of it");
    }
}
