//! The table of what was measured: a row a function, condition and step.

use crate::words::{act, plain, ratio, step};

use super::reply::reply;
use crate::analysis::{Analysis, Group, conditions};
use crate::report::document::Importance::{Detail, Key, Usual};
use crate::report::document::{Block, Cell, Column, Fact, Row, Table};
use crate::sample::{Phases, Temperature};
use crate::stats::{RankedValue, Summary};
use crate::text::units::format_ms;

const COLUMNS: [Column; 15] = [
    Column::new("function").names().of_the_group(),
    Column::new("conditions").sparse().of_the_group(),
    Column::new("step"),
    Column::new("load"),
    Column::new("start"),
    Column::new("n"),
    Column::new("err"),
    Column::new("p50").ms().interval(Key),
    Column::new("p90").ms().interval(Usual).sparse(),
    Column::of("p95", Detail).ms().interval(Detail).sparse(),
    Column::of("p99", Detail).ms().interval(Detail).sparse(),
    Column::new("max").ms(),
    Column::new("first byte").ms().interval(Usual).sparse(),
    Column::new("over null").ms().sparse().of_the_group(),
    Column::new("ratio").sparse(),
];

/// The table; nothing of no rows.
pub(super) fn blocks<'a>(analysis: &Analysis) -> Vec<Block<'a>> {
    let groups = analysis.groups();
    if groups.is_empty() {
        return Vec::new();
    }
    let rows = groups.iter().flat_map(|(group, members)| {
        let heading = heading(analysis, group, members);
        members.iter().map(move |s| row(analysis, s, heading.clone()))
    });
    let mut table = Table::new("cells", "", &COLUMNS, rows.collect()).key().sortable();
    let under = table.say_once("conditions");
    let under = under.map_or_else(String::new, |under| format!(", all under {under}"));
    let is_streamed = analysis.summaries.iter().any(|summary| summary.first_byte.is_some());
    let streamed = if is_streamed { "; first byte: of streamed replies, the median" } else { "" };
    table.caption = format!(
        "From the instant an invocation was wanted to the last byte of {}{under}; in ms, in \
         brackets 95 % intervals; ratio: cold to warm{streamed}",
        reply(analysis.run)
    );
    vec![Block::Table(table)]
}

/// `name, bridge: 31.9 ms over the null container`.
fn heading(analysis: &Analysis, group: &Group, members: &[&Summary]) -> String {
    let over = members.iter().find_map(|s| over(analysis, s));
    let over = over
        .map_or_else(String::new, |ns| format!(": {} ms over the null container", format_ms(ns)));
    format!("{}, {}{over}", plain(&group.0), conditions(analysis.run, &group.1))
}

/// What a headline cell takes beyond the engine's own floor.
fn over(analysis: &Analysis, summary: &Summary) -> Option<f64> {
    let is_headline = analysis.headline().iter().any(|h| h.cell == summary.cell);
    is_headline.then(|| analysis.over_the_null_container(summary)).flatten()
}

fn row(analysis: &Analysis, summary: &Summary, group: String) -> Row {
    let Summary { cell, latency, .. } = summary;
    let or_empty = |value: Option<f64>, cell: fn(f64) -> Cell| value.map_or(Cell::Empty, cell);
    let cells = vec![
        Cell::Text(plain(&cell.function)),
        Cell::Text(conditions(analysis.run, &cell.factors)),
        Cell::Text(step(cell)),
        Cell::Text(act(cell.act)),
        Cell::Text(cell.temperature.to_string()),
        Cell::Count(latency.n as u64),
        Cell::Count(latency.failed as u64),
        Cell::Interval(latency.p50),
        Cell::Interval(latency.p90),
        Cell::Interval(latency.p95),
        Cell::Interval(latency.p99),
        Cell::or_unknown(latency.max, |ns| Cell::Time(RankedValue::Ns(ns as f64))),
        summary.first_byte.as_ref().map_or(Cell::Empty, |of| Cell::Interval(of.p50)),
        or_empty(over(analysis, summary), Cell::ns),
        or_empty(ratio(summary), Cell::Times),
    ];
    Row { group, cells, below: phases(analysis, summary).unwrap_or_default(), ..Row::default() }
}

/// The phases of the sample nearest the median, which add up to it: `create 6.10`,
/// `engine+boot 190`, in milliseconds. Of cold cells only.
fn phases(analysis: &Analysis, summary: &Summary) -> Option<Vec<String>> {
    let sample = analysis.run.samples.get(summary.typical?)?;
    let is_cold = sample.cell.temperature == Temperature::Cold;
    let part = |(phase, ns): &(Phases, u64)| format!("{phase} {}", format_ms(*ns as f64));
    is_cold.then(|| sample.phases().iter().map(part).collect())
}

/// Every cold cell with its phases, in the table's order.
pub(super) fn splits(analysis: &Analysis) -> Vec<Fact> {
    let groups = analysis.groups();
    let named = |summary: &&Summary| {
        let cell = &summary.cell;
        let conditions = conditions(analysis.run, &cell.factors);
        let name = format!("{} {conditions} {}", plain(&cell.function), step(cell));
        Some((name, phases(analysis, summary)?.join(" · ")))
    };
    groups.iter().flat_map(|(_, members)| members).filter_map(named).collect()
}
