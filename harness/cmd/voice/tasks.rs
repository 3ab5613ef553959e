//! Work that takes its time, nothing of which is timed: builds, pulls, installs. On a
//! terminal it has a line that moves; elsewhere a line when it begins and one when it
//! has ended.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use anstyle::Style;

use super::{BOLD, Canvas, DIM, Piece, canvas, clear, detail, draw, say, voice, warn};
use crate::provision::progress::Tell;
use crate::text::sanitize::printable;
use crate::text::units::format_wait;

/// Work that took less is not worth a line of its own on a terminal.
const BRIEF: Duration = Duration::from_secs(1);
/// Longest line of a program that is kept, in characters.
const LONGEST: usize = 300;
const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const ASCII_FRAMES: [char; 4] = ['-', '\\', '|', '/'];

/// The voice as those hear it who build and install.
#[derive(Debug, Clone, Copy)]
pub(in crate::cmd) struct TerminalObserver;

/// What is under way, by number.
#[derive(Debug, Default)]
pub(super) struct Works {
    next: u64,
    all: BTreeMap<u64, Work>,
}

#[derive(Debug)]
struct Work {
    what: String,
    begun: Instant,
    /// The last line that it printed, tamed.
    last: String,
}

impl Tell for TerminalObserver {
    fn say(&self, line: &str) {
        say(line);
    }

    fn warn(&self, line: &str) {
        warn(line);
    }

    fn detail(&self, line: &str) {
        detail(line);
    }

    fn begin(&self, what: &str) -> u64 {
        if canvas().is_none() {
            say(what);
        }
        let work = Work { what: what.to_owned(), begun: Instant::now(), last: String::new() };
        let mut works = works();
        works.next += 1;
        let number = works.next;
        works.all.insert(number, work);
        number
    }

    fn printed(&self, work: u64, line: &str) {
        let line = printable(line, LONGEST);
        if let Some(work) = works().all.get_mut(&work).filter(|_| !line.is_empty()) {
            work.last = line;
        }
    }

    fn tick(&self) {
        draw(|canvas| works().pieces(canvas));
    }

    fn end(&self, work: u64, well: bool) {
        let Some(Work { what, begun, .. }) = works().all.remove(&work) else { return };
        clear();
        let took = begun.elapsed();
        let how = if well { "done in" } else { "failed after" };
        if canvas().is_none() || !well || took >= BRIEF {
            say(&format!("{what}: {how} {}", format_wait(took)));
        }
    }
}

fn works() -> std::sync::MutexGuard<'static, Works> {
    voice().works.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Works {
    /// The oldest work, how many others there are, and what it printed last.
    fn pieces(&self, canvas: Canvas) -> Vec<Piece> {
        let Some(Work { what, begun, last }) = self.all.values().next() else { return Vec::new() };
        let elapsed = begun.elapsed();
        let frame = (elapsed.as_millis() / 100) as usize;
        let frame = if canvas.unicode {
            FRAMES[frame % FRAMES.len()]
        } else {
            ASCII_FRAMES[frame % ASCII_FRAMES.len()]
        };
        let others = match self.all.len() {
            1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        vec![
            (BOLD, format!("{frame} {what}{others}")),
            (Style::new(), since(elapsed)),
            (DIM, format!("  {last}")),
        ]
    }
}

/// `  12 s`; nothing in the first second.
fn since(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0 => String::new(),
        seconds => format!("  {}", format_wait(Duration::from_secs(seconds))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_the_work_the_time_and_the_last_line() {
        let mut works = Works::default();
        assert!(works.pieces(Canvas { width: 80, unicode: true }).is_empty());
        let work = |what: &str| Work {
            what: what.to_owned(),
            begun: Instant::now(),
            last: "Step 2/7".to_owned(),
        };
        works.all.insert(1, work("building one"));
        works.all.insert(2, work("building two"));
        let pieces = works.pieces(Canvas { width: 80, unicode: false });
        let text: String = pieces.into_iter().map(|(_, text)| text).collect();
        assert!(text.ends_with("building one (and 1 more)  Step 2/7"), "{text}");
        assert_eq!(since(Duration::from_millis(75_900)), "  75 s");
        assert!(text.is_ascii());
    }
}
