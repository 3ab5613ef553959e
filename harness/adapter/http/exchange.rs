//! Requests and their answers: one after another, on one connection as long as it is open.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;

use super::line::{Head, Keep, Line};
use super::progress::Progress;
use super::ready::Finding;
use super::{Answer, Answered, Open, Reply, Server, theirs};
use crate::adapter::MAX_STREAMED;
use crate::adapter::client::Onward;
use crate::engine::InstanceId;
use crate::text::sanitize::printable;

/// The status of a server that is not ready yet, and says so.
const NOT_YET: u16 = 503;
/// How long such a one is left alone.
const PAUSE: Duration = Duration::from_millis(5);
/// Characters of an answer that a cause shows.
const SHOWN: usize = 100;

/// What came of one request.
enum Came {
    /// A whole answer.
    Answer(Head, Reply),
    /// Nothing: the connection was closed before a byte of it.
    Nothing,
    /// What is no answer, or none that is read to its end.
    Broken(String),
}

/// Asks one instance, from before it exists to its end.
pub(super) async fn serve(server: Arc<Server>, mut finding: Finding) {
    let id = server.until(|state| state.id.clone()).await;
    let (line, ready) = finding.listening(&server, &id).await;
    {
        let mut state = server.lock();
        state.stamps.ready = Some(ready);
        state.progress = Progress::Listens;
        if let Some(throttle) = state.throttle.take() {
            let set = throttle.set();
            state.stamps.throttled = set.is_ok().then(|| server.clock.now());
            state.failure = set.err();
        }
    }
    server.listens.notify_waiters();
    let mut line = Some(line);
    let mut was_answered = false;
    loop {
        let open = server.next(&mut line).await;
        let answer = server.ask(&open, &id, &mut line, &mut finding, was_answered).await;
        was_answered = true;
        // Who answered is looked up once that was stamped: nothing is timed then.
        let processes = server.lock().processes.clone();
        let evidence = |line: &mut Line| line.evidence(processes.as_deref());
        let callers = line.as_mut().map(evidence).into_iter().collect();
        if line.as_ref().is_some_and(|line| line.is_done) {
            line = None;
        }
        // The driver may have given up; then nobody needs it.
        let _ = open.answer.send(Answered { answer, callers });
    }
}

impl Server {
    /// Waits for an event, and meanwhile for the end of the connection.
    async fn next(&self, line: &mut Option<Line>) -> Open {
        loop {
            let open = self.until(|state| state.open.take());
            let Some(idle) = line else { return open.await };
            tokio::select! {
                biased;
                open = open => return open,
                flooded = idle.is_over() => {
                    if flooded {
                        self.note("sent what it was not asked for".to_owned());
                    }
                    *line = None;
                }
            }
        }
    }

