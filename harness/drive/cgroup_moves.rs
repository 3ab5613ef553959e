//! Has the kernel treat moves between cgroups as a trial asks for.
//!
//! Done between trials, where it may take its time.

use std::time::Duration;

use super::Driver;
use crate::engine::{Engine, EngineError};
use crate::platform::Target;
use crate::probe::cgroup_moves::{self, Favored};
use crate::spec::factor::EngineKind;

/// So long a hierarchy that was given up, and the last move, still keep the next one from
/// waiting: a few grace periods.
const FADES: Duration = Duration::from_millis(200);

impl<E: Engine> Driver<E> {
    /// Makes moves wait for nothing where a target asks for it, and else as they are.
    pub(super) async fn favor_moves(&self, target: &Target) -> Result<(), EngineError> {
        // A plain process is moved nowhere.
        if target.factors().engine == EngineKind::Process {
            return Ok(());
        }
        let is_favored = self.favored().is_some();
        match (target.factors().favors_moves(), is_favored) {
            (true, false) => {
                let refused = |message| {
                    let doing = "make moves between cgroups wait for nothing".to_owned();
                    EngineError::Refused { doing, message }
                };
                *self.favored() = Some(cgroup_moves::favor().map_err(refused)?);
            }
            (false, true) => {
                *self.favored() = None;
                tokio::time::sleep(FADES).await;
            }
            _ => {}
        }
        Ok(())
    }

    fn favored(&self) -> std::sync::MutexGuard<'_, Option<Favored>> {
        self.favored.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
