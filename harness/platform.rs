//! The platform: dispatches an invocation to a warm instance or starts a cold
//! one, keeps instances alive by a policy, and reaps them. How an instance is spoken to
//! is its adapter's, which none of this names.
//!
//! An idle instance that has outlived its keep-alive is never dispatched to. It
//! is *removed* only when [`Platform::settle`] is called, between trials, so that
//! no removal falls into a timed act.
//!
//! When instances are removed: decision 0004. When one is not used again: decision 0070.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::adapter::{Adapter, AnyAdapter};
use crate::clock::Clock;
use crate::engine::{Engine, EngineError, Exit, InstanceId, InstanceSpec, Strangers, clear_run};
use crate::sample::{Mark, Marks, Proof};

mod attempt;
mod finish;
mod held;
mod invocation;
mod policy;
mod proof;
mod target;
mod throttle;
mod vouch;
mod written;

pub(crate) use finish::LAST_WORDS;
pub use held::{FailedStart, Held, Starting};
pub use invocation::{Invocation, Visit};
pub use policy::KeepAlive;
pub use target::{Target, TargetSpec};
use vouch::Callers;

/// How long an instance may take to show whose creation was given up.
const LAST_CREATION: Duration = Duration::from_secs(2);
/// Times that one kind of misbehaviour is written out in the run's warnings.
const MAX_WARNINGS: usize = 20;
/// Instances of one target of which it is kept why they are not there any more.
const MAX_LOST: usize = 1000;

/// What waits for an instance which does not exist yet, and what that instance will be
/// created from.
#[derive(Debug)]
struct Armed<A> {
    spec: InstanceSpec,
    adapter: A,
    /// The instance, where it was created ahead.
    created: Option<Created>,
}

/// An instance that was created, and not started.
#[derive(Debug)]
struct Created {
    id: InstanceId,
    exit: oneshot::Receiver<Exit>,
}

/// One instance that exists.
#[derive(Debug)]
struct Instance<A> {
    id: InstanceId,
    function: Arc<str>,
    adapter: A,
    exit: oneshot::Receiver<Exit>,
    /// The latest event as it was sent.
    event: Bytes,
    /// What its first reply said.
    proof: Option<Proof>,
    /// When its keep-alive ends: nanoseconds since the run's epoch.
    expires: u64,
}

/// The instances of one run, made by an engine and spoken to by an adapter.
#[derive(Debug)]
pub struct Platform<E, A: Adapter = AnyAdapter> {
    engine: Arc<E>,
    clock: Clock,
    run: String,
    state: Mutex<State<A>>,
    shared: A::Shared,
    /// Where the CPU quotas of instances are written, once that was looked for.
    quota_places: throttle::QuotaPlaces,
    /// Creations that have not come back. Where nothing is invoked any more they were given
    /// up, and their instances may still come.
    creating: AtomicUsize,
}

#[derive(Debug)]
struct State<A> {
    /// Idle instances by target, the most recently used last.
    idle: BTreeMap<usize, Vec<Instance<A>>>,
    /// What is armed, by target.
    armed: BTreeMap<usize, Vec<Armed<A>>>,
    /// Instances that are not to be used again and not yet removed.
    doomed: Vec<Instance<A>>,
    /// Why instances are not there any more that another invocation might have found, by
    /// target, each told by the one that finds none.
    lost: BTreeMap<usize, VecDeque<String>>,
    /// Every nonce that was ever seen.
    nonces: HashSet<String>,
    /// Who cannot be an instance, as of the latest settling.
    strangers: Arc<Strangers>,
    callers: Callers,
    warnings: Vec<String>,
}

impl<E: Engine, A: Adapter> Platform<E, A> {
    /// A platform without instances.
    #[must_use]
    pub fn new(engine: Arc<E>, clock: Clock, run: String) -> Self {
        let (idle, armed, doomed, lost, nonces, strangers) = Default::default();
        let (callers, warnings) = Default::default();
        let state = State { idle, armed, doomed, lost, nonces, strangers, callers, warnings };
        let (shared, quota_places, creating) = Default::default();
        Self { engine, clock, run, state: Mutex::new(state), shared, quota_places, creating }
    }

