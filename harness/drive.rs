//! Runs a plan: for each trial idle, then the pattern's steps, then its rows.
//!
//! Between the first intended instant of a step and its last reply nothing is
//! written, drawn, read from the kernel or removed (throughput aside, where
//! removals are part of what is measured).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::engine::{Engine, EngineError};
use crate::exec_trace::ExecTrace;
use crate::fire;
use crate::machine::Reading;
use crate::plan::{Plan, Trial};
use crate::platform::{Platform, Target, Visit};
use crate::sample::{Cell, Meanwhile, Outcome, Sample, TrialRecord};
use crate::scenario::{Act, Scenario, Step};

mod chill;
mod enough;
mod observe;
mod targets;

use chill::Chilled;
use enough::Enough;
use observe::row;
pub use targets::Targets;

/// From planning a burst to its instant: time for its tasks to be ready.
const LEAD: Duration = Duration::from_millis(10);

/// How urgently a run is asked to stop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not at all.
    #[default]
    No,
    /// After the trial that is under way.
    AfterTrial,
    /// At once.
    Now,
}

/// How a run ended, errors aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every trial was run, or every cell is known well enough.
    Complete,
    /// Its time was over.
    OutOfTime,
    /// It was asked to stop.
    Stopped,
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The engine is gone, or refuses what a trial cannot do without.
    #[error(
        "the engine failed at trial {trial}, what was measured before is kept: {failure}\n\
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
pub struct Done {
    /// A row for every invocation.
    pub samples: Vec<Sample>,
    /// What the machine did meanwhile.
    pub record: TrialRecord,
}

/// What a plan is run with.
#[derive(Debug)]
pub struct Driver<E> {
    engine: Arc<E>,
    platform: Arc<Platform<E>>,
    scenario: Scenario,
    plan: Plan,
    targets: Targets,
    /// What the kernel tells of execs; none without the privilege.
    trace: Option<ExecTrace>,
    chilled: Mutex<Chilled>,
    /// When the first trial of all was due, in nanoseconds since the run's epoch: a
    /// time limit counts from it, however often trials are added.
    begun: OnceLock<u64>,
    /// Rows of the trials that an earlier measurement of the plan has run, by number.
    before: BTreeMap<u32, Vec<Sample>>,
}

impl<E: Engine> Driver<E> {
    /// A driver for a plan that was made from the scenario for the targets.
    #[must_use]
    pub fn new(
        engine: Arc<E>,
        platform: Arc<Platform<E>>,
        scenario: Scenario,
        plan: Plan,
        targets: Targets,
        trace: Option<ExecTrace>,
    ) -> Self {
        let (chilled, begun, before) = Default::default();
        Self { engine, platform, scenario, plan, targets, trace, chilled, begun, before }
    }

    /// Goes on where an earlier measurement of the same plan stopped: its trials, whose
    /// rows these are, are not run again. What was in memory then may have left it, so
    /// every target is started once, unrecorded, before its next trial.
    #[must_use]
    pub fn going_on(mut self, before: BTreeMap<u32, Vec<Sample>>) -> Self {
        let proofs = before.values().flatten().filter_map(|sample| sample.proof.as_ref());
        self.platform.remember(proofs.map(|proof| proof.nonce.clone()));
        if !before.is_empty() {
            self.mark_chilled(|_| true);
        }
        self.before = before;
        self
    }

    /// Trials of the plan that are still to be run.
    #[must_use]
    pub fn left(&self) -> usize {
        self.plan.trials.iter().filter(|t| !self.before.contains_key(&t.number)).count()
    }

