//! One call from its arrival to its row.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::rows::Row;
use super::{Instances, Session, State, answer};
use crate::adapter::{Event, MAX_REPLY};
use crate::drive::Place;
use crate::platform::{FailedStart, Held, Invocation, Starting, Visit};
use crate::pool::{CallId, FunctionIndex, InstanceKey, Reason};
use crate::probe::exec_trace::{self, ExecTrace, Start};
use crate::sample::{Mark, Outcome, Temperature};
use crate::serve::{Call, Done, End};
use crate::spec::scenario::OUTSIDE_STEPS;

/// When another try is worth it, of a call that met a limit.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The most that is given back of what an instance wrote, in bytes.
const LOG: usize = 4096;

/// The row of a start is there so soon after it was answered, in nanoseconds: its start call has
/// returned, and its engine has told of it.
const LOOKED_AT_WITHIN: u64 = 30_000_000_000;

/// What a call got that waited.
pub(super) enum Granted {
    Instance { instance: InstanceKey, held: Box<Held> },
    Throttled(Reason),
    Failed(Box<FailedStart>),
}

/// A call that has no instance yet.
pub(super) struct Waiting {
    pub(super) function: FunctionIndex,
    pub(super) granted: oneshot::Sender<Granted>,
}

/// A call that has a row to come.
struct Taken {
    function: FunctionIndex,
    version: u32,
    window: u32,
    index: u32,
    granted: oneshot::Receiver<Granted>,
}

/// What is still to be looked at once a call was answered.
struct Rest {
    visit: Visit,
    starting: Option<Starting>,
    instance: Option<InstanceKey>,
}

impl Session {
    /// Answers a call, and then keeps its row.
    pub(super) async fn answer(self, call: Call, to: oneshot::Sender<Done>) {
        let dispatched = self.0.clock.now();
        let taken = match self.take(&call, dispatched) {
            Ok(taken) => taken,
            Err(end) => {
                let _ = to.send(Done::without(end));
                return;
            }
        };
        let Taken { function, version, window, index, granted } = taken;
        let granted = granted.await;
        let (done, rest) = match granted {
            Ok(Granted::Instance { instance, held }) => {
                let of = (function, version, instance);
                self.invoke(&call, dispatched, of, *held).await
            }
            Ok(Granted::Throttled(reason)) => {
                let end = match reason_told(reason) {
                    Some(reason) => End::Throttled { reason, retry_after: RETRY_AFTER },
                    None => End::Stopping,
                };
                let cause = format!("it was refused: {}", answer::limit(reason));
                let done = Done { version, ..Done::without(end) };
                (done, rest_of(&call, dispatched, Outcome::NotTried { cause }))
            }
            Ok(Granted::Failed(failed)) => {
                let FailedStart { id, marks, outcome } = *failed;
                let mut rest = rest_of(&call, dispatched, outcome);
                rest.visit.id = id;
                for &mark in Mark::ALL {
                    if let Some(at) = marks.get(mark).filter(|at| *at >= dispatched) {
                        rest.visit.marks.set(mark, at);
                    }
                }
                let end = answer::end(&rest.visit, self.target(function.0).function.timeout);
                let log = self.log(&call, &rest.visit).await;
                (Done { version, log, ..Done::without(end) }, rest)
            }
            Err(_) => {
                let cause = "the pool lost it".to_owned();
                let done = Done::without(End::Unavailable(cause.clone()));
                (done, rest_of(&call, dispatched, Outcome::EngineError { cause }))
            }
        };
        // Who called may be gone.
        let _ = to.send(done);
        self.keep(&call, function, (window, index), rest).await;
    }

