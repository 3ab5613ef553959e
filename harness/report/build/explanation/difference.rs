//! What is new in head against base.

use super::tables::change;
use crate::explain::{Difference, Explained, Explanation, Ratio};
use crate::report::document::Importance::Usual;
use crate::report::document::{Block, Cell, Column, Row, Table};
use crate::text::units::format_ms;
use crate::words::{counted, plain};

/// Rows that are told of one function.
const PACKAGES: usize = 10;
const MODULES: usize = 10;
const FUNCTIONS: usize = 10;
/// A change of a package that is worth a row, in nanoseconds.
const LEAST: u64 = 200_000;

pub(super) fn blocks(found: &Explanation) -> Vec<Block<'static>> {
    let differences = found.functions.iter().filter_map(|of| Some((of, of.difference.as_ref()?)));
    let all: Vec<(&Explained, &Difference)> = differences.collect();
    if all.is_empty() {
        return Vec::new();
    }
    let mut blocks: Vec<Block> =
        all.iter().map(|(of, d)| Block::Paragraph(sentence(of, d))).collect();
    blocks.push(Block::Table(packages(found, &all)));
    blocks.push(Block::Table(modules(found, &all)));
    if all.iter().any(|(_, difference)| !difference.native.is_empty()) {
        blocks.push(Block::Table(native(found, &all)));
    }
    blocks
}

fn sentence(of: &Explained, difference: &Difference) -> String {
    let signed = |ns: f64| format!("{}{}", if ns < 0.0 { "−" } else { "+" }, format_ms(ns.abs()));
    let change = match difference.change {
        Some(Ratio { value, interval: Some((low, high)) }) => {
            format!("{} ms [{}, {}]", signed(value), signed(low), signed(high))
        }
        Some(Ratio { value, interval: None }) => {
            format!("{} ms, of too few starts for an interval", signed(value))
        }
        None => "unknown, as a side was never ready".to_owned(),
    };
    let new = counted(difference.new_files.len() as u64, "file");
    let modules = match difference.new_modules.as_slice() {
        [] => String::new(),
        new => format!(" It newly loads {}.", first(new.iter().map(|(name, _)| name))),
    };
    let files = match difference.new_files.as_slice() {
        [] => String::new(),
        files => format!(": {}", first(files)),
    };
    // A start opens its own program at least, where opens are seen.
    let opens = match of.timeline.files.is_empty() {
        true => String::new(),
        false => {
            format!(" It newly opens {new}{files}; {} are opened no more.", difference.gone_files)
        }
    };
    format!("`{}`, exec to ready of plain starts: {change}.{opens}{modules}", plain(&of.function))
}

/// The first few of some names.
fn first<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    const FEW: usize = 4;
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", plain(name))).collect();
    let more = names.len().saturating_sub(FEW);
    let told = names[..names.len().min(FEW)].join(", ");
    if more > 0 { format!("{told} and {more} more") } else { told }
}

fn group(found: &Explanation, of: &Explained) -> String {
    if found.functions.len() > 1 { plain(&of.function) } else { String::new() }
}

fn packages(found: &Explanation, all: &[(&Explained, &Difference)]) -> Table<'static> {
    let columns = [
        Column::new("package").names(),
        Column::new("change"),
        Column::new("base").ms(),
        Column::new("head").ms(),
        Column::new("new files"),
    ];
    let rows = all.iter().flat_map(|(of, difference)| {
        let large = difference.packages.iter();
        let large = large.filter(|p| p.base.abs_diff(p.head) >= LEAST || p.new_files > 0);
        large.take(PACKAGES).map(|package| {
            let cells = vec![
                Cell::Text(plain(&package.package)),
                Cell::Figure(change(package.base, package.head)),
                Cell::ns(package.base as f64),
                Cell::ns(package.head as f64),
                Cell::Count(u64::from(package.new_files)),
            ];
            Row { group: group(found, of), ..cells.into() }
        })
    });
    let caption = "Time that is attributed to packages, on either side";
    Table::new("new-packages", caption, &columns, rows.collect()).key()
}

fn modules(found: &Explanation, all: &[(&Explained, &Difference)]) -> Table<'static> {
    let columns = [Column::new("newly loaded").names(), Column::new("with all it loaded").ms()];
    let rows = all.iter().flat_map(|(of, difference)| {
        difference.new_modules.iter().take(MODULES).map(|(name, ns)| {
            let cells = vec![Cell::Text(plain(name)), Cell::ns(*ns as f64)];
            Row { group: group(found, of), ..cells.into() }
        })
    });
    let caption = "Modules that head loads and base does not";
    Table::new("new-modules", caption, &columns, rows.collect()).key()
}

fn native(found: &Explanation, all: &[(&Explained, &Difference)]) -> Table<'static> {
    let columns = [
        Column::new("function").names(),
        Column::new("change"),
        Column::new("base").ms(),
        Column::new("head").ms(),
        Column::of("in", Usual),
    ];
    let rows = all.iter().flat_map(|(of, difference)| {
        difference.native.iter().take(FUNCTIONS).map(|function| {
            let cells = vec![
                Cell::Text(plain(&function.name)),
                Cell::Figure(change(function.base, function.head)),
                Cell::ns(function.base as f64),
                Cell::ns(function.head as f64),
                Cell::Text(plain(&function.file)),
            ];
            Row { group: group(found, of), ..cells.into() }
        })
    });
    let caption = "CPU time of functions with all that they called, beyond what samples vary by";
    Table::new("new-native", caption, &columns, rows.collect()).key()
}
