//! What a function answers, as the answer to a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONNECTION, TRANSFER_ENCODING};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, SET_COOKIE};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::reply::{self, Parts, Response};

/// An answer that says how it is to be sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default = "ok")]
    status_code: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// An answer; none where it says what no answer can be. What is no such document at all is sent
/// as it is.
pub(super) fn of(document: &Bytes, id: Uuid) -> Option<Response> {
    // A list would be taken for the members in their order.
    let is_object = document.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let head = || serde_json::from_slice::<Head>(document);
    let is_answer = is_object && head().is_ok_and(|head| head.status.is_some());
    if !is_answer {
        let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(document).is_ok();
        return is_json.then(|| reply::json(StatusCode::OK, id, document.clone()));
    }
    let mut answer: Answer = serde_json::from_slice(document).ok()?;
    let body = answer.body.take().unwrap_or_default();
    let body = match answer.is_base64_encoded {
        Some(true) => STANDARD.decode(body).ok()?,
        _ => body.into_bytes(),
    };
    let mut response = answer.with(Parts::of([body.into()]), id)?;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().entry(CONTENT_TYPE).or_insert(json);
    Some(response)
}

/// An answer of which the body comes after what says how it is sent; none where that says what
/// no answer can be.
pub(super) fn after(prelude: &[u8], body: Parts, id: Uuid) -> Option<Response> {
    let is_object = prelude.trim_ascii_start().starts_with(b"{");
    let answer: Answer = serde_json::from_slice(prelude).ok().filter(|_| is_object)?;
    answer.with(body, id)
}

fn ok() -> u16 {
    StatusCode::OK.as_u16()
}

impl Answer {
    fn with(self, body: Parts, id: Uuid) -> Option<Response> {
        // Those below are no answers, but a word on the way to one.
        let status = StatusCode::from_u16(self.status_code).ok();
        let status = status.filter(|code| code.as_u16() >= 200)?;
        let mut response = reply::plain(status, id, body);
        for (name, value) in self.headers.unwrap_or_default() {
            let name: HeaderName = name.parse().ok()?;
            // How it is sent is ours to say.
            if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&name) {
                continue;
            }
            let value = match value {
                Value::String(text) => text,
                Value::Null => continue,
                other => other.to_string(),
            };
            response.headers_mut().insert(name, HeaderValue::from_str(&value).ok()?);
        }
        for cookie in self.cookies.unwrap_or_default() {
            response.headers_mut().append(SET_COOKIE, HeaderValue::from_str(&cookie).ok()?);
        }
        Some(response)
    }
}

/// Whether a document is such an answer.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "statusCode")]
    status: Option<serde::de::IgnoredAny>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &'static str) -> Option<(u16, String)> {
        let response = super::of(&Bytes::from_static(text.as_bytes()), Uuid::nil())?;
        let kind = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        Some((response.status().as_u16(), kind))
    }

    #[test]
    fn any_json_is_an_answer() {
        for text in ["{}", "1", "\"Hello\"", "[1]", "null", "{\"a\":1}"] {
            assert_eq!(of(text), Some((200, "application/json".to_owned())), "{text}");
        }
        assert_eq!(of("Hello"), None);
    }

    #[test]
    fn what_says_its_status_is_sent_as_it_says_or_not_at_all() {
        let text = "{\"statusCode\":404,\"headers\":{\"Content-Type\":\"text/plain\",\"n\":1,\
                    \"content-length\":\"7\",\"x\":null},\"cookies\":[\"a=1\",\"b=2\"],\
                    \"body\":\"aGk=\",\"isBase64Encoded\":true}";
        let response = super::of(&Bytes::from_static(text.as_bytes()), Uuid::nil()).unwrap();
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()["content-type"], "text/plain");
        assert_eq!(response.headers()["n"], "1");
        assert!(!response.headers().contains_key("content-length"));
        let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!(of("{\"statusCode\":204}"), Some((204, "application/json".to_owned())));
        for text in [
            "{\"statusCode\":\"200\"}",
            "{\"statusCode\":99}",
            "{\"statusCode\":101}",
            "{\"statusCode\":200,\"headers\":{\"a b\":\"c\"}}",
            "{\"statusCode\":200,\"headers\":{\"a\":\"\\n\"}}",
            "{\"statusCode\":200,\"body\":\"?\",\"isBase64Encoded\":true}",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