    /// Hands a call to the pool.
    fn take(&self, call: &Call, at: u64) -> Result<Taken, End> {
        let functions = super::lock(&self.0.functions).clone();
        let found = functions.iter().position(|served| served.name == *call.function);
        let place = found.ok_or(End::NotFound)?;
        let version = functions[place].version;
        let function = FunctionIndex(place);
        let mut state = self.state();
        if state.is_stopping {
            return Err(End::Stopping);
        }
        let id = CallId(state.next);
        state.next += 1;
        state.open += 1;
        let (window, index) = state.windows.take(call.arrived.min(at));
        let (sender, granted) = oneshot::channel();
        state.waiting.insert(id, Waiting { function, granted: sender });
        let mut out = Vec::new();
        state.pool.arrives(at, function, id, &mut out);
        self.perform(&mut state, out);
        Ok(Taken { function, version, window, index, granted })
    }

    async fn invoke(
        &self,
        call: &Call,
        dispatched: u64,
        (function, version, instance): (FunctionIndex, u32, InstanceKey),
        held: Held,
    ) -> (Done, Rest) {
        let target = &self.target(function.0);
        let platform: &Instances = self.0.driver.platform();
        // Checked by whoever took it in: a function is given JSON, which is text.
        let event = Event::plain(String::from_utf8_lossy(&call.event));
        let invocation = Invocation {
            target,
            intended: call.arrived.min(dispatched),
            event: &event,
            keep: MAX_REPLY,
            request: Some(call.request),
            client: Some(&call.client),
        };
        let (visit, mut held) = platform.call_held(invocation, dispatched, held).await;
        let starting = held.as_mut().and_then(Held::take_starting);
        self.give_back(instance, held);
        let used = self.used(call, &visit).await;
        let report = answer::report(call, &visit, target, (self.exec_of(&visit), used));
        let goes_on = call.client.pieces.is_some();
        let end = match answer::exceeds(&visit).filter(|_| !goes_on) {
            Some(end) => end,
            None => answer::end(&visit, target.function.timeout),
        };
        let log = self.log(call, &visit).await;
        let done = Done { end, version, report: Some(report), log };
        (done, Rest { visit, starting, instance: Some(instance) })
    }

    /// The pool is told first: whoever waits for the instance gets it at once.
    fn give_back(&self, instance: InstanceKey, held: Option<Held>) {
        let at = self.0.clock.now();
        let mut state = self.state();
        let mut out = Vec::new();
        match held {
            Some(held) => {
                state.held.insert(instance, held);
                state.pool.done(at, instance, &mut out);
            }
            None => drop(state.pool.gone(at, instance, &mut out)),
        }
        self.perform(&mut state, out);
    }

    /// When the function of a cold call was executed, as far as that is known already.
    fn exec_of(&self, visit: &Visit) -> Option<u64> {
        let (Some(id), Some(from)) = (&visit.id, visit.marks.get(Mark::StartCalled)) else {
            return None;
        };
        if visit.temperature != Temperature::Cold {
            return None;
        }
        let until = visit.marks.ready().unwrap_or(u64::MAX);
        let mut state = self.state();
        self.hear(&mut state);
        let traced = exec_trace::join(&state.events, &Start { id: &id.0, pid: None, from, until });
        traced.marks.iter().find(|(mark, _)| *mark == Mark::Exec).map(|(_, at)| *at)
    }

    /// Takes over what the kernel has told meanwhile.
    fn hear(&self, state: &mut State) {
        state.events.extend(self.0.driver.trace().map(ExecTrace::take).unwrap_or_default());
    }

    /// What its instance has used so far, for the log: who wants none does not wait for it.
    async fn used(&self, call: &Call, visit: &Visit) -> Option<u64> {
        let id = visit.id.as_ref().filter(|_| call.wants_log)?;
        self.0.driver.platform().used(id).await.and_then(|used| used.peak_memory)
    }

    /// Forgets what the kernel told before any start that is under way, or of which the row is
    /// still to come.
    pub(super) fn forget(&self, state: &mut State) {
        self.hear(state);
        let now = self.0.clock.now();
        let first = state.starting.values().map(|starting| starting.since).min().unwrap_or(now);
        let kept = first.min(now.saturating_sub(LOOKED_AT_WITHIN));
        state.events.retain(|event| event.at() >= kept);
    }

