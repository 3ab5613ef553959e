//! Calls: for an answer, for none, and of nothing but whether they could be made.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName};
use hyper::http::request::Parts as Head;
use serde_json::json;

use super::ask::{Asked, text};
use super::fault::Fault;
use super::named::Found;
use super::reply::{self, Parts, Response};
use super::{frames, timing};
use crate::serve::queue::Event;
use crate::serve::{Call, Done, End, Platform, report_line};

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
                let event = self.event(body, MOST_ASYNCHRONOUS).await?;
                self.take(&found, event).await
            }
            Kind::Answer => {
                let event = self.event(body, MOST_SYNCHRONOUS).await?;
                let wants_log = wants_log(head);
                let call = self.call(&found.function().name, event, wants_log);
                let done = self.front.platform.call(call.clone()).await;
                let (answer, failed) = answer(&done.end)?;
                let mut response = reply::json(StatusCode::OK, self.id, answer);
                self.tell(&mut response, &found, &call, &done);
                if failed {
                    reply::set(&mut response, FUNCTION_ERROR, UNHANDLED);
                }
                if wants_log {
                    reply::set(&mut response, LOG_RESULT, self.log(&call, &done));
                }
                Ok(response)
            }
        }
    }

    /// A call whose answer is streamed: as far as its function answers in one piece, in frames.
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
        let event = self.event(body, MOST_SYNCHRONOUS).await?;
        let wants_log = wants_log(head);
        let call = self.call(&found.function().name, event, wants_log);
        let done = self.front.platform.call(call.clone()).await;
        let (answer, failed) = answer(&done.end)?;
        let mut last = json!({});
        if failed {
            last["ErrorCode"] = UNHANDLED.into();
            last["ErrorDetails"] = String::from_utf8_lossy(&answer).into();
        }
        if wants_log {
            last["LogResult"] = self.log(&call, &done).into();
        }
        let chunks = if failed { Vec::new() } else { frames::chunks(answer) };
        let parts = chunks.into_iter().chain(frames::complete(last.to_string()));
        let mut response = reply::plain(StatusCode::OK, self.id, Parts::of(parts));
        reply::set(&mut response, CONTENT_TYPE, frames::CONTENT_TYPE);
        self.tell(&mut response, &found, &call, &done);
        Ok(response)
    }

    /// A call that came now, whole.
    pub(super) fn call(&self, name: &str, event: Bytes, wants_log: bool) -> Call {
        let arrived = self.front.platform.clock().now();
        Call { function: name.into(), request: self.id, event, arrived, wants_log }
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

    fn tell(&self, response: &mut Response, found: &Found, call: &Call, done: &Done) {
        reply::set(response, EXECUTED_VERSION, found.version(done.version));
        reply::set(response, VERSION, done.version.to_string());
        timing::tell(response, done, call.arrived, self.front.platform.clock().now());
    }

    fn log(&self, call: &Call, done: &Done) -> String {
        STANDARD.encode(report_line::log(call, done, &self.front.platform.clock()))
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
