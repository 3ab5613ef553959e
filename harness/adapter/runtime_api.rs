//! The Lambda Runtime API, one server an instance.
//!
//! Readiness is an exact event here, the first `next`, and the first event is
//! the reply to it: nothing is polled and no second connection is made. This is
//! the measuring path: a request is stamped when its last byte was read, and
//! the event was made ready to write before it was asked for.
//!
//! Whoever reaches the port can speak to it, so nothing here is taken on trust: ids
//! and nonces cannot be guessed, callers that cannot be the instance are refused, and
//! an answer says who had a part in it. What comes in is bounded in size, each and all.
//!
//! Why not a server of a library: decision 0002. What is held of a reply: decision 0052.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;

use crate::clock::Clock;
use crate::engine::{Caller, Evidence, Listener, Strangers};

mod answer;
mod event;
mod http;
mod serve;

pub use answer::{Answer, Answered};
pub use event::Event;

use event::Secrets;

/// The largest reply that is read, in bytes: the limit of AWS Lambda.
pub const MAX_REPLY: usize = 6 * 1024 * 1024;
/// Things noted about one instance's behaviour.
const MAX_NOTES: usize = 8;
/// Strangers that are told apart.
const MAX_STRANGERS: usize = 8;

/// The first `next` of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// When it was read: nanoseconds since the run's epoch.
    pub at: u64,
    /// `Coldstart-Main-Ns`: the function's own stamp, kernel monotonic
    /// nanoseconds, not yet believed.
    pub main: Option<u64>,
    /// `Coldstart-Ready-Ns`: likewise.
    pub ready_self: Option<u64>,
}

/// What is asked of an instance.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The function's name.
    pub function: &'a str,
    /// What is sent.
    pub event: &'a Event,
    /// Until when it may answer: nanoseconds since the run's epoch.
    pub deadline: u64,
    /// Bytes of the reply that are kept; the rest is counted and forgotten.
    pub keep: usize,
}

/// An invocation under way.
#[derive(Debug)]
pub struct Invoked {
    /// Fails only when the server is dropped.
    pub answer: oneshot::Receiver<Answered>,
    /// The event as it is sent, nonce included.
    pub event: Bytes,
}

/// The server of one instance. Dropping it closes the listener and every
/// connection.
#[derive(Debug)]
pub struct RuntimeApi {
    shared: Arc<Shared>,
    server: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    strangers: Arc<Strangers>,
    state: Mutex<State>,
    queued: Notify,
}

#[derive(Debug, Default)]
struct State {
    ready: Option<Ready>,
    /// Who asked first.
    first: Option<Caller>,
    queued: Option<Invocation>,
    in_flight: Option<InFlight>,
    /// When the latest event was written.
    sent: Option<u64>,
    /// Those of the next invocation, made when nothing was timed.
    secrets: Option<Secrets>,
    /// The one address that the instance has, once it is known.
    address: Option<IpAddr>,
    /// Connections that were refused, by whose they were.
    refused: BTreeMap<String, u64>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct Invocation {
    id: String,
    /// Head and event, as they go on the wire.
    message: Bytes,
    keep: usize,
    answer: oneshot::Sender<Answered>,
}

#[derive(Debug)]
struct InFlight {
    id: String,
    keep: usize,
    /// Who was given the event.
    caller: Caller,
    answer: oneshot::Sender<Answered>,
}

impl RuntimeApi {
    /// Serves one instance on a listener; `strangers` cannot be that instance.
    #[must_use]
    pub fn serve(listener: Listener, clock: Clock, strangers: Arc<Strangers>) -> Self {
        let state = State { secrets: Some(Secrets::new()), ..State::default() };
        let state = Mutex::new(state);
        let shared = Arc::new(Shared { clock, strangers, state, queued: Notify::new() });
        let server = tokio::spawn(serve::accept(listener, shared.clone())).abort_handle();
        Self { shared, server }
    }

