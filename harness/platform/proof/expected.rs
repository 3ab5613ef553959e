//! Whether a reply that proves nothing is what was expected of it.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::shown;
use crate::adapter::Reply;
use crate::spec::function::Expected;

/// From here on a status says that the function failed.
const FAILED: u64 = 500;

/// Checks a reply. That of a function for HTTP says by its status whether it failed.
pub(super) fn check(expected: &Expected, came: &Reply) -> Result<(), String> {
    let body = &came.body;
    let got = || format!("got `{}`", shown(body));
    match (status(body), &expected.status[..]) {
        (Some(status), []) if status >= FAILED => {
            return Err(format!(
                "the reply says status {status}, {} (where that is good, allow it: \
                 `reply = {{ status = [{status}] }}`)",
                got()
            ));
        }
        (_, []) => {}
        (Some(status), good) if good.iter().any(|one| u64::from(*one) == status) => {}
        (_, good) => return Err(format!("expected a `statusCode` of {good:?}, {}", got())),
    }
    if let Some(pointer) = &expected.pointer {
        let reply: Value = serde_json::from_slice(body)
            .map_err(|e| format!("expected JSON with something at `{pointer}`, {} ({e})", got()))?;
        match (reply.pointer(pointer), &expected.equals) {
            (None, _) => return Err(format!("expected something at `{pointer}`, {}", got())),
            (Some(is), Some(wanted)) if !is_same(is, wanted) => {
                return Err(format!("expected {wanted} at `{pointer}`, {}", got()));
            }
            _ => {}
        }
    }
    match &expected.text {
        Some(text) if !String::from_utf8_lossy(body).contains(text) => {
            Err(format!("expected a reply with `{text}` in it, {}", got()))
        }
        _ => Ok(()),
    }
}

/// Numbers by what they are, not by how they are written.
fn is_same(one: &Value, other: &Value) -> bool {
    let numbers = one.as_f64().zip(other.as_f64());
    one == other || numbers.is_some_and(|(one, other)| one.total_cmp(&other).is_eq())
}

/// The `statusCode` of a reply; none where it is no object, or does not say it within as
/// much of it as was kept.
fn status(body: &[u8]) -> Option<u64> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_slice(body);
    // Where the end is missing, what stands before it counts all the same.
    let _ = Members(&mut found).deserialize(&mut reader);
    found
}

struct Members<'a>(&'a mut Option<u64>);

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name != "statusCode" {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            // Some write it as text.
            let status: Value = members.next_value()?;
            let text = status.as_str().and_then(|text| text.parse().ok());
            *self.0 = status.as_u64().or(text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(rule: &str, body: &str) -> String {
        let came = Reply {
            first_byte: None,
            responded: 0,
            replied: None,
            body: body.to_owned().into(),
            length: body.len(),
        };
        let rule: crate::spec::function::ReplyCheck = rule.parse().unwrap();
        let nothing = Expected::default();
        let expected = match &rule {
            crate::spec::function::ReplyCheck::Expected(expected) => expected,
            _ => &nothing,
        };
        check(expected, &came).err().unwrap_or_default()
    }

    #[test]
    fn any_reply_is_good_but_one_whose_status_says_that_it_failed() {
        for good in ["", "null", "not json", "{\"statusCode\":404}", "[{\"statusCode\":500}]"] {
            assert_eq!(cause("any", good), "", "{good}");
        }
        for bad in [
            "{\"statusCode\":500,\"body\":\"no\"}",
            "{\"headers\":{\"a\":[1]},\"statusCode\":\"503\"}",
            "{\"statusCode\":502,\"body\":\"the end of it was not kep",
        ] {
            let why = cause("any", bad);
            assert!(why.contains("says status 50") && why.contains("{ status = [50"), "{why}");
        }
    }

    #[test]
    fn a_status_a_pointer_and_a_text_must_be_there() {
        let body = "{\"statusCode\":503,\"body\":{\"n\":1.0,\"a~b\":[7]}}";
        for good in [
            "{ status = [200, 503] }",
            "{ status = [503], pointer = \"/body/n\", equals = 1 }",
            "{ status = [503], pointer = \"/body/a~0b/0\", text = \"a~b\" }",
        ] {
            assert_eq!(cause(good, body), "", "{good}");
        }
        let bad = |rule: &str, body: &str, part: &str| {
            let why = cause(rule, body);
            assert!(why.contains(part), "{why}");
        };
        bad("{ status = [200] }", body, "expected a `statusCode` of [200]");
        bad("{ status = [200] }", "ok", "expected a `statusCode` of [200], got `ok`");
        bad("{ pointer = \"/body\" }", body, "says status 503");
        bad("{ pointer = \"/a\" }", "{}", "expected something at `/a`, got `{}`");
        bad("{ pointer = \"/a\", equals = \"x\" }", "{\"a\":1}", "expected \"x\" at `/a`");
        bad("{ pointer = \"\" }", "x", "expected JSON");
        bad("{ text = \"ok\" }", "no", "with `ok` in it, got `no`");
    }
}
