//! An engine that is being made ready, and what is undone when that is interrupted.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio::sync::watch;

use super::{Measurement, NOT_REMOVED};
use crate::drive::Stop;
use crate::engine::docker::DockerEngine;
use crate::engine::oci::OciEngine;
use crate::engine::{EngineError, InTurns, OneOf, clear_run};
use crate::observer::{Event, Observer};
use crate::provision::contained::Container;
use crate::provision::{Consent, Surroundings, engine, images};
use crate::spec::factor::Daemon;
use crate::spec::scenario::{LoadShape, Scenario};
use crate::store::FunctionRecord;
use crate::system::private::{Live, Used};

/// A container that an interrupted call still makes shows within so long.
const GIVEN_UP: Duration = Duration::from_secs(2);

/// An engine, found for a run.
pub struct Setup {
    /// The machine and its settings.
    pub around: Surroundings,
    /// The engine, which answers; of several the first.
    pub engine: Arc<DockerEngine>,
    /// Of several daemons in turns each, the first among them.
    daemons: Vec<(Daemon, Arc<DockerEngine>)>,
    /// For as long as the engine is used.
    pub(super) live: Live,
    run: String,
}

impl Setup {
    /// Finds an engine, or gets one; where several `daemons` are to take turns, each of them.
    /// `callback` is where its instances reach this machine, where it is on another.
    pub async fn begin(
        consent: Consent,
        run: &str,
        daemons: &[Daemon],
        callback: Option<IpAddr>,
        stop: &watch::Receiver<Stop>,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let around = Surroundings { callback, ..Surroundings::read() };
        let mut found = Vec::new();
        for daemon in daemons {
            let around = Surroundings { daemon: Some(daemon.clone()), ..around.clone() };
            let engine = unless(stop, engine::find(&around, consent, observer)).await;
            found.push((daemon.clone(), Arc::new(engine.ok_or(Interrupted)??)));
        }
        let engine = match found.first() {
            Some((_, first)) => first.clone(),
            None => {
                let engine = unless(stop, engine::find(&around, consent, observer)).await;
                Arc::new(engine.ok_or(Interrupted)??)
            }
        };
        refuse_one_twice(&found)?;
        let others = found.iter().skip(1).map(|(_, other)| other);
        let used: Vec<Used<'_>> = std::iter::once(&engine)
            .chain(others)
            .map(|engine| Used { key: engine.key(), address: engine.address() })
            .collect();
        let live = Live::say(engine.private(), run, &used)
            .context("saying that this run lives, so that `coldstart clean` leaves it alone")?;
        observer.notify(Event::MayHaveInstances { run });
        Ok(Self { around, engine, daemons: found, live, run: run.to_owned() })
    }

    /// Several daemons in turns, each with the images of the functions that are recorded; none
    /// where there is one.
    ///
    /// # Errors
    /// When an image cannot be handed from the first to another.
    pub(super) async fn in_turns(
        &self,
        records: &[Vec<FunctionRecord>],
        observer: &dyn Observer,
    ) -> Result<Option<InTurns<DockerEngine>>> {
        let mut all = Vec::new();
        for (daemon, engine) in &self.daemons {
            let mut called = BTreeMap::new();
            for records in records.iter().filter(|_| !Arc::ptr_eq(engine, &self.engine)) {
                let to = (daemon.name(), engine.as_ref());
                let handed = images::handed(&self.engine, to, records, observer).await;
                called.extend(handed.with_context(|| format!("daemon `{}`", daemon.name()))?);
            }
            all.push(OneOf { daemon: daemon.clone(), engine: engine.clone(), called });
        }
        Ok(InTurns::new(all))
    }

    /// Checks that what is asked for can be measured from where this program runs, and tells what
    /// of the machine it is kept from.
    ///
    /// # Errors
    /// Says which combination cannot be.
    pub(super) async fn check_container(
        &self,
        scenario: &Scenario,
        observer: &dyn Observer,
    ) -> Result<()> {
        let Some(container) = Container::look(self.engine.as_ref()).await else { return Ok(()) };
        container.check(&scenario.factors.combinations()).map_err(|reason| anyhow!(reason))?;
        if let Some(told) = container.told() {
            observer.warn(&told);
        }
        Ok(())
    }