    /// Where its instances live.
    #[must_use]
    pub fn platform(&self) -> &Platform<E> {
        &self.platform
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
    /// When the engine is gone or the rows could not be kept; the rows of the
    /// trial that met the failure were handed over before.
    pub async fn run(
        &self,
        stop: &mut watch::Receiver<Stop>,
        rows: impl FnMut(&Trial, Done) -> Result<()>,
    ) -> Result<Ended, DriveError> {
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
        mut rows: impl FnMut(&Trial, Done) -> Result<()>,
    ) -> Result<Ended, DriveError> {
        let begun = *self.begun.get_or_init(|| self.clock().now());
        let mut enough = Enough::new(&self.scenario);
        for trial in trials {
            if enough.has(trial) {
                continue;
            }
            if let Some(samples) = self.before.get(&trial.number) {
                enough.add(trial, samples);
                continue;
            }
            let failed = |failure| DriveError::Engine { trial: trial.number, failure };
            tokio::select! {
                biased;
                () = asked(stop.clone(), Stop::AfterTrial) => return Ok(Ended::Stopped),
                settled = self.platform.settle() => settled.map_err(failed)?,
            }
            let spent = Duration::from_nanos(self.clock().now() - begun);
            if self.scenario.max_time.is_some_and(|most| spent >= most) {
                return Ok(Ended::OutOfTime);
            }
            let done = tokio::select! {
                biased;
                () = asked(stop.clone(), Stop::Now) => return Ok(Ended::Stopped),
                done = self.trial(trial) => done.map_err(failed)?,
            };
            let engine_failed =
                done.samples.iter().any(|s| matches!(s.outcome, Outcome::EngineError { .. }));
            enough.add(trial, &done.samples);
            rows(trial, done).map_err(DriveError::Rows)?;
            if engine_failed {
                self.engine.describe().await.map_err(failed)?;
            }
        }
        Ok(Ended::Complete)
    }

    /// Runs the steps of one trial; a row for every invocation.
    ///
    /// # Errors
    /// When the engine fails while the memory is brought into its state.
    pub async fn trial(&self, trial: &Trial) -> Result<Done, EngineError> {
        let clock = self.clock();
        let target = self.targets.of(trial.side, trial.subject);
        let page_cache = self.chill(target).await?;
        let (began, before) = (clock.now(), Reading::now());
        // What happened between the trials is of no sample.
        let _ = self.trace.as_ref().map(ExecTrace::take);
        let mut samples = Vec::new();
        let mut last_reply = clock.now();
        for step in &self.plan.pattern(&self.scenario, trial).steps {
            let begins = last_reply + nanoseconds(step.after);
            let wait = begins.saturating_sub(clock.now());
            if wait > 0 {
                tokio::time::sleep(Duration::from_nanos(wait)).await;
            }
            let mut visits = match page_cache.refusal() {
                None => self.step(target, step).await,
                Some(cause) => Visit::refused(step.act.invocations(), clock.now(), cause),
            };
            last_reply = clock.now();
            let seen = self.observe(&mut visits).await;
            let rows = (0..).zip(visits.into_iter().zip(seen));
            samples.extend(rows.map(|(index, (visit, seen))| {
                let cell = self.cell(trial, target, step, &visit);
                row(visit, seen, cell, trial, index)
            }));
        }
        let ended = clock.now();
        let machine = Meanwhile::between(&before, &Reading::now(), ended - began);
        let resident = page_cache.residency;
        let (round, trial) = (trial.round, trial.number);
        let record = TrialRecord { trial, round, began, ended, machine, resident };
        Ok(Done { samples, record })
    }

    fn cell(&self, trial: &Trial, target: &Target, step: &Step, visit: &Visit) -> Cell {
        Cell {
            function: target.function.name.clone(),
            factors: target.factors().clone(),
            control: target.control,
            pattern: self.plan.pattern(&self.scenario, trial).name.clone(),
            step: step.name.clone(),
            act: step.act,
            temperature: visit.temperature,
        }
    }

    fn clock(&self) -> Clock {
        self.platform.clock()
    }

    async fn step(&self, target: &Arc<Target>, step: &Step) -> Vec<Visit> {
        let clock = self.clock();
        match step.act {
            Act::Burst(n) => {
                self.platform.prepare(target, n).await;
                let at = clock.now() + nanoseconds(LEAD);
                fire::burst(clock, at, n, |_| {
                    let (platform, target) = (self.platform.clone(), target.clone());
                    async move { platform.invoke(&target, at).await }
                })
                .await
            }
            Act::Sequence(n) => {
                self.platform.prepare(target, 1).await;
                let mut visits = Vec::with_capacity(n as usize);
                for _ in 0..n {
                    visits.push(self.platform.invoke(target, clock.now()).await);
                }
                visits
            }
            Act::Parallel { workers, starts } => self.parallel(target, workers, starts).await,
        }
    }

    /// `workers` at a time each start, use and remove one instance after another.
    async fn parallel(&self, target: &Arc<Target>, workers: u32, starts: u32) -> Vec<Visit> {
        let clock = self.clock();
        let left = Arc::new(Mutex::new(starts));
        let at = clock.now() + nanoseconds(LEAD);
        let work = |_| {
            let (platform, target, left) = (self.platform.clone(), target.clone(), left.clone());
            async move {
                let mut visits = Vec::new();
                let mut intended = at;
                while take_one(&left) {
                    visits.push(platform.pass(&target, intended).await);
                    intended = clock.now();
                }
                visits
            }
        };
        let visits = fire::burst(clock, at, workers, work).await;
        visits.into_iter().flatten().collect()
    }
}

fn take_one(left: &Mutex<u32>) -> bool {
    let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
    let some = *left > 0;
    *left = left.saturating_sub(1);
    some
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX / 4)
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
