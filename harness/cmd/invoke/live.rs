//! What instances write while they are called, shown as they do.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use coldstart::engine::InstanceId;
use coldstart::serve::Session;

/// When it is looked at first: who answers within this is not disturbed.
const FIRST: Duration = Duration::from_millis(500);
/// How often from then on.
const EVERY: Duration = Duration::from_millis(250);
/// The most that is shown of one instance before its call is over, in bytes.
const MOST: usize = 1 << 20;

/// What was shown so far.
#[derive(Default)]
pub(super) struct Live {
    /// Bytes, of each instance.
    shown: BTreeMap<InstanceId, usize>,
    /// The latest line.
    last: String,
}

impl Live {
    /// Of instances that are started from now on.
    pub(super) fn begin(session: &Session) -> Self {
        session.keep_output(MOST);
        Self::default()
    }

    /// Shows what instances write, in whole lines, until it is dropped.
    pub(super) async fn follow(&mut self, session: &Session, show: impl Fn(&[u8])) -> Infallible {
        tokio::time::sleep(FIRST).await;
        loop {
            let news = self.news(session.written(MOST).await, false);
            if !news.is_empty() {
                show(&news);
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    pub(super) fn has_begun(&self) -> bool {
        !self.shown.is_empty()
    }

    /// What was not shown yet once a call is over: of an instance that is there what it has
    /// written, else what its log has after what was shown.
    pub(super) async fn rest(&mut self, session: &Session, log: &[u8]) -> Vec<u8> {
        let written = session.written(MOST).await;
        let is_whole =
            |(id, bytes): &(InstanceId, Vec<u8>)| self.shown.contains_key(id) && bytes.len() < MOST;
        match written.iter().any(is_whole) {
            true => self.news(written, true),
            false => after(log, self.last.as_bytes()).to_vec(),
        }
    }

    /// What is new of what instances have written, up to the end of a line.
    fn news(&mut self, written: Vec<(InstanceId, Vec<u8>)>, to_the_end: bool) -> Vec<u8> {
        let mut news = Vec::new();
        for (id, bytes) in written {
            let from = self.shown.get(&id).copied().unwrap_or(0);
            let new = bytes.get(from..).unwrap_or_default();
            let lines = new.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let is_full = bytes.len() >= MOST;
            let length = if to_the_end || is_full { new.len() } else { lines };
            if length > 0 {
                news.extend_from_slice(&new[..length]);
                self.shown.insert(id, from + length);
            }
        }
        let text = String::from_utf8_lossy(&news);
        if let Some(last) = text.lines().rfind(|line| !line.trim().is_empty()) {
            last.trim().clone_into(&mut self.last);
        }
        news
    }
}

/// What stands behind the last time that a text has some words; all of it where it has not.
fn after<'a>(text: &'a [u8], words: &[u8]) -> &'a [u8] {
    let found = text.windows(words.len().max(1)).rposition(|some| some == words);
    found.map_or(text, |at| &text[at + words.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(of: &[(&str, &str)]) -> Vec<(InstanceId, Vec<u8>)> {
        let one =
            |(id, text): &(&str, &str)| (InstanceId((*id).to_owned()), text.as_bytes().to_vec());
        of.iter().map(one).collect()
    }

    #[test]
    fn every_line_is_shown_once_and_half_a_line_when_it_is_whole_or_all_is_over() {
        let mut live = Live::default();
        assert_eq!(live.news(written(&[("a", "")]), false), b"");
        assert!(!live.has_begun());
        assert_eq!(live.news(written(&[("a", "tick\nti")]), false), b"tick\n");
        assert_eq!(live.news(written(&[("a", "tick\ntick\n")]), false), b"tick\n");
        assert_eq!(live.news(written(&[("a", "tick\ntick\n")]), false), b"");
        // A second instance of the same call has a log of its own.
        let both = written(&[("a", "tick\ntick\nend"), ("b", "tick\n")]);
        assert_eq!(live.news(both, true), b"endtick\n");
        assert_eq!(live.last, "endtick");
        let long = "x".repeat(MOST);
        assert_eq!(live.news(written(&[("c", &long)]), false).len(), MOST);
    }

    #[test]
    fn of_a_log_that_is_left_what_was_shown_is_not_shown_again() {
        assert_eq!(after(b"one\ntwo\nthree\n", b"two"), b"\nthree\n");
        assert_eq!(after(b"two\ntwo\n", b"two"), b"\n");
        assert_eq!(after(b"one\n", b"two"), b"one\n");
        assert_eq!(after(b"", b""), b"");
    }
}
