//! A file of JSON, a value a line.

use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use super::files;

/// The lines of a file, and whether the last one was cut short.
pub(super) fn read_lines<T: DeserializeOwned>(path: &Path, what: &str) -> Result<(Vec<T>, bool)> {
    let (lines, cut) = read_places(path, what)?;
    Ok((lines.into_iter().map(|(value, _)| value).collect(), cut))
}

/// The same with where each line ends, in bytes from the begin of the file.
pub(super) fn read_places<T: DeserializeOwned>(
    path: &Path,
    what: &str,
) -> Result<(Vec<(T, u64)>, bool)> {
    let file =
        files::open_to_read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = BufReader::with_capacity(1 << 16, file);
    let (mut all, mut line, mut end) = (Vec::new(), Vec::new(), 0);
    for number in 1.. {
        line.clear();
        lines
            .read_until(b'\n', &mut line)
            .with_context(|| format!("cannot read {}", path.display()))?;
        if line.last() != Some(&b'\n') {
            return Ok((all, !line.is_empty()));
        }
        end += line.len() as u64;
        let read = serde_json::from_slice(&line)
            .with_context(|| format!("{}:{number} is no {what}", path.display()))?;
        all.push((read, end));
    }
    Ok((all, false))
}
