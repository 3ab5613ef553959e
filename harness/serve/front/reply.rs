//! What goes back to a client.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use uuid::Uuid;

/// What goes back to a client.
pub(super) type Response = hyper::Response<Parts>;

/// What every answer is known by.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// A body in parts that are there, and go out as they are.
#[derive(Debug, Default)]
pub(super) struct Parts(VecDeque<Bytes>);

impl Parts {
    pub(super) fn of(parts: impl IntoIterator<Item = Bytes>) -> Self {
        Self(parts.into_iter().filter(|part| !part.is_empty()).collect())
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|part| Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|part| part.len() as u64).sum())
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
