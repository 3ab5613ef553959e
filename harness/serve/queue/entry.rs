//! What a journal says of an event: a line of JSON, and behind it the event where one comes in.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{After, Given};

/// What a journal says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    /// An event was taken; it follows.
    Accepted(Accepted),
    /// It is called for: written before that is done.
    Began {
        #[serde(with = "hyphenated")]
        id: Uuid,
        /// Which try it is, from 1.
        attempt: u32,
    },
    /// A try came to nothing, and there will be another.
    Failed {
        #[serde(with = "hyphenated")]
        id: Uuid,
        after: After,
        /// When, in milliseconds since 1970.
        due: u64,
    },
    /// The function has answered it.
    Done {
        #[serde(with = "hyphenated")]
        id: Uuid,
    },
    /// It came to nothing.
    GivenUp {
        #[serde(with = "hyphenated")]
        id: Uuid,
        why: Given,
        /// The event that tells another function so; it follows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<Accepted>,
    },
}

/// An event that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Accepted {
    #[serde(with = "hyphenated")]
    pub(super) id: Uuid,
    pub(super) function: String,
    /// In milliseconds since 1970.
    pub(super) at: u64,
}

impl Entry {
    pub(super) fn accepted(id: Uuid, function: &str, at: u64) -> Self {
        Entry::Accepted(Accepted { id, function: function.to_owned(), at })
    }

    /// The line.
    pub(super) fn line(&self) -> Vec<u8> {
        // Of types that JSON has.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }

    /// An entry and what follows it; none where it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let entry = serde_json::from_slice(&bytes[..end]).ok()?;
        Some((entry, &bytes[end + 1..]))
    }
}

/// As everybody writes it.
mod hyphenated {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use uuid::Uuid;

    pub(super) fn serialize<S: Serializer>(id: &Uuid, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Uuid, D::Error> {
        Uuid::try_parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}
