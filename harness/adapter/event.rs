//! What an invocation sends.

use crate::spec::function::EVENT_NONCE as NONCE;

/// What every invocation of a function sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    text: String,
    /// Where a nonce is put in; none for an event that is sent as it is.
    gap: Option<usize>,
}

impl Event {
    /// An event that is sent as it is.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), gap: None }
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

    /// Its text in order, with a nonce put in where it takes one.
    #[must_use]
    pub fn parts<'a>(&'a self, nonce: &'a str) -> [&'a str; 3] {
        match self.gap {
            Some(gap) => [&self.text[..gap], nonce, &self.text[gap..]],
            None => [&self.text, "", ""],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_the_first_member() {
        for object in ["{\"a\":[1, 2.50]}", "{}", " { } ", "\n{ \"a\" : \"}\" }"] {
            let event = Event::with_nonce(object);
            let sent = event.parts("0a").concat();
            assert!(sent.starts_with("{\"coldstart\":\"0a\""), "{sent}");
            let mut value: serde_json::Value = serde_json::from_str(&sent).unwrap();
            assert_eq!(value.as_object_mut().unwrap().remove(NONCE).unwrap(), "0a");
            assert_eq!(value, serde_json::from_str::<serde_json::Value>(object).unwrap());
        }
    }

    #[test]
    fn an_event_without_a_nonce_is_sent_byte_for_byte() {
        assert_eq!(Event::plain(" [1, 2.50]\n").parts("0a").concat(), " [1, 2.50]\n");
    }
}
