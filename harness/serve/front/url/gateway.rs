//! A client's own request, handed to a function that listens, and the answer handed back: but for
//! what is between two neighbours alone (RFC 9110, 7.6.1), as they are.

use std::net::SocketAddr;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_LENGTH, EXPECT, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use uuid::Uuid;

use super::super::coming::{Coming, Next};
use super::super::fault::Fault;
use super::super::reply::{self, Parts, Response};
use super::{Of, forwarded};
use crate::serve::{End, Field, Head, Request};

/// Fields that are between two neighbours alone, beside those that `connection` names.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// What a request says that was here before it: this, and then us.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The request as the function is to get it. `body` is all that came of it.
pub(super) fn request(of: Of<'_>, peer: SocketAddr, body: Bytes) -> Result<Request, Fault> {
    let Of { head, path, .. } = of;
    if head.method == hyper::Method::CONNECT {
        return Err(Fault::not_served(&head.method, path));
    }
    let came = || head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let named = named(came());
    let ours = [CONTENT_LENGTH, EXPECT];
    let goes_on = |name: &str| {
        name == HOST.as_str() || !(is_between(name, &named) || ours.iter().any(|our| our == name))
    };
    let mut fields: Vec<Field> = came()
        .filter(|(name, _)| goes_on(name))
        .map(|(name, value)| (name.to_owned(), Bytes::copy_from_slice(value)))
        .collect();
    for (name, value) in forwarded::fields(head, peer) {
        let known = fields.iter_mut().find(|(known, _)| known == name);
        match known {
            Some((_, before)) if name == FORWARDED_FOR => {
                *before = [before.as_ref(), b", ", value.as_bytes()].concat().into();
            }
            Some(_) => {}
            None => fields.push((name.to_owned(), value.into())),
        }
    }
    let target = match head.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    Ok(Request { method: head.method.as_str().to_owned(), target, fields, body })
}

/// The function's answer, as it comes; none where it is no answer at all.
pub(super) async fn answer(head: &Head, mut coming: Coming, id: Uuid) -> Option<Response> {
    let status = StatusCode::from_u16(head.status?).ok()?;
    let came = head.fields.iter().map(|(name, value)| (name.as_str(), value.as_ref()));
    let named = named(came.clone());
    // Of two that say how long it is, chunks win (RFC 9112, 6.3).
    let is_chunked = head.field(TRANSFER_ENCODING.as_str()).is_some();
    let is_bare = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let is_empty = is_bare || coming.asks_for_a_head();
    let parts = match is_empty {
        false => Parts::default().and(coming),
        true => {
            // There may be none to wait for, and it may still fail.
            loop {
                match coming.next().await {
                    Next::End(done) if matches!(done.end, End::Response(_)) => break,
                    Next::End(_) => return None,
                    Next::Head(_) | Next::Data(_) => {}
                }
            }
            Parts::default()
        }
    };
    let mut response = reply::plain(status, id, parts);
    let headers = response.headers_mut();
    for (name, value) in came {
        let is_length = name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str());
        if is_between(name, &named) || is_length && (is_chunked || is_bare) {
            continue;
        }
        let name = HeaderName::from_bytes(name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) else { continue };
        if is_length {
            // Said twice, it is the same.
            headers.insert(name, value);
        } else {
            headers.append(name, value);
        }
    }
    Some(response)
}

/// The names that `connection` fields have.
fn named<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<String> {
    let of = fields.filter(|(name, _)| name.eq_ignore_ascii_case("connection"));
    let lists = of.map(|(_, value)| String::from_utf8_lossy(value).to_ascii_lowercase());
    let each =
        |list: String| list.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>();
    lists.flat_map(each).collect()
}

fn is_between(name: &str, named: &[String]) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    HOP_BY_HOP.iter().any(|other| is(other)) || named.iter().any(|other| is(other))
}
