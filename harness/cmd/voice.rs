//! Everything that is said on standard error goes through here: how much of it, how
//! wide, in which colours, and the one line of a terminal that is drawn over and over.
//!
//! Must not know what is said. It draws only when it is told to: no thread and no timer
//! of its own, so nothing is drawn while something is timed.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use anstyle::{AnsiColor, Style};

use crate::cli::OutputFlags;
use crate::report::look::{Look, wrapped};
use crate::text::sanitize::is_invisible;

mod capabilities;
mod status_line;
mod tasks;

use capabilities::TerminalCapabilities;
pub(super) use status_line::Piece;
use status_line::{Line, styled};
use tasks::Works;

/// A process has one standard error, and so one voice.
static VOICE: OnceLock<Voice> = OnceLock::new();

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Speaks as was typed from here on. The first call counts.
pub(super) fn begin(talk: &OutputFlags) {
    let _ = VOICE.set(Voice::new(talk, TerminalCapabilities::of_stderr(talk.color)));
}

/// Speaks plainly where [`begin`] was never called.
fn voice() -> &'static Voice {
    VOICE.get_or_init(|| Voice::new(&OutputFlags::default(), TerminalCapabilities::default()))
}

/// What happens, for the person who waits.
pub(super) fn say(text: &str) {
    voice().tell(Rank::Said, text);
}

/// What is wrong and what to do about it; the same is said once only.
pub(super) fn warn(text: &str) {
    voice().tell(Rank::Warning, text);
}

/// Why it ends here. Not wrapped: it may hold lines of a log.
pub(super) fn error(text: &str) {
    voice().tell(Rank::Error, text);
}

/// What is only of interest to those who want to know all.
pub(super) fn detail(text: &str) {
    voice().tell(Rank::Detail, text);
}

/// What is to be copied, and so never wrapped: `label` is what it is.
pub(super) fn point(label: &str, what: &str) {
    voice().tell(Rank::Pointed, &format!("{label}{what}"));
}

/// A command to a program that reads standard error: never wrapped, coloured or left out.
pub(super) fn command(line: &str) {
    let mut lines = voice().lines();
    lines.clear();
    // Nobody is left to be told when this fails.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Whether all is to be said.
pub(super) fn is_verbose() -> bool {
    voice().talk.verbose
}

/// A line of a result on standard output, wrapped to its terminal if it is one.
pub(super) fn print(text: &str) {
    let look = look();
    let width = if look.terminal { look.width } else { usize::MAX };
    println!("{}", wrapped(text, "", width).join("\n"));
}

/// How a result on standard output may look.
pub(super) fn look() -> Look {
    let OutputFlags { verbose, color, .. } = voice().talk;
    let TerminalCapabilities { terminal, width, colour, unicode, .. } =
        TerminalCapabilities::of_stdout(color);
    Look { width, terminal, colour, unicode, all: verbose }
}

/// Whether there is a line of a terminal to draw on, and its width and letters.
pub(super) fn canvas() -> Option<Canvas> {
    let voice = voice();
    let live = voice.surface.live && !voice.talk.quiet;
    live.then(|| Canvas { width: voice.surface.width_now(), unicode: voice.surface.unicode })
}

/// A line of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Canvas {
    /// In columns.
    pub(super) width: usize,
    /// Whether it shows more than ASCII.
    pub(super) unicode: bool,
}

/// Draws the line anew, ten times a second at most.
pub(super) fn draw(pieces: impl FnOnce(Canvas) -> Vec<Piece>) {
    if let Some(canvas) = canvas() {
        voice().lines().draw(canvas, pieces);
    }
}

/// Shows one step that is under way, until it is dropped. Nothing moves meanwhile.
pub(super) fn step(what: &str) -> Step {
    if let Some(canvas) = canvas() {
        voice().lines().show(canvas, &[(BOLD, what.to_owned())]);
    }
    Step
}

/// Takes the line away, if one is drawn.
pub(super) fn clear() {
    voice().lines().clear();
}

