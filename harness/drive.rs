//! Runs a plan: for each trial idle, then the pattern's steps, then its rows.
//!
//! Between the first intended instant of a step and its last reply nothing is
//! written, drawn, read from the kernel or removed (throughput aside, where
//! removals are part of what is measured).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::engine::{Engine, EngineError};
use crate::platform::{Platform, Target, Visit};
use crate::probe::cgroup_moves::Favored;
use crate::probe::exec_trace::ExecTrace;
use crate::probe::machine::Reading;
use crate::sample::{Cell, HostInterval, Sample, TrialRecord};
use crate::spec::plan::{Plan, Trial};
use crate::spec::scenario::Step;

pub mod burst;
mod cgroup_moves;
mod first_try;
mod observe;
mod page_cache;
mod patience;
mod steps;
mod stopping_rule;
mod targets;
mod words;

pub use first_try::FirstTry;
pub use observe::Place;
use observe::{Observation, row};
use page_cache::EvictedTargets;
pub use patience::GivenUp;
use patience::Silences;
use stopping_rule::StoppingRule;
pub use targets::Targets;

/// How urgently a run is asked to stop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not at all.
    #[default]
    No,
    /// After the trial that is under way; at once where nothing has answered in it.
    AfterTrial,
    /// At once.
    Now,
}

/// How a run ended, errors aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// Every trial was run, or every cell is known well enough.
    Complete,
    /// Its time was over.
    OutOfTime,
    /// It was asked to stop.
    Stopped,
    /// Every function was given up: none of them answers.
    GivenUp,
}

/// How the reason begins why a run ended whose engine was gone.
pub const ENGINE_FAILED: &str = "the engine failed";

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The engine is gone, or refuses what a trial cannot do without.
    #[error(
        "{ENGINE_FAILED} at trial {trial}, what was measured before is kept: {failure}\n\
         start it again; `coldstart clean` then removes what is left of this run"
    )]
    Engine {
        /// Number of the trial.
        trial: u32,
        /// What it said.
        failure: EngineError,
    },
    /// The rows could not be kept.
    #[error(transparent)]
    Rows(anyhow::Error),
}

/// What one trial gave.
#[derive(Debug)]
pub struct TrialResult {
    /// A row for every invocation.
    pub samples: Vec<Sample>,
    /// What the machine did meanwhile.
    pub record: TrialRecord,
    /// What is given up for it.
    pub given_up: Option<GivenUp>,
}

/// What a plan is run with.
#[derive(Debug)]
pub struct Driver<E> {
    engine: Arc<E>,
    platform: Arc<Platform<E>>,
    plan: Plan,
    targets: Targets,
    /// What the kernel tells of execs; none without the privilege.
    trace: Option<ExecTrace>,
    chilled: Mutex<EvictedTargets>,
    favored: Mutex<Option<Favored>>,
    silences: Mutex<Silences>,
    /// Answers so far.
    answers: Arc<AtomicU64>,
    /// When the first trial of all was due, in nanoseconds since the run's epoch: a
    /// time limit counts from it, however often trials are added.
    begun: OnceLock<u64>,
    /// Rows of the trials that an earlier measurement of the plan has run, by number.
    before: BTreeMap<u32, Vec<Sample>>,
    /// Whether rows keep what was said.
    keeps_words: bool,
}

impl<E: Engine> Driver<E> {
    /// A driver for a plan that was made for the targets.
    #[must_use]
    pub fn new(
        engine: Arc<E>,
        platform: Arc<Platform<E>>,
        plan: Plan,
        targets: Targets,
        trace: Option<ExecTrace>,
    ) -> Self {
        let (chilled, favored, silences, answers, begun, before) = Default::default();
        Self {
            engine,
            platform,
            plan,
            targets,
            trace,
            chilled,
            favored,
            silences,
            answers,
            begun,
            before,
            keeps_words: false,
        }
    }

    /// Goes on where an earlier measurement of the same plan stopped: its trials, whose
    /// rows these are, are not run again. What was given up then has another chance.
    #[must_use]
    pub fn going_on(mut self, before: BTreeMap<u32, Vec<Sample>>) -> Self {
        let proofs = before.values().flatten().filter_map(|sample| sample.proof.as_ref());
        self.platform.remember(proofs.map(|proof| proof.nonce.clone()));
        self.before = before;
        self
    }

