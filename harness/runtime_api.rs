//! The Lambda Runtime API, one server an instance.
//!
//! Readiness is an exact event here, the first `next`, and the first event is
//! the reply to it: nothing is polled and no second connection is made. This is
//! the measuring path: a request is stamped when its last byte was read, and
//! the event was made ready to write before it was asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, JoinSet};

use crate::clock::Clock;
use crate::engine::{Listener, Stream};
use crate::hostile::printable;

mod http;

use http::{Connection, Request};

/// The largest reply that is read, in bytes: the limit of AWS Lambda.
pub const MAX_REPLY: usize = 6 * 1024 * 1024;
/// Connections that one instance may have open at a time.
const MAX_CONNECTIONS: usize = 16;
/// Things noted about one instance's behaviour.
const MAX_NOTES: usize = 8;

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

/// How an invocation was answered.
#[derive(Debug)]
pub enum Answer {
    /// A response, whatever it says.
    Response {
        /// When the last byte of it was read.
        responded: u64,
        /// `Coldstart-Replied-Ns`: the function's own stamp, kernel monotonic
        /// nanoseconds, not yet believed.
        replied: Option<u64>,
        /// Its body.
        body: Bytes,
    },
    /// The function says that this invocation failed.
    FunctionError(String),
    /// The function says that it cannot start.
    InitError(String),
    /// The response is larger than [`MAX_REPLY`], or ended before its end.
    Unreadable(String),
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
    state: Mutex<State>,
    queued: Notify,
}

#[derive(Debug, Default)]
struct State {
    ready: Option<Ready>,
    queued: Option<Invocation>,
    in_flight: Option<InFlight>,
    /// When the latest event was written.
    sent: Option<u64>,
    notes: Vec<String>,
    invocations: u64,
}

#[derive(Debug)]
struct Invocation {
    id: String,
    /// Head and event, as they go on the wire.
    message: Vec<u8>,
    answer: oneshot::Sender<Answer>,
}

#[derive(Debug)]
struct InFlight {
    id: String,
    answer: oneshot::Sender<Answer>,
}

impl RuntimeApi {
    /// Serves one instance on a listener.
    #[must_use]
    pub fn serve(listener: Listener, clock: Clock) -> Self {
        let shared = Arc::new(Shared { clock, state: Mutex::default(), queued: Notify::new() });
        let server = tokio::spawn(accept(listener, shared.clone())).abort_handle();
        Self { shared, server }
    }

    /// Hands an event to the instance: written at once if it waits for one, else
    /// as the reply to its next `next`. The receiver fails only when the server
    /// is dropped. `deadline` is in nanoseconds since the run's epoch.
    #[must_use]
    pub fn invoke(&self, function: &str, event: &str, deadline: u64) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let mut state = self.shared.lock();
        state.invocations += 1;
        state.sent = None;
        let id = format!("00000000-0000-4000-8000-{:012x}", state.invocations);
        let deadline = self.shared.clock.wall_ms(deadline);
        let message = http::event(&id, function, deadline, event);
        state.queued = Some(Invocation { id, message, answer });
        drop(state);
        self.shared.queued.notify_one();
        receiver
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
}

