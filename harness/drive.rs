//! Runs a plan: for each trial idle, then the pattern's steps, then its rows.
//!
//! Between the first intended instant of a trial and its last reply nothing is
//! written, drawn or removed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;

use crate::engine::{Engine, EngineError};
use crate::fire;
use crate::plan::{Plan, Trial};
use crate::platform::{Platform, Target, Visit};
use crate::sample::{Cell, Outcome, Sample};
use crate::scenario::{Act, Network, Scenario, Step};

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
    /// Every trial was run.
    Complete,
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

/// The targets of a plan, by its trials' function and network.
pub type Targets = Vec<Vec<(Network, Arc<Target>)>>;

/// What a plan is run with.
#[derive(Debug)]
pub struct Driver<E> {
    /// The engine: asked whether it is still there.
    pub engine: Arc<E>,
    /// Where instances live.
    pub platform: Arc<Platform<E>>,
    /// What the plan was made from.
    pub scenario: Scenario,
    /// What can be invoked.
    pub targets: Targets,
}

impl<E: Engine> Driver<E> {
    /// Runs every trial of a plan in order, and hands over each one's rows as it
    /// ends. Instances may be left behind: the caller clears the platform.
    ///
    /// # Errors
    /// When the engine is gone or the rows could not be kept; the rows of the
    /// trial that met the failure were handed over before.
    pub async fn run(
        &self,
        plan: &Plan,
        stop: &mut watch::Receiver<Stop>,
        mut rows: impl FnMut(&Trial, Vec<Sample>) -> Result<()>,
    ) -> Result<Ended, DriveError> {
        for trial in &plan.trials {
            let failed = |failure| DriveError::Engine { trial: trial.number, failure };
            tokio::select! {
                biased;
                () = asked(stop.clone(), Stop::AfterTrial) => return Ok(Ended::Stopped),
                settled = self.platform.settle() => settled.map_err(failed)?,
            }
            let samples = tokio::select! {
                biased;
                () = asked(stop.clone(), Stop::Now) => return Ok(Ended::Stopped),
                samples = self.trial(trial) => samples,
            };
            let engine_failed =
                samples.iter().any(|s| matches!(s.outcome, Outcome::EngineError { .. }));
            rows(trial, samples).map_err(DriveError::Rows)?;
            if engine_failed {
                self.engine.describe().await.map_err(failed)?;
            }
        }
        Ok(Ended::Complete)
    }

    /// Runs the steps of one trial; a row for every invocation.
    pub async fn trial(&self, trial: &Trial) -> Vec<Sample> {
        let pattern = &self.scenario.patterns[trial.pattern];
        let targets = &self.targets[trial.function];
        let Some((_, target)) = targets.iter().find(|(n, _)| *n == trial.network) else {
            return Vec::new();
        };
        let mut samples = Vec::new();
        for step in &pattern.steps {
            if !step.after.is_zero() {
                tokio::time::sleep(step.after).await;
            }
            let visits = self.step(target, step).await;
            samples.extend((0..).zip(visits).map(|(index, visit)| Sample {
                cell: Cell {
                    function: target.function.name.clone(),
                    network: target.network,
                    pattern: pattern.name.clone(),
                    step: step.name.clone(),
                    act: step.act,
                    temperature: visit.temperature,
                },
                round: trial.round,
                trial: trial.number,
                index,
                instance: visit.instance,
                proof: visit.proof,
                marks: visit.marks,
                dropped_marks: visit.dropped_marks,
                outcome: visit.outcome,
            }));
        }
        samples
    }

    async fn step(&self, target: &Arc<Target>, step: &Step) -> Vec<Visit> {
        let clock = self.platform.clock();
        match step.act {
            Act::Burst(n) => {
                let at = clock.now() + u64::try_from(LEAD.as_nanos()).unwrap_or(0);
                fire::burst(clock, at, n, |_| {
                    let (platform, target) = (self.platform.clone(), target.clone());
                    async move { platform.invoke(&target, at).await }
                })
                .await
            }
            Act::Sequence(n) => {
                let mut visits = Vec::with_capacity(n as usize);
                for _ in 0..n {
                    visits.push(self.platform.invoke(target, clock.now()).await);
                }
                visits
            }
        }
    }
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
