//! How cells are named in a comparison: as briefly as is clear.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{LONGEST_NAME, metric, name};
use crate::compare::{Cell, Comparison, Missing, Row};
use crate::spec::factor::{FACTORS, Factor, Network};
use crate::words::{plain, shortened, step};

/// How cells are told apart in this comparison: as briefly as is clear.
pub(in crate::report) struct Names<'a> {
    /// The cells of each function.
    cells: BTreeMap<&'a str, BTreeSet<&'a Cell>>,
    /// In which factors the cells of each function differ.
    differ: BTreeMap<&'a str, [bool; FACTORS.len()]>,
}

impl<'a> Names<'a> {
    /// Of every cell that the comparison knows.
    pub(in crate::report) fn of(comparison: &'a Comparison) -> Self {
        let missing = comparison.missing.iter().filter_map(|m| m.cell.as_ref());
        let mut cells: BTreeMap<&str, BTreeSet<&Cell>> = BTreeMap::new();
        for cell in comparison.rows.iter().filter_map(|r| r.cell.as_ref()).chain(missing) {
            cells.entry(&cell.function).or_default().insert(cell);
        }
        let differ = cells.iter().map(|(name, cells)| (*name, differing(cells))).collect();
        Self { cells, differ }
    }

    /// The factors as a reader needs them: the network, and every other one in which
    /// cells of this function differ.
    pub(in crate::report) fn conditions(&self, cell: &Cell) -> String {
        let differ = self.differ.get(cell.function.as_str()).copied().unwrap_or_default();
        let told = FACTORS.iter().zip(cell.factors.labels()).zip(differ);
        let told = told.filter(|((factor, _), differs)| factor.key == Network::KEY || *differs);
        let told: Vec<String> = told.filter_map(|((_, label), _)| label).collect();
        shortened(&plain(&told.join(", ")), LONGEST_NAME)
    }

    /// Function, conditions, and step with its temperature: `python`, `bridge`,
    /// `start/first cold`. The last two are empty for a function as a whole.
    pub(in crate::report) fn place(&self, function: &str, cell: Option<&Cell>) -> [String; 3] {
        let Some(cell) = cell else {
            return [name(function), String::new(), String::new()];
        };
        let step = format!("{} {}", shortened(&step(cell), LONGEST_NAME), cell.temperature);
        [name(function), self.conditions(cell), step]
    }

    /// `python bridge start/first cold`.
    pub(in crate::report) fn cell(&self, cell: &Cell) -> String {
        self.place(&cell.function, Some(cell)).join(" ")
    }

    /// `python bridge start/first cold`, or a function as a whole.
    pub(in crate::report) fn missing(&self, missing: &Missing) -> String {
        let place = self.place(&missing.function, missing.cell.as_ref());
        place.join(" ").trim_end().to_owned()
    }

    /// `python bridge start/first cold, total`.
    pub(in crate::report) fn row(&self, row: &Row) -> String {
        let [function, conditions, step] = self.place(&row.function, row.cell.as_ref());
        match row.cell {
            Some(_) => format!("{function} {conditions} {step}, {}", metric(row.metric)),
            None => format!("{function}, {}", metric(row.metric)),
        }
    }

    /// The function alone where it has one cell of that temperature, else the cell.
    pub(in crate::report) fn subject(&self, row: &Row) -> String {
        let Some(cell) = &row.cell else { return name(&row.function) };
        let all = self.cells.get(row.function.as_str());
        let alike = |c: &&&Cell| c.temperature == cell.temperature;
        match all.map_or(0, |all| all.iter().filter(alike).count()) {
            0 | 1 => name(&row.function),
            _ => self.cell(cell),
        }
    }
}

fn differing(cells: &BTreeSet<&Cell>) -> [bool; FACTORS.len()] {
    let mut differ = [false; FACTORS.len()];
    let mut all = cells.iter().map(|cell| cell.factors.labels());
    if let Some(first) = all.next() {
        for other in all {
            for (differs, (a, b)) in differ.iter_mut().zip(first.iter().zip(&other)) {
                *differs |= a != b;
            }
        }
    }
    differ
}
