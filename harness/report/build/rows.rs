//! Every row of a run, as it is: for programs flat, with its marks; for people with its
//! phases, and with what was said of it below.

use serde_json::{Map, Value, json};

use crate::report::document::{Block, Cell, Column, Row, Table};
use crate::report::listing::Sheet;
use crate::sample::{Mark, Phases, Sample, Temperature};
use crate::spec::factor::FACTORS;
use crate::spec::scenario::LoadShape;
use crate::store::Run;
use crate::text::units::format_ms;
use crate::words::{conditions, counted, plain, step, warning};

const BEFORE: &str =
    "trial round index control pattern step act size temperature instance outcome latency";
const AFTER: &str = "not_yet dropped_marks why_cold cause reply output";

/// The rows for which it holds, in the order in which they were measured.
#[must_use]
pub fn rows(run: &Run, holds: impl Fn(&Sample) -> bool) -> Sheet {
    let rows: Vec<&Sample> = run.samples.iter().filter(|sample| holds(sample)).collect();
    let (n, of) = (counted(rows.len() as u64, "row"), run.samples.len());
    let n = if rows.len() == of { n } else { format!("{n} of {of}") };
    Sheet {
        name: "rows",
        columns: columns().collect(),
        rows: rows.iter().map(|sample| flat(sample)).collect(),
        heading: format!("{}{n}, {}", warning(run), plain(&run.record.id)),
        told: match rows.is_empty() {
            true => Block::Paragraph("none".to_owned()),
            false => Block::Table(table(run, &rows)),
        },
    }
}

fn columns() -> impl Iterator<Item = &'static str> {
    let factors = FACTORS.iter().map(|factor| factor.key);
    let marks = Mark::ALL.iter().map(|mark| mark.name());
    let (before, after) = (BEFORE.split_whitespace(), AFTER.split_whitespace());
    ["function", "adapter"].into_iter().chain(factors).chain(before).chain(marks).chain(after)
}

/// Everything that a cell of a spreadsheet takes, and the phases by their names. Marks are
/// nanoseconds after the first, which is of the run's clock.
fn flat(sample: &Sample) -> Value {
    let Sample { cell, marks, outcome, .. } = sample;
    let act = match cell.act {
        LoadShape::Burst(_) => "burst",
        LoadShape::Sequence(_) => "sequence",
        LoadShape::Parallel { .. } => "parallel",
        LoadShape::Arrivals => "arrivals",
    };
    let phases = sample.phases().into_iter().map(|(phase, ns)| (phase.to_string(), json!(ns)));
    let mut row = Map::from_iter([
        ("function".to_owned(), json!(cell.function)),
        ("adapter".to_owned(), json!(cell.adapter.name())),
    ]);
    let factors = FACTORS.iter().zip(cell.factors.asked().values());
    row.extend(factors.map(|(factor, value)| (factor.key.to_owned(), value)));
    let facts = json!({
        "trial": sample.trial,
        "round": sample.round,
        "index": sample.index,
        "control": cell.control.map(|control| control.to_string()),
        "pattern": cell.pattern,
        "step": cell.step,
        "act": act,
        "size": cell.act.invocations(),
        "temperature": cell.temperature.to_string(),
        "instance": sample.instance,
        "outcome": outcome.kind(),
        "latency": sample.latency(),
        "phases": Value::Object(phases.collect()),
        "not_yet": sample.readiness.map(|readiness| readiness.not_yet),
        "dropped_marks": sample.dropped_marks,
        "why_cold": sample.why_cold,
        "cause": outcome.cause(),
        "reply": sample.reply,
        "output": sample.output,
    });
    row.extend(facts.as_object().cloned().unwrap_or_default());
    row.extend(Mark::ALL.iter().map(|mark| {
        let at = match mark {
            Mark::Intended => marks.get(*mark),
            later => marks.between(Mark::Intended, *later),
        };
        (mark.name().to_owned(), json!(at))
    }));
    Value::Object(row)
}

fn table(run: &Run, rows: &[&Sample]) -> Table<'static> {
    let text = |text: String| Cell::Text(text);
    let name = |s: &&Sample| {
        let control = s.cell.control.map(|control| control.to_string());
        text(control.unwrap_or_else(|| plain(&s.cell.function)))
    };
    let mut table = Table::of(
        "rows",
        "",
        rows.iter().copied(),
        &[
            (Column::new("trial"), &|s| Cell::Count(u64::from(s.trial))),
            (Column::new("round"), &|s| Cell::Count(u64::from(s.round))),
            (Column::new("function").names(), &name),
            (Column::new("conditions").sparse(), &|s| text(conditions(run, &s.cell.factors))),
            (Column::new("step"), &|s| text(step(&s.cell))),
            (Column::new("index"), &|s| Cell::Count(u64::from(s.index))),
            (Column::new("start"), &|s| text(s.cell.temperature.to_string())),
            (Column::new("outcome"), &|s| text(s.outcome.kind().to_owned())),
            (Column::new("latency").ms(), &|s| {
                Cell::or_unknown(s.latency(), |ns| Cell::ns(ns as f64))
            }),
        ],
    );
    let under = table.say_once("conditions");
    let under = under.map_or_else(String::new, |under| format!(", all under {under}"));
    table.caption = format!("in ms; below a cold start its phases{under}");
    for (row, sample) in table.rows.iter_mut().zip(rows) {
        *row = Row { below: parts(sample), words: words(sample), ..std::mem::take(row) };
    }
    table.key()
}

/// The phases of a cold start, which add up to it; of one that failed when it was ready.
fn parts(sample: &Sample) -> Vec<String> {
    let part = |name: &str, ns: u64| format!("{name} {}", format_ms(ns as f64));
    if sample.cell.temperature == Temperature::Warm {
        return Vec::new();
    }
    let phases = sample.phases();
    let ready = if phases.is_empty() { sample.start() } else { None };
    let first_byte = sample.marks.between(Mark::Intended, Mark::FirstByte);
    let phases = phases.iter().map(|(phase, ns): &(Phases, u64)| part(&phase.to_string(), *ns));
    phases
        .chain(ready.map(|ns| part("ready after", ns)))
        .chain(first_byte.map(|ns| part("first byte after", ns)))
        .collect()
}

/// What is to be said of a row. A run's folder may be anybody's: tamed here.
fn words(sample: &Sample) -> Vec<String> {
    let told = |what: &str, text: Option<&str>| text.map(|text| format!("{what}{}", plain(text)));
    let all = [
        told("met a new instance, because ", sample.why_cold.as_deref()),
        told("", sample.outcome.cause()),
        told("replied ", sample.reply.as_deref()),
        told("wrote: ", sample.output.as_deref()),
    ];
    all.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
