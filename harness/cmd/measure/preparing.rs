//! An engine that is being made ready, and what is undone when that is interrupted.

use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;

use super::super::interrupt;
use super::super::voice::TerminalObserver;
use super::{ExitReason, NOT_REMOVED};
use crate::drive::Stop;
use crate::engine::docker::DockerEngine;
use crate::engine::{EngineError, clear_run};
use crate::provision::{Consent, Surroundings, engine};
use crate::spec::scenario::{LoadShape, Scenario};
use crate::system::private::Live;

/// A container that an interrupted call still makes shows within so long.
const GIVEN_UP: Duration = Duration::from_secs(2);

/// An engine, found for a run.
pub(in crate::cmd) struct Preparing {
    pub(in crate::cmd) around: Surroundings,
    pub(in crate::cmd) engine: DockerEngine,
    /// For as long as the engine is used.
    pub(super) live: Live,
    run: String,
}

impl Preparing {
    /// Finds an engine, or gets one.
    pub(in crate::cmd) async fn begin(
        consent: Consent,
        run: &str,
        stop: &watch::Receiver<Stop>,
    ) -> Result<Self, ExitReason> {
        let around = Surroundings::read();
        let found =
            interrupt::unless(stop, engine::find(&around, consent, &TerminalObserver)).await;
        let engine = found.ok_or(ExitReason::Interrupted)??;
        let live = Live::say(engine.private(), run, engine.address())
            .context("saying that this run lives, so that `coldstart clean` leaves it alone")?;
        interrupt::may_have_containers(run);
        Ok(Self { around, engine, live, run: run.to_owned() })
    }

    /// Does a part of the work, unless an interrupt comes first: then what the part has
    /// made of containers is removed.
    pub(in crate::cmd) async fn unless<T>(
        &self,
        stop: &watch::Receiver<Stop>,
        part: impl Future<Output = T>,
    ) -> Result<T, ExitReason> {
        match interrupt::unless(stop, part).await {
            Some(done) => Ok(done),
            None => {
                self.undo().await.context(NOT_REMOVED)?;
                Err(ExitReason::Interrupted)
            }
        }
    }

    async fn undo(&self) -> Result<(), EngineError> {
        clear_run(&self.engine, &self.run, GIVEN_UP).await
    }
}

/// The most instances that a trial may have at a time: what a burst leaves idle may have
/// outlived its keep-alive when the next begins, and goes only after the trial.
pub(super) fn most_at_a_time(scenario: &Scenario) -> u64 {
    let of = |act: LoadShape| match act {
        LoadShape::Burst(n) | LoadShape::Parallel { workers: n, .. } => u64::from(n),
        LoadShape::Sequence(_) => 1,
    };
    let warm = |pattern: &crate::spec::scenario::Pattern| {
        let steps = pattern.steps.iter();
        let lasts = pattern.steps.iter().all(|step| step.after < scenario.keep_alive);
        let each = steps.map(|step| of(step.act));
        if lasts { each.max().unwrap_or(0) } else { each.sum() }
    };
    scenario.patterns.iter().map(warm).max().unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::scenario;

    fn most(steps: &str) -> u64 {
        let text = format!(
            "name = \"t\"\nrounds = 1\nkeep-alive = \"1s\"\n[[pattern]]\nname = \"p\"\nsteps = [{steps}]\n"
        );
        most_at_a_time(&scenario::parse(&text, "t.toml").unwrap())
    }

    #[test]
    fn the_largest_burst_counts_and_every_burst_where_instances_expire_between_them() {
        let out = r#"{ name = "a", burst = 16 }"#;
        assert_eq!(most(out), 16);
        let again = r#"{ name = "b", after = "100ms", burst = 4 }"#;
        assert_eq!(most(&format!("{out}, {again}")), 16);
        let late = r#"{ name = "b", after = "2s", burst = 4 }"#;
        assert_eq!(most(&format!("{out}, {late}")), 20);
    }
}
