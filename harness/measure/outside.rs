//! A run whose calls come from outside: everything before the first of them is as in any other,
//! and so is what is kept.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};

use super::carry_out::{Before, RunOutcome, both, close};
use super::{Measurement, NOT_REMOVED, PreparedEngine, prepare};
use crate::clock::Clock;
use crate::drive::{Driver, RunEnd};
use crate::engine::{AnyEngine, Engine as _};
use crate::observer::{Event, Observer};
use crate::platform::Target;
use crate::provision::bases::Bases;
use crate::provision::{Consent, Surroundings, images};
use crate::spec::function::ImageSource;
use crate::spec::plan::TrialSubject;
use crate::store::{FunctionRecord, Writer};

/// A run that waits for calls. What makes instances, what can be called and what the kernel
/// tells are its driver's; the rows go to its writer.
pub struct Outside {
    /// Never runs its plan, which has no call.
    pub driver: Arc<Driver<AnyEngine>>,
    /// Where the rows go.
    pub writer: Writer,
    begun: Instant,
    before: Before,
}

impl Outside {
    pub(super) fn begin(
        driver: Driver<AnyEngine>,
        writer: Writer,
        observer: &dyn Observer,
    ) -> Self {
        observer.notify(Event::Measuring);
        let driver = Arc::new(driver);
        Self { driver, writer, begun: Instant::now(), before: Before::now() }
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

    /// Removes every instance, completes the record and saves it, or tells where it is kept
    /// instead.
    ///
    /// # Errors
    /// When an instance would not go, or the record cannot be saved.
    pub async fn end(self, request: &Measurement, observer: &dyn Observer) -> Result<()> {
        let Self { driver, mut writer, begun, before } = self;
        let cleared = driver.platform().clear().await.context(NOT_REMOVED);
        // Nobody planned them: those that came are all.
        let asked = vec![writer.record.counts.rows()];
        writer.record.counts.planned = asked[0];
        let outcome = RunOutcome { ended: Ok(RunEnd::Complete), begun, before, asked };
        let closed = close(request, &driver, vec![writer], outcome, observer);
        both(closed.map(|_| ()), cleared, observer)
    }
}