    /// Trials of the plan that are still to be run.
    pub fn left(&self) -> impl Iterator<Item = &Trial> {
        self.plan.trials.iter().filter(|t| !self.before.contains_key(&t.number))
    }

    /// Where its instances live.
    #[must_use]
    pub fn platform(&self) -> &Platform<E> {
        &self.platform
    }

    /// Everything that the plan can visit.
    #[must_use]
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The listener to the kernel, if it listens.
    #[must_use]
    pub fn trace(&self) -> Option<&ExecTrace> {
        self.trace.as_ref()
    }

    /// Runs every trial of the plan in order, and hands over what each gave as it
    /// ends. Instances may be left behind: the caller clears the platform.
    ///
    /// # Errors
    /// When the engine is gone or the rows could not be kept. What a trial saw that met
    /// the engine's end is no result, and is not handed over.
    pub async fn run(
        &self,
        stop: &mut watch::Receiver<Stop>,
        rows: impl FnMut(&Trial, TrialResult) -> Result<()>,
    ) -> Result<RunEnd, DriveError> {
        self.run_trials(&self.plan.trials, stop, rows).await
    }

    /// The same for some trials, of the plan or beyond it.
    ///
    /// # Errors
    /// As [`Driver::run`].
    pub async fn run_trials(
        &self,
        trials: &[Trial],
        stop: &mut watch::Receiver<Stop>,
        mut rows: impl FnMut(&Trial, TrialResult) -> Result<()>,
    ) -> Result<RunEnd, DriveError> {
        let begun = *self.begun.get_or_init(|| self.clock().now());
        let mut enough = StoppingRule::new(&self.plan.scenario);
        for trial in trials {
            if enough.has(trial) {
                continue;
            }
            if let Some(samples) = self.before.get(&trial.number) {
                enough.add(trial, samples);
                continue;
            }
            if self.was_left_out(trial) {
                enough.leaves(trial.subject);
                continue;
            }
            let done = match self.given_up(trial) {
                Some(since) => self.leave_out(trial, since, stop).await,
                None => self.attempt(trial, begun, stop).await?,
            };
            let done = match done {
                Ok(done) => done,
                Err(ended) => return Ok(ended),
            };
            let gives_up = done.given_up.is_some();
            enough.add(trial, &done.samples);
            rows(trial, done).map_err(DriveError::Rows)?;
            if gives_up && self.is_hopeless(trials) {
                return Ok(RunEnd::GivenUp);
            }
            if self.plan.scenario.until.is_some() && self.given_up(trial).is_some() {
                enough.leaves(trial.subject);
            }
        }
        Ok(RunEnd::Complete)
    }

    /// Whether an earlier measurement of the plan went past a trial without running it:
    /// what it left out once stays left out.
    fn was_left_out(&self, trial: &Trial) -> bool {
        self.before.range(trial.number..).next().is_some()
    }

    /// Idles, and runs a trial; or why the run ends before it is over.
    async fn attempt(
        &self,
        trial: &Trial,
        begun: u64,
        stop: &watch::Receiver<Stop>,
    ) -> Result<Result<TrialResult, RunEnd>, DriveError> {
        tokio::select! {
            biased;
            () = asked(stop.clone(), Stop::AfterTrial) => return Ok(Err(RunEnd::Stopped)),
            settled = self.settled() => settled.map_err(failed(trial))?,
        }
        let spent = Duration::from_nanos(self.clock().now() - begun);
        if self.plan.scenario.max_time.is_some_and(|most| spent >= most) {
            return Ok(Err(RunEnd::OutOfTime));
        }
        let done = tokio::select! {
            biased;
            () = self.is_not_worth_waiting(stop) => return Ok(Err(RunEnd::Stopped)),
            done = self.trial(trial) => done.map_err(failed(trial))?,
        };
        // An engine that ends takes its instances along: whatever failed, it may be why.
        if done.samples.iter().any(|sample| !sample.outcome.is_ok()) {
            self.engine.describe().await.map_err(failed(trial))?;
        }
        Ok(Ok(done))
    }