    /// The same, with what its instances' adapters share made elsewhere. To be called before
    /// anything is armed.
    #[must_use]
    pub fn sharing(self, shared: A::Shared) -> Self {
        Self { shared, ..self }
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

    /// Arms for as many cold starts as `n` invocations of a target may need, so that
    /// nothing has to be armed while a burst is timed.
    pub async fn prepare(&self, target: &Target, n: u32) {
        let missing = {
            let state = self.lock();
            let idle = state.idle.get(&target.key()).map_or(0, Vec::len);
            let armed = state.armed.get(&target.key()).map_or(0, Vec::len);
            (n as usize).saturating_sub(idle + armed)
        };
        for _ in 0..missing {
            if !self.prepare_one(target).await {
                return;
            }
        }
    }

    /// Prepares what one start more can be prepared for; for a worker of many, which has no
    /// time for more than its factors ask for.
    pub async fn prepare_next(&self, target: &Target) {
        if target.factors().is_created_ahead() {
            self.prepare_one(target).await;
        }
    }

    /// Whether it is prepared. A failure is met again, and told, by the invocation itself.
    async fn prepare_one(&self, target: &Target) -> bool {
        let Ok(mut armed) = self.arm(target).await else { return false };
        if target.factors().is_created_ahead() {
            let created = self.create_now(&armed.spec).await;
            armed.created = created.ok();
        }
        let goes_on = armed.created.is_some() || !target.factors().is_created_ahead();
        self.lock().armed.entry(target.key()).or_default().push(armed);
        goes_on
    }

    async fn arm(&self, target: &Target) -> Result<Armed<A>, EngineError> {
        let strangers = self.lock().strangers.clone();
        let (engine, mut spec) = (self.engine.as_ref(), target.spec.clone());
        let (function, shared) = (&target.function, &self.shared);
        let adapter = A::arm(engine, function, &mut spec, self.clock, strangers, shared).await?;
        Ok(Armed { spec, adapter, created: None })
    }

    /// Invokes a target: on an idle instance, else on a new one. Never fails: a failure is
    /// an outcome.
    pub async fn invoke(&self, invocation: Invocation<'_>) -> Visit {
        let marks = self.dispatched(invocation);
        let (visit, instance) = match self.take_idle(invocation.target) {
            Ok(instance) => self.warm(invocation, instance, marks).await,
            Err(why_cold) => {
                let (visit, instance) = self.cold(invocation, marks).await;
                (Visit { why_cold, ..visit }, instance)
            }
        };
        self.keep(invocation.target, instance);
        visit
    }

    /// What went against the contract without failing an invocation, so far.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let state = self.lock();
        state.warnings.iter().cloned().chain(state.callers.warnings()).collect()
    }

    /// Idles until every instance has outlived its keep-alive; then as [`Platform::empty`].
    ///
    /// # Errors
    /// When the engine fails, or an instance refuses to go.
    pub async fn settle(&self) -> Result<(), EngineError> {
        let last = self.lock().idle.values().flatten().map(|i| i.expires).max().unwrap_or(0);
        let wait = last.saturating_sub(self.clock.now());
        tokio::time::sleep(Duration::from_nanos(wait)).await;
        self.empty().await
    }

