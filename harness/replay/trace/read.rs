//! A trace from its file, in whichever form that is.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::lines::Lines;
use super::{LONGEST_CALL, Trace, by_call, by_minute};

/// How a trace is read.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// Calls at most, the first of them.
    pub limit: Option<usize>,
    /// How long a call takes at most.
    pub longest: Duration,
    /// How many times as fast calls come.
    pub speed: f64,
    /// What decides where in a minute a call comes.
    pub seed: u64,
}

impl Default for Reading {
    fn default() -> Self {
        Self { limit: None, longest: LONGEST_CALL, speed: 1.0, seed: 0 }
    }
}

/// Reads a trace, whichever form its first line says it has.
///
/// # Errors
/// When it cannot be read or is none: the file, the line and what was expected are named.
pub fn read(path: &Path, reading: &Reading) -> Result<Trace> {
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| {
        format!("cannot read the trace {name}: `coldstart replay --generate {name}` makes one")
    })?;
    if !file.metadata().is_ok_and(|of| of.is_file()) {
        bail!("the trace {name} is no file");
    }
    read_from(BufReader::new(file), &name, reading)
}

/// Reads a trace from anything.
pub(super) fn read_from(from: impl BufRead, name: &str, reading: &Reading) -> Result<Trace> {
    let mut lines = Lines::of(from, name);
    let Some(first) = lines.next()?.map(str::to_owned) else {
        bail!("{name} is empty: a trace begins with `{}`", by_call::HEADER);
    };
    let columns: Vec<&str> = first.split(',').map(str::trim).collect();
    let trace = if columns == by_call::HEADER.split(',').collect::<Vec<_>>() {
        by_call::read(&mut lines)?
    } else if let Some(form) = by_minute::form(&columns).map_err(|why| lines.wrong(&why))? {
        by_minute::read(&mut lines, &form, reading.seed)?
    } else {
        return Err(lines.wrong(&format!(
            "the first line is that of no trace: `{}`, or `avg` and the functions' own columns \
             followed by a column a minute",
            by_call::HEADER
        )));
    };
    if trace.calls.is_empty() {
        bail!("{name} has no call");
    }
    Ok(trace.finished(reading))
}