    /// Asks until there is an answer that counts. One that listens and says that it is not
    /// ready yet is asked again before its first answer; of a connection that was closed
    /// while it was idle the request goes out on another. A client's own request is made again
    /// only where nobody was answered, and once or twice comes to the same (decision 0119).
    async fn ask(
        &self,
        open: &Open,
        id: &InstanceId,
        line: &mut Option<Line>,
        finding: &mut Finding,
        was_answered: bool,
    ) -> Answer {
        if let Some(cause) = self.lock().failure.clone() {
            return Answer::Unreachable(cause);
        }
        let mut again = true;
        let is_ours = open.theirs.is_none();
        let may_repeat = open.theirs.as_ref().is_none_or(|theirs| theirs.may_repeat);
        loop {
            let is_new = line.is_none();
            if is_new {
                *line = finding.connect(id).await;
            }
            let Some(open_line) = line else {
                return Answer::Unreadable("it takes no connections any more".to_owned());
            };
            let was_used = std::mem::replace(&mut open_line.was_used, true);
            let (head, reply) = match self.once(open, open_line).await {
                Came::Answer(head, reply) => (head, reply),
                Came::Nothing if was_used && again && may_repeat => {
                    (*line, again) = (None, false);
                    continue;
                }
                Came::Nothing => {
                    open_line.is_done = true;
                    let cause = "it closed the connection without an answer";
                    return Answer::Unreadable(cause.to_owned());
                }
                Came::Broken(cause) => {
                    open_line.is_done = true;
                    return Answer::Unreadable(cause);
                }
            };
            if is_ours && head.status == NOT_YET && self.request.status != NOT_YET && !was_answered
            {
                self.is_not_ready();
                if open_line.is_done {
                    *line = None;
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            // Of a client's own request the client judges.
            return if is_ours { self.checked(&head, reply) } else { Answer::Response(reply) };
        }
    }

    /// Sends the request and reads the answer to it.
    async fn once(&self, open: &Open, line: &mut Line) -> Came {
        self.lock().progress.asks();
        if !line.write(&open.message).await {
            return Came::Nothing;
        }
        self.lock().stamps.sent = Some(self.clock.now());
        let mut raw = open.theirs.as_ref().map(|_| BytesMut::new());
        let mut head = match line.head(raw.as_mut()).await {
            Ok(Some(head)) => head,
            Ok(None) => return Came::Nothing,
            Err(cause) => return Came::Broken(cause),
        };
        // Of what is not expected it is told once all of it was read.
        let goes_on = open.theirs.is_some() || head.status == self.request.status;
        let mut onward = Onward::of(open.pieces.clone().filter(|_| goes_on));
        let first_byte = onward.is_wanted().then(|| self.clock.now());
        let told = raw.map(|raw| theirs::head(head.status, &raw));
        onward.head(told.unwrap_or_default()).await;
        if open.theirs.as_ref().is_some_and(|theirs| theirs.is_head) {
            head.has_no_body();
        }
        let keep = Keep { keep: open.keep, most: MAX_STREAMED, onward };
        let body = line.body(&head, keep).await;
        let responded = self.clock.now();
        line.is_done |= head.closes;
        match body {
            Ok(body) => {
                let (length, body) = (body.length, body.kept.freeze());
                self.take_stamps(&head);
                let replied = head.replied_ns;
                Came::Answer(head, Reply { first_byte, responded, replied, body, length })
            }
            Err(cause) => Came::Broken(format!("an answer with status {}: {cause}", head.status)),
        }
    }

    /// The function's own stamps of its start, which come with its first answer.
    fn take_stamps(&self, head: &Head) {
        if let Some(ready) = &mut self.lock().stamps.ready {
            ready.main = ready.main.or(head.main_ns);
            ready.ready_self = ready.ready_self.or(head.ready_ns);
        }
    }

    fn is_not_ready(&self) {
        let mut state = self.lock();
        state.progress = state.progress.not_yet();
        if let Some(readiness) = state.stamps.ready.as_mut().and_then(|r| r.readiness.as_mut()) {
            readiness.not_yet += 1;
        }
    }

    /// The answer, if it is the one that is expected.
    fn checked(&self, head: &Head, reply: Reply) -> Answer {
        let shown = || {
            let beginning = &reply.body[..reply.body.len().min(4 * SHOWN)];
            printable(&String::from_utf8_lossy(beginning), SHOWN)
        };
        let expected = &self.request;
        if head.status != expected.status {
            return Answer::Unreadable(format!(
                "{} {} was answered with status {}, expected {}: `{}`",
                expected.method,
                printable(&expected.path, SHOWN),
                head.status,
                expected.status,
                shown()
            ));
        }
        let has = |text: &String| {
            let text = text.as_bytes();
            text.is_empty() || reply.body.windows(text.len()).any(|part| part == text)
        };
        if let Some(text) = expected.body.as_ref().filter(|text| !has(text)) {
            let text = printable(text, SHOWN);
            return Answer::Unreadable(format!(
                "the answer was expected to have `{text}` in its beginning, and it is `{}`",
                shown()
            ));
        }
        Answer::Response(reply)
    }
}
