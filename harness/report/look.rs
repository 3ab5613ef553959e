//! How text for a terminal may look: its width, its colours, its letters. Pure: who
//! knows the terminal says so.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

/// Columns where there is no terminal to ask.
pub const PLAIN_WIDTH: usize = 80;
/// Columns beyond which lines get harder to read, not fuller.
const WIDEST: usize = 120;
/// A space that no line is broken at.
const BOUND: &str = "\u{a0}";
/// Columns of wide rows where there is no terminal.
const ROWS: usize = 100;

/// How text for a terminal may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns that there are.
    pub width: usize,
    /// Whether it is for a terminal, where what is wider is broken.
    pub terminal: bool,
    /// Whether it is coloured. Nothing is told by colour alone.
    pub colour: bool,
    /// Whether more than ASCII can be drawn with.
    pub unicode: bool,
    /// Whether remarks that all is well are shown too.
    pub all: bool,
}

impl Default for Look {
    /// As in a pipe.
    fn default() -> Self {
        Self { width: PLAIN_WIDTH, terminal: false, colour: false, unicode: true, all: false }
    }
}

impl Look {
    /// Columns that are used.
    pub(super) fn columns(&self) -> usize {
        self.width.min(WIDEST)
    }

    /// Columns of rows that read badly when they are broken: off a terminal, in a log,
    /// they may be a little wider.
    pub(super) fn columns_of_rows(&self) -> usize {
        let narrow = self.terminal || self.width < PLAIN_WIDTH;
        if narrow { self.columns() } else { self.columns().max(ROWS) }
    }

    /// A whole line as a heading.
    pub(super) fn heading(&self, line: &str) -> String {
        self.in_style(Style::new().bold(), line)
    }

    /// A whole line that is of less weight.
    pub(super) fn faint(&self, line: &str) -> String {
        self.in_style(Style::new().dimmed(), line)
    }

    /// A line that says that figures are not to be believed.
    pub(super) fn alarm(&self, line: &str) -> String {
        self.in_style(AnsiColor::Red.on_default().bold(), line)
    }

    /// A line with its beginning marked as a warning.
    pub(super) fn warning(&self, line: &str, beginning: &str) -> String {
        let style = AnsiColor::Yellow.on_default().bold();
        match line.split_once(beginning) {
            Some((indent, rest)) => format!("{indent}{}{rest}", self.in_style(style, beginning)),
            None => line.to_owned(),
        }
    }

    fn in_style(&self, style: Style, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// Breaks a line at spaces; the parts after the first are indented further. A word
/// that is longer than the width stays whole: it may be a path to copy.
#[must_use]
pub fn wrapped(text: &str, indent: &str, width: usize) -> Vec<String> {
    hanging(text, indent, &format!("{indent}  "), width)
}

/// The same, with what stands before the first line and before the others.
pub(super) fn hanging(text: &str, first: &str, others: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut is_bare) = (first.to_owned(), true);
    for word in text.split(' ') {
        if !is_bare && line.width() + 1 + word.width() > width {
            lines.push(std::mem::replace(&mut line, format!("{others}{word}")));
            continue;
        }
        if !is_bare {
            line.push(' ');
        }
        line.push_str(word);
        is_bare &= word.is_empty();
    }
    lines.push(line);
    lines
}

/// [`wrapped`], and no break within a part: `n 19` stays together.
pub(super) fn flowing(parts: &[String], between: &str, indent: &str, width: usize) -> Vec<String> {
    let bound: Vec<String> = parts.iter().map(|part| part.replace(' ', BOUND)).collect();
    let lines = wrapped(&bound.join(between), indent, width);
    lines.into_iter().map(|line| line.replace(BOUND, " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_take_two_columns() {
        assert_eq!(wrapped("何か 何か", "", 9), ["何か 何か"]);
        assert_eq!(wrapped("何か 何か", " ", 9), [" 何か", "   何か"]);
    }

    #[test]
    fn colour_is_added_and_nothing_else() {
        let look = Look { colour: true, ..Look::default() };
        assert_eq!(look.heading("a"), "\u{1b}[1ma\u{1b}[0m");
        assert_eq!(look.heading(""), "");
        assert_eq!(Look::default().warning("  warning: x", "warning: "), "  warning: x");
        let coloured = look.warning("  warning: x", "warning: ");
        assert_eq!(coloured, "  \u{1b}[1m\u{1b}[33mwarning: \u{1b}[0mx");
    }
}
