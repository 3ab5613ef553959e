//! The lines of a trace, and what stands in them: bounded, each mistake with its line.

use std::io::{BufRead, Read};

use anyhow::Result;

/// Bytes of a line at most: a day of minutes has 1,440 columns.
const LONGEST_LINE: u64 = 64 << 10;

/// The lines of a file, of which none is longer than it may be.
pub(super) struct Lines<'a, R> {
    from: R,
    name: &'a str,
    line: u64,
    text: String,
}

impl<'a, R: BufRead> Lines<'a, R> {
    pub(super) fn of(from: R, name: &'a str) -> Self {
        Self { from, name, line: 0, text: String::new() }
    }

    /// The next line that is not empty; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<&str>> {
        loop {
            self.line += 1;
            self.text.clear();
            let read = self.from.by_ref().take(LONGEST_LINE).read_line(&mut self.text);
            let read = read.map_err(|error| self.wrong(&error.to_string()))? as u64;
            if read == 0 {
                return Ok(None);
            }
            if read == LONGEST_LINE && !self.text.ends_with('\n') {
                return Err(self.wrong("the line is longer than 64 KiB"));
            }
            if !self.text.trim().is_empty() {
                return Ok(Some(self.text.trim_end_matches(['\n', '\r'])));
            }
        }
    }

    /// What is wrong with the line that was read last.
    pub(super) fn wrong(&self, why: &str) -> anyhow::Error {
        anyhow::anyhow!("{}:{}: {why}", self.name, self.line)
    }
}

/// A number that is finite and not negative.
pub(super) fn number(text: &str, what: &str) -> Result<f64, String> {
    let quoted = || text.trim().chars().take(40).filter(|c| !c.is_control()).collect::<String>();
    if text.trim().is_empty() {
        return Err(format!("the {what} is missing"));
    }
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        Ok(number) if number < 0.0 => Err(format!("the {what} is negative: `{}`", quoted())),
        _ => Err(format!("the {what} is no number: `{}`", quoted())),
    }
}

/// A number of the unit of a trace in nanoseconds.
pub(super) fn nanoseconds(number: f64, unit: f64, what: &str) -> Result<u64, String> {
    // A year: what is added to it still fits.
    const MOST: f64 = 366.0 * 86_400.0 * 1e9;
    let ns = number * unit;
    if ns > MOST {
        return Err(format!("the {what} is more than a year"));
    }
    Ok(ns.round() as u64)
}

/// A name that a trace has, or of several parts, short enough for a table: whoever made it hid
/// names behind digits.
pub(super) fn shortened(parts: &[&str]) -> String {
    const PART: usize = 12;
    let short = |part: &&str| part.trim().chars().take(PART).collect::<String>();
    let text = parts.iter().map(short).collect::<Vec<_>>().join("/");
    crate::text::sanitize::printable(&text, 64)
}
