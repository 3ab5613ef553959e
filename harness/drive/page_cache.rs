//! Brings the page cache into the state that a trial asks for, and proves it.
//!
//! Done between trials, where it may take its time.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

use super::Driver;
use crate::engine::{Engine, EngineError};
use crate::platform::Target;
use crate::probe::page_cache;
use crate::sample::{Outcome, Residency};
use crate::spec::factor::PageCache;

/// Targets whose files an earlier trial drove out of memory.
#[derive(Debug, Default)]
pub(super) struct EvictedTargets(BTreeSet<usize>);

/// The state that was reached.
#[derive(Debug, Default)]
pub(super) struct PageCacheState {
    /// What of the image is in memory; none where it was left as it was.
    pub(super) residency: Option<Residency>,
    /// What comes of the trial, as it cannot be what it says; none when it can.
    pub(super) refusal: Option<Outcome>,
}

impl<E: Engine> Driver<E> {
    /// Brings the page cache into a target's state.
    pub(super) async fn chill(&self, target: &Target) -> Result<PageCacheState, EngineError> {
        let state = target.factors().page_cache;
        let reached = match state {
            PageCache::Warm => {
                self.warm_again(target).await?;
                return Ok(PageCacheState::default());
            }
            PageCache::ImageCold => page_cache::evict(&target.folders),
            PageCache::HostCold => {
                page_cache::drop_host().and_then(|()| page_cache::residency(&target.folders))
            }
        };
        let (residency, why) = match reached {
            Ok(r) if r.is_cold() => (Some(r), None),
            Ok(r) => {
                let Residency { bytes, resident, .. } = r;
                let left = format!("{resident} of {bytes} bytes of the image stayed in memory");
                (Some(r), Some(left))
            }
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        let refusal = why.map(|why| Outcome::NotCold { cause: format!("not {state}: {why}") });
        let touched =
            |other: &Target| state == PageCache::HostCold || other.shares_files_with(target);
        // The target's own start warms its files again; those of others stay cold, and
        // all do where no start follows.
        let started = refusal.is_none();
        self.mark_chilled(|other| touched(other) && !(started && other.is_made_like(target)));
        Ok(PageCacheState { residency, refusal })
    }

    /// Starts a target once, unrecorded, if an earlier trial drove its files out:
    /// else its `warm` would be that trial's cold.
    async fn warm_again(&self, target: &Target) -> Result<(), EngineError> {
        if self.chilled().0.remove(&target.key()) {
            // Whatever came of it: the trial itself will meet it again, and tell.
            self.try_one(target).await?;
        }
        Ok(())
    }

    pub(super) fn mark_chilled(&self, which: impl Fn(&Target) -> bool) {
        let cold = self.targets.iter().filter(|t| which(t));
        self.chilled().0.extend(cold.map(|t| t.key()));
    }

    fn chilled(&self) -> MutexGuard<'_, EvictedTargets> {
        self.chilled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
