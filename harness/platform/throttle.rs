//! Instances that get their CPU quota once they are ready: where it is written is found out
//! before the first of them is timed (decision 0082).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Platform, Target};
use crate::adapter::Adapter;
use crate::engine::{Engine, EngineError, InstanceId, InstanceSpec};
use crate::probe::cgroup::{QuotaPlace, Throttle};
use crate::spec::factor::{CpuBandwidth, Daemon, EngineKind, Factors};

/// The key of what is started to look at, which no plan has.
const LOOKED_AT: usize = usize::MAX;

/// How the quota of an instance to come is set.
pub(super) enum Quota {
    /// It has none that is set while it runs.
    Never,
    /// Its engine simulates it.
    Simulated,
    /// So much, there.
    At(Arc<QuotaPlace>, CpuBandwidth),
}

/// Where the CPU quotas of each engine's instances are written, as far as that was found out.
pub(super) type QuotaPlaces = Mutex<BTreeMap<(EngineKind, Option<Daemon>), Arc<QuotaPlace>>>;

impl Quota {
    /// What sets that of an instance which exists.
    pub(super) fn of(&self, id: &InstanceId) -> Option<Throttle> {
        match self {
            Self::Never => None,
            Self::Simulated => Some(Throttle::simulated()),
            Self::At(place, time) => Some(place.throttle(&id.0, *time)),
        }
    }
}

/// What makes an instance.
fn maker(factors: &Factors) -> (EngineKind, Option<Daemon>) {
    (factors.engine, factors.daemon.clone())
}

impl<E: Engine, A: Adapter> Platform<E, A> {
    /// How the quota of an instance is set that is created from this.
    pub(super) fn quota(&self, spec: &InstanceSpec) -> Result<Quota, EngineError> {
        let Some(time) = spec.factors.throttled_when_ready() else { return Ok(Quota::Never) };
        if spec.factors.engine.is_simulated() {
            return Ok(Quota::Simulated);
        }
        let places = self.quota_places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.get(&maker(&spec.factors)).cloned();
        let place = place.ok_or_else(|| EngineError::Refused {
            doing: "create an instance that gets its CPU quota once it is ready".to_owned(),
            message: "where that is written was not found out before".to_owned(),
        })?;
        Ok(Quota::At(place, time))
    }

    /// Finds out where the CPU quotas of an engine's instances are written, of an instance of
    /// one of its targets that is started for it without one, and tries to write there. All
    /// instances of the run are removed.
    ///
    /// # Errors
    /// Says why there is none, or why nothing can be written there.
    pub async fn find_quota_place(&self, target: &Target) -> Result<(), String> {
        let Some(time) = target.spec.factors.throttled_when_ready() else { return Ok(()) };
        let mut looked_at = target.under_key(LOOKED_AT);
        looked_at.spec.factors = Factors { cpu_rule: None, ..looked_at.spec.factors };
        let visit = self.invoke(looked_at.invocation(self.clock.now())).await;
        let found = match (visit.outcome.cause(), &visit.id) {
            (None, Some(id)) => match self.inspect(id).await.pid {
                Some(pid) => QuotaPlace::tried(pid, &id.0, time),
                None => Err("the engine does not say which process it is".to_owned()),
            },
            (cause, _) => Err(cause.unwrap_or("it has no instance").to_owned()),
        };
        self.clear().await.map_err(|e| e.to_string())?;
        let mut places = self.quota_places.lock().unwrap_or_else(PoisonError::into_inner);
        // Found twice it is the same.
        found.map(|place| drop(places.insert(maker(target.factors()), Arc::new(place))))
    }
}