async fn accept(mut listener: Listener, shared: Arc<Shared>) {
    // Aborted with this task, as it owns them.
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok(Some(stream)) if connections.len() < MAX_CONNECTIONS => {
                connections.spawn(serve(stream, shared.clone()));
            }
            Ok(Some(_)) => {
                shared.note(format!("opened more than {MAX_CONNECTIONS} connections at once"))
            }
            // No more can come; serve the ones that are here.
            Ok(None) => break,
            Err(error) => {
                shared.note(format!("could not connect: {error}"));
                break;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    while connections.join_next().await.is_some() {}
}

async fn serve(stream: Box<dyn Stream>, shared: Arc<Shared>) {
    let mut connection = Connection::new(stream);
    loop {
        let request = match connection.request().await {
            Ok(Some(request)) => request,
            Ok(None) => return,
            Err(reason) => {
                shared.note(format!("sent what is not HTTP: {}", printable(&reason, 100)));
                let _ = connection.reply(400, "Bad Request").await;
                return;
            }
        };
        let at = shared.clock.now();
        let close = request.close;
        if !shared.handle(&mut connection, request, at).await || close {
            return;
        }
    }
}

impl Shared {
    /// Handles one request; false when the connection is of no more use.
    async fn handle(&self, connection: &mut Connection, request: Request, at: u64) -> bool {
        const ROOT: &str = "/2018-06-01/runtime/";
        let path = request.path.strip_prefix(ROOT).unwrap_or("");
        let parts: Vec<&str> = path.split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["invocation", "next"]) => self.next(connection, &request, at).await,
            ("POST", ["invocation", id, "response"]) => {
                self.response(connection, &request, id).await
            }
            ("POST", ["invocation", id, "error"]) => {
                self.error(connection, &request, Some(id)).await
            }
            ("POST", ["init", "error"]) => self.error(connection, &request, None).await,
            _ => {
                let path = printable(&request.path, 100);
                self.note(format!(
                    "asked for {} {path}, which is not in the contract",
                    request.method
                ));
                let drained = connection.body(&request, MAX_REPLY).await.is_ok();
                drained && connection.reply(404, "Not Found").await
            }
        }
    }

    async fn next(&self, connection: &mut Connection, request: &Request, at: u64) -> bool {
        if connection.body(request, MAX_REPLY).await.is_err() {
            return false;
        }
        let owes = {
            let mut state = self.lock();
            let (main, ready_self) = (request.main_ns, request.ready_ns);
            state.ready.get_or_insert(Ready { at, main, ready_self });
            state.in_flight.is_some()
        };
        if owes {
            self.note("asked for an event before it answered the last one".to_owned());
        }
        loop {
            let Some(invocation) = self.lock().queued.take() else {
                tokio::select! {
                    () = self.queued.notified() => continue,
                    // An instance that hangs up must not be handed an event.
                    open = connection.fill() => if open { continue } else { return false },
                }
            };
            let Invocation { id, message, answer } = invocation;
            self.lock().in_flight = Some(InFlight { id, answer });
            let written = connection.write(&message).await;
            let mut state = self.lock();
            if written && state.in_flight.is_some() {
                state.sent = Some(self.clock.now());
            }
            return written;
        }
    }

    async fn response(&self, connection: &mut Connection, request: &Request, id: &str) -> bool {
        let body = connection.body(request, MAX_REPLY).await;
        let responded = self.clock.now();
        let (answer, status) = match body {
            Ok(body) => (
                Answer::Response { responded, replied: request.replied_ns, body },
                (202, "Accepted"),
            ),
            Err(reason) => (Answer::Unreadable(reason), (413, "Payload Too Large")),
        };
        let readable = status.0 == 202;
        let status = if self.answer(Some(id), answer) { status } else { (400, "Bad Request") };
        connection.reply(status.0, status.1).await && readable
    }

    async fn error(
        &self,
        connection: &mut Connection,
        request: &Request,
        id: Option<&str>,
    ) -> bool {
        let Ok(body) = connection.body(request, MAX_REPLY).await else { return false };
        let text = error_text(&body);
        let answer =
            if id.is_some() { Answer::FunctionError(text) } else { Answer::InitError(text) };
        let accepted = self.answer(id, answer);
        let (status, reason) = if accepted { (202, "Accepted") } else { (400, "Bad Request") };
        connection.reply(status, reason).await
    }

    /// Delivers an answer to whoever waits for it; false, and a note, when nobody
    /// does: an unknown id, or a second answer.
    fn answer(&self, id: Option<&str>, answer: Answer) -> bool {
        let mut state = self.lock();
        let waiting = match id {
            Some(id) if state.in_flight.as_ref().is_some_and(|f| f.id == id) => {
                state.in_flight.take().map(|f| f.answer)
            }
            Some(_) => None,
            // Cannot start: whoever waits is told, asked for an event or not.
            None => {
                let in_flight = state.in_flight.take().map(|f| f.answer);
                in_flight.or_else(|| state.queued.take().map(|q| q.answer))
            }
        };
        drop(state);
        match waiting {
            Some(waiting) => {
                // The driver may have given up; then nobody needs it.
                let _ = waiting.send(answer);
                true
            }
            None => {
                self.note("answered an invocation that was not waiting for an answer".to_owned());
                false
            }
        }
    }
}

/// The function's own words out of an error report.
fn error_text(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Report {
        error_message: String,
        error_type: Option<String>,
    }
    let text = match serde_json::from_slice::<Report>(body) {
        Ok(Report { error_message, error_type: Some(kind) }) => format!("{kind}: {error_message}"),
        Ok(Report { error_message, error_type: None }) => error_message,
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    printable(&text, 500)
}

#[cfg(test)]
mod tests;