    /// Hands an event to the instance: written at once if it waits for one, else
    /// as the reply to its next `next`.
    #[must_use]
    pub fn invoke(&self, asked: Asked<'_>) -> Invoked {
        let (answer, receiver) = oneshot::channel();
        let deadline = self.shared.clock.wall_ms(asked.deadline);
        let mut state = self.shared.lock();
        state.sent = None;
        let secrets = state.secrets.take().unwrap_or_else(Secrets::new);
        let (message, event) = asked.event.message(&secrets, asked.function, deadline);
        let (id, keep) = (secrets.id, asked.keep);
        state.queued = Some(Invocation { id, message, keep, answer });
        drop(state);
        self.shared.queued.notify_one();
        Invoked { answer: receiver, event }
    }

    /// Does what the next invocation needs and can be done before it.
    pub fn prepare(&self) {
        self.shared.lock().secrets.get_or_insert_with(Secrets::new);
    }

    /// Refuses everybody but this address from now on.
    pub fn expect(&self, address: IpAddr) {
        self.shared.lock().address = Some(address);
    }

    /// The first `next`, once it has come.
    #[must_use]
    pub fn ready(&self) -> Option<Ready> {
        self.shared.lock().ready
    }

    /// When the event of the latest invocation was written.
    #[must_use]
    pub fn sent(&self) -> Option<u64> {
        self.shared.lock().sent
    }

    /// What the instance did against the contract so far, oldest first.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.shared.lock().notes.clone()
    }

    /// Connections that were refused so far, by whose they were.
    #[must_use]
    pub fn refused(&self) -> BTreeMap<String, u64> {
        self.shared.lock().refused.clone()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves plain data behind, which is still right.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, note: String) {
        let mut state = self.lock();
        if state.notes.len() < MAX_NOTES {
            state.notes.push(note);
        }
    }

    /// Whether a caller may speak to the instance's server; it is counted if not.
    fn admits(&self, caller: Caller) -> bool {
        let mut state = self.lock();
        let expected = state.address;
        let other = || match (caller, expected) {
            (Caller::Address(is), Some(expected)) if is != expected => Some(is.to_string()),
            _ => None,
        };
        let Some(name) = self.strangers.find(caller).or_else(other) else { return true };
        let known = state.refused.len();
        let name = if known < MAX_STRANGERS || state.refused.contains_key(&name) {
            name
        } else {
            "others".to_owned()
        };
        *state.refused.entry(name).or_default() += 1;
        false
    }

    /// Delivers an answer to whoever waits for it; false, and a note, when nobody
    /// does: an unknown id, or a second answer.
    fn answer(&self, id: Option<&str>, answer: Answer, by: impl FnOnce() -> Evidence) -> bool {
        let mut state = self.lock();
        let first = state.first;
        let waiting = match id {
            Some(id) if state.in_flight.as_ref().is_some_and(|f| f.id == id) => {
                state.in_flight.take().map(|f| (f.answer, Some(f.caller)))
            }
            Some(_) => None,
            // Cannot start: whoever waits is told, asked for an event or not.
            None => {
                let in_flight = state.in_flight.take().map(|f| (f.answer, Some(f.caller)));
                in_flight.or_else(|| state.queued.take().map(|q| (q.answer, None)))
            }
        };
        drop(state);
        match waiting {
            Some((waiting, given)) => {
                let callers = everybody(&[first, given], by());
                // The driver may have given up; then nobody needs it.
                let _ = waiting.send(Answered { answer, callers });
                true
            }
            None => {
                self.note("answered an invocation that was not waiting for an answer".to_owned());
                false
            }
        }
    }
}

/// Who answered, and those who had a part in it before, each once. Of a process, it is
/// told by the connection that it answered over alone.
fn everybody(before: &[Option<Caller>], by: Evidence) -> Vec<Evidence> {
    let mut all = vec![by];
    for caller in before.iter().flatten() {
        if let Caller::Address(address) = caller
            && !all.contains(&Evidence::Address(*address))
        {
            all.push(Evidence::Address(*address));
        }
    }
    all
}

#[cfg(test)]
mod tests;
