//! What is read before it is understood: files of a bounded size, and events.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::text::diagnostic::Mistake;

/// The most bytes of a file that is written by hand.
const MOST: u64 = 4 << 20;
/// The most bytes of an event: what AWS Lambda takes.
const LARGEST_EVENT: u64 = 6 << 20;
/// How much of an event is shown where it is wrong.
const SHOWN: usize = 60;

/// Reads a file that is written by hand, and no more of it than any has.
///
/// # Errors
/// When it cannot be read, is larger, is no UTF-8, or begins with a byte order mark.
pub fn read_text(path: &Path) -> io::Result<String> {
    read_some(path, MOST)
}

fn read_some(path: &Path, most: u64) -> io::Result<String> {
    let wrong = |message: String| Err(io::Error::new(ErrorKind::InvalidData, message));
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return wrong(format!("it is larger than {} MiB", most >> 20));
    }
    match String::from_utf8(bytes) {
        Ok(text) if text.starts_with(MARK) => wrong(HAS_MARK.to_owned()),
        Ok(text) => Ok(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            wrong(format!("it is no UTF-8 text: byte {} is not", at + 1))
        }
    }
}

/// A byte order mark, which some editors put before a text.
const MARK: char = '\u{feff}';
const HAS_MARK: &str = "it begins with a byte order mark: save it as UTF-8 without one";

/// What makes a text no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFault {
    /// The byte that is wrong.
    pub at: usize,
    /// What is wrong with it, as the end of a sentence.
    pub why: String,
}

/// Checks an event: it is sent byte for byte, and every function takes it for JSON.
///
/// # Errors
/// Where it is no JSON, and why.
pub fn check_event(event: &str) -> Result<(), EventFault> {
    let fault = |at: usize, why: &str| Err(EventFault { at, why: why.to_owned() });
    if event.starts_with(MARK) {
        return fault(0, "it begins with a byte order mark");
    }
    if event.len() as u64 > LARGEST_EVENT {
        return fault(0, "it is larger than 6 MiB, the most that AWS Lambda takes");
    }
    let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(event) else { return Ok(()) };
    let before: usize = event.split_inclusive('\n').take(error.line() - 1).map(str::len).sum();
    // Columns are of bytes, from 1; at the end of the text there is none after it.
    let at = (before + error.column().saturating_sub(1)).min(event.len());
    Err(EventFault { at, why: error.to_string() })
}

/// Reads an event that was typed: JSON, or `@FILE`.
///
/// # Errors
/// When the file cannot be read, or what it has, or what was typed, is no JSON.
pub fn read_event(typed: &str) -> Result<String> {
    let Some(file) = typed.strip_prefix('@') else {
        let event = typed.trim();
        if let Err(EventFault { why, .. }) = check_event(event) {
            let shown: String = event.chars().take(SHOWN).collect();
            bail!("the event `{}` is not JSON: {why}", shown.escape_debug());
        }
        return Ok(event.to_owned());
    };
    read_event_file(Path::new(file))
}

/// Reads an event that a file has.
///
/// # Errors
/// When it cannot be read, or what it has is no JSON.
pub(super) fn read_event_file(path: &Path) -> Result<String> {
    let file = path.display();
    let text =
        read_some(path, LARGEST_EVENT).with_context(|| format!("cannot read the event {file}"))?;
    let event = text.trim();
    if let Err(EventFault { at, why }) = check_event(event) {
        let at = at + (text.len() - text.trim_start().len());
        let message = format!("the event is not JSON: {why}");
        bail!(Mistake::at(&text, &file.to_string(), at..at + 1, message));
    }
    Ok(event.to_owned())
}
