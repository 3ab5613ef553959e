//! The form of Azure's trace of 2021: a call a line, with its end and its duration in seconds.

use std::collections::HashMap;
use std::io::BufRead;

use anyhow::Result;

use super::lines::{Lines, nanoseconds, number, shortened};
use super::{Changed, Form, MOST_CALLS, MOST_FUNCTIONS, Trace, TraceCall};

/// Its first line.
pub(super) const HEADER: &str = "app,func,end_timestamp,duration";
/// Of its unit.
const SECOND: f64 = 1e9;
/// What times are counted from, so that a call that began before the first end is not before
/// time itself.
const BEFORE: u64 = 366 * 86_400 * 1_000_000_000;

pub(super) fn read<R: BufRead>(lines: &mut Lines<R>) -> Result<Trace> {
    let mut names: HashMap<String, u32> = HashMap::new();
    let (mut functions, mut calls) = (Vec::new(), Vec::new());
    while let Some(line) = lines.next()? {
        let row = row(line).map(|(key, at, run)| (key.to_owned(), at, run));
        let (key, at, run) = row.map_err(|why| lines.wrong(&why))?;
        let known = names.get(key.as_str()).copied();
        let function = match known {
            Some(function) => function,
            None => {
                if functions.len() == MOST_FUNCTIONS {
                    let why = format!("more than {MOST_FUNCTIONS} functions: take a part of it");
                    return Err(lines.wrong(&why));
                }
                let new = u32::try_from(functions.len()).unwrap_or(u32::MAX);
                functions.push(shortened(&key.split(',').collect::<Vec<_>>()));
                names.insert(key, new);
                new
            }
        };
        if calls.len() == MOST_CALLS {
            return Err(lines.wrong(&format!("more than {MOST_CALLS} calls: take a part of it")));
        }
        calls.push(TraceCall { at, run, function });
    }
    Ok(Trace { form: Form::ByCall, functions, calls, changed: Changed::default() })
}

/// Whose call it is, when it began, and how long it took.
fn row(line: &str) -> Result<(&str, u64, u64), String> {
    let columns = line.split(',').count();
    if columns != 4 {
        return Err(format!("{columns} columns and not the four of `{HEADER}`"));
    }
    let wrong = || "no columns".to_owned();
    let (rest, duration) = line.rsplit_once(',').ok_or_else(wrong)?;
    let (key, end) = rest.rsplit_once(',').ok_or_else(wrong)?;
    if key.split(',').any(|part| part.trim().is_empty()) {
        return Err("the app or the function has no name".to_owned());
    }
    let run = nanoseconds(number(duration, "duration")?, SECOND, "duration")?;
    let end = nanoseconds(number(end, "end_timestamp")?, SECOND, "end_timestamp")?;
    Ok((key, (BEFORE + end).saturating_sub(run), run))
}
