//! What an invocation sends, and the secrets that tie an answer to it.

use bytes::Bytes;
use uuid::Uuid;

use super::http;
use crate::spec::function::EVENT_NONCE as NONCE;

/// What every invocation of a function sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    text: String,
    /// Where a nonce is put in; none for an event that is sent as it is.
    gap: Option<usize>,
}

/// What cannot be guessed of one invocation.
#[derive(Debug)]
pub(super) struct Secrets {
    pub(super) id: String,
    nonce: String,
}

impl Event {
    /// An event that is sent as it is.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), gap: None }
    }

    /// An event, a JSON object, of which every invocation sends another: with a first
    /// member [`NONCE`] that nobody can know who has not read it.
    #[must_use]
    pub fn with_nonce(object: &str) -> Self {
        let rest = object.trim_start().strip_prefix('{').unwrap_or("}");
        let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
        let before = format!("{{\"{NONCE}\":\"");
        Self { text: format!("{before}\"{comma}{rest}"), gap: Some(before.len()) }
    }

    /// Its bytes, but for the nonce.
    #[must_use]
    pub fn size(&self) -> usize {
        self.text.len()
    }

    /// The message that hands it to an instance, and the event in it.
    pub(super) fn message(
        &self,
        secrets: &Secrets,
        function: &str,
        deadline_ms: u64,
    ) -> (Bytes, Bytes) {
        let parts = match self.gap {
            Some(gap) => [&self.text[..gap], &secrets.nonce, &self.text[gap..]],
            None => [self.text.as_str(), "", ""],
        };
        let (message, begins) = http::event(&secrets.id, function, deadline_ms, parts);
        let message = Bytes::from(message);
        let event = message.slice(begins..);
        (message, event)
    }
}

impl Secrets {
    /// New ones, from the system's randomness: some microseconds.
    pub(super) fn new() -> Self {
        Self { id: Uuid::new_v4().to_string(), nonce: Uuid::new_v4().simple().to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(event: &Event) -> String {
        let (message, event) = event.message(&Secrets::new(), "f", 1);
        assert!(message.ends_with(&event));
        String::from_utf8(event.to_vec()).unwrap()
    }

    #[test]
    fn a_nonce_is_the_first_member_and_never_the_same() {
        for object in ["{\"a\":[1, 2.50]}", "{}", " { } ", "\n{ \"a\" : \"}\" }"] {
            let event = Event::with_nonce(object);
            let (one, other) = (sent(&event), sent(&event));
            assert_ne!(one, other, "{object}");
            let mut value: serde_json::Value = serde_json::from_str(&one).unwrap();
            let nonce = value.as_object_mut().unwrap().remove(NONCE).unwrap();
            assert_eq!(nonce.as_str().unwrap().len(), 32);
            assert_eq!(value, serde_json::from_str::<serde_json::Value>(object).unwrap());
        }
    }

    #[test]
    fn an_event_without_a_nonce_is_sent_byte_for_byte() {
        assert_eq!(sent(&Event::plain(" [1, 2.50]\n")), " [1, 2.50]\n");
    }
}
