//! Calls: for an answer, for none, and of nothing but whether they could be made.

use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName};
use hyper::http::request::Parts as Head;
use serde_json::{Value, json};

use super::ask::{Asked, text};
use super::coming::{Coming, Next};
use super::context::client_context;
use super::fault::Fault;
use super::named::Found;
use super::reply::{self, Broken, Parts, Response, Rest};
use super::{frames, timing};
use crate::clock::Clock;
use crate::serve::queue::Event;
use crate::serve::{Call, Client, Done, End, Platform, report_line};

/// The longest event of a call for an answer, in bytes.
pub(super) const MOST_SYNCHRONOUS: usize = 6 << 20;
/// The longest event of a call for none.
const MOST_ASYNCHRONOUS: usize = 1 << 20;
/// The longest answer: a call that gives more has failed.
const MOST_ANSWER: usize = (6 << 20) + 100;

const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");
/// How often the function was updated when it answered: Lambda's numbers are of versions that
/// were published, and ours are not.
const VERSION: HeaderName = HeaderName::from_static("x-coldstart-version");

/// How a function's failure is called: none that it foresaw.
const UNHANDLED: &str = "Unhandled";

/// What a client wants of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Answer,
    None,
    Dry,
}

impl Kind {
    fn of(head: &Head) -> Result<Self, Fault> {
        match text(&head.headers, "x-amz-invocation-type") {
            None | Some("RequestResponse") => Ok(Kind::Answer),
            Some("Event") => Ok(Kind::None),
            Some("DryRun") => Ok(Kind::Dry),
            Some(other) => {
                let other = crate::text::sanitize::printable(other, 100);
                Err(Fault::invalid(format!(
                    "`{other}` is no invocation type: RequestResponse, Event and DryRun are"
                )))
            }
        }
    }
}

impl<P: Platform> Asked<'_, P> {
    pub(super) async fn invoke(
        &self,
        head: &Head,
        name: &str,
        body: Incoming,
    ) -> Result<Response, Fault> {
        let found = self.find(head, name)?;
        match Kind::of(head)? {
            Kind::Dry => Ok(reply::plain(StatusCode::NO_CONTENT, self.id, Parts::default())),
            Kind::None => {
                // Checked, and for nobody: Lambda passes it on where somebody waits.
                client_context(head)?;
                let event = self.event(body, MOST_ASYNCHRONOUS).await?;
                self.take(&found, event).await
            }
            Kind::Answer => {
                let context = client_context(head)?;
                let event = self.event(body, MOST_SYNCHRONOUS).await?;
                let wants_log = wants_log(head);
                let mut call = self.call(&found.function().name, event, wants_log);
                call.client.context = context;
                let done = self.front.platform.call(call.clone()).await;
                let (answer, failed) = answer(&done.end)?;
                let mut response = reply::json(StatusCode::OK, self.id, answer);
                self.tell(&mut response, &found, done.version);
                let now = self.front.platform.clock().now();
                timing::tell(&mut response, &done, call.arrived, now);
                if failed {
                    reply::set(&mut response, FUNCTION_ERROR, UNHANDLED);
                }
                if wants_log {
                    let log = log(&call, &done, &self.front.platform.clock());
                    reply::set(&mut response, LOG_RESULT, log);
                }
                Ok(response)
            }
        }
    }

    /// A call whose answer is streamed: in frames, as it comes where its function streams it.
    pub(super) async fn stream(
        &self,
        head: &Head,
        name: &str,
        body: Incoming,
    ) -> Result<Response, Fault> {
        let found = self.find(head, name)?;
        match Kind::of(head)? {
            Kind::Dry => {
                return Ok(reply::plain(StatusCode::NO_CONTENT, self.id, Parts::default()));
            }
            Kind::None => return Err(Fault::invalid("an Event has no answer to stream")),
            Kind::Answer => {}
        }
        let context = client_context(head)?;
        let event = self.event(body, MOST_SYNCHRONOUS).await?;
        let wants_log = wants_log(head);
        let mut call = self.call(&found.function().name, event, wants_log);
        call.client.context = context;
        let mut coming = Coming::of(&self.front.platform, call.clone());
        call.event = Bytes::new();
        let clock = self.front.platform.clock();
        let framed = |coming| Framed { coming, call: call.clone(), clock };
        let (parts, version, done) = match coming.next().await {
            Next::End(done) => {
                let (answer, failed) = answer(&done.end)?;
                let chunks = if failed { Vec::new() } else { frames::chunks(answer) };
                let last = frames::complete(last(&call, &done, &clock).to_string());
                let parts = Parts::of(chunks.into_iter().chain(last));
                (parts, done.version, Some(done))
            }
            Next::Head(_) => (Parts::default().and(framed(coming)), found.function().version, None),
            Next::Data(data) => {
                let parts = Parts::of(frames::chunks(data)).and(framed(coming));
                (parts, found.function().version, None)
            }
        };
        let mut response = reply::plain(StatusCode::OK, self.id, parts);
        reply::set(&mut response, CONTENT_TYPE, frames::CONTENT_TYPE);
        self.tell(&mut response, &found, version);
        if let Some(done) = done {
            timing::tell(&mut response, &done, call.arrived, clock.now());
        }
        Ok(response)
    }

    /// A call that came now, whole.
    pub(super) fn call(&self, name: &str, event: Bytes, wants_log: bool) -> Call {
        let arrived = self.front.platform.clock().now();
        let client = Client::default();
        Call { function: name.into(), request: self.id, event, arrived, wants_log, client }
    }

    /// Takes an event: it is on disk when its client is told so.
    async fn take(&self, found: &Found, event: Bytes) -> Result<Response, Fault> {
        let function = found.function().name.as_str().into();
        let event = Event { id: self.id, function, event };
        self.front.queue.accept(event).await.map_err(|refused| {
            let status = match refused.is_full {
                true => StatusCode::INSUFFICIENT_STORAGE,
                false => StatusCode::INTERNAL_SERVER_ERROR,
            };
            let message = format!("the event was not taken: {}", refused.why);
            Fault::of(status, "ServiceException", message)
        })?;
        Ok(reply::plain(StatusCode::ACCEPTED, self.id, Parts::default()))
    }

    fn tell(&self, response: &mut Response, found: &Found, version: u32) {
        reply::set(response, EXECUTED_VERSION, found.version(version));
        reply::set(response, VERSION, version.to_string());
    }
}

