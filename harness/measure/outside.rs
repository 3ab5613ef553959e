//! A run whose calls come from outside: everything before the first of them is as in any other,
//! and so is what is kept.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};

use super::carry_out::{Before, RunOutcome, both, close};
use super::{Measurement, NOT_REMOVED};
use crate::drive::{Driver, RunEnd};
use crate::engine::AnyEngine;
use crate::observer::{Event, Observer};
use crate::store::Writer;

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
