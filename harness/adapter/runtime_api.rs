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

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::{Adapter, Answer, Answered, Asked, Invoked, MAX_REPLY, Ready, Reply, Stamps};
use crate::clock::Clock;
use crate::engine::{
    Caller, Engine, EngineError, Evidence, InstanceSpec, InstanceState, Listener, Strangers,
};
use crate::spec::function::Function;

mod http;
mod report;
mod serve;

/// Things noted about one instance's behaviour.
const MAX_NOTES: usize = 8;
/// Strangers that are told apart.
const MAX_STRANGERS: usize = 8;

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
    stamps: Stamps,
    /// Who asked first.
    first: Option<Caller>,
    open: Option<Open>,
    /// Those of the next invocation, made when nothing was timed.
    secrets: Option<Secrets>,
    /// The one address that the instance has, once it is known.
    address: Option<IpAddr>,
    /// Connections that were refused, by whose they were.
    refused: BTreeMap<String, u64>,
    notes: Vec<String>,
}

/// What cannot be guessed of one invocation.
#[derive(Debug)]
struct Secrets {
    id: String,
    nonce: String,
}

/// An invocation that was not answered yet.
#[derive(Debug)]
struct Open {
    id: String,
    /// Head and event, as they go on the wire; taken when they are sent.
    message: Bytes,
    keep: usize,
    /// Who was given the event; none as long as nobody asked for it.
    given: Option<Caller>,
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
}

impl Adapter for RuntimeApi {
    type Shared = ();

    async fn arm<E: Engine>(
        engine: &E,
        function: &Function,
        spec: &mut InstanceSpec,
        clock: Clock,
        strangers: Arc<Strangers>,
        (): &(),
    ) -> Result<Self, EngineError> {
        let listener = engine.listen(spec.factors.network).await?;
        let variables = [
            ("AWS_LAMBDA_RUNTIME_API", listener.address().to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", (spec.factors.memory >> 20).to_string()),
        ];
        spec.env.extend(variables.map(|(name, value)| (name.to_owned(), value)));
        spec.socket = listener.socket().map(ToOwned::to_owned);
        Ok(Self::serve(listener, clock, strangers))
    }

    /// Written at once to an instance that waits, else as the reply to its next `next`.
    fn invoke(&self, asked: Asked<'_>) -> Invoked {
        let (answer, receiver) = oneshot::channel();
        let deadline = self.shared.clock.wall_ms(asked.deadline);
        let mut state = self.shared.lock();
        state.stamps.sent = None;
        let Secrets { id, nonce } = state.secrets.take().unwrap_or_else(Secrets::new);
        let parts = asked.event.parts(&nonce);
        let (message, event) = http::event(&id, asked.function, deadline, parts);
        state.open = Some(Open { id, message, keep: asked.keep, given: None, answer });
        drop(state);
        self.shared.queued.notify_one();
        Invoked { answer: receiver, event }
    }

    fn prepare(&self) {
        self.shared.lock().secrets.get_or_insert_with(Secrets::new);
    }

    fn expect(&self, address: IpAddr) {
        self.shared.lock().address = Some(address);
    }

    /// Ready by the first `next`, and the function's own stamps that came with it.
    fn stamps(&self) -> Stamps {
        self.shared.lock().stamps
    }

    fn progress(&self, _: &InstanceState) -> Cow<'static, str> {
        Cow::Borrowed(match self.stamps() {
            Stamps { ready: None, .. } => "it never asked for an event",
            Stamps { sent: None, .. } => "it asked for events, and got none",
            Stamps { .. } => "it got the event",
        })
    }

    fn notes(&self) -> Vec<String> {
        self.shared.lock().notes.clone()
    }

    fn refused(&self) -> BTreeMap<String, u64> {
        self.shared.lock().refused.clone()
    }
}

impl Secrets {
    /// New ones, from the system's randomness: some microseconds.
    fn new() -> Self {
        Self { id: Uuid::new_v4().to_string(), nonce: Uuid::new_v4().simple().to_string() }
    }
}

impl State {
    /// What is to be answered, once its event was given.
    fn given(&self) -> Option<&Open> {
        self.open.as_ref().filter(|open| open.given.is_some())
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
        // Of one that cannot start whoever waits is told, asked for an event or not.
        let is_meant = id.is_none_or(|id| state.given().is_some_and(|open| open.id == id));
        let open = if is_meant { state.open.take() } else { None };
        drop(state);
        let Some(open) = open else {
            self.note("answered an invocation that was not waiting for an answer".to_owned());
            return false;
        };
        let callers = everybody(&[first, open.given], by());
        // The driver may have given up; then nobody needs it.
        let _ = open.answer.send(Answered { answer, callers });
        true
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
