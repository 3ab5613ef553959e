//! What a client says of itself beside the event, as its function is told.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::http::request::Parts as Head;
use serde::de::IgnoredAny;

use super::fault::Fault;

const CLIENT_CONTEXT: &str = "x-amz-client-context";
/// The longest, as it comes, in bytes: Lambda's.
const MOST: usize = 3_583;

/// The client's context; none where it says none.
pub(super) fn client_context(head: &Head) -> Result<Option<Arc<str>>, Fault> {
    let Some(value) = head.headers.get(CLIENT_CONTEXT) else { return Ok(None) };
    let value = value.as_bytes();
    if value.len() > MOST {
        return Err(Fault::long_context(MOST));
    }
    let bytes = STANDARD.decode(value).map_err(|_| Fault::no_context())?;
    let text = String::from_utf8(bytes).map_err(|_| Fault::no_context())?;
    let is_object = text.trim_start().starts_with('{');
    if !is_object || serde_json::from_str::<IgnoredAny>(&text).is_err() {
        return Err(Fault::no_context());
    }
    Ok(Some(fit_for_a_header(&text).into()))
}

/// The same JSON, in characters that every reader of a header takes for what they are: spaces
/// for the ends of lines, which stand outside of its texts, and within these what is no ASCII by
/// its number.
fn fit_for_a_header(json: &str) -> String {
    let mut fit = String::with_capacity(json.len());
    for c in json.trim().chars() {
        match c {
            '\n' | '\r' | '\t' => fit.push(' '),
            // Allowed in a text of JSON, and not in a header.
            '\x7f' => fit.push_str("\\u007f"),
            c if c.is_ascii() => fit.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    fit.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    fit
}

#[cfg(test)]
mod tests {
    use hyper::Request;
    use uuid::Uuid;

    use super::*;

    fn of(value: &str) -> Result<Option<Arc<str>>, u16> {
        let head = Request::builder().header(CLIENT_CONTEXT, value).body(()).unwrap();
        let (head, ()) = head.into_parts();
        client_context(&head).map_err(|fault| fault.response(Uuid::nil()).status().as_u16())
    }

    #[test]
    fn it_is_the_same_json_in_one_line_of_ascii() {
        let json = "{\n \"a\":\t[1.50, \"é😀\\n\u{7f}\"]}\r\n";
        let told = of(&STANDARD.encode(json)).unwrap().unwrap();
        assert_eq!(&*told, "{  \"a\": [1.50, \"\\u00e9\\ud83d\\ude00\\n\\u007f\"]}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&told), value(json));
    }

    #[test]
    fn what_is_no_base64_of_an_object_is_refused() {
        for json in ["", "1", "[]", "null", "{", "{} {}", "\"a\""] {
            assert_eq!(of(&STANDARD.encode(json)), Err(400), "{json}");
        }
        for value in ["string", "{}", "e30", "%"] {
            assert_eq!(of(value), Err(400), "{value}");
        }
        assert_eq!(of(&STANDARD.encode(b"{\"\xff\":1}")), Err(400));
        let long = format!("{{\"a\":\"{}\"}}", "a".repeat(MOST));
        assert_eq!(of(&STANDARD.encode(long)), Err(400));
        let none = Request::new(()).into_parts().0;
        assert!(client_context(&none).unwrap().is_none());
    }
}
