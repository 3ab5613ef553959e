//! What a verb answers, on standard output, where nothing else is written; in the form
//! that was asked for.

use std::io::{ErrorKind, Write};

use anyhow::{Context, Result, anyhow};

use super::{ExitReason, terminal};
use coldstart::report::form::{FORMS, Form, Printed};
use coldstart::report::listing::Listing;

/// Writes a result, with one end of line at its end. A reader that has seen enough and
/// left (`coldstart list | head`) is no failure.
pub(super) fn result(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

/// Bytes of a file that is text.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Refuses a form for what exists as text alone.
pub(super) fn only_text(format: &Form, what: &str) -> Result<(), ExitReason> {
    if format.name == FORMS[0].name {
        return Ok(());
    }
    Err(ExitReason::Usage(anyhow!("{what} is text alone: leave out --format")))
}

/// A result in a form, as wide as the terminal is.
pub(super) fn form(format: &Form, of: &Printed) -> Result<String> {
    format.print(of, &terminal::look())
}

/// Rows of several kinds in a form: it may be that the form takes one kind.
pub(super) fn listing(format: &Form, listing: Listing) -> Result<String, ExitReason> {
    form(format, &Printed::Listing(&listing)).map_err(ExitReason::Usage)
}
