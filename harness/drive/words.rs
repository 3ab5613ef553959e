//! What was said, beside the rows where that is asked for: the beginning of each reply, and
//! the last that each instance wrote.
//!
//! Nothing of it is had while anything is timed: of every reply more is kept by then than is
//! shown here, and what was written is read when the trial has ended.

use std::collections::HashSet;

use super::Driver;
use crate::engine::{Engine, InstanceId};
use crate::platform::LAST_WORDS;
use crate::sample::Sample;
use crate::text::sanitize::{last_words, printable};

/// Bytes of a reply that are kept.
const REPLY: usize = 256;

impl<E: Engine> Driver<E> {
    /// Rows keep what was said, if so.
    #[must_use]
    pub fn keeping_words(self, keeps_words: bool) -> Self {
        Self { keeps_words, ..self }
    }

    /// Bytes of a reply that an invocation is to give back: one more than are kept tells that
    /// it went on.
    pub(super) fn kept_of_a_reply(&self) -> usize {
        if self.keeps_words { REPLY + 1 } else { 0 }
    }

    /// Adds what each instance wrote to the last of its rows. `instances` are those of the
    /// rows, in their order.
    pub(super) async fn add_output(
        &self,
        samples: &mut [Sample],
        instances: &[Option<InstanceId>],
    ) {
        if !self.keeps_words {
            return;
        }
        let mut known = HashSet::new();
        for (sample, id) in samples.iter_mut().zip(instances).rev() {
            let Some(id) = id.as_ref().filter(|id| known.insert(id.0.clone())) else { continue };
            // What failed was told when it did, and is gone.
            if sample.outcome.spares_instance() {
                let output = self.engine.output(id).await.unwrap_or_default();
                sample.output =
                    Some(last_words(&output, LAST_WORDS)).filter(|told| !told.is_empty());
            }
        }
    }
}

/// The beginning of a reply, made safe to keep and to show; none of one without a byte.
pub(super) fn beginning(reply: &[u8]) -> Option<String> {
    let kept = reply.get(..REPLY).unwrap_or(reply);
    // A letter that was cut in two is none.
    let text = String::from_utf8_lossy(match std::str::from_utf8(kept) {
        Err(cut) if cut.error_len().is_none() => &kept[..cut.valid_up_to()],
        _ => kept,
    });
    let more = if reply.len() > REPLY { "…" } else { "" };
    (!reply.is_empty()).then(|| printable(&text, REPLY) + more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn of_a_long_reply_the_beginning_is_kept_and_that_it_went_on() {
        assert_eq!(beginning(b""), None);
        assert_eq!(beginning(b"\x1b[2J{\"a\":\n 1}\xff").as_deref(), Some("[2J{\"a\": 1}\u{fffd}"));
        let cut = beginning("é".repeat(200).as_bytes()).unwrap();
        assert_eq!(cut, "é".repeat(128) + "…");
        // Its 256 bytes end within a letter.
        let cut = beginning(format!("x{}", "é".repeat(200)).as_bytes()).unwrap();
        assert_eq!(cut, format!("x{}…", "é".repeat(127)));
    }

    proptest! {
        #[test]
        fn whatever_is_replied_is_short_and_plain(
            reply in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let told = beginning(&reply).unwrap_or_default();
            prop_assert!(told.chars().count() <= REPLY + 2);
            prop_assert!(!told.chars().any(char::is_control), "{told:?}");
        }
    }
}
