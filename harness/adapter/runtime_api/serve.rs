//! Connections and requests: what each is answered with, and when it came.

use std::sync::Arc;

use bytes::Buf;
use tokio::task::JoinSet;

use super::http::{Body, Connection, Keep, Request};
use super::message::invoked;
use super::report::error_text;
use super::{Answer, Answered, MAX_REPLY, Ready, Reply, Shared, State};
use crate::adapter::MAX_STREAMED;
use crate::adapter::client::Pieces;
use crate::engine::{Caller, Evidence, Listener, Stream};
use crate::text::sanitize::printable;

/// Connections that one instance may have open at a time.
const MAX_CONNECTIONS: usize = 16;
/// Bytes of an error report that are kept.
pub(super) const MAX_REPORT: usize = 16 * 1024;
/// A body that nobody needs, and how long it may be.
pub(super) const FORGOTTEN: Keep = Keep { most: MAX_REPLY, kept: 0, end: 0 };
/// An error report. One that is too large still tells of an error: its type may be at its
/// end.
const REPORT: Keep = Keep { most: MAX_STREAMED, kept: MAX_REPORT, end: 1024 };

/// A connection's other end.
struct Peer {
    caller: Caller,
    /// What was found out of it, once it had answered.
    evidence: Option<Evidence>,
}

impl Peer {
    /// Who it is. Of a process this is looked up once a connection, after the first
    /// answer over it was stamped and while the client waits for its receipt: nothing
    /// of that instance is timed then.
    fn evidence(&mut self, shared: &Shared) -> Evidence {
        let look = || {
            let processes = shared.lock().processes.clone();
            self.caller.evidence(processes.as_deref())
        };
        self.evidence.get_or_insert_with(look).clone()
    }
}

pub(super) async fn accept(mut listener: Listener, shared: Arc<Shared>) {
    // Aborted with this task, as it owns them.
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok(Some((stream, caller))) if shared.admits(caller) => {
                if connections.len() < MAX_CONNECTIONS {
                    connections.spawn(serve(stream, caller, shared.clone()));
                } else {
                    shared.violated(format!(
                        "opened more than {MAX_CONNECTIONS} connections at once"
                    ));
                }
            }
            Ok(Some(_)) => {}
            // No more can come; serve the ones that are here.
            Ok(None) => break,
            Err(error) => {
                shared.fail(format!("the driver could not take a connection: {error}"));
                break;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    while connections.join_next().await.is_some() {}
}

async fn serve(stream: Box<dyn Stream>, caller: Caller, shared: Arc<Shared>) {
    let mut connection = Connection::new(stream, shared.clock);
    let mut peer = Peer { caller, evidence: None };
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
        if !shared.handle(&mut connection, &mut peer, request, at).await || close {
            return;
        }
    }
}

impl Shared {
    /// Ends the invocation that waits, if one does, for want of the driver's own means.
    fn fail(&self, cause: String) {
        let answered = Answered { answer: Answer::Unreachable(cause), callers: Vec::new() };
        let open = self.lock().open.take();
        // Nobody waits, or nobody any more: the next invocation meets it again.
        let _ = open.map(|open| open.answer.send(answered));
    }

