//! The form of Azure's trace of 2019: a function a line, and how often it was called in each
//! minute. Where in its minute a call comes nobody knows: anywhere, by seed.
//!
//! What a call took stands in another file of that trace; here it is a column `avg` in
//! milliseconds, as in the traces that FaaSRail makes of it, which also number their columns by
//! the minutes of the day that each stands for.

use std::io::BufRead;

use anyhow::Result;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::lines::{Lines, nanoseconds, number, shortened};
use super::{Changed, Form, MOST_CALLS, MOST_FUNCTIONS, Trace, TraceCall};

const MINUTE: u64 = 60_000_000_000;
const MILLISECOND: f64 = 1e6;
/// Minutes at most: 14 days, as many as the whole trace has.
const MOST_MINUTES: usize = 14 * 1_440;
/// What a call took where nobody says: the median of that trace, of which Shahrad et al. (USENIX
/// ATC 2020) give the logarithm as -0.38.
const USUAL: u64 = 683_861_000;

/// Where what stands.
pub(super) struct Columns {
    /// Those before the minutes that name a function.
    names: Vec<usize>,
    average: Option<usize>,
    minutes: std::ops::Range<usize>,
}

/// What the first line says; none where it is none of this form.
pub(super) fn form(columns: &[&str]) -> Result<Option<Columns>, String> {
    let minute = |text: &str| -> Option<(u64, u64)> {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        Some((from.parse().ok()?, to.parse().ok()?))
    };
    let Some(first) = columns.iter().position(|text| minute(text).is_some()) else {
        return Ok(None);
    };
    let mut expected = 1;
    for text in &columns[first..] {
        let Some((from, to)) = minute(text).filter(|(from, to)| from <= to) else {
            return Err(format!("`{text}` stands among the minutes and is none"));
        };
        if from != expected {
            return Err(format!("the minutes have a gap: {from} stands where {expected} is next"));
        }
        expected = to.saturating_add(1);
    }
    if columns.len() - first > MOST_MINUTES {
        return Err(format!("more than {MOST_MINUTES} minutes"));
    }
    let average = columns[..first].iter().position(|name| *name == "avg");
    // The trigger tells what calls a function, and no two functions apart.
    let names = |at: &usize| Some(*at) != average && columns[*at] != "Trigger";
    let names = (0..first).filter(names).collect();
    Ok(Some(Columns { names, average, minutes: first..columns.len() }))
}

pub(super) fn read<R: BufRead>(
    lines: &mut Lines<R>,
    columns: &Columns,
    seed: u64,
) -> Result<Trace> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut functions, mut calls) = (Vec::new(), Vec::new());
    let mut changed = Changed::default();
    while let Some(line) = lines.next()? {
        let row = row(line, columns, functions.len());
        let (name, run, minutes) = row.map_err(|why| lines.wrong(&why))?;
        if functions.len() == MOST_FUNCTIONS {
            let why = format!("more than {MOST_FUNCTIONS} functions: take a part of it");
            return Err(lines.wrong(&why));
        }
        let function = u32::try_from(functions.len()).unwrap_or(u32::MAX);
        functions.push(name);
        let all: u64 = minutes.iter().sum();
        if calls.len() as u64 + all > MOST_CALLS as u64 {
            return Err(lines.wrong(&format!("more than {MOST_CALLS} calls: take a part of it")));
        }
        changed.without_duration += if run.is_none() { all } else { 0 };
        for (minute, n) in (0u64..).zip(minutes) {
            for _ in 0..n {
                let at = minute * MINUTE + rng.random_range(0..MINUTE);
                calls.push(TraceCall { at, run: run.unwrap_or(USUAL), function });
            }
        }
    }
    Ok(Trace { form: Form::ByMinute, functions, calls, changed })
}

type Row = (String, Option<u64>, Vec<u64>);

fn row(line: &str, columns: &Columns, at: usize) -> Result<Row, String> {
    let fields: Vec<&str> = line.split(',').collect();
    if fields.len() != columns.minutes.end {
        let (have, want) = (fields.len(), columns.minutes.end);
        return Err(format!("{have} columns and not {want} as in the first line"));
    }
    let run = columns.average.map(|at| {
        nanoseconds(number(fields[at], "average duration")?, MILLISECOND, "average duration")
    });
    let count = |(minute, text): (usize, &&str)| {
        let what = format!("number of calls in column {}", columns.minutes.start + minute + 1);
        let n = number(text, &what)?;
        match n.fract() == 0.0 && n <= MOST_CALLS as f64 {
            true => Ok(n as u64),
            false => Err(format!("the {what} is no whole number up to {MOST_CALLS}: `{n}`")),
        }
    };
    let minutes = fields[columns.minutes.clone()].iter().enumerate().map(count);
    let parts: Vec<&str> = columns.names.iter().map(|at| fields[*at]).collect();
    let name = match parts.is_empty() {
        true => format!("function-{}", at + 1),
        false => shortened(&parts),
    };
    Ok((name, run.transpose()?, minutes.collect::<Result<_, String>>()?))
}
