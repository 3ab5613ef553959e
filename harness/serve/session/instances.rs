//! What the pool decides is done: instances are started, handed over and removed.

use super::calls::Granted;
use super::rows::Row;
use super::{Instances, Session, Starting, State};
use crate::platform::{FailedStart, Held};
use crate::pool::{CallId, Decision, FunctionIndex, InstanceKey, Pool};
use crate::sample::Outcome;
use crate::serve::{NotReserved, Served};

impl Session {
    /// Tells the pool something, and begins what it decides.
    pub(super) fn told(&self, tell: impl FnOnce(&mut Pool, &mut Vec<Decision>)) {
        let mut state = self.state();
        let mut out = Vec::new();
        tell(&mut state.pool, &mut out);
        self.perform(&mut state, out);
    }

    /// So many calls of a function at a time are its own from now on.
    pub(super) fn reserved(&self, name: &str, reserved: Option<u32>) -> Result<(), NotReserved> {
        let mut functions = super::lock(&self.0.functions);
        let mut changed: Vec<Served> = functions.to_vec();
        let found = changed.iter_mut().enumerate().find(|(_, served)| served.name == name);
        let (function, served) = found.ok_or(NotReserved::NotFound)?;
        let at = self.0.clock.now();
        let mut exceeds = None;
        self.told(|pool, out| {
            exceeds = pool.reserve(at, FunctionIndex(function), reserved, out).err();
        });
        if let Some(left) = exceeds {
            return Err(NotReserved::Exceeds(left));
        }
        served.reserved = reserved;
        *functions = changed.into();
        drop(functions);
        let told = match reserved {
            Some(calls) => {
                format!("`{name}` has {calls} calls at a time of its own from {at} ns on")
            }
            None => format!("`{name}` has no calls at a time of its own from {at} ns on"),
        };
        let _ = self.0.rows.send(Row::Told(told));
        Ok(())
    }

    /// Begins what was decided. An instance that ended while it was idle is told to the pool,
    /// and the call that was meant for it waits for another.
    pub(super) fn perform(&self, state: &mut State, mut decided: Vec<Decision>) {
        while !decided.is_empty() {
            let mut more = Vec::new();
            for decision in decided {
                match decision {
                    Decision::Start { instance, function, .. } => {
                        let starting = Starting { since: self.0.clock.now(), is_wanted: true };
                        state.starting.insert(instance, starting);
                        tokio::spawn(self.clone().start(instance, function));
                    }
                    Decision::Dispatch { call, instance, .. } => {
                        self.dispatch(state, call, instance, &mut more);
                    }
                    Decision::Remove { instance } => {
                        match state.held.remove(&instance) {
                            Some(held) => drop(tokio::spawn(self.clone().release(held))),
                            // It goes as soon as it is there.
                            None => {
                                if let Some(starting) = state.starting.get_mut(&instance) {
                                    starting.is_wanted = false;
                                }
                            }
                        }
                    }
                    Decision::Throttle { call, reason } => {
                        grant(state, call, Granted::Throttled(reason));
                    }
                }
            }
            decided = more;
        }
        self.0.changed.notify_one();
    }

    fn dispatch(
        &self,
        state: &mut State,
        call: CallId,
        instance: InstanceKey,
        more: &mut Vec<Decision>,
    ) {
        if let Some(mut held) = state.held.remove(&instance) {
            if held.is_fit() {
                grant(state, call, Granted::Instance { instance, held: Box::new(held) });
                return;
            }
            tokio::spawn(self.clone().release(held));
        }
        let at = self.0.clock.now();
        let _ = state.pool.gone(at, instance, more);
        if let Some(function) = state.waiting.get(&call).map(|waiting| waiting.function) {
            state.pool.arrives(at, function, call, more);
        }
    }

    /// Starts an instance, and once more where its init took too long.
    async fn start(self, instance: InstanceKey, function: FunctionIndex) {
        let target = &self.target(function.0);
        let platform: &Instances = self.0.driver.platform();
        let mut started = platform.start_held(target, self.0.init).await;
        if let Err(FailedStart { outcome: Outcome::TimedOut { .. }, .. }) = &started {
            started = platform.start_held(target, target.function.timeout).await;
        }
        let at = self.0.clock.now();
        let mut state = self.state();
        let is_wanted = state.starting.remove(&instance).is_some_and(|of| of.is_wanted);
        let mut out = Vec::new();
        match started {
            Ok(held) if is_wanted => {
                state.held.insert(instance, held);
                state.pool.ready(at, instance, &mut out);
            }
            Ok(held) => drop(tokio::spawn(self.clone().release(held))),
            Err(failed) => {
                if let Some(call) = state.pool.gone(at, instance, &mut out) {
                    grant(&mut state, call, Granted::Failed(Box::new(failed)));
                }
            }
        }
        self.perform(&mut state, out);
        drop(state);
        self.0.quiet.notify_waiters();
    }

    async fn release(self, held: Held) {
        self.0.driver.platform().release(held).await;
    }

    /// Tells the pool what is due, when it is; and of idle instances that ended by themselves,
    /// so that what is always to be there is started again.
    pub(super) async fn keep_time(self) {
        const LOOK: std::time::Duration = std::time::Duration::from_secs(1);
        loop {
            let due = self.state().pool.next_due();
            let wait = due
                .map(|at| std::time::Duration::from_nanos(at.saturating_sub(self.0.clock.now())));
            tokio::select! {
                () = self.0.changed.notified() => {}
                () = tokio::time::sleep(wait.unwrap_or(LOOK).min(LOOK)) => {
                    let at = self.0.clock.now();
                    let mut state = self.state();
                    let mut out = Vec::new();
                    let dead: Vec<InstanceKey> = { state.held.iter_mut() }
                        .filter_map(|(key, held)| (!held.is_fit()).then_some(*key))
                        .collect();
                    for instance in dead {
                        if let Some(held) = state.held.remove(&instance) {
                            tokio::spawn(self.clone().release(held));
                        }
                        let _ = state.pool.gone(at, instance, &mut out);
                    }
                    state.pool.due(at, &mut out);
                    self.forget(&mut state);
                    self.perform(&mut state, out);
                    drop(state);
                    self.close_old_windows();
                }
            }
        }
    }
}

/// Gives a call what it waits for.
fn grant(state: &mut State, call: CallId, granted: Granted) {
    let Some(waiting) = state.waiting.remove(&call) else { return };
    // Whoever called is there until it was answered.
    let _ = waiting.granted.send(granted);
}
