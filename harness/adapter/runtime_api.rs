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
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::client::Pieces;
use super::{
    Adapter, Answer, Answered, Asked, Invoked, MAX_REPLY, Ready, Reply, Stamps, until_told,
};
use crate::clock::Clock;
use crate::engine::{
    Caller, Engine, EngineError, Evidence, InstanceSpec, InstanceState, Listener, Strangers,
};
use crate::probe::cgroup::Throttle;
use crate::spec::function::Function;

mod environment;
mod extensions;
mod http;
mod message;
mod report;
mod serve;

pub use environment::About;
use environment::environment;
use extensions::Extensions;
use message::{Context, Message, trace_id};

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
    function: About,
    state: Mutex<State>,
    /// An event waits, or what it waited for has come.
    queued: Notify,
    /// An extension has registered, or failed.
    registered: Notify,
    /// Extensions are told of an invocation.
    told: Notify,
    /// The instance has asked for its first event.
    ready: Notify,
}

#[derive(Debug, Default)]
struct State {
    stamps: Stamps,
    /// Who asked first.
    first: Option<Caller>,
    open: Option<Open>,
    /// Connections that wait for an event, and whether the last of them hung up.
    waiting: usize,
    hung_up: bool,
    /// Those of the next invocation, made when nothing was timed.
    secrets: Option<Secrets>,
    /// The kernel's list of the instance's processes.
    processes: Option<PathBuf>,
    /// The one address that the instance has, once it is known.
    address: Option<IpAddr>,
    /// Connections that were refused, by whose they were.
    refused: BTreeMap<String, u64>,
    extensions: Extensions,
    /// What sets its CPU quota at the end of its init, until it has.
    throttle: Option<Throttle>,
    /// What was seen that is worth telling, and does no harm.
    observed: Vec<String>,
    /// What makes the instance unfit for another event.
    violations: Vec<String>,
}

/// What cannot be guessed of one invocation.
#[derive(Debug)]
struct Secrets {
    id: String,
    nonce: String,
    trace: String,
}

/// An invocation that was not answered yet.
#[derive(Debug)]
struct Open {
    id: String,
    trace: String,
    /// Head and event, as they go on the wire; taken when they are sent.
    message: Option<Message>,
    /// How long the function may take, in nanoseconds.
    limit: u64,
    keep: usize,
    /// Where its answer goes on to, if it is a stream.
    pieces: Option<Pieces>,
    /// Who was given the event; none as long as nobody asked for it.
    given: Option<Caller>,
    /// Another was asked for before this one was answered.
    asked_again: bool,
    answer: oneshot::Sender<Answered>,
}

impl RuntimeApi {
    /// Serves one instance of a function on a listener; `strangers` cannot be that
    /// instance.
    #[must_use]
    pub fn serve(
        listener: Listener,
        clock: Clock,
        strangers: Arc<Strangers>,
        function: About,
    ) -> Self {
        let state = State { secrets: Some(Secrets::new(clock)), ..State::default() };
        let [queued, registered, told, ready] = [(); 4].map(|()| Notify::new());
        let state = Mutex::new(state);
        let shared = Shared { clock, strangers, function, state, queued, registered, told, ready };
        let shared = Arc::new(shared);
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
        let listener = engine.listen(spec.factors.attachment()).await?;
        let about = environment(function, spec, listener.address());
        spec.socket = listener.socket().map(ToOwned::to_owned);
        Ok(Self::serve(listener, clock, strangers, about))
    }

