//! An answer that a function streams: after a prelude that says how it is sent, where its type is
//! that of answers with one, else byte for byte.

use bytes::{Bytes, BytesMut};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use uuid::Uuid;

use super::super::coming::{Coming, Next};
use super::super::reply::{self, Parts, Response};
use super::answer;
use crate::serve::{End, Head};

/// The type of an answer with a prelude.
const WITH_PRELUDE: &[u8] = b"application/vnd.awslambda.http-integration-response";
/// What stands between the prelude and the body: no JSON has it.
const BETWEEN: [u8; 8] = [0; 8];
/// The longest prelude, in bytes: that of a head.
const MOST_PRELUDE: usize = 64 << 10;
/// What a stream is of which nothing else is said.
const BYTES: &str = "application/octet-stream";

/// The function's answer; none where it failed before any of it, or its prelude is none.
pub(super) async fn answer(head: &Head, mut coming: Coming, id: Uuid) -> Option<Response> {
    let kind = head.field(CONTENT_TYPE.as_str());
    let essence = kind.and_then(|kind| kind.split(|byte| *byte == b';').next());
    if essence.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(WITH_PRELUDE)) {
        let (prelude, first) = prelude(&mut coming).await?;
        let parts = Parts::of([first]).and(coming);
        let mut response = answer::after(&prelude, parts, id)?;
        response.headers_mut().entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(BYTES));
        return Some(response);
    }
    let parts = match coming.next().await {
        Next::End(done) => match done.end {
            End::Response(_) => Parts::default(),
            _ => return None,
        },
        Next::Head(_) => return None,
        Next::Data(first) => Parts::of([first]).and(coming),
    };
    let mut response = reply::plain(StatusCode::OK, id, parts);
    let kind = kind.and_then(|kind| HeaderValue::from_bytes(kind).ok());
    response.headers_mut().insert(CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static(BYTES)));
    Some(response)
}

/// The prelude, and what came of the body with it.
async fn prelude(coming: &mut Coming) -> Option<(Bytes, Bytes)> {
    let mut came = BytesMut::new();
    loop {
        let Next::Data(data) = coming.next().await else { return None };
        // It may have begun in the piece before.
        let from = came.len().saturating_sub(BETWEEN.len() - 1);
        came.extend_from_slice(&data);
        let found = came[from..].windows(BETWEEN.len()).position(|eight| eight == BETWEEN);
        if let Some(at) = found {
            let prelude = came.split_to(from + at).freeze();
            return Some((prelude, came.freeze().slice(BETWEEN.len()..)));
        }
        if came.len() > MOST_PRELUDE {
            return None;
        }
    }
}