    /// Removes every instance, and verifies with the engine that none of this run's is
    /// left. Who has an address then is a stranger to all that are started later.
    ///
    /// # Errors
    /// When the engine fails, or an instance refuses to go.
    pub async fn empty(&self) -> Result<(), EngineError> {
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
                self.lock().warn(format!("a removal was tried twice: {error}"));
                break;
            }
        }
        let given_up = self.creating.swap(0, Ordering::Relaxed) > 0;
        let quiet = if given_up { LAST_CREATION } else { Duration::ZERO };
        clear_run(self.engine.as_ref(), &self.run, quiet).await
    }

    fn drain(&self) -> Vec<Instance<A>> {
        let mut state = self.lock();
        state.callers.forget_instances();
        state.armed.clear();
        state.lost.clear();
        let mut all = std::mem::take(&mut state.doomed);
        for instance in std::mem::take(&mut state.idle).into_values().flatten() {
            state.warn_of(&instance);
            all.push(instance);
        }
        all
    }

    fn lock(&self) -> MutexGuard<'_, State<A>> {
        // A panic elsewhere leaves plain data behind, which is still right.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The idle instance that the policy takes, alive, well-behaved and within its
    /// keep-alive; without one why one that might have been taken was not.
    fn take_idle(&self, target: &Target) -> Result<Instance<A>, Option<String>> {
        let now = self.clock.now();
        let mut state = self.lock();
        let take = |state: &mut State<A>| {
            state.idle.get_mut(&target.key()).and_then(|idle| target.keep_alive.take(idle))
        };
        while let Some(mut instance) = take(&mut state) {
            let alive =
                matches!(instance.exit.try_recv(), Err(oneshot::error::TryRecvError::Empty));
            let violation = instance.adapter.violations().into_iter().next();
            if alive && now < instance.expires && violation.is_none() {
                return Ok(instance);
            }
            if !alive {
                let name = &target.function.name;
                state.warn(format!("`{name}`: an idle instance ended by itself"));
                state.lose(target.key(), "the idle one ended by itself".to_owned());
            } else if let Some(violation) = violation {
                state.lose(target.key(), format!("the idle one {violation}"));
            }
            state.warn_of(&instance);
            state.doomed.push(instance);
        }
        Err(state.lost.get_mut(&target.key()).and_then(VecDeque::pop_front))
    }

    /// Invokes a target on a new instance, whatever is idle, and removes the
    /// instance as soon as it has answered: one pass of a throughput measurement.
    pub async fn pass(&self, invocation: Invocation<'_>) -> Visit {
        let (mut visit, instance) = self.cold(invocation, self.dispatched(invocation)).await;
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

    fn dispatched(&self, invocation: Invocation<'_>) -> Marks {
        let intended = (Mark::Intended, invocation.intended);
        [intended, (Mark::Dispatched, self.clock.now())].into_iter().collect()
    }

    /// Removes an instance that is not used again; false where the engine refuses,
    /// and it is tried again when the platform is cleared.
    async fn discard(&self, instance: Instance<A>) -> bool {
        self.lock().callers.refused(instance.adapter.refused());
        let removed = self.engine.remove(&instance.id).await;
        if let Err(error) = &removed {
            let mut state = self.lock();
            state.warn(format!("removing container {}: {error}", instance.id.short()));
            state.doomed.push(instance);
        }
        removed.is_ok()
    }

    /// Puts an instance that answered back among the idle ones.
    fn keep(&self, target: &Target, instance: Option<Instance<A>>) {
        let Some(mut instance) = instance else { return };
        instance.adapter.prepare();
        instance.expires = target.keep_alive.expires(self.clock.now());
        self.lock().idle.entry(target.key()).or_default().push(instance);
    }
}

impl<A: Adapter> State<A> {
    fn warn(&mut self, warning: String) {
        if self.warnings.len() < MAX_WARNINGS && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Notes why an instance of a target is not there for another invocation.
    fn lose(&mut self, target: usize, why: String) {
        let lost = self.lost.entry(target).or_default();
        if lost.len() < MAX_LOST {
            lost.push_back(why);
        }
    }

    fn warn_of(&mut self, instance: &Instance<A>) {
        self.callers.refused(instance.adapter.refused());
        for note in instance.adapter.notes() {
            self.warn(format!("`{}`: an instance {note}", instance.function));
        }
    }
}

#[cfg(test)]
mod tests;