    /// Written at once to an instance that waits, else as the reply to its next `next`.
    fn invoke(&self, asked: Asked<'_>) -> Invoked {
        let (answer, receiver) = oneshot::channel();
        let limit = u64::try_from(asked.limit.as_nanos()).unwrap_or(u64::MAX / 2);
        let mut state = self.shared.lock();
        state.stamps.sent = None;
        let secrets = state.secrets.take().unwrap_or_else(|| Secrets::new(self.shared.clock));
        let Secrets { id, nonce, trace } = secrets;
        let id = asked.request.map_or(id, |request| request.to_string());
        let client = asked.client.and_then(|client| client.context.as_deref());
        let context = Context { id: &id, arn: &self.shared.function.arn, trace: &trace, client };
        let message = Message::new(context, asked.event.parts(&nonce));
        let event = message.event();
        let (given, asked_again, message) = (None, false, Some(message));
        let keep = asked.keep;
        let pieces = asked.client.and_then(|client| client.pieces.clone());
        let open = Open { id, trace, message, limit, keep, pieces, given, asked_again, answer };
        state.open = Some(open);
        drop(state);
        self.shared.queued.notify_one();
        Invoked { answer: receiver, event }
    }

    fn throttle_when_ready(&self, throttle: Throttle) {
        self.shared.lock().throttle = Some(throttle);
    }

    async fn ready(&self) {
        until_told(&self.shared.ready, || self.stamps().ready.is_some()).await;
    }

    fn prepare(&self) {
        let clock = self.shared.clock;
        self.shared.lock().secrets.get_or_insert_with(|| Secrets::new(clock));
    }

    fn lives_in(&self, processes: PathBuf) {
        self.shared.lock().processes = Some(processes);
    }

    fn expect(&self, address: IpAddr) {
        self.shared.lock().address = Some(address);
    }

    /// Ready by the first `next`, and the function's own stamps that came with it.
    fn stamps(&self) -> Stamps {
        self.shared.lock().stamps
    }

    fn progress(&self, _: &InstanceState) -> Cow<'static, str> {
        let state = self.shared.lock();
        Cow::Borrowed(match (state.stamps, state.given()) {
            (Stamps { ready: None, .. }, _) => "it never asked for an event",
            (Stamps { sent: None, .. }, _) if state.extensions.is_awaited() => {
                "it asked for an event, which waits until its extensions have asked for one"
            }
            (Stamps { sent: None, .. }, _) => "it asked for events, and got none",
            (_, Some(Open { asked_again: true, .. })) => {
                "it got the event, and asked for another before it answered"
            }
            _ => "it got the event",
        })
    }

    fn notes(&self) -> Vec<String> {
        let state = self.shared.lock();
        let extensions = state.extensions.failure.iter().cloned().chain(state.extensions.awaited());
        let told = state.violations.iter().chain(&state.observed).cloned();
        extensions.chain(told).collect()
    }

    fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    fn has_hung_up(&self) -> bool {
        self.shared.lock().hung_up
    }

    fn refused(&self) -> BTreeMap<String, u64> {
        self.shared.lock().refused.clone()
    }
}

impl Secrets {
    /// New ones, from the system's randomness: some microseconds.
    fn new(clock: Clock) -> Self {
        let trace = trace_id(clock.wall_ms(clock.now()) / 1000);
        let [id, nonce] = [(); 2].map(|()| Uuid::new_v4());
        Self { id: id.to_string(), nonce: nonce.simple().to_string(), trace }
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

    /// Notes what is worth telling, and does no harm.
    fn note(&self, note: String) {
        add(&mut self.lock().observed, note);
    }

    /// Notes what makes the instance unfit for another event.
    fn violated(&self, note: String) {
        add(&mut self.lock().violations, note);
    }

    /// Notes that much came, if it did, where nothing was to be sent.
    fn flooded(&self, flooded: bool) {
        if flooded {
            self.violated("sent much that it was not asked for".to_owned());
        }
    }

    /// Whether a caller may speak to the instance's server; it is counted if not.
    fn admits(&self, caller: Caller) -> bool {
        let mut state = self.lock();
        let expected = state.address;
        // Who had the instance's own address before is gone, told or not.
        if expected.is_some_and(|own| caller == Caller::Address(own)) {
            return true;
        }
        let other = || match (caller, expected) {
            (Caller::Address(is), Some(_)) => Some(is.to_string()),
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

fn add(notes: &mut Vec<String>, note: String) {
    if notes.len() < MAX_NOTES && !notes.contains(&note) {
        notes.push(note);
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
