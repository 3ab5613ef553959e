//! What a stream can show: whether a line of it can be drawn over, how wide it is,
//! and whether colours and letters beyond ASCII come out.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use crate::cli::Colour;
use coldstart::report::look::PLAIN_WIDTH;

/// The narrowest that is believed, in columns: some terminals say 0.
const NARROWEST: usize = 20;

/// What a stream can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TerminalCapabilities {
    /// Whether it is a terminal.
    pub(super) terminal: bool,
    /// Whether it is one on which a line can be drawn over.
    pub(super) live: bool,
    /// In columns, when it was looked at.
    pub(super) width: usize,
    /// Whether it is to be coloured.
    pub(super) colour: bool,
    /// Whether it shows more than ASCII.
    pub(super) unicode: bool,
}

impl Default for TerminalCapabilities {
    fn default() -> Self {
        Self { terminal: false, live: false, width: PLAIN_WIDTH, colour: false, unicode: false }
    }
}

impl TerminalCapabilities {
    pub(super) fn of_stderr(colour: Colour) -> Self {
        Self::of(&io::stderr(), colour)
    }

    pub(super) fn of_stdout(colour: Colour) -> Self {
        Self::of(&io::stdout(), colour)
    }

    fn of(stream: &(impl IsTerminal + AsFd), colour: Colour) -> Self {
        let terminal = stream.is_terminal();
        Self {
            terminal,
            live: terminal && anstyle_query::term_supports_color(),
            width: if terminal { columns(stream) } else { PLAIN_WIDTH },
            colour: is_coloured(colour, terminal),
            unicode: is_unicode(|name| std::env::var(name).ok()),
        }
    }

    /// The width of standard error now: windows are resized while one waits.
    pub(super) fn width_now(&self) -> usize {
        if self.live { columns(&io::stderr()) } else { self.width }
    }
}

fn columns(stream: &impl AsFd) -> usize {
    let size = rustix::termios::tcgetwinsize(stream).ok();
    let columns = size.map(|size| usize::from(size.ws_col)).filter(|n| *n > 0);
    columns.unwrap_or(PLAIN_WIDTH).max(NARROWEST)
}

/// What was typed, else what `NO_COLOR`, `CLICOLOR_FORCE` and `TERM` say.
fn is_coloured(typed: Colour, terminal: bool) -> bool {
    match typed {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            let shown = terminal && anstyle_query::term_supports_color();
            !anstyle_query::no_color() && (anstyle_query::clicolor_force() || shown)
        }
    }
}

/// Whether the locale is one of UTF-8: the first of these that is set decides.
fn is_unicode(read: impl Fn(&str) -> Option<String>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(read);
    let locale = set.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.ends_with("utf-8") || locale.ends_with("utf8") || locale.contains("utf-8@")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_decides_the_colour() {
        assert!(is_coloured(Colour::Always, false));
        assert!(!is_coloured(Colour::Never, true));
    }

    #[test]
    fn the_locale_decides_the_letters() {
        let is = |set: &[(&str, &str)]| {
            is_unicode(|name| {
                set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(is(&[("LANG", "en_US.UTF-8")]) && is(&[("LC_CTYPE", "C.utf8")]));
        assert!(is(&[("LANG", "de_AT.UTF-8@euro")]));
        assert!(!is(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]) && !is(&[]));
        assert!(is(&[("LC_ALL", ""), ("LANG", "C.UTF-8")]));
    }
}
