//! Rows of a comparison as cells of tables, for pages. Tamed, not escaped.

use super::words::{
    Names, amount, both, change, detectable, difference, interval, least, mark, measured, metric,
    p, place_of_change, remarks, row_change, row_p, verdict,
};
use crate::compare::{PartChange, Row};
use crate::report::words::DASH;
use crate::spec::tolerance::Metric;

/// Heading of [`row`].
pub(super) const COLUMNS: [&str; 13] = [
    "",
    "function",
    "conditions",
    "step",
    "what",
    "base",
    "head",
    "change [95 %]",
    "p",
    "n",
    "err",
    "verdict",
    "where",
];

/// Heading of [`part`].
pub(super) const PART_COLUMNS: [&str; 6] =
    ["function", "conditions", "step", "part", "change [95 %]", "p"];

/// Heading of [`limit`].
pub(super) const LIMIT_COLUMNS: [&str; 4] = ["row", "margin", "would have seen", "p90 [95 %]"];

/// A row with its verdict.
pub(super) fn row(names: &Names, row: &Row) -> [String; 13] {
    let [function, conditions, step] = place(names, row);
    [
        mark(row.verdict).to_string(),
        function,
        conditions,
        step,
        metric(row.metric).to_owned(),
        measured(row.metric, &row.base),
        measured(row.metric, &row.head),
        row_change(row),
        row_p(row).map_or_else(|| DASH.to_owned(), |p| p.trim_start_matches('=').to_owned()),
        both(row.base.n, row.head.n),
        both(row.base.failed, row.head.failed),
        concluded(row),
        place_of_change(row).unwrap_or_else(|| DASH.to_owned()),
    ]
}

/// A part of a cold start, and how it changed.
pub(super) fn part(names: &Names, row: &Row, part: &PartChange) -> [String; 6] {
    let [function, conditions, step] = place(names, row);
    let explains = if part.explains { " (explains it)" } else { "" };
    let p = p(part.p).map(|p| p.trim_start_matches('=').to_owned());
    let change = difference(Metric::Total, &part.change);
    [
        function,
        conditions,
        step,
        format!("{}{explains}", part.part),
        change,
        p.unwrap_or_else(|| DASH.to_owned()),
    ]
}

/// How large a change of a row must be: to matter, and to be found.
pub(super) fn limit(names: &Names, row: &Row) -> [String; 4] {
    let seen = detectable(row).map_or_else(
        || DASH.to_owned(),
        |d| format!("{} ({})", least(d.share), amount(row.metric, d.amount)),
    );
    let floor = amount(row.metric, row.margin.floor);
    let share = least(row.margin.share);
    let margin = format!("{} and {floor}", share.trim_start_matches('+'));
    let p90 = format!("{} {}", change(row.p90), interval(row.p90)).trim_end().to_owned();
    [names.row(row), margin, seen, p90]
}

/// Where a row belongs, with a dash where it has no such thing.
fn place(names: &Names, row: &Row) -> [String; 3] {
    let place = names.place(&row.function, row.cell.as_ref());
    place.map(|part| if part.is_empty() { DASH.to_owned() } else { part })
}

/// A row's verdict in words, and what must not be missed.
fn concluded(row: &Row) -> String {
    let remarks = remarks(row);
    match remarks.is_empty() {
        true => verdict(row).to_owned(),
        false => format!("{} ({})", verdict(row), remarks.join("; ")),
    }
}
