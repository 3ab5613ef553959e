//! Rows of figures under their headings.

use super::{Cell, Importance};

/// Rows of figures under their headings.
#[derive(Debug, Clone)]
pub(in crate::report) struct Table<'a> {
    /// Unique on its page.
    pub(in crate::report) id: &'a str,
    /// What it shows.
    pub(in crate::report) caption: String,
    /// Where it is shown.
    pub(in crate::report) importance: Importance,
    /// The headings.
    pub(in crate::report) columns: Vec<Column<'a>>,
    /// As many cells a row as there are columns.
    pub(in crate::report) rows: Vec<Row>,
    /// Whether a reader can sort and filter it.
    pub(in crate::report) sortable: bool,
}

/// What a column says, and what becomes of it where there is little room.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Column<'a> {
    /// Empty where it explains itself.
    pub(in crate::report) heading: &'a str,
    /// Of figures that do not say it themselves; else empty.
    pub(in crate::report) unit: &'static str,
    /// Whether it stays in its row (key), stands below it (usual) or is left out (detail)
    /// where there is little room.
    pub(in crate::report) importance: Importance,
    /// Up to where its intervals are shown; none without any.
    pub(in crate::report) interval: Option<Importance>,
    /// Whether it is left out where no row says anything in it.
    pub(in crate::report) sparse: bool,
    /// Whether it names a row.
    pub(in crate::report) names: bool,
    /// Whether the heading of its group says it, where a form has those.
    pub(in crate::report) of_the_group: bool,
}

impl<'a> Column<'a> {
    pub(in crate::report) const fn new(heading: &'a str) -> Self {
        let importance = Importance::Key;
        Self {
            heading,
            unit: "",
            importance,
            interval: None,
            sparse: false,
            names: false,
            of_the_group: false,
        }
    }

    pub(in crate::report) const fn of(heading: &'a str, importance: Importance) -> Self {
        Self { importance, ..Self::new(heading) }
    }

    pub(in crate::report) const fn ms(self) -> Self {
        Self { unit: "ms", ..self }
    }

    pub(in crate::report) const fn interval(self, until: Importance) -> Self {
        Self { interval: Some(until), ..self }
    }

    /// The heading, with its unit where a form says it there.
    pub(in crate::report) fn title(&self, with_interval: bool, with_unit: bool) -> String {
        let interval = if with_interval && self.interval.is_some() { " (95 %)" } else { "" };
        let unit = if with_unit && !self.unit.is_empty() { ", " } else { "" };
        let named = if with_unit { self.unit } else { "" };
        format!("{}{interval}{unit}{named}", self.heading)
    }

    /// Whether its intervals are shown where those of an importance are.
    pub(in crate::report) fn has_interval(&self, until: Importance) -> bool {
        self.interval.is_some_and(|of| of <= until)
    }

    pub(in crate::report) const fn sparse(self) -> Self {
        Self { sparse: true, ..self }
    }

    pub(in crate::report) const fn names(self) -> Self {
        Self { names: true, ..self }
    }

    pub(in crate::report) const fn of_the_group(self) -> Self {
        Self { of_the_group: true, ..self }
    }
}

/// One row.
#[derive(Debug, Clone, Default)]
pub(in crate::report) struct Row {
    /// What the rows of its group have in common; empty without groups.
    pub(in crate::report) group: String,
    /// Its values.
    pub(in crate::report) cells: Vec<Cell>,
    /// What is shown below it where that can be: parts that are not broken.
    pub(in crate::report) below: Vec<String>,
    /// Sentences that stand below that, likewise.
    pub(in crate::report) words: Vec<String>,
}

impl From<Vec<Cell>> for Row {
    fn from(cells: Vec<Cell>) -> Self {
        Self { cells, ..Self::default() }
    }
}

/// A column, and what stands in it of a thing.
type ColumnOf<'a, 'f, T> = (Column<'a>, &'f dyn Fn(&T) -> Cell);

impl<'a> Table<'a> {
    /// Of rows, for every page.
    pub(in crate::report) fn new(
        id: &'a str,
        caption: impl Into<String>,
        columns: &[Column<'a>],
        rows: Vec<Row>,
    ) -> Self {
        let (caption, columns) = (caption.into(), columns.to_vec());
        Self { id, caption, importance: Importance::Usual, columns, rows, sortable: false }
    }

    /// A row a thing, by columns that each say what stands in it.
    pub(in crate::report) fn of<T>(
        id: &'a str,
        caption: impl Into<String>,
        things: impl IntoIterator<Item = T>,
        columns: &[ColumnOf<'a, '_, T>],
    ) -> Self {
        let row = |thing: T| columns.iter().map(|(_, cell)| cell(&thing)).collect::<Vec<_>>();
        let rows = things.into_iter().map(|thing| row(thing).into()).collect();
        let columns: Vec<Column> = columns.iter().map(|(column, _)| *column).collect();
        Self::new(id, caption, &columns, rows)
    }

    /// The same, in every form.
    pub(in crate::report) fn key(self) -> Self {
        Self { importance: Importance::Key, ..self }
    }

    /// The same, to be sorted and filtered.
    pub(in crate::report) fn sortable(self) -> Self {
        Self { sortable: true, ..self }
    }

    /// Empties a sparse column in which all rows have the same, and gives that: it is said
    /// once, and the column is left out.
    pub(in crate::report) fn say_once(&mut self, heading: &str) -> Option<String> {
        let at = self.columns.iter().position(|column| column.heading == heading)?;
        let mut told = self.rows.iter().map(|row| &row.cells[at]).filter(|cell| cell.says());
        let one = told.next()?.clone();
        if !told.all(|cell| *cell == one) {
            return None;
        }
        self.rows.iter_mut().for_each(|row| row.cells[at] = Cell::Empty);
        Some(one.text(true))
    }

    /// Whether the names of groups have to stand between their rows, where those stay: no
    /// column says them.
    pub(in crate::report) fn names_groups(&self) -> bool {
        !self.sortable && !self.columns.iter().any(|column| column.of_the_group)
    }

    /// The columns that are shown, by their places: not those in which there is nothing.
    pub(in crate::report) fn shown(&self) -> Vec<usize> {
        let says = |at: usize| self.rows.iter().any(|row| row.cells[at].says());
        let all = self.columns.iter().enumerate();
        all.filter(|(at, column)| !column.sparse || says(*at)).map(|(at, _)| at).collect()
    }
}
