//! What a verb answers, on standard output, where nothing else is written; in the form
//! that was asked for.

use std::io::{ErrorKind, Write};

use anyhow::{Context, Result, anyhow};
use serde::Serialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::ExitReason;
use crate::cli::Format;
use coldstart::report::sheet::{self, Column};
use coldstart::text::sanitize::{printable, printable_json};

/// Columns that lines keep to where words allow it.
pub(super) const WIDTH: usize = 80;

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

/// JSON for a person and a program.
pub(super) fn json(value: &impl Serialize) -> Result<String> {
    Ok(printable_json(&serde_json::to_string_pretty(value)?))
}

/// Bytes of a file that is text.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Refuses a form for what exists as text alone.
pub(super) fn only_text(format: Format, what: &str) -> Result<(), ExitReason> {
    if format == Format::Text {
        return Ok(());
    }
    Err(ExitReason::Usage(anyhow!("{what} is text alone: leave out --format")))
}

/// Rows of one kind: a small document.
pub(super) struct Sheet {
    /// Its key in JSON and heading in Markdown.
    pub(super) name: &'static str,
    pub(super) columns: &'static [Column],
    pub(super) rows: Vec<Value>,
}

/// Sheets in a form that is for programs or pages; `text` makes the one for people. JSON
/// has a key a sheet; CSV takes one sheet.
pub(super) fn sheets(
    format: Format,
    sheets: &[Sheet],
    text: impl FnOnce() -> String,
) -> Result<String, ExitReason> {
    Ok(match format {
        Format::Text => text(),
        Format::Json => {
            let all: serde_json::Map<String, Value> =
                sheets.iter().map(|s| (s.name.to_owned(), s.rows.clone().into())).collect();
            json(&all)?
        }
        Format::Markdown => {
            let table =
                |s: &Sheet| format!("## {}\n\n{}", s.name, sheet::markdown(s.columns, &s.rows));
            sheets.iter().map(table).collect::<Vec<_>>().join("\n")
        }
        Format::Csv => {
            let [one] = sheets else {
                let names: Vec<&str> = sheets.iter().map(|s| s.name).collect();
                return Err(ExitReason::Usage(anyhow!(
                    "CSV is one table: name one of {}",
                    names.join(", ")
                )));
            };
            sheet::csv(one.columns, &one.rows)
        }
    })
}

/// Words after a beginning, broken at [`WIDTH`], further lines indented to its end. The
/// words may be foreign: nothing in them moves a cursor.
pub(super) fn wrapped(beginning: &str, words: &str) -> String {
    wrapped_to(beginning, words, WIDTH)
}

/// The same, broken at so many columns.
pub(super) fn wrapped_to(beginning: &str, words: &str, width: usize) -> String {
    let indent = beginning.width();
    let mut text = beginning.to_owned();
    let mut column = indent;
    for word in printable(words, usize::MAX).split_whitespace() {
        if column > indent && column + 1 + word.width() > width {
            text += &format!("\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            text.push(' ');
            column += 1;
        }
        text += word;
        column += word.width();
    }
    text.push('\n');
    text
}
