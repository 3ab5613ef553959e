//! A run whose calls come from outside: everything before the first of them is as in any other,
//! and so is what is kept.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use tokio::sync::watch;

use super::carry_out::{Before, RunOutcome, both, close};
use super::{Measurement, NOT_REMOVED, PreparedEngine, prepare};
use crate::clock::Clock;
use crate::drive::{Driver, RunEnd, Stop, TrialResult};
use crate::engine::{AnyEngine, Engine as _};
use crate::observer::{Event, Observer};
use crate::platform::Target;
use crate::provision::bases::Bases;
use crate::provision::{Consent, Surroundings, images};
use crate::spec::function::ImageSource;
use crate::spec::plan::{Plan, Trial, TrialSubject};
use crate::spec::scenario::Scenario;
use crate::store::{FunctionRecord, Writer};

/// A run that waits for calls. What makes instances, what can be called and what the kernel
/// tells are its driver's; the rows go to its writer.
pub struct Outside {
    /// Never runs its plan, which has no call.
    pub driver: Arc<Driver<AnyEngine>>,
    /// Where the rows go.
    pub writer: Writer,
    /// The number of the latest trial: those of spans of calls come after it.
    pub last: u32,
    begun: Instant,
    before: Before,
}

/// Rounds of the controls before the first call, and again after the last.
const ROUNDS: u32 = 3;

impl Outside {
    pub(super) fn begin(
        driver: Driver<AnyEngine>,
        writer: Writer,
        observer: &dyn Observer,
    ) -> Self {
        observer.notify(Event::Measuring);
        let driver = Arc::new(driver);
        Self { driver, writer, last: 0, begun: Instant::now(), before: Before::now() }
    }

    /// Measures the controls, where there are any, in trials after the latest: nothing may be
    /// called meanwhile.
    pub(super) async fn control(
        &mut self,
        request: &Measurement,
        stop: &mut watch::Receiver<Stop>,
        observer: &dyn Observer,
    ) -> Result<RunEnd> {
        let Self { driver, writer, last, .. } = self;
        if !request.plan.scenario.controls {
            return Ok(RunEnd::Complete);
        }
        observer.info("measuring the controls");
        let scenario = Scenario { rounds: ROUNDS, ..request.plan.scenario.clone() };
        let plan = Plan::new(&scenario, 0, request.plan.seed.wrapping_add(u64::from(*last)));
        // As of spans of calls: each is a round of its own.
        let numbered = |trial: &Trial| {
            let number = *last + trial.number;
            Trial { number, round: number, ..*trial }
        };
        let trials: Vec<Trial> = plan.trials.iter().map(numbered).collect();
        *last += u32::try_from(trials.len()).unwrap_or(0);
        let kept = |_: &Trial, done: TrialResult| writer.append_all(&[done.record], &done.samples);
        Ok(driver.run_trials(&trials, stop, kept).await?)
    }

    /// The same once nobody calls any more, unless that is to be over at once. Who asks for a
    /// stop wants no more calls: these are not meant.
    async fn control_again(
        &mut self,
        request: &Measurement,
        stop: &watch::Receiver<Stop>,
        observer: &dyn Observer,
    ) -> Result<()> {
        let (_open, mut never) = watch::channel(Stop::No);
        let mut stop = stop.clone();
        let now = async {
            if stop.wait_for(|asked| *asked == Stop::Now).await.is_err() {
                // Nobody is left to ask.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = now => Ok(()),
            done = self.control(request, &mut never, observer) => done.map(|_| ()),
        }
    }

    /// A function made again, of another image where one is named: its record, and what its
    /// instances are created from.
    ///
    /// # Errors
    /// Says why its image cannot be had, or not be started from.
    pub async fn renew(
        engine: &PreparedEngine,
        request: &Measurement,
        function: usize,
        image: Option<String>,
        (consent, observer): (Consent, &dyn Observer),
    ) -> Result<(FunctionRecord, Arc<Target>)> {
        let mut request = request.clone();
        let side = request.sides.first_mut().context("a run without a side")?;
        let mut function = side.functions.get(function).context("no such function")?.clone();
        if let Some(image) = image {
            function.recipe = ImageSource::Image(image);
        }
        side.functions = vec![function];
        side.null = None;
        let containers = engine.containers();
        let records = match (engine.docker(), &containers) {
            (Some(docker), Some(_)) => {
                let around = Surroundings::read();
                let bases = Bases::new(&around, consent, observer);
                images::ensure(docker.as_ref(), &side.functions, &bases, &request.id).await?
            }
            _ => images::simulated(&side.functions),
        };
        let targets = match containers {
            Some(made_by) => {
                let info = made_by.describe().await?;
                prepare::targets(&request, made_by.as_ref(), &info, std::slice::from_ref(&records))
                    .await?
            }
            None => {
                let fake = AnyEngine::fake(Clock::paused(), 0);
                let info = fake.describe().await?;
                prepare::targets(&request, &fake, &info, std::slice::from_ref(&records)).await?
            }
        };
        let record = records.into_iter().next().context("no record of it")?;
        let subject = TrialSubject::Function { function: 0, combination: 0, pattern: 0 };
        Ok((record, targets.of(0, subject).clone()))
    }

    /// Removes every instance, measures the controls once more, completes the record and saves
    /// it, or tells where it is kept instead.
    ///
    /// # Errors
    /// When an instance would not go, or the record cannot be saved.
    pub async fn end(
        mut self,
        request: &Measurement,
        stop: &watch::Receiver<Stop>,
        observer: &dyn Observer,
    ) -> Result<()> {
        let cleared = self.driver.platform().clear().await.context(NOT_REMOVED);
        let controlled = match &cleared {
            Ok(()) => self.control_again(request, stop, observer).await,
            // What would not go is in their way.
            Err(_) => Ok(()),
        };
        let Self { driver, mut writer, begun, before, .. } = self;
        let cleared = match cleared {
            Ok(()) => driver.platform().clear().await.context(NOT_REMOVED),
            refused => refused,
        };
        // Nobody planned them: those that came are all.
        let asked = vec![writer.record.counts.rows()];
        writer.record.counts.planned = asked[0];
        let outcome = RunOutcome { ended: Ok(RunEnd::Complete), begun, before, asked };
        let closed = close(request, &driver, vec![writer], outcome, observer);
        both(both(closed.map(|_| ()), cleared, observer), controlled, observer)
    }
}
