//! The tables of a comparison.

use super::names::Names;
use super::words::{
    amount, both, change, detectable, difference, interval, least, mark, measured, metric, p,
    place_of_change, remarks, row_change, row_p, tone, verdict,
};
use super::{facts, totals};
use crate::compare::{self, Comparison, PartChange};
use crate::report::document::Importance::Usual;
use crate::report::document::{Cell, Column, Row, Table};
use crate::spec::tolerance::Metric;

const ROWS: [Column; 12] = [
    Column::new(""),
    Column::new("function").names(),
    Column::new("conditions").sparse(),
    Column::new("step").sparse(),
    Column::new("what"),
    Column::new("base"),
    Column::new("head"),
    Column::new("change [95 %]"),
    Column::of("verdict", Usual),
    Column::of("p", Usual).sparse(),
    Column::of("n", Usual),
    Column::of("err", Usual),
];

/// A row a metric of a cell, with its verdict.
pub(in crate::report) fn rows(
    id: &'static str,
    caption: &str,
    names: &Names,
    rows: &[&compare::Row],
) -> Table<'static> {
    let rows = rows.iter().map(|r| row(names, r)).collect();
    let mut table = Table::new(id, caption, &ROWS, rows).key().sortable();
    if let Some(under) = table.say_once("conditions") {
        table.caption += &format!(" All under {under}.");
    }
    table
}

fn row(names: &Names, row: &compare::Row) -> Row {
    let mut cells = vec![Cell::Mark(mark(row.verdict), tone(row.verdict))];
    cells.extend(place(names, row));
    cells.extend([
        Cell::Text(metric(row.metric).to_owned()),
        Cell::Figure(measured(row.metric, &row.base)),
        Cell::Figure(measured(row.metric, &row.head)),
        Cell::Figure(row_change(row)),
        Cell::Text(concluded(row)),
        chance(row_p(row)),
        Cell::Figure(both(row.base.n, row.head.n)),
        Cell::Figure(both(row.base.failed, row.head.failed)),
    ]);
    cells.into()
}

/// A row's verdict in words, where it changed, and what must not be missed.
fn concluded(row: &compare::Row) -> String {
    let place = place_of_change(row).map_or_else(String::new, |place| format!(" in {place}"));
    let remarks = remarks(row);
    let remarks =
        if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join("; ")) };
    format!("{}{place}{remarks}", verdict(row))
}

/// A p-value in a column of such.
fn chance(p: Option<String>) -> Cell {
    Cell::or_unknown(p, |p| Cell::Figure(p.trim_start_matches('=').to_owned()))
}

/// Where a row belongs: function, conditions, step.
fn place(names: &Names, row: &compare::Row) -> [Cell; 3] {
    names.place(&row.function, row.cell.as_ref()).map(Cell::words)
}

const PARTS: [Column; 6] = [
    Column::new("function").names(),
    Column::new("conditions").sparse(),
    Column::new("step").sparse(),
    Column::new("part"),
    Column::new("change [95 %]"),
    Column::new("p").sparse(),
];

/// The parts of each cold start, and how they changed.
pub(super) fn parts(comparison: &Comparison, names: &Names) -> Table<'static> {
    let part = |(row, part): (&compare::Row, &PartChange)| {
        let explains = if part.explains { " (explains it)" } else { "" };
        let mut cells = place(names, row).to_vec();
        cells.push(Cell::Text(format!("{}{explains}", part.part)));
        cells.push(Cell::Figure(difference(Metric::Total, &part.change)));
        cells.push(chance(p(part.p)));
        cells.into()
    };
    let all = totals(comparison).flat_map(|row| row.parts.iter().map(move |part| (row, part)));
    let caption = "The parts of each cold start; those that carry its change are marked.";
    let mut table = Table::new("parts", caption, &PARTS, all.map(part).collect()).sortable();
    if let Some(under) = table.say_once("conditions") {
        table.caption += &format!(" All under {under}.");
    }
    table
}

/// How large a change of a row must be: to matter, and to be found.
pub(super) fn limits(comparison: &Comparison, names: &Names) -> Table<'static> {
    let margin = |row: &compare::Row| {
        let floor = amount(row.metric, row.margin.floor);
        let share = least(row.margin.share);
        Cell::Figure(format!("{} and {floor}", share.trim_start_matches('+')))
    };
    let seen = |row: &compare::Row| {
        Cell::or_unknown(detectable(row), |d| {
            Cell::Figure(format!("{} ({})", least(d.share), amount(row.metric, d.amount)))
        })
    };
    let p90 = |row: &compare::Row| {
        let p90 = row.p90.map(|_| format!("{} {}", change(row.p90), interval(row.p90)));
        Cell::or_unknown(p90, |text| Cell::Figure(text.trim_end().to_owned()))
    };
    let table = Table::of(
        "limits",
        "How large a change must be to matter, and the smallest that would have been found four \
         times in five.",
        comparison.worst_first(),
        &[
            (Column::new("row").names(), &|row| Cell::Text(names.row(row))),
            (Column::new("margin"), &|row| margin(row)),
            (Column::new("smallest detectable change"), &|row| seen(row)),
            (Column::new("p90 [95 %]").sparse(), &|row| p90(row)),
        ],
    );
    table.sortable()
}

const DIFFERING: [Column; 4] = [
    Column::new("function").names(),
    Column::new("what differs"),
    Column::new("base"),
    Column::new("head"),
];

/// What differs of each function between the sides.
pub(super) fn differing(comparison: &Comparison) -> Table<'static> {
    let row = |cells: [String; 4]| Row::from(cells.map(Cell::words).to_vec());
    let rows = facts::functions(comparison).into_iter().map(row).collect();
    let caption = "What differs of each function between the sides";
    Table::new("differing", caption, &DIFFERING, rows)
}
