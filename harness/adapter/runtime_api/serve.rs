//! Connections and requests: what each is answered with, and when it came.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinSet;

use super::http::{Body, Connection, Keep, Request};
use super::report::error_text;
use super::{Answer, Answered, MAX_REPLY, Ready, Reply, Shared};
use crate::engine::{Caller, Evidence, Listener, Stream};
use crate::text::sanitize::printable;

/// Connections that one instance may have open at a time.
const MAX_CONNECTIONS: usize = 16;
/// Bytes of an error report that are kept.
const MAX_REPORT: usize = 16 * 1024;
/// A body that nobody needs, and how long it may be.
const FORGOTTEN: Keep = Keep { most: MAX_REPLY, kept: 0 };

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
    fn evidence(&mut self) -> Evidence {
        self.evidence.get_or_insert_with(|| self.caller.evidence()).clone()
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
                    shared.note(format!("opened more than {MAX_CONNECTIONS} connections at once"));
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
    let mut connection = Connection::new(stream);
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
        const ROOT: &str = "/2018-06-01/runtime/";
        let path = request.path.strip_prefix(ROOT).unwrap_or("");
        let parts: Vec<&str> = path.split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["invocation", "next"]) => {
                self.next(connection, peer.caller, &request, at).await
            }
            ("POST", ["invocation", id, "response"]) => {
                self.response(connection, peer, &request, id).await
            }
            ("POST", ["invocation", id, "error"]) => {
                self.error(connection, peer, &request, Some(id)).await
            }
            ("POST", ["init", "error"]) => self.error(connection, peer, &request, None).await,
            _ => {
                let path = printable(&request.path, 100);
                let method = printable(&request.method, 20);
                self.note(format!("asked for {method} {path}, which is not in the contract"));
                let drained = connection.body(&request, FORGOTTEN).await.is_ok();
                drained && connection.reply(404, "Not Found").await
            }
        }
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
        let owes = {
            let mut state = self.lock();
            let (main, ready_self) = (request.main_ns, request.ready_ns);
            if state.stamps.ready.is_none() {
                state.stamps.ready = Some(Ready { at, main, ready_self, readiness: None });
                state.first = Some(caller);
            }
            state.given().is_some()
        };
        if owes {
            self.note("asked for an event before it answered the last one".to_owned());
        }
        loop {
            let Some(message) = self.give(caller) else {
                tokio::select! {
                    () = self.queued.notified() => continue,
                    // An instance that hangs up must not be handed an event.
                    flooded = connection.hung_up() => {
                        if flooded {
                            self.note("sent much that it was not asked for".to_owned());
                        }
                        return false;
                    }
                }
            };
            let written = connection.write(&message).await;
            let mut state = self.lock();
            if written && state.given().is_some() {
                state.stamps.sent = Some(self.clock.now());
            }
            return written;
        }
    }

    /// Gives out the event that waits, if one does, and to whom.
    fn give(&self, caller: Caller) -> Option<Bytes> {
        let mut state = self.lock();
        let open = state.open.as_mut().filter(|open| open.given.is_none())?;
        open.given = Some(caller);
        Some(std::mem::take(&mut open.message))
    }

    async fn response(
        &self,
        connection: &mut Connection,
        peer: &mut Peer,
        request: &Request,
        id: &str,
    ) -> bool {
        let kept = self.lock().given().filter(|open| open.id == id).map_or(0, |open| open.keep);
        let body = connection.body(request, Keep { most: MAX_REPLY, kept }).await;
        let responded = self.clock.now();
        let readable = body.is_ok();
        let answer = match body {
            Ok(Body { failure: Some(failure), .. }) => failure.into(),
            Ok(Body { kept, length, .. }) => {
                let (replied, body) = (request.replied_ns, kept.freeze());
                Answer::Response(Reply { responded, replied, body, length })
            }
            Err(reason) => Answer::Unreadable(reason),
        };
        let accepted = self.answer(Some(id), answer, || peer.evidence());
        let (status, reason) = match (accepted, readable) {
            (false, _) => (400, "Bad Request"),
            (true, true) => (202, "Accepted"),
            (true, false) => (413, "Payload Too Large"),
        };
        connection.reply(status, reason).await && readable
    }

    async fn error(
        &self,
        connection: &mut Connection,
        peer: &mut Peer,
        request: &Request,
        id: Option<&str>,
    ) -> bool {
        let keep = Keep { most: MAX_REPLY, kept: MAX_REPORT };
        let Ok(body) = connection.body(request, keep).await else { return false };
        let text = error_text(&body.kept, request.error_type.as_deref());
        let answer =
            if id.is_some() { Answer::FunctionError(text) } else { Answer::InitError(text) };
        let accepted = self.answer(id, answer, || peer.evidence());
        let (status, reason) = if accepted { (202, "Accepted") } else { (400, "Bad Request") };
        connection.reply(status, reason).await
    }
}
