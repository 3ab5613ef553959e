//! What is shown of a measurement and of the work before it, nothing of which is timed:
//! builds, pulls, installs, trials that have ended. On a terminal there is a line that
//! moves; elsewhere a line when something begins and one when it has ended.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anstyle::Style;

use super::interrupt::{self, Phase};
use super::progress::Progress;
use super::{BOLD, DIM, Piece, StatusArea, clear, debug, draw, info, show, status_area, warn};
use coldstart::observer::{Event, Observer};
use coldstart::text::sanitize::printable;
use coldstart::text::units::format_wait;

/// Work that took less is not worth a line of its own on a terminal.
const BRIEF: Duration = Duration::from_secs(1);
/// Longest line of a program that is kept, in characters.
const LONGEST: usize = 300;
const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const ASCII_FRAMES: [char; 4] = ['-', '\\', '|', '/'];

/// Shows what happens on standard error.
#[derive(Default)]
pub(crate) struct TerminalObserver {
    works: Mutex<Works>,
    progress: Mutex<Option<Progress>>,
}

impl Observer for TerminalObserver {
    fn notify(&self, event: Event<'_>) {
        match event {
            Event::Info(line) => info(line),
            Event::Warning(line) => warn(line),
            Event::Debug(line) => debug(line),
            Event::WorkBegan { work, what } => lock(&self.works).begin(work, what),
            Event::WorkPrinted { work, line } => lock(&self.works).printed(work, line),
            Event::Tick => draw(|area| lock(&self.works).pieces(area)),
            Event::WorkEnded { work, ok } => lock(&self.works).end(work, ok),
            Event::Trying => show("preparing: each function is tried once"),
            Event::MayHaveInstances { run } => interrupt::may_have_containers(run),
            Event::Measuring => {
                clear();
                interrupt::now(Phase::Measuring);
            }
            Event::Planned { trials, rounds, limit } => {
                *lock(&self.progress) = Some(Progress::new(trials, rounds, limit));
            }
            Event::Extended { trials, rounds } => {
                lock(&self.progress).iter_mut().for_each(|p| p.more(trials, rounds));
            }
            Event::TrialDone { trial, samples } => {
                lock(&self.progress).iter_mut().for_each(|p| p.trial(trial, samples));
            }
            Event::Measured => lock(&self.progress).take().iter_mut().for_each(Progress::end),
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is under way, by number.
#[derive(Debug, Default)]
struct Works(BTreeMap<u64, Work>);

#[derive(Debug)]
struct Work {
    what: String,
    begun: Instant,
    /// The last line that it printed, sanitized.
    last: String,
}

impl Works {
    fn begin(&mut self, work: u64, what: &str) {
        if status_area().is_none() {
            info(what);
        }
        let begun = Work { what: what.to_owned(), begun: Instant::now(), last: String::new() };
        self.0.insert(work, begun);
    }

    fn printed(&mut self, work: u64, line: &str) {
        let line = printable(line, LONGEST);
        if let Some(work) = self.0.get_mut(&work).filter(|_| !line.is_empty()) {
            work.last = line;
        }
    }

    fn end(&mut self, work: u64, ok: bool) {
        let Some(Work { what, begun, .. }) = self.0.remove(&work) else { return };
        clear();
        let took = begun.elapsed();
        let how = if ok { "done in" } else { "failed after" };
        if status_area().is_none() || !ok || took >= BRIEF {
            info(&format!("{what}: {how} {}", format_wait(took)));
        }
    }

    /// The oldest work, how many others there are, and what it printed last.
    fn pieces(&self, area: StatusArea) -> Vec<Piece> {
        let Some(Work { what, begun, last }) = self.0.values().next() else { return Vec::new() };
        let elapsed = begun.elapsed();
        let frame = (elapsed.as_millis() / 100) as usize;
        let frame = if area.unicode {
            FRAMES[frame % FRAMES.len()]
        } else {
            ASCII_FRAMES[frame % ASCII_FRAMES.len()]
        };
        let others = match self.0.len() {
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
        assert!(works.pieces(StatusArea { width: 80, unicode: true }).is_empty());
        let work = |what: &str| Work {
            what: what.to_owned(),
            begun: Instant::now(),
            last: "Step 2/7".to_owned(),
        };
        works.0.insert(1, work("building one"));
        works.0.insert(2, work("building two"));
        let pieces = works.pieces(StatusArea { width: 80, unicode: false });
        let text: String = pieces.into_iter().map(|(_, text)| text).collect();
        assert!(text.ends_with("building one (and 1 more)  Step 2/7"), "{text}");
        assert_eq!(since(Duration::from_millis(75_900)), "  75 s");
        assert!(text.is_ascii());
    }
}
