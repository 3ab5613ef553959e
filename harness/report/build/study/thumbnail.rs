//! What is said of uploads, and of what was made of them.

use super::failed;
use crate::report::document::Importance::Usual;
use crate::report::document::{Cell, Column, Note};
use crate::stats::RankedValue;
use crate::study::Of;
use crate::study::thumbnail::{PARTS, Part, Upload, summary, taken};
use crate::text::units::format_ms;
use crate::words::{counted, plain};

pub(super) const COLUMNS: [Column; 9] = [
    Column::new("function").names().sparse().of_the_group(),
    Column::new("instance").names(),
    Column::of("uploads", Usual),
    Column::new("stored").ms(),
    Column::new("queued").ms(),
    Column::new("waited").ms(),
    Column::new("made").ms(),
    Column::new("all p50").ms().interval(Usual),
    Column::new("all max").ms(),
];

pub(super) const CAPTION: &str = "From the upload's last byte until the other bucket has the \
                                  object, by the run's clock, medians: stored: until its bucket \
                                  has it; queued: until its event is on disk and called for; \
                                  waited: until an instance has it, started where there is none; \
                                  made: until the other bucket has what was made";

fn median(found: &[Upload], cold: bool, part: Part) -> Option<f64> {
    summary(found, cold, part)?.p50.value.and_then(RankedValue::ns)
}

pub(super) fn rows(found: &[Upload]) -> Vec<Vec<Cell>> {
    let row = |(cold, name): (bool, &str)| {
        let all = summary(found, cold, |upload| upload.ns)?;
        let of = |part: Part| Cell::or_unknown(median(found, cold, part), Cell::ns);
        let parts = PARTS.map(|(_, part)| of(part));
        let first = [Cell::Text(name.to_owned()), Cell::Count(all.n as u64)];
        let max = Cell::or_unknown(all.max, |ns| Cell::ns(ns as f64));
        let last = [Cell::Interval(all.p50), max];
        Some(first.into_iter().chain(parts).chain(last).collect())
    };
    [(true, "cold"), (false, "warm")].into_iter().filter_map(row).collect()
}

/// Every upload, for a terminal.
pub(super) fn strips(of: &Of<Vec<Upload>>) -> Vec<(String, Vec<(u32, u64)>)> {
    let all = |cold| taken(&of.found, cold, |upload| upload.ns);
    vec![("cold".to_owned(), all(true)), ("warm".to_owned(), all(false))]
}

pub(super) fn answer(name: &str, found: &[Upload]) -> String {
    let of = |cold| median(found, cold, |upload| upload.ns).map(format_ms);
    let told = "From an upload's last byte to what";
    match (of(true), of(false)) {
        (Some(cold), Some(warm)) => {
            format!("{told} {name} makes of it: {cold} ms where it is cold, {warm} ms warm.")
        }
        (Some(cold), None) => format!("{told} {name} makes of it: {cold} ms, cold."),
        (None, Some(warm)) => format!("{told} {name} makes of it: {warm} ms, warm."),
        (None, None) => format!("Nothing came of any upload by {name}."),
    }
}

pub(super) fn notes(of: &Of<Vec<Upload>>) -> Option<Note> {
    let causes: Vec<&String> = of.found.iter().filter_map(|of| of.cause.as_ref()).collect();
    let (uploads, name) = (counted(causes.len() as u64, "upload"), plain(&of.function));
    let text = format!("of {uploads} nothing came by {name}, of the first");
    Some(failed(text, causes.first()?))
}