    /// Handles one request; false when the connection is of no more use.
    async fn handle(
        &self,
        connection: &mut Connection,
        peer: &mut Peer,
        request: Request,
        at: u64,
    ) -> bool {
        let path = request.path.trim_matches('/');
        let parts: Vec<&str> = path.split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["2018-06-01", "runtime", "invocation", "next"]) => {
                self.next(connection, peer.caller, &request, at).await
            }
            ("POST", ["2018-06-01", "runtime", "invocation", id, "response"]) => {
                self.response(connection, peer, &request, id).await
            }
            ("POST", ["2018-06-01", "runtime", "invocation", id, "error"]) => {
                self.error(connection, peer, &request, Some(id)).await
            }
            ("POST", ["2018-06-01", "runtime", "init", "error"]) => {
                self.error(connection, peer, &request, None).await
            }
            ("GET", ["coldstart", "extensions", count]) => {
                self.wait_for_extensions(connection, &request, count).await
            }
            ("POST", ["2020-01-01", "extension", "register"]) => {
                self.register(connection, &request).await
            }
            ("GET", ["2020-01-01", "extension", "event", "next"]) => {
                self.extension_next(connection, &request).await
            }
            ("POST", ["2020-01-01", "extension", when @ ("init" | "exit"), "error"]) => {
                self.extension_error(connection, &request, when).await
            }
            ("PUT", ["2020-08-15", "logs"] | ["2022-07-01", "telemetry"]) => {
                self.subscribe(connection, &request).await
            }
            _ => self.unknown(connection, &request).await,
        }
    }

    /// What is not in the contract is refused, and nothing comes of it: health checks,
    /// and what only a restored instance may ask (decision 0070).
    async fn unknown(&self, connection: &mut Connection, request: &Request) -> bool {
        let path = printable(&request.path, 100);
        let method = printable(&request.method, 20);
        self.note(format!("asked for {method} {path}, which is not in the contract"));
        let drained = connection.body(request, FORGOTTEN).await.is_ok();
        drained && connection.reply(404, "Not Found").await
    }

    async fn next(
        &self,
        connection: &mut Connection,
        caller: Caller,
        request: &Request,
        at: u64,
    ) -> bool {
        if connection.body(request, FORGOTTEN).await.is_err() {
            return false;
        }
        {
            let mut state = self.lock();
            state.waiting += 1;
            state.hung_up = false;
            // The clock of another machine would be told from ours by chance alone.
            let own = |stamp: Option<u64>| stamp.filter(|_| caller.shares_our_clock());
            let (main, ready_self) = (own(request.main_ns), own(request.ready_ns));
            if state.stamps.ready.is_none() {
                state.stamps.ready = Some(Ready { at, main, ready_self, readiness: None });
                state.first = Some(caller);
                self.ready.notify_waiters();
            }
            // Several may ask at once: an event goes to one of them.
            if let Some(open) = state.open.as_mut().filter(|open| open.given.is_some()) {
                open.asked_again = true;
            }
        }
        loop {
            self.end_of_init();
            let Some((message, told)) = self.give(caller) else {
                tokio::select! {
                    () = self.queued.notified() => continue,
                    // An instance that hangs up must not be handed an event.
                    flooded = connection.hung_up() => {
                        self.flooded(flooded);
                        let mut state = self.lock();
                        state.waiting -= 1;
                        state.hung_up = state.waiting == 0;
                        return false;
                    }
                }
            };
            let written = connection.write(message).await;
            let mut state = self.lock();
            state.waiting -= 1;
            if written && state.given().is_some() {
                state.stamps.sent = Some(self.clock.now());
            }
            if let Some(event) = told {
                state.extensions.tell(&event);
                drop(state);
                self.told.notify_waiters();
            }
            return written;
        }
    }

    /// Sets the CPU quota, where one is to be set, once the runtime and every extension have
    /// asked for an event: there the init ends, on AWS Lambda too (decision 0082). A write of
    /// some microseconds, on this thread: nothing may happen between the init and the event.
    fn end_of_init(&self) {
        let mut state = self.lock();
        if state.throttle.is_none() || state.extensions.is_awaited() {
            return;
        }
        let Some(throttle) = state.throttle.take() else { return };
        let set = throttle.set();
        state.stamps.throttled = set.is_ok().then(|| self.clock.now());
        drop(state);
        if let Err(cause) = set {
            // There is no event any more that it could be given.
            self.fail(cause);
        }
    }

    /// Gives out the event that waits, if one does and nobody else is waited for; and what
    /// extensions are told of it, if any wants to hear. The function's time begins here.
    fn give(&self, caller: Caller) -> Option<(impl Buf + Send + use<>, Option<String>)> {
        let now = self.clock.now();
        let mut state = self.lock();
        let State { extensions, open, .. } = &mut *state;
        let open = open.as_mut().filter(|open| open.given.is_none() && !extensions.is_awaited())?;
        let message = open.message.take()?;
        open.given = Some(caller);
        let deadline = self.clock.wall_ms(now.saturating_add(open.limit));
        let told =
            extensions.hear().then(|| invoked(&open.id, &self.function.arn, &open.trace, deadline));
        Some((message.with_deadline(deadline), told))
    }

    async fn response(
        &self,
        connection: &mut Connection,
        peer: &mut Peer,
        request: &Request,
        id: &str,
    ) -> bool {
        let (kept, pieces) = self.wanted(id);
        let most = if request.streamed { MAX_STREAMED } else { MAX_REPLY };
        let mut body = Body::new(Keep { most, kept, end: 0 });
        if request.streamed {
            body = body.going_on(pieces, request.content_type.as_deref()).await;
        }
        let body = connection.read(request, &mut body).await.map(|()| body);
        let responded = self.clock.now();
        let readable = body.is_ok();
        let answer = match body {
            Ok(Body { failure: Some(failure), .. }) => failure.into(),
            Ok(Body { kept, length, first_byte, .. }) => {
                let replied = request.replied_ns.filter(|_| peer.caller.shares_our_clock());
                let body = kept.freeze();
                Answer::Response(Reply { first_byte, responded, replied, body, length })
            }
            Err(reason) => Answer::Unreadable(reason),
        };
        let accepted = self.answer(Some(id), answer, || peer.evidence(self));
        let (status, reason) = match (accepted, readable) {
            (false, _) => (400, "Bad Request"),
            (true, true) => (202, "Accepted"),
            (true, false) => (413, "Payload Too Large"),
        };
        connection.reply(status, reason).await && readable
    }

    /// How much of an answer is kept, and where it goes on to: of two to one event the first
    /// alone goes on.
    fn wanted(&self, id: &str) -> (usize, Option<Pieces>) {
        let mut state = self.lock();
        let given = state.open.as_mut().filter(|open| open.given.is_some() && open.id == id);
        given.map_or((0, None), |open| (open.keep, open.pieces.take()))
    }

    async fn error(
        &self,
        connection: &mut Connection,
        peer: &mut Peer,
        request: &Request,
        id: Option<&str>,
    ) -> bool {
        let mut body = Body::new(REPORT);
        let readable = connection.read(request, &mut body).await.is_ok();
        let fits = readable && body.length <= MAX_REPLY;
        // However little of it came: that it failed is said by its being sent.
        let text = error_text(&body, request.error_type.as_deref());
        let answer = match id {
            Some(_) => Answer::FunctionError { cause: text, document: body.whole() },
            None => Answer::InitError(text),
        };
        let accepted = self.answer(id, answer, || peer.evidence(self));
        let (status, reason) = match (accepted, fits) {
            (false, _) => (400, "Bad Request"),
            (true, true) => (202, "Accepted"),
            (true, false) => (413, "Payload Too Large"),
        };
        connection.reply(status, reason).await && readable
    }
}
