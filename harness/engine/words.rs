//! What an instance wrote, where the driver itself hears it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::OUTPUT;

/// What was written so far: its end, and as much of its beginning as is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Words(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    end: Vec<u8>,
    beginning: Vec<u8>,
    /// Bytes that are kept of the beginning.
    most: usize,
}

impl Words {
    /// Keeps so many bytes of the beginning.
    pub(super) fn keeping(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Heard { most, ..Heard::default() })))
    }

    /// Takes in a piece more.
    pub(super) fn hear(&self, piece: &[u8]) {
        let mut heard = self.lock();
        let room = heard.most.saturating_sub(heard.beginning.len());
        heard.beginning.extend_from_slice(&piece[..piece.len().min(room)]);
        heard.end.extend_from_slice(piece);
        let beyond = heard.end.len().saturating_sub(OUTPUT);
        heard.end.drain(..beyond);
    }

    /// The end as text, not from the midst of a character.
    pub(super) fn text(&self) -> String {
        let heard = self.lock();
        let whole = heard.end.iter().position(|byte| byte & 0xc0 != 0x80).unwrap_or(0);
        String::from_utf8_lossy(&heard.end[whole..]).into_owned()
    }

    /// The beginning, as much as is kept.
    pub(super) fn beginning(&self) -> Vec<u8> {
        self.lock().beginning.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_and_of_the_beginning_what_is_asked_for() {
        let words = Words::keeping(5);
        for _ in 0..OUTPUT {
            words.hear("é".as_bytes());
        }
        assert!(words.text().len() <= OUTPUT && words.text().chars().all(|c| c == 'é'));
        assert_eq!(words.beginning(), &"ééé".as_bytes()[..5]);
        let words = Words::default();
        words.hear(b"all");
        assert_eq!((words.text().as_str(), words.beginning().len()), ("all", 0));
    }
}