fn log(call: &Call, done: &Done, clock: &Clock) -> String {
    STANDARD.encode(report_line::log(call, done, clock))
}

/// What the last frame of a stream says: nothing, where all is well and no log was asked for.
fn last(call: &Call, done: &Done, clock: &Clock) -> Value {
    let mut last = json!({});
    let failure = match &done.end {
        End::Unavailable(why) => Some(("ServiceException", why.clone())),
        other => match answer(other) {
            Ok((_, false)) => None,
            Ok((document, true)) => {
                Some((UNHANDLED, String::from_utf8_lossy(&document).into_owned()))
            }
            Err(_) => Some(("ServiceException", "it met no instance".to_owned())),
        },
    };
    if let Some((code, details)) = failure {
        last["ErrorCode"] = code.into();
        last["ErrorDetails"] = details.into();
    }
    if call.wants_log {
        last["LogResult"] = log(call, done, clock).into();
    }
    last
}

/// An answer in frames, as it comes.
struct Framed {
    coming: Coming,
    call: Call,
    clock: Clock,
}

impl Rest for Framed {
    fn poll_parts(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Vec<Bytes>, Broken>>> {
        if self.coming.is_over() {
            return Poll::Ready(None);
        }
        self.coming.poll_next(context).map(|next| {
            Some(Ok(match next {
                Next::Head(_) => Vec::new(),
                Next::Data(data) => frames::chunks(data),
                Next::End(done) => {
                    frames::complete(last(&self.call, &done, &self.clock).to_string()).into()
                }
            }))
        })
    }
}

fn wants_log(head: &Head) -> bool {
    text(&head.headers, "x-amz-log-type").is_some_and(|kind| kind == "Tail")
}

/// What a call came to: its answer, and whether that is a failure.
pub(super) fn answer(end: &End) -> Result<(Bytes, bool), Fault> {
    match end {
        End::Response(answer) if answer.len() > MOST_ANSWER => {
            let message = format!(
                "Response payload size exceeded maximum allowed payload size ({MOST_ANSWER} bytes)."
            );
            let kind = "Function.ResponseSizeTooLarge";
            let document = json!({ "errorMessage": message, "errorType": kind });
            Ok((document.to_string().into(), true))
        }
        End::Response(answer) => Ok((answer.clone(), false)),
        End::Failed(document) => Ok((document.clone(), true)),
        End::Throttled { reason, retry_after } => Err(Fault::throttled(*reason, *retry_after)),
        End::NotFound => Err(Fault::not_found("it was removed while it was called")),
        End::Stopping => Err(Fault::stopping()),
        End::Unavailable(why) => Err(Fault::unavailable(why)),
    }
}