    async fn log(&self, call: &Call, visit: &Visit) -> Option<Bytes> {
        if !call.wants_log {
            return None;
        }
        let output = match (&visit.output, &visit.id) {
            (Some(output), _) => output.clone(),
            (None, Some(id)) => self.0.driver.platform().output(id).await,
            (None, None) => String::new(),
        };
        let bytes = Bytes::from(output);
        Some(bytes.slice(bytes.len().saturating_sub(LOG)..))
    }

    /// Nobody waits any more: what is still to be known of a call is looked at, and its row is
    /// handed over.
    async fn keep(
        &self,
        call: &Call,
        function: FunctionIndex,
        (window, index): (u32, u32),
        rest: Rest,
    ) {
        let Rest { mut visit, starting, instance } = rest;
        let target = &self.target(function.0);
        let platform: &Instances = self.0.driver.platform();
        platform.returned(starting, &mut visit).await;
        // What was answered is no row's, but for its beginning.
        visit.reply = Bytes::new();
        let step = OUTSIDE_STEPS[usize::from(visit.why_cold.is_some())];
        let events = {
            let mut state = self.state();
            self.hear(&mut state);
            match visit.marks.get(Mark::StartCalled) {
                Some(from) => state.events.iter().filter(|e| e.at() >= from).cloned().collect(),
                None => Vec::new(),
            }
        };
        let id = visit.id.clone();
        let at = Place { target, window, index, step };
        let sample = self.0.driver.served(visit, &events, at).await;
        if let (Outcome::Stranger { .. }, Some(instance)) = (&sample.outcome, instance) {
            self.expel(instance);
        }
        if let Some(reports) = &self.0.reports {
            let used = match &id {
                Some(id) => platform.used(id).await.and_then(|used| used.peak_memory),
                None => None,
            };
            let report = answer::report_of_row(call, &sample, target, used);
            // Who listened may be gone.
            let _ = reports.send(report);
        }
        let mut state = self.state();
        state.open -= 1;
        let responded = sample.marks.get(Mark::Responded).unwrap_or_else(|| self.0.clock.now());
        let closed = state.windows.done(window, responded, self.0.clock.now());
        drop(state);
        let _ = self.0.rows.send(Row::Sample(Box::new(sample)));
        closed.into_iter().for_each(|window| self.close_window(window));
        self.0.quiet.notify_waiters();
    }

    /// Removes an instance whose answers are somebody else's, unless it has a call.
    fn expel(&self, instance: InstanceKey) {
        let at = self.0.clock.now();
        let mut state = self.state();
        let Some(held) = state.held.remove(&instance) else { return };
        let mut out = Vec::new();
        let _ = state.pool.gone(at, instance, &mut out);
        self.perform(&mut state, out);
        drop(state);
        let session = self.clone();
        tokio::spawn(async move { session.0.driver.platform().release(held).await });
    }
}

/// Of a call that met no instance.
fn rest_of(call: &Call, dispatched: u64, outcome: Outcome) -> Rest {
    let intended = call.arrived.min(dispatched);
    let mut visits = Visit::not_begun(1, intended, &outcome);
    let mut visit = visits.swap_remove(0);
    visit.marks.set(Mark::Dispatched, dispatched);
    Rest { visit, starting: None, instance: None }
}

/// Which limit a call met, for those who call.
fn reason_told(reason: Reason) -> Option<crate::serve::Reason> {
    match reason {
        Reason::Account => Some(crate::serve::Reason::Account),
        Reason::Function => Some(crate::serve::Reason::Function),
        Reason::Scaling => Some(crate::serve::Reason::Scaling),
        Reason::Memory => Some(crate::serve::Reason::Memory),
        Reason::Draining => None,
    }
}