    /// What makes instances without the engine that was found, which keeps the images.
    ///
    /// # Errors
    /// Says what is missing for it.
    pub(super) fn without_daemon(
        &self,
        request: &Measurement,
    ) -> Result<OciEngine<DockerEngine>, EngineError> {
        let asked = &request.plan.scenario.factors.runtimes;
        let engine = OciEngine::new(self.engine.clone(), &self.around.state, asked)?;
        engine.make_ready()?;
        Ok(engine)
    }

    /// Does a part of the work, unless an interrupt comes first: then what the part has
    /// made of containers is removed.
    pub async fn unless<T>(
        &self,
        stop: &watch::Receiver<Stop>,
        part: impl Future<Output = T>,
    ) -> Result<T> {
        match unless(stop, part).await {
            Some(done) => Ok(done),
            None => {
                self.undo().await.context(NOT_REMOVED)?;
                Err(Interrupted.into())
            }
        }
    }

    async fn undo(&self) -> Result<(), EngineError> {
        let others = self.daemons.iter().skip(1).map(|(_, other)| other);
        for engine in std::iter::once(&self.engine).chain(others) {
            clear_run(engine.as_ref(), &self.run, GIVEN_UP).await?;
        }
        Ok(())
    }
}

/// Two names of one daemon would be two cells of the same.
fn refuse_one_twice(found: &[(Daemon, Arc<DockerEngine>)]) -> Result<()> {
    let mut known = BTreeMap::new();
    for (daemon, engine) in found {
        if let Some(other) = known.insert(engine.key(), daemon.name()) {
            bail!("`{other}` and `{}` are one daemon: name each once", daemon.name());
        }
    }
    Ok(())
}

/// Does a work, unless an interrupt comes first: then it is given up, and none is given.
pub async fn unless<T>(stop: &watch::Receiver<Stop>, work: impl Future<Output = T>) -> Option<T> {
    let mut stop = stop.clone();
    // What it gives is a lock, and must not be held while the work is given up: the next
    // interrupt could not be told.
    let asked = async { stop.wait_for(|asked| *asked >= Stop::AfterTrial).await.is_ok() };
    tokio::select! {
        biased;
        true = asked => None,
        done = work => Some(done),
    }
}

/// A stop was asked for before the first trial; what was made so far is removed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// The most instances that a trial may have at a time: what a burst leaves idle may have
/// outlived its keep-alive when the next begins, and goes only after the trial.
pub(super) fn most_at_a_time(scenario: &Scenario) -> u64 {
    let of = |act: LoadShape| match act {
        LoadShape::Burst(n) | LoadShape::Parallel { workers: n, .. } => u64::from(n),
        LoadShape::Sequence(_) | LoadShape::Arrivals => 1,
    };
    let warm = |pattern: &crate::spec::scenario::Pattern| {
        let steps = pattern.steps.iter();
        let lasts =
            pattern.steps.iter().all(|step| step.after < scenario.keep_alive.unwrap_or_default());
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

    #[tokio::test]
    async fn while_a_work_is_given_up_the_next_interrupt_is_told() {
        struct Slow(watch::Sender<Stop>);
        impl Drop for Slow {
            fn drop(&mut self) {
                let sender = self.0.clone();
                let asked = std::thread::spawn(move || sender.send_replace(Stop::Now));
                let begun = std::time::Instant::now();
                while !asked.is_finished() {
                    assert!(begun.elapsed().as_secs() < 20, "it waits for the work to be gone");
                    std::thread::yield_now();
                }
            }
        }
        let (sender, stop) = watch::channel(Stop::No);
        let slow = Slow(sender.clone());
        let work = async move {
            let _slow = &slow;
            sender.send_replace(Stop::AfterTrial);
            std::future::pending::<()>().await;
        };
        assert_eq!(unless(&stop, work).await, None);
    }

    #[tokio::test]
    async fn a_work_is_given_up_when_an_interrupt_comes_and_done_when_nobody_is_left_to_ask() {
        let (sender, stop) = watch::channel(Stop::No);
        assert_eq!(unless(&stop, async { 3 }).await, Some(3));
        let waiting = unless(&stop, std::future::pending::<()>());
        sender.send_replace(Stop::AfterTrial);
        assert_eq!(waiting.await, None);
        assert_eq!(unless(&stop, async { 3 }).await, None, "one that came before counts too");
        let (_, stop) = watch::channel(Stop::No);
        assert_eq!(unless(&stop, async { 3 }).await, Some(3));
    }
}
