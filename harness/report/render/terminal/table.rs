//! A table for a terminal: as many columns as fit; where not even the least do, a
//! paragraph a row.

use comfy_table::{CellAlignment, ContentArrangement, Table as Grid, presets};
use unicode_width::UnicodeWidthStr;

use crate::report::document::Importance::{Detail, Key, Usual};
use crate::report::document::{Cell, Column, Importance, Row, Table};
use crate::report::look::{Look, flowing, wrapped};

/// What stands between the parts below a row.
const SEPARATOR: &str = " · ";

/// What has room: columns and their intervals up to an importance, and whether the usual
/// columns stand in their row.
#[derive(Clone, Copy)]
struct Room {
    columns: Importance,
    intervals: Importance,
    beside: bool,
}

/// From the most to the least.
const ROOMS: [Room; 5] = [
    Room { columns: Detail, intervals: Detail, beside: true },
    Room { columns: Detail, intervals: Usual, beside: true },
    Room { columns: Usual, intervals: Usual, beside: true },
    Room { columns: Usual, intervals: Key, beside: true },
    Room { columns: Usual, intervals: Key, beside: false },
];

/// Caption, headings and rows, those of a group below its heading.
pub(super) fn lines(table: &Table, look: &Look) -> Vec<String> {
    let view = View { table, grouped: table.rows.iter().any(|row| !row.group.is_empty()) };
    let within =
        |columns: usize| ROOMS.iter().find_map(|room| Some((*room, view.fitting(*room, columns)?)));
    let fitting = within(look.columns()).or_else(|| within(look.columns_of_rows()));
    let mut lines = wrapped(&table.caption, "", look.columns());
    let (room, mut grid) = match fitting {
        Some((room, grid)) => (Some(room), grid.into_iter()),
        None => (None, Vec::new().into_iter()),
    };
    lines.extend(grid.next().map(|line| look.faint(&line)));
    let mut group = "";
    for row in &table.rows {
        if row.group != group {
            group = &row.group;
            lines.extend(wrapped(group, "", look.columns()).iter().map(|l| look.heading(l)));
        }
        match room {
            Some(room) => lines.extend(grid.next().into_iter().chain(view.below(row, room, look))),
            None => lines.extend(view.paragraph(row, look)),
        }
        let parts = flowing(&row.below, SEPARATOR, "      ", look.columns());
        lines.extend(parts.iter().filter(|_| !row.below.is_empty()).map(|line| look.faint(line)));
        lines.extend(row.words.iter().flat_map(|words| wrapped(words, "      ", look.columns())));
    }
    lines
}

struct View<'a> {
    table: &'a Table<'a>,
    grouped: bool,
}

impl View<'_> {
    /// The places of the columns for which something holds, but those of a group's heading.
    fn columns(&self, holds: impl Fn(&Column) -> bool) -> Vec<usize> {
        let mut shown = self.table.shown();
        let of = |at: &usize| &self.table.columns[*at];
        shown.retain(|at| !(self.grouped && of(at).of_the_group) && holds(of(at)));
        shown
    }

    /// The lines of the grid, its headings first, if none is too wide.
    fn fitting(&self, room: Room, most: usize) -> Option<Vec<String>> {
        let columns = self.columns(|column| match column.importance {
            Usual => room.beside,
            importance => importance <= room.columns,
        });
        let lines = self.grid(&columns, room.intervals);
        let widest = lines.iter().map(|line| line.width()).max().unwrap_or(0);
        (widest <= most).then_some(lines)
    }

    fn grid(&self, columns: &[usize], intervals: Importance) -> Vec<String> {
        let mut grid = Grid::new();
        grid.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let has = |at: &usize| self.table.columns[*at].has_interval(intervals);
        let title = |at: &usize| match &self.table.columns[*at] {
            // What the words are is plain where all rows are words of a kind.
            column if self.grouped && !self.is_figure(*at) && !column.names => String::new(),
            column => column.title(has(at), false),
        };
        grid.set_header(columns.iter().map(title));
        grid.add_rows(
            self.table.rows.iter().map(|row| {
                columns.iter().map(|at| row.cells[*at].text(has(at))).collect::<Vec<_>>()
            }),
        );
        for (place, column) in grid.column_iter_mut().enumerate() {
            let right = self.is_figure(columns[place]);
            let indent = if place == 0 && self.grouped { 2 } else { 0 };
            column.set_padding((indent, if right { 2 } else { 1 }));
            if right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        grid.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    fn is_figure(&self, at: usize) -> bool {
        self.table.rows.iter().all(|row| row.cells[at].is_figure())
    }

    /// What has no room beside its row.
    fn below(&self, row: &Row, room: Room, look: &Look) -> Vec<String> {
        let columns = self.columns(|column| column.importance == Usual && !room.beside);
        let words = self.words(row, &columns).join(", ");
        if words.is_empty() { Vec::new() } else { wrapped(&words, "    ", look.columns()) }
    }

    /// A row where no grid fits: its words, then each figure by its name.
    fn paragraph(&self, row: &Row, look: &Look) -> Vec<String> {
        let (figures, words): (Vec<usize>, Vec<usize>) = self
            .columns(|column| column.importance <= Usual)
            .iter()
            .partition(|at| self.is_figure(**at));
        let words = self.words(row, &words).join(", ");
        let figures = flowing(&self.words(row, &figures), ", ", "    ", look.columns());
        [wrapped(&words, "  ", look.columns()), figures].concat()
    }

    /// Cells that say something, each figure after its heading.
    fn words(&self, row: &Row, columns: &[usize]) -> Vec<String> {
        let word = |at: &usize| {
            let (cell, column) = (&row.cells[*at], &self.table.columns[*at]);
            let text = cell.text(column.has_interval(Key));
            match cell {
                cell if !cell.says() => None,
                Cell::Text(_) | Cell::Mark(..) => Some(text),
                _ => Some(format!("{} {text}", column.heading)),
            }
        };
        columns.iter().filter_map(word).collect()
    }
}
