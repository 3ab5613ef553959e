//! A file of JSON, a value a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Error, Read};
use std::path::Path;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use super::files;

/// The longest line that is read, in bytes: a row has some 500, a few thousand with
/// every process of a start.
const LONGEST: u64 = 1 << 20;
/// The longest file that is read, in bytes: some ten million rows.
const LONGEST_FILE: u64 = 8 << 30;

/// A file of lines as it was read.
#[derive(Debug)]
pub(super) struct Lines<T> {
    /// Each value with where its line ends: in bytes from the begin of the file.
    pub(super) all: Vec<(T, u64)>,
    /// Whether the last line was cut short.
    pub(super) cut: bool,
}

/// Reads a file of lines; `check` says what no value can be.
///
/// # Errors
/// Names the file, and the first line that is no such value, unless those are to be left
/// out.
pub(super) fn read_lines<T: DeserializeOwned>(
    path: &Path,
    what: &str,
    check: impl Fn(&T) -> Result<(), String>,
    leave_out: bool,
) -> Result<Lines<T>> {
    let file = open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = BufReader::with_capacity(1 << 16, file);
    let mut read = Lines { all: Vec::new(), cut: false };
    let (mut line, mut end) = (Vec::new(), 0);
    for number in 1.. {
        line.clear();
        (&mut lines)
            .take(LONGEST)
            .read_until(b'\n', &mut line)
            .with_context(|| format!("cannot read {}", path.display()))?;
        if line.last() != Some(&b'\n') {
            read.cut = !line.is_empty();
            break;
        }
        end += line.len() as u64;
        match value(&line, &check) {
            Ok(value) => read.all.push((value, end)),
            Err(_) if leave_out => {}
            Err(error) => {
                return Err(error.context(format!("{}:{number} is no {what}", path.display())));
            }
        }
    }
    Ok(read)
}

fn value<T: DeserializeOwned>(line: &[u8], check: impl Fn(&T) -> Result<(), String>) -> Result<T> {
    let value = serde_json::from_slice(line)?;
    check(&value).map_err(invalid)?;
    Ok(value)
}

/// An error of a file's content.
pub(super) fn invalid(message: String) -> Error {
    Error::new(io::ErrorKind::InvalidData, message)
}

fn open(path: &Path) -> io::Result<File> {
    let file = files::open_to_read(path)?;
    let (length, most) = (file.metadata()?.len(), LONGEST_FILE >> 20);
    if length > LONGEST_FILE {
        return Err(invalid(format!("it has {} MiB, and at most {most} are read", length >> 20)));
    }
    Ok(file)
}