    /// Waits until nothing of an earlier trial is left.
    async fn settled(&self) -> Result<(), EngineError> {
        match self.plan.scenario.remove_at_once {
            true => self.platform.empty().await,
            false => self.platform.settle().await,
        }
    }

    /// Resolves when a trial is not to be waited for: by the first request where
    /// nothing has answered in it, else by the second.
    async fn is_not_worth_waiting(&self, stop: &watch::Receiver<Stop>) {
        let before = self.answers.load(Ordering::Relaxed);
        asked(stop.clone(), Stop::AfterTrial).await;
        if self.answers.load(Ordering::Relaxed) > before {
            asked(stop.clone(), Stop::Now).await;
        }
    }

    /// Runs the steps of one trial; a row for every invocation.
    ///
    /// # Errors
    /// When the engine fails while the memory is brought into its state.
    pub async fn trial(&self, trial: &Trial) -> Result<TrialResult, EngineError> {
        let clock = self.clock();
        let target = self.targets.of(trial.side, trial.subject);
        self.favor_moves(target).await?;
        let page_cache = self.chill(target).await?;
        self.begins(target);
        let (began, before) = (clock.now(), Reading::now());
        // What happened between the trials is of no sample.
        let _ = self.trace.as_ref().map(ExecTrace::take);
        let (mut samples, mut instances) = (Vec::new(), Vec::new());
        let mut last_reply = clock.now();
        let mut is_over = false;
        for step in &self.plan.pattern(trial).steps {
            let begins = last_reply + nanoseconds(step.after);
            let wait = begins.saturating_sub(clock.now());
            if wait > 0 && !is_over {
                tokio::time::sleep(Duration::from_nanos(wait)).await;
            }
            let mut visits = match &page_cache.refusal {
                None if is_over => Vec::new(),
                None => {
                    let (visits, goes_on) = self.step(target, step).await;
                    is_over = !goes_on;
                    visits
                }
                Some(why) => Visit::not_begun(step.act.invocations(), clock.now(), why),
            };
            last_reply = clock.now();
            let seen = self.observe(&mut visits).await;
            let visits = self.completed(step, visits);
            instances.extend(visits.iter().map(|visit| visit.id.clone()));
            samples.extend(self.rows(trial, target, step, visits, seen));
        }
        let ended = clock.now();
        let machine = HostInterval::between(&before, &Reading::now(), ended - began);
        self.add_output(&mut samples, &instances).await;
        let resident = page_cache.residency;
        let given_up =
            if page_cache.refusal.is_none() { self.judge(trial, &samples) } else { None };
        let (round, trial) = (trial.round, trial.number);
        let record = TrialRecord { trial, round, began, ended, machine, resident };
        Ok(TrialResult { samples, record, given_up })
    }

    /// The rows of a step; of what was not tried nothing was seen.
    fn rows(
        &self,
        trial: &Trial,
        target: &Target,
        step: &Step,
        visits: Vec<Visit>,
        seen: Vec<Observation>,
    ) -> Vec<Sample> {
        let seen = seen.into_iter().chain(std::iter::repeat_with(Observation::default));
        let rows = (0..).zip(visits.into_iter().zip(seen));
        let of = |(index, (visit, seen))| {
            let cell = self.cell(trial, target, step, &visit);
            row(visit, seen, cell, (trial.number, trial.round), index)
        };
        rows.map(of).collect()
    }

    fn cell(&self, trial: &Trial, target: &Target, step: &Step, visit: &Visit) -> Cell {
        Cell {
            function: target.function.name.clone(),
            adapter: target.function.adapter,
            factors: target.factors().clone(),
            control: target.control,
            pattern: self.plan.pattern(trial).name.clone(),
            step: step.name.clone(),
            act: step.act,
            temperature: visit.temperature,
        }
    }

    fn clock(&self) -> Clock {
        self.platform.clock()
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX / 4)
}

/// The engine failed at a trial.
fn failed(trial: &Trial) -> impl Fn(EngineError) -> DriveError {
    let trial = trial.number;
    move |failure| DriveError::Engine { trial, failure }
}

/// Resolves when a stop at least as urgent is asked for.
async fn asked(mut stop: watch::Receiver<Stop>, urgency: Stop) {
    if stop.wait_for(|asked| *asked >= urgency).await.is_err() {
        // Nobody is left to ask.
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
