//! HTTP: an instance listens on the port that it is told in `PORT`, and the driver asks it.
//!
//! Readiness is the listening socket, as the kernel stamps it where that can be heard, else
//! as a connection finds it (`ready`). The request is made ready to write before the
//! instance exists and goes out at readiness, on a connection that is kept for the
//! invocations to come (`exchange`).
//!
//! Whatever an instance sends is bounded: all of it is counted, little is held ([`line`]).
//! Behind a function's URL it is asked what the client asks, in place of what its file says
//! (`theirs`).
//!
//! What is ready, and when a request is made again: decision 0075.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::client::Pieces;
use super::{Adapter, Answer, Answered, Asked, Event, Invoked, Ready, Reply, Stamps, until_told};
use crate::clock::Clock;
use crate::engine::{
    Engine, EngineError, InstanceId, InstanceSpec, InstanceState, Route, Strangers,
};
use crate::probe::cgroup::Throttle;
use crate::spec::function::{Function, HttpRequest};

mod exchange;
mod line;
mod progress;
mod ready;
mod shared;
mod theirs;

use progress::Progress;
use ready::Finding;
use shared::FreePort;
pub use shared::Shared;
use theirs::Theirs;

/// Things noted about one instance's behaviour.
const MAX_NOTES: usize = 8;

/// How one instance is asked. Dropping it closes its connection.
#[derive(Debug)]
pub struct Http {
    server: Arc<Server>,
    task: AbortHandle,
    /// Where it has none of its own: kept for it alone.
    port: Option<FreePort>,
}

/// One instance, as the driver sees it.
#[derive(Debug)]
struct Server {
    clock: Clock,
    request: HttpRequest,
    /// Where it is to listen: the request's port, or one that is free.
    port: u16,
    /// Whether it shares its ports with all of this machine.
    shares_ports: bool,
    state: Mutex<State>,
    /// An event waits, or the instance came a step further.
    changed: Notify,
    /// It listens.
    listens: Notify,
}

#[derive(Debug, Default)]
struct State {
    stamps: Stamps,
    progress: Progress,
    open: Option<Open>,
    /// That of the next invocation, made when nothing was timed.
    nonce: Option<String>,
    /// Whom to ask, once that exists.
    id: Option<InstanceId>,
    /// The kernel's list of its processes.
    processes: Option<PathBuf>,
    is_started: bool,
    /// What sets its CPU quota once it listens, until it has.
    throttle: Option<Throttle>,
    /// Why it is asked nothing.
    failure: Option<String>,
    notes: Vec<String>,
}

/// An invocation that was not answered yet.
#[derive(Debug)]
struct Open {
    /// The request, as it goes on the wire.
    message: Bytes,
    /// What is particular of it where it is a client's own.
    theirs: Option<Theirs>,
    /// Where the answer goes on to.
    pieces: Option<Pieces>,
    keep: usize,
    answer: oneshot::Sender<Answered>,
}

impl Http {
    /// Asks one instance, which a route leads to and which listens on a port, as soon as it
    /// is said to exist ([`Adapter::starts`]).
    #[must_use]
    pub fn serve(
        route: Route,
        shared: &Shared,
        clock: Clock,
        request: HttpRequest,
        port: u16,
        runtime: &str,
    ) -> Self {
        let shares_ports = route.shares_ports();
        let finding = Finding::new(route, shared, clock, port, runtime);
        let (state, changed, listens) = (Mutex::default(), Notify::new(), Notify::new());
        let server = Server { clock, request, port, shares_ports, state, changed, listens };
        let server = Arc::new(server);
        let task = tokio::spawn(exchange::serve(server.clone(), finding)).abort_handle();
        Self { server, task, port: None }
    }
}

impl Adapter for Http {
    type Shared = Shared;

