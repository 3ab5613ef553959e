//! What a good reply is.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Bytes of a reply that are looked at whatever it is a reply to.
const BEGINNING: usize = 4 << 10;
/// Bytes that are looked at for a status where any reply is good.
const FOR_STATUS: usize = 64 << 10;

/// What a good reply is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyCheck {
    /// `{"instance", "invocation", "echo"}`: content and temperature are proved.
    Proof,
    /// Any reply but one that says by its status that it failed: for foreign images.
    /// Temperature then rests on the container's identity alone.
    Any,
    /// One that holds all of this; temperature likewise.
    #[serde(untagged)]
    Expected(Expected),
}

/// What a reply must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// `statusCode` of the JSON that it must be, one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<u16>,
    /// A JSON pointer to what the JSON that it must be has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// Text in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Expected {
    /// What is wrong with it by itself.
    fn check(&self) -> Result<(), &'static str> {
        if let Some(pointer) = &self.pointer {
            // As RFC 6901 has it; an empty one is the whole of the JSON.
            if !pointer.is_empty() && !pointer.starts_with('/') {
                return Err("a JSON pointer begins with `/`, such as `/a/b`");
            }
        } else if self.equals.is_some() {
            return Err("`equals` needs a `pointer` to what it equals");
        }
        if self.text.as_ref().is_some_and(String::is_empty) {
            return Err("every reply contains the empty text: leave `text` out");
        }
        if *self == Self::default() {
            return Err("name `status`, `pointer` or `text`, or write \"any\"");
        }
        Ok(())
    }
}

impl ReplyCheck {
    /// Whether a good reply proves its temperature.
    #[must_use]
    pub fn proves(&self) -> bool {
        *self == Self::Proof
    }

    /// Bytes of a reply to an event of such a size that are looked at: of an echo as many
    /// as an encoder may make of it.
    #[must_use]
    pub fn looked_at(&self, event: usize) -> usize {
        match self {
            Self::Proof => event.saturating_mul(6).saturating_add(BEGINNING),
            Self::Any => FOR_STATUS,
            Self::Expected(_) => usize::MAX,
        }
    }
}

impl fmt::Display for ReplyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = match self {
            Self::Proof => return f.write_str("proof"),
            Self::Any => return f.write_str("any"),
            Self::Expected(expected) => expected,
        };
        let quoted = |text: &String| Value::from(text.as_str()).to_string();
        let parts = [
            (!expected.status.is_empty()).then(|| format!("status = {:?}", expected.status)),
            expected.pointer.as_ref().map(|pointer| format!("pointer = {}", quoted(pointer))),
            expected.equals.as_ref().map(|value| format!("equals = {value}")),
            expected.text.as_ref().map(|text| format!("text = {}", quoted(text))),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        write!(f, "{{ {} }}", parts.join(", "))
    }
}

impl std::str::FromStr for ReplyCheck {
    type Err = String;

    /// As it is typed: `any`, `proof`, or what stands in `functions.toml`.
    fn from_str(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Line {
            reply: ReplyCheck,
        }
        let is_word = text.chars().all(|c| c.is_ascii_alphanumeric());
        let value = if is_word { format!("\"{text}\"") } else { text.to_owned() };
        let line: Result<Line, _> = toml::from_str(&format!("reply = {value}"));
        line.map(|line| line.reply).map_err(|error| error.message().to_owned())
    }
}

impl<'de> Deserialize<'de> for ReplyCheck {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Rule)
    }
}

struct Rule;

impl<'de> Visitor<'de> for Rule {
    type Value = ReplyCheck;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "\"proof\", \"any\", or what a reply holds: { status = [200] }, { pointer = \"/a\" } \
             or { text = \"...\" }",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ReplyCheck, E> {
        match text {
            "proof" => Ok(ReplyCheck::Proof),
            "any" => Ok(ReplyCheck::Any),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ReplyCheck, A::Error> {
        let expected = Expected::deserialize(MapAccessDeserializer::new(map))?;
        expected.check().map_err(de::Error::custom)?;
        Ok(ReplyCheck::Expected(expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read_and_told_again() {
        let same = |typed: &str| {
            let read: ReplyCheck = typed.parse().unwrap();
            assert_eq!(read.to_string(), typed);
            let json = serde_json::to_string(&read).unwrap();
            assert_eq!(serde_json::from_str::<ReplyCheck>(&json).unwrap(), read, "{json}");
        };
        for typed in ["any", "proof", "{ status = [200, 201] }", "{ pointer = \"/a/b\" }"] {
            same(typed);
        }
        same("{ pointer = \"/a\", equals = 1, text = \"\\\"ok\\\"\" }");
        assert_eq!(serde_json::to_string(&ReplyCheck::Any).unwrap(), "\"any\"");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_can() {
        let wrong = |typed: &str, part: &str| {
            let why = typed.parse::<ReplyCheck>().unwrap_err();
            assert!(why.contains(part), "{why}");
        };
        wrong("all", "expected \"proof\", \"any\"");
        wrong("{ test = \"x\" }", "unknown field `test`");
        wrong("{ pointer = \"a\" }", "begins with `/`");
        wrong("{ equals = 1 }", "needs a `pointer`");
        wrong("{ text = \"\" }", "leave `text` out");
        wrong("{ }", "name `status`");
        wrong("{", "");
        wrong("3", "expected \"proof\"");
    }
}
