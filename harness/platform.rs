//! The platform: dispatches an invocation to a warm instance or starts a cold
//! one, keeps instances alive for a fixed time, and reaps them.
//!
//! An idle instance that has outlived its keep-alive is never dispatched to. It
//! is *removed* only when [`Platform::settle`] is called, between trials, so that
//! no removal falls into a timed act.
//!
//! When instances are removed: decision 0004. When one is not used again: decision 0006.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::adapter::runtime_api::RuntimeApi;
use crate::clock::Clock;
use crate::engine::{Engine, EngineError, Exit, InstanceId, InstanceSpec, Strangers, clear_run};
use crate::sample::{Mark, Marks, Proof};

mod attempt;
mod finish;
mod invocation;
mod proof;
mod target;
mod vouch;

pub use invocation::Visit;
pub use target::{Target, TargetSpec};
use vouch::Callers;

/// How long an instance may take to show whose creation was given up.
const LAST_CREATION: Duration = Duration::from_secs(2);
/// Times that one kind of misbehaviour is written out in the run's warnings.
const MAX_WARNINGS: usize = 20;

/// A listener that waits for an instance which does not exist yet, and what that
/// instance will be created from.
#[derive(Debug)]
struct Armed {
    spec: InstanceSpec,
    api: RuntimeApi,
}

/// One instance that exists.
#[derive(Debug)]
struct Instance {
    id: InstanceId,
    function: Arc<str>,
    api: RuntimeApi,
    exit: oneshot::Receiver<Exit>,
    /// The latest event as it was sent.
    event: Bytes,
    /// What its first reply said.
    proof: Option<Proof>,
    /// When its keep-alive ends: nanoseconds since the run's epoch.
    expires: u64,
}

/// The instances of one run.
#[derive(Debug)]
pub struct Platform<E> {
    engine: Arc<E>,
    clock: Clock,
    run: String,
    state: Mutex<State>,
    /// Whether a creation was given up whose instance may still come.
    given_up: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// Idle instances by target, the most recently used last.
    idle: BTreeMap<usize, Vec<Instance>>,
    /// Armed listeners by target.
    armed: BTreeMap<usize, Vec<Armed>>,
    /// Instances that are not to be used again and not yet removed.
    doomed: Vec<Instance>,
    /// Every nonce that was ever seen.
    nonces: HashSet<String>,
    /// Who cannot be an instance, as of the latest settling.
    strangers: Arc<Strangers>,
    callers: Callers,
    warnings: Vec<String>,
}

impl<E: Engine> Platform<E> {
    /// A platform without instances.
    #[must_use]
    pub fn new(engine: Arc<E>, clock: Clock, run: String) -> Self {
        let (state, given_up) = Default::default();
        Self { engine, clock, run, state, given_up }
    }

    /// The platform's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Nonces that an earlier part of the run has seen: an instance that answers with
    /// one of them is not new.
    pub fn remember(&self, nonces: impl IntoIterator<Item = String>) {
        self.lock().nonces.extend(nonces);
    }

    /// Arms listeners for as many cold starts as `n` invocations of a target may
    /// need, so that none has to be armed while a burst is timed.
    pub async fn prepare(&self, target: &Target, n: u32) {
        let missing = {
            let state = self.lock();
            let idle = state.idle.get(&target.key()).map_or(0, Vec::len);
            let armed = state.armed.get(&target.key()).map_or(0, Vec::len);
            (n as usize).saturating_sub(idle + armed)
        };
        for _ in 0..missing {
            // A failure is met again, and told, by the invocation itself.
            let Ok(armed) = self.arm(target).await else { return };
            self.lock().armed.entry(target.key()).or_default().push(armed);
        }
    }

    async fn arm(&self, target: &Target) -> Result<Armed, EngineError> {
        let listener = self.engine.listen(target.factors().network).await?;
        let spec = target.spec(&listener);
        let strangers = self.lock().strangers.clone();
        Ok(Armed { spec, api: RuntimeApi::serve(listener, self.clock, strangers) })
    }

    fn take_armed(&self, target: &Target) -> Option<Armed> {
        self.lock().armed.get_mut(&target.key())?.pop()
    }

    /// Invokes a target: on the most recently used idle instance, else on a new
    /// one. Never fails: a failure is an outcome.
    pub async fn invoke(&self, target: &Target, intended: u64) -> Visit {
        let marks = self.dispatched(intended);
        let (visit, instance) = match self.take_idle(target) {
            Some(instance) => self.warm(target, instance, marks).await,
            None => self.cold(target, marks).await,
        };
        self.keep(target, instance);
        visit
    }