    /// Tells the instance its port. `strangers` call nobody here: the driver does.
    async fn arm<E: Engine>(
        engine: &E,
        function: &Function,
        spec: &mut InstanceSpec,
        clock: Clock,
        _: Arc<Strangers>,
        shared: &Shared,
    ) -> Result<Self, EngineError> {
        let route = engine.reach(spec.factors.attachment())?;
        let request = function.http.clone().unwrap_or_default();
        let free = if route.shares_ports() { Some(shared.free_port()?) } else { None };
        let port = free.as_ref().map_or(request.port, |free| free.number);
        let (told, _) = function.adapter.tells();
        spec.env.insert(told.to_owned(), port.to_string());
        let mut served = Self::serve(route, shared, clock, request, port, &spec.factors.runtime);
        served.port = free;
        Ok(served)
    }

    /// Sent at once to an instance that listens, else as soon as it does.
    fn invoke(&self, asked: Asked<'_>) -> Invoked {
        let (answer, receiver) = oneshot::channel();
        let mut state = self.server.lock();
        state.stamps.sent = None;
        let nonce = state.nonce.take().unwrap_or_else(nonce);
        let theirs = asked.client.and_then(Theirs::of);
        let (message, event) = match &theirs {
            Some((_, message)) => (message.clone(), Bytes::new()),
            None => self.server.message(asked.event, &nonce),
        };
        let theirs = theirs.map(|(theirs, _)| theirs);
        let pieces = asked.client.and_then(|client| client.pieces.clone());
        state.open = Some(Open { message, theirs, pieces, keep: asked.keep, answer });
        drop(state);
        self.server.changed.notify_one();
        Invoked { answer: receiver, event }
    }

    fn throttle_when_ready(&self, throttle: Throttle) {
        self.server.lock().throttle = Some(throttle);
    }

    async fn ready(&self) {
        until_told(&self.server.listens, || self.stamps().ready.is_some()).await;
    }

    fn lives_in(&self, processes: PathBuf) {
        self.server.lock().processes = Some(processes);
    }

    fn starts(&self, id: &InstanceId) {
        self.server.lock().id = Some(id.clone());
        self.server.changed.notify_one();
    }

    fn started(&self) {
        self.server.lock().is_started = true;
        self.server.changed.notify_one();
    }

    fn prepare(&self) {
        self.server.lock().nonce.get_or_insert_with(nonce);
    }

    fn stamps(&self) -> Stamps {
        self.server.lock().stamps
    }

    fn progress(&self, instance: &InstanceState) -> Cow<'static, str> {
        let progress = self.server.lock().progress;
        progress.told(instance, self.server.port, self.server.shares_ports)
    }

    fn notes(&self) -> Vec<String> {
        self.server.lock().notes.clone()
    }
}

/// From the system's randomness: some microseconds.
fn nonce() -> String {
    Uuid::new_v4().simple().to_string()
}

impl Drop for Http {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves plain data behind, which is still right.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, note: String) {
        let mut state = self.lock();
        if state.notes.len() < MAX_NOTES && !state.notes.contains(&note) {
            state.notes.push(note);
        }
    }

    /// A request as it goes on the wire, and the event in it.
    fn message(&self, event: &Event, nonce: &str) -> (Bytes, Bytes) {
        let HttpRequest { path, method, .. } = &self.request;
        // A name that servers which look at it take from anybody.
        let port = self.port;
        let mut message = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: coldstart\r\n\
             Accept: */*\r\n"
        );
        if method.has_body() {
            let parts = event.parts(nonce);
            let length: usize = parts.iter().map(|part| part.len()).sum();
            message.push_str("Content-Type: application/json\r\nContent-Length: ");
            message.push_str(&length.to_string());
            message.push_str("\r\n\r\n");
            message.reserve_exact(length);
            let begins = message.len();
            parts.iter().for_each(|part| message.push_str(part));
            let message = Bytes::from(message);
            let event = message.slice(begins..);
            return (message, event);
        }
        message.push_str("\r\n");
        (Bytes::from(message), Bytes::new())
    }

    /// Waits until something that the state has is there.
    async fn until<T>(&self, there: impl Fn(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            if let Some(found) = there(&mut self.lock()) {
                return found;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests;
