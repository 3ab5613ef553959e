//! Tables and lists of a page. Text comes tamed and is escaped here.

use maud::{Markup, html};

use crate::report::environment::Fact;
use crate::report::words::{DASH, counted, shortened};

/// Rows beyond which a table scrolls in a frame of its own.
const LONG: usize = 40;

/// Longest text of a cell that is not broken, in characters.
const SHORT: usize = 16;

/// Longest name of a row, and longest text of any other cell, in characters: what is
/// longer attacks, or belongs into a file.
const LONGEST_NAME: usize = 120;
const LONGEST_CELL: usize = 600;

/// Longest line of a list, in characters.
const LONGEST_LINE: usize = 1000;

/// A table before it is written.
pub(in crate::report) struct Table<'a> {
    /// Unique on its page.
    pub(in crate::report) id: &'a str,
    /// What it shows.
    pub(in crate::report) caption: Markup,
    /// Headings; an empty one is of a column that explains itself.
    pub(in crate::report) columns: Vec<&'a str>,
    /// As many cells a row as there are columns.
    pub(in crate::report) rows: Vec<Vec<&'a str>>,
    /// Whether a reader can sort and filter it.
    pub(in crate::report) sortable: bool,
    /// Which column names a row.
    pub(in crate::report) name: usize,
}

impl<'a> Table<'a> {
    /// Of rows whose first column names them.
    pub(in crate::report) fn new<const N: usize>(
        id: &'a str,
        caption: Markup,
        columns: &'a [&'a str; N],
        rows: &'a [[String; N]],
    ) -> Self {
        let rows = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        Self { id, caption, columns: columns.to_vec(), rows, sortable: false, name: 0 }
    }

    /// The same, to be sorted and filtered.
    pub(in crate::report) fn sortable(self) -> Self {
        Self { sortable: true, ..self }
    }

    /// The same, its rows named by another column.
    pub(in crate::report) fn named_by(self, name: usize) -> Self {
        Self { name, ..self }
    }

    /// Without the columns of these headings where no row says anything in them.
    pub(in crate::report) fn without_empty(mut self, headings: &[&str]) -> Self {
        let says = |i: usize| self.rows.iter().any(|row| !matches!(row[i], "" | DASH));
        let kept = |(i, c): (usize, &&str)| !headings.contains(c) || says(i);
        let kept: Vec<bool> = self.columns.iter().enumerate().map(kept).collect();
        self.name -= kept.iter().take(self.name).filter(|kept| !**kept).count();
        let only = |cells: &[&'a str]| -> Vec<&'a str> {
            cells.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(cell, _)| *cell).collect()
        };
        self.columns = only(&self.columns);
        self.rows = self.rows.iter().map(|row| only(row)).collect();
        self
    }

    /// In a frame that scrolls by itself, so that the page never scrolls sideways.
    pub(in crate::report) fn markup(&self) -> Markup {
        let caption = format!("{}-caption", self.id);
        let frame = if self.rows.len() > LONG { "scroll long" } else { "scroll" };
        let kinds: Vec<&str> = (0..self.columns.len()).map(|i| self.kind(i)).collect();
        html! {
            div class=(frame) role="region" tabindex="0" aria-labelledby=(caption) {
                table id=(self.id) class=[self.sortable.then_some("sortable")] {
                    caption id=(caption) { (self.caption) }
                    thead { tr { @for (column, kind) in self.columns.iter().zip(&kinds) {
                        @if column.is_empty() { td {} }
                        @else { th scope="col" class=[(*kind == "figure").then_some(kind)] { (column) } }
                    } } }
                    tbody { @for row in &self.rows { tr {
                        @for (i, (cell, kind)) in row.iter().zip(&kinds).enumerate() {
                            @if i == self.name { th scope="row" { (shortened(cell, LONGEST_NAME)) } }
                            @else { td class=(colour(cell).unwrap_or(kind)) { (shortened(cell, LONGEST_CELL)) } }
                        }
                    } } }
                }
            }
        }
    }

    /// How a column is set: figures to the right, and nothing short is broken.
    fn kind(&self, column: usize) -> &'static str {
        let mut cells = self.rows.iter().filter_map(|row| row.get(column));
        let is_figure = |cell: &&&str| {
            let text = cell.trim_start_matches(['-', '+', '<', '[', '(', '.']);
            matches!(**cell, "" | "failed" | DASH) || text.starts_with(|c: char| c.is_ascii_digit())
        };
        if cells.clone().all(|cell| is_figure(&cell)) {
            "figure"
        } else if cells.all(|cell| cell.chars().count() <= SHORT) {
            "short"
        } else {
            "text"
        }
    }
}

/// Empties a column in which all rows have the same, and gives that: it is said once,
/// and [`Table::without_empty`] leaves the column out. Dashes say nothing.
pub(in crate::report) fn said_once<const N: usize>(
    rows: &mut [[String; N]],
    column: usize,
) -> Option<String> {
    let mut told = rows.iter().map(|row| &row[column]).filter(|cell| *cell != DASH);
    let one = told.next()?.clone();
    if !told.all(|cell| *cell == one) {
        return None;
    }
    rows.iter_mut().for_each(|row| row[column].clear());
    Some(one)
}

/// A verdict's colour, beside its mark: what a cell begins with.
fn colour(cell: &str) -> Option<&'static str> {
    match cell.chars().next()? {
        '▲' => Some("bad short"),
        '▼' => Some("good short"),
        '?' | '!' => Some("odd short"),
        _ => None,
    }
}

/// Facts in our own words.
pub(in crate::report) fn told(facts: &[Fact]) -> Markup {
    html! {
        @if !facts.is_empty() {
            ul { @for (name, text) in facts {
                li { b { (shortened(name, LONGEST_NAME)) } ": " (shortened(text, LONGEST_LINE)) }
            } }
        }
    }
}

/// Facts in foreign words.
pub(in crate::report) fn facts(facts: &[Fact]) -> Markup {
    html! { dl { @for (name, text) in facts { dt { (name) } dd { code { (text) } } } } }
}

/// Terms and what they mean.
pub(in crate::report) fn meanings(terms: &[(&str, &str)]) -> Markup {
    html! { dl { @for (term, meaning) in terms { dt { (term) } dd { (meaning) } } } }
}

/// Lines, the first of many: the others are counted, with where they are.
pub(in crate::report) fn list(lines: &[String], most: usize, rest: &str) -> Markup {
    html! {
        @if !lines.is_empty() {
            ul { @for line in lines.iter().take(most) { li { (shortened(line, LONGEST_LINE)) } } }
            (left_out(lines.len(), most, rest))
        }
    }
}

/// What is not shown, and where it is.
pub(in crate::report) fn left_out(all: usize, most: usize, rest: &str) -> Markup {
    html! {
        @if all > most {
            p.soft { (counted((all - most) as u64, "more")) " left out here: see " code { (rest) } "." }
        }
    }
}

/// Something that is folded until somebody asks for it.
pub(in crate::report) fn folded(summary: &str, body: &Markup) -> Markup {
    html! { @if !body.0.is_empty() { details.rest { summary { (summary) } (body) } } }
}
