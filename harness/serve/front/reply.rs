//! What goes back to a client.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use uuid::Uuid;

/// What goes back to a client.
pub(super) type Response = hyper::Response<Parts>;

/// What every answer is known by.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// A body in parts: those that are there go out as they are, and then what is still to come.
#[derive(Default)]
pub(super) struct Parts {
    there: VecDeque<Bytes>,
    rest: Option<Box<dyn Rest>>,
}

/// What of a body is still to come.
pub(super) trait Rest: Send {
    /// The next parts; none at its end.
    fn poll_parts(&mut self, context: &mut Context<'_>)
    -> Poll<Option<Result<Vec<Bytes>, Broken>>>;
}

/// A body that ends before its end: whoever reads it finds out, as its connection is closed.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
pub(super) struct Broken;

impl Parts {
    pub(super) fn of(parts: impl IntoIterator<Item = Bytes>) -> Self {
        let there = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Self { there, rest: None }
    }

    /// The same with more to come.
    pub(super) fn and(self, rest: impl Rest + 'static) -> Self {
        Self { rest: Some(Box::new(rest)), ..self }
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if let Some(part) = self.there.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(part))));
            }
            let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
            match ready!(rest.poll_parts(context)) {
                Some(Ok(parts)) => {
                    self.there.extend(parts.into_iter().filter(|part| !part.is_empty()));
                }
                None => self.rest = None,
                Some(Err(broken)) => {
                    self.rest = None;
                    return Poll::Ready(Some(Err(broken)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.there.is_empty() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.rest {
            None => SizeHint::with_exact(self.there.iter().map(|part| part.len() as u64).sum()),
            Some(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("there", &self.there).finish_non_exhaustive()
    }
}

/// An answer with a body of JSON.
pub(super) fn json(status: StatusCode, id: Uuid, body: impl Into<Bytes>) -> Response {
    let mut response = plain(status, id, Parts::of([body.into()]));
    set(&mut response, CONTENT_TYPE, "application/json");
    response
}

/// An answer.
pub(super) fn plain(status: StatusCode, id: Uuid, body: Parts) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    set(&mut response, REQUEST_ID, id.to_string());
    response
}

/// Sets a header; one whose value no header can have is left out.
pub(super) fn set(response: &mut Response, name: HeaderName, value: impl TryInto<HeaderValue>) {
    if let Ok(value) = value.try_into() {
        response.headers_mut().insert(name, value);
    }
}
