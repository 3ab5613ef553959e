//! Tables of a page.

use maud::{Markup, html};

use super::{LONGEST_NAME, colour};
use crate::report::document::{Cell, Importance, Row, Table};
use crate::words::shortened;

/// Rows beyond which a table scrolls in a frame of its own.
const LONG: usize = 40;

/// Longest text of a cell that is not broken, in characters.
const SHORT: usize = 16;

/// Longest text of a cell that does not name its row, in characters.
const LONGEST_CELL: usize = 600;

/// So many rows, in a frame that scrolls by itself, so that the page never scrolls
/// sideways.
pub(super) fn markup(table: &Table, most: usize) -> Markup {
    let rows = &table.rows[..most];
    let shown = table.shown();
    let kinds: Vec<Kind> = shown.iter().map(|at| Kind::of(rows, *at)).collect();
    let columns = || shown.iter().zip(&kinds);
    let caption = format!("{}-caption", table.id);
    let frame = if rows.len() > LONG { "scroll long" } else { "scroll" };
    html! {
        div class=(frame) role="region" tabindex="0" aria-labelledby=(caption) {
            table id=(table.id) class=[table.sortable.then_some("sortable")] {
                caption id=(caption) { (table.caption) }
                thead { tr { @for (at, kind) in columns() { (heading(table, *at, *kind)) } } }
                @for group in groups(table, rows) {
                    tbody {
                        @if group.is_named {
                            tr.group { th scope="rowgroup" colspan=(shown.len()) {
                                (shortened(&group.rows[0].group, LONGEST_NAME))
                            } }
                        }
                        @for row in group.rows { tr {
                            @for (at, kind) in columns() { (cell(table, row, *at, *kind)) }
                        } }
                    }
                }
            }
        }
    }
}

/// Rows that stand below each other.
struct Group<'t> {
    rows: &'t [Row],
    is_named: bool,
}

/// The rows as they stand: those of a group below its name, where no column says it.
fn groups<'t>(table: &Table, rows: &'t [Row]) -> Vec<Group<'t>> {
    if !table.names_groups() {
        return vec![Group { rows, is_named: false }];
    }
    let groups = rows.chunk_by(|a, b| a.group == b.group);
    groups.map(|rows| Group { rows, is_named: !rows[0].group.is_empty() }).collect()
}

fn heading(table: &Table, at: usize, kind: Kind) -> Markup {
    let column = &table.columns[at];
    let title = column.title(column.has_interval(Importance::Usual), true);
    let class = (kind == Kind::Figure).then_some(kind.class());
    html! {
        @if title.is_empty() { td {} } @else { th scope="col" class=[class] { (title) } }
    }
}

fn cell(table: &Table, row: &Row, at: usize, kind: Kind) -> Markup {
    let column = &table.columns[at];
    let text = row.cells[at].text(column.has_interval(Importance::Usual));
    let class = match row.cells[at] {
        Cell::Mark(_, Some(tone)) => format!("{} short", colour(tone)),
        _ => kind.class().to_owned(),
    };
    html! {
        @if column.names { th scope="row" { (shortened(&text, LONGEST_NAME)) } }
        @else { td class=(class) { (shortened(&text, LONGEST_CELL)) } }
    }
}

/// How a column is set: figures to the right, and nothing short is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Figure,
    Short,
    Text,
}

impl Kind {
    fn of(rows: &[Row], at: usize) -> Self {
        let mut cells = rows.iter().map(|row| &row.cells[at]);
        if cells.clone().all(Cell::is_figure) {
            Kind::Figure
        } else if cells.all(|cell| cell.text(true).chars().count() <= SHORT) {
            Kind::Short
        } else {
            Kind::Text
        }
    }

    fn class(self) -> &'static str {
        match self {
            Kind::Figure => "figure",
            Kind::Short => "short",
            Kind::Text => "text",
        }
    }
}
