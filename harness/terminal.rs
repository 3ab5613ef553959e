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
use coldstart::report::look::{Look, wrapped};
use coldstart::text::sanitize::is_invisible;

mod capabilities;
pub(crate) mod interrupt;
mod observer;
mod progress;
mod status_line;

use capabilities::TerminalCapabilities;
pub(crate) use status_line::Piece;
use status_line::{Line, styled};

/// A process has one standard error, and so one terminal.
static TERMINAL: OnceLock<Terminal> = OnceLock::new();

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Speaks as was typed from here on. The first call counts.
pub(crate) fn begin(flags: &OutputFlags) {
    let _ = TERMINAL.set(Terminal::new(flags, TerminalCapabilities::of_stderr(flags.color)));
}

/// Speaks plainly where [`begin`] was never called.
fn terminal() -> &'static Terminal {
    TERMINAL.get_or_init(|| Terminal::new(&OutputFlags::default(), TerminalCapabilities::default()))
}

/// What happens, for the person who waits.
pub(crate) fn info(text: &str) {
    terminal().tell(Rank::Info, text);
}

/// What is wrong and what to do about it; the same is said once only.
pub(crate) fn warn(text: &str) {
    terminal().tell(Rank::Warning, text);
}

/// Why it ends here. Not wrapped: it may hold lines of a log.
pub(crate) fn error(text: &str) {
    terminal().tell(Rank::Error, text);
}

/// What is only of interest to those who want to know all.
pub(crate) fn debug(text: &str) {
    terminal().tell(Rank::Debug, text);
}

/// What is to be copied, and so never wrapped: `label` is what it is.
pub(crate) fn hint(label: &str, what: &str) {
    terminal().tell(Rank::Hint, &format!("{label}{what}"));
}

/// A command to a program that reads standard error: never wrapped, coloured or left out.
pub(crate) fn command(line: &str) {
    let mut lines = terminal().lines();
    lines.clear();
    // Nobody is left to be told when this fails.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Whether all is to be said.
pub(crate) fn is_verbose() -> bool {
    terminal().flags.verbose
}

/// A line of a result on standard output, wrapped to its terminal if it is one.
pub(crate) fn print(text: &str) {
    let look = look();
    let width = if look.terminal { look.width } else { usize::MAX };
    println!("{}", wrapped(text, "", width).join("\n"));
}

/// How a result on standard output may look.
pub(crate) fn look() -> Look {
    let OutputFlags { verbose, color, .. } = terminal().flags;
    let TerminalCapabilities { terminal, width, colour, unicode, .. } =
        TerminalCapabilities::of_stdout(color);
    Look { width, terminal, colour, unicode, all: verbose }
}

/// Whether there is a line of a terminal to draw on, and its width and letters.
pub(crate) fn status_area() -> Option<StatusArea> {
    let terminal = terminal();
    let live = terminal.capabilities.live && !terminal.flags.quiet;
    live.then(|| StatusArea {
        width: terminal.capabilities.width_now(),
        unicode: terminal.capabilities.unicode,
    })
}

/// A line of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatusArea {
    /// In columns.
    pub(crate) width: usize,
    /// Whether it shows more than ASCII.
    pub(crate) unicode: bool,
}

/// Draws the line anew, ten times a second at most.
pub(crate) fn draw(pieces: impl FnOnce(StatusArea) -> Vec<Piece>) {
    if let Some(area) = status_area() {
        terminal().lines().draw(area, pieces);
    }
}

/// Shows one step that is under way, until something else is shown. Nothing moves
/// meanwhile.
fn show(what: &str) {
    if let Some(area) = status_area() {
        terminal().lines().show(area, &[(BOLD, what.to_owned())]);
    }
}

/// Shows one step that is under way, until it is dropped.
pub(crate) fn step(what: &str) -> Step {
    show(what);
    Step
}

/// Takes the line away, if one is drawn.
pub(crate) fn clear() {
    terminal().lines().clear();
}

/// A step that is shown while this lives.
pub(crate) struct Step;

impl Drop for Step {
    fn drop(&mut self) {
        clear();
    }
}

pub(crate) use observer::TerminalObserver;

struct Terminal {
    flags: OutputFlags,
    capabilities: TerminalCapabilities,
    lines: Mutex<Lines>,
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
    Debug,
    Info,
    Hint,
    Warning,
    Error,
}

impl Terminal {
    fn new(flags: &OutputFlags, capabilities: TerminalCapabilities) -> Self {
        Self { flags: *flags, capabilities, lines: Mutex::default() }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_heard(&self, rank: Rank) -> bool {
        match rank {
            Rank::Debug => self.flags.verbose,
            Rank::Info | Rank::Hint => !self.flags.quiet,
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
            Rank::Debug => ("", DIM),
            Rank::Info | Rank::Hint => ("", Style::new()),
        };
        let text = format!("{mark}{}", text.trim_end());
        let marked = match rank {
            Rank::Error => text.find(": ").map_or(0, |at| at + 2),
            _ => mark.len(),
        };
        let text = match rank {
            Rank::Hint | Rank::Error => text,
            _ if self.capabilities.live => {
                let width = self.capabilities.width_now();
                let lines = text.lines().flat_map(|line| wrapped(line, "", width));
                lines.collect::<Vec<_>>().join("\n")
            }
            _ => text,
        };
        let style = if self.capabilities.colour { style } else { Style::new() };
        match rank {
            Rank::Debug => styled(style, &text),
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
    fn draw(&mut self, area: StatusArea, pieces: impl FnOnce(StatusArea) -> Vec<Piece>) {
        let recent = self.drawn.is_some_and(|at| at.elapsed() < status_line::PAUSE);
        if !recent {
            self.show(area, &pieces(area));
        }
    }

    fn show(&mut self, area: StatusArea, pieces: &[Piece]) {
        let colour = terminal().capabilities.colour;
        let plain = |(_, text): &Piece| (Style::new(), text.clone());
        let plain: Vec<Piece> =
            if colour { pieces.to_vec() } else { pieces.iter().map(plain).collect() };
        let _ = self.line.draw(&mut io::stderr(), &plain, area);
        self.drawn = Some(Instant::now());
    }

    fn clear(&mut self) {
        let _ = self.line.clear(&mut io::stderr());
        self.drawn = None;
    }
}

#[cfg(test)]
mod tests;