    /// What went against the contract without failing an invocation, so far.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let state = self.lock();
        state.warnings.iter().cloned().chain(state.callers.warnings()).collect()
    }

    /// Idles until every instance has outlived its keep-alive, removes them, and
    /// verifies with the engine that none of this run's is left. Who has an address
    /// then is a stranger to all that are started later.
    ///
    /// # Errors
    /// When the engine fails, or an instance refuses to go.
    pub async fn settle(&self) -> Result<(), EngineError> {
        let last = self.lock().idle.values().flatten().map(|i| i.expires).max().unwrap_or(0);
        let wait = last.saturating_sub(self.clock.now());
        tokio::time::sleep(Duration::from_nanos(wait)).await;
        self.clear().await?;
        let strangers = self.engine.strangers().await?;
        self.lock().strangers = strangers;
        Ok(())
    }

    /// Removes every instance of this run at once, idle or not, known or not,
    /// and verifies that none is left.
    ///
    /// # Errors
    /// When the engine fails, or an instance refuses to go.
    pub async fn clear(&self) -> Result<(), EngineError> {
        // Acts of a burst that was given up end when it is their turn.
        tokio::task::yield_now().await;
        for instance in self.drain() {
            if let Err(error) = self.engine.remove(&instance.id).await {
                // One that is gone needs no removal to have succeeded: what
                // counts is what the engine still lists.
                self.warn(format!("a removal was tried twice: {error}"));
                break;
            }
        }
        let given_up = self.given_up.swap(false, Ordering::Relaxed);
        let quiet = if given_up { LAST_CREATION } else { Duration::ZERO };
        clear_run(self.engine.as_ref(), &self.run, quiet).await
    }

    fn drain(&self) -> Vec<Instance> {
        let mut state = self.lock();
        state.callers.forget_addresses();
        state.armed.clear();
        let mut all = std::mem::take(&mut state.doomed);
        for instance in std::mem::take(&mut state.idle).into_values().flatten() {
            state.warn_of(&instance);
            all.push(instance);
        }
        all
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves plain data behind, which is still right.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn warn(&self, warning: String) {
        self.lock().warn(warning);
    }

    /// The most recently used idle instance that is alive, well-behaved and
    /// within its keep-alive.
    fn take_idle(&self, target: &Target) -> Option<Instance> {
        let now = self.clock.now();
        let mut state = self.lock();
        loop {
            let mut instance = state.idle.get_mut(&target.key())?.pop()?;
            let alive =
                matches!(instance.exit.try_recv(), Err(oneshot::error::TryRecvError::Empty));
            if alive && now < instance.expires && instance.api.notes().is_empty() {
                return Some(instance);
            }
            if !alive {
                let name = &target.function.name;
                state.warn(format!("`{name}`: an idle instance ended by itself"));
            }
            state.warn_of(&instance);
            state.doomed.push(instance);
        }
    }

    /// Invokes a target on a new instance, whatever is idle, and removes the
    /// instance as soon as it has answered: one pass of a throughput measurement.
    pub async fn pass(&self, target: &Target, intended: u64) -> Visit {
        let (mut visit, instance) = self.cold(target, self.dispatched(intended)).await;
        if instance.is_some() {
            self.vouch(&mut visit).await;
        }
        if let Some(instance) = instance
            && self.discard(instance).await
        {
            visit.marks.set(Mark::Removed, self.clock.now());
        }
        visit
    }

    fn dispatched(&self, intended: u64) -> Marks {
        [(Mark::Intended, intended), (Mark::Dispatched, self.clock.now())].into_iter().collect()
    }

    /// Removes an instance that is not used again; false where the engine refuses,
    /// and it is tried again when the platform is cleared.
    async fn discard(&self, instance: Instance) -> bool {
        self.lock().callers.refused(instance.api.refused());
        let removed = self.engine.remove(&instance.id).await;
        if let Err(error) = &removed {
            self.warn(format!("removing container {}: {error}", instance.id.short()));
            self.lock().doomed.push(instance);
        }
        removed.is_ok()
    }

    /// Puts an instance that answered back among the idle ones.
    fn keep(&self, target: &Target, instance: Option<Instance>) {
        let Some(mut instance) = instance else { return };
        instance.api.prepare();
        let keep_alive = u64::try_from(target.keep_alive.as_nanos());
        instance.expires = self.clock.now() + keep_alive.unwrap_or(u64::MAX / 2);
        self.lock().idle.entry(target.key()).or_default().push(instance);
    }
}

impl State {
    fn warn(&mut self, warning: String) {
        if self.warnings.len() < MAX_WARNINGS && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    fn warn_of(&mut self, instance: &Instance) {
        self.callers.refused(instance.api.refused());
        for note in instance.api.notes() {
            self.warn(format!("`{}`: an instance {note}", instance.function));
        }
    }
}