/// A step that is shown while this lives.
pub(super) struct Step;

impl Drop for Step {
    fn drop(&mut self) {
        clear();
    }
}

/// The voice as those hear it who build and install.
pub(super) use tasks::TerminalObserver;

struct Voice {
    talk: OutputFlags,
    surface: TerminalCapabilities,
    lines: Mutex<Lines>,
    works: Mutex<Works>,
}

/// What is on the screen.
#[derive(Default)]
struct Lines {
    line: Line,
    drawn: Option<Instant>,
    warned: BTreeSet<String>,
}

/// What kind of thing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Detail,
    Said,
    Pointed,
    Warning,
    Error,
}

impl Voice {
    fn new(talk: &OutputFlags, surface: TerminalCapabilities) -> Self {
        let (lines, works) = Default::default();
        Self { talk: *talk, surface, lines, works }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_heard(&self, rank: Rank) -> bool {
        match rank {
            Rank::Detail => self.talk.verbose,
            Rank::Said | Rank::Pointed => !self.talk.quiet,
            Rank::Warning | Rank::Error => true,
        }
    }

    fn tell(&self, rank: Rank, text: &str) {
        let text = &tamed(text);
        let mut lines = self.lines();
        let known = rank == Rank::Warning && !lines.warned.insert(text.to_owned());
        if !self.is_heard(rank) || known {
            return;
        }
        lines.clear();
        // Nobody is left to be told when this fails.
        let _ = writeln!(io::stderr(), "{}", self.dressed(rank, text));
    }

    /// The text as it is written: marked, wrapped to a terminal, coloured.
    fn dressed(&self, rank: Rank, text: &str) -> String {
        let (mark, style) = match rank {
            Rank::Warning => ("warning: ", WARNING),
            // It begins with its own mark: `error[code]: `.
            Rank::Error => ("", ERROR),
            Rank::Detail => ("", DIM),
            Rank::Said | Rank::Pointed => ("", Style::new()),
        };
        let text = format!("{mark}{}", text.trim_end());
        let marked = match rank {
            Rank::Error => text.find(": ").map_or(0, |at| at + 2),
            _ => mark.len(),
        };
        let text = match rank {
            Rank::Pointed | Rank::Error => text,
            _ if self.surface.live => {
                let width = self.surface.width_now();
                let lines = text.lines().flat_map(|line| wrapped(line, "", width));
                lines.collect::<Vec<_>>().join("\n")
            }
            _ => text,
        };
        let style = if self.surface.colour { style } else { Style::new() };
        match rank {
            Rank::Detail => styled(style, &text),
            _ => format!("{}{}", styled(style, &text[..marked]), &text[marked..]),
        }
    }
}

/// Without what controls a terminal: there may be words of programs and registries in it.
fn tamed(text: &str) -> String {
    let tame = |c: char| match c {
        '\n' => Some(c),
        '\t' => Some(' '),
        c if c.is_control() || is_invisible(c) => None,
        c => Some(c),
    };
    text.chars().filter_map(tame).collect()
}

impl Lines {
    fn draw(&mut self, canvas: Canvas, pieces: impl FnOnce(Canvas) -> Vec<Piece>) {
        let recent = self.drawn.is_some_and(|at| at.elapsed() < status_line::PAUSE);
        if !recent {
            self.show(canvas, &pieces(canvas));
        }
    }

    fn show(&mut self, canvas: Canvas, pieces: &[Piece]) {
        let colour = voice().surface.colour;
        let plain = |(_, text): &Piece| (Style::new(), text.clone());
        let plain: Vec<Piece> =
            if colour { pieces.to_vec() } else { pieces.iter().map(plain).collect() };
        let _ = self.line.draw(&mut io::stderr(), &plain, canvas);
        self.drawn = Some(Instant::now());
    }

    fn clear(&mut self) {
        let _ = self.line.clear(&mut io::stderr());
        self.drawn = None;
    }
}

#[cfg(test)]
mod tests;
