//! A client's own request, as it goes to an instance, and the head of the answer to it.

use bytes::Bytes;

use super::line::MAX_FIELDS;
use crate::adapter::client::{Client, Head, Request};

/// Methods of requests that come to the same when they are made twice (RFC 9110, 9.2.2).
const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];
/// Methods of requests of which the length is said even where there is no body.
const WITH_BODY: [&str; 3] = ["POST", "PUT", "PATCH"];

/// What is particular of a client's own request.
#[derive(Debug)]
pub(super) struct Theirs {
    /// Whether it may go out again on another connection.
    pub(super) may_repeat: bool,
    /// Whether it asks for the head alone.
    pub(super) is_head: bool,
}

impl Theirs {
    /// That of a client which has one, and the request as it goes on the wire.
    pub(super) fn of(client: &Client) -> Option<(Self, Bytes)> {
        let request = client.request.as_ref()?;
        let may_repeat = IDEMPOTENT.contains(&request.method.as_str());
        let is_head = request.method == "HEAD";
        Some((Self { may_repeat, is_head }, message(request)))
    }
}

fn message(request: &Request) -> Bytes {
    let Request { method, target, fields, body } = request;
    let mut message = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
    for (name, value) in fields {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            message.extend_from_slice(part);
        }
    }
    if !body.is_empty() || WITH_BODY.contains(&method.as_str()) {
        message.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    message.extend_from_slice(b"\r\n");
    message.extend_from_slice(body);
    message.into()
}

/// The head of an answer, out of the bytes that it was read from.
pub(super) fn head(status: u16, raw: &[u8]) -> Head {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    // It was read before.
    let _ = answer.parse(raw);
    let of =
        |field: &httparse::Header<'_>| (field.name.to_owned(), Bytes::copy_from_slice(field.value));
    let named = answer.headers.iter().filter(|field| !field.name.is_empty());
    Head { status: Some(status), fields: named.map(of).collect() }
}
