//! The comparison for a terminal: no borders, one unit down a column.

use std::collections::BTreeSet;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use unicode_width::UnicodeWidthStr;

use super::answer::{answer, outcome};
use super::facts;
use super::words::{
    Names, beside_change, both, conclusion, lacks, mark, measured, metric, remark,
    row_change_alone, row_p,
};
use crate::compare::{Comparison, Row, Verdict};
use crate::report::look::{Look, wrapped};
use crate::report::words::counted;

/// Columns at the end of a row that say how its conclusion was reached.
const REACHED: usize = 3;

/// The whole text: answer, what was compared, rows, reservations.
pub(super) fn text(comparison: &Comparison, look: &Look) -> String {
    let names = Names::of(comparison);
    let answer = wrapped(&answer(comparison, &names), "", look.columns());
    let mut lines: Vec<String> = answer.iter().map(|line| look.heading(line)).collect();
    let outcome = format!("outcome: {} ({})", comparison.outcome.name(), outcome(comparison));
    lines.extend(wrapped(&outcome, "", look.columns()));
    section(&mut lines, "", look);
    lines.extend(named(&facts::compared(comparison), look));
    section(&mut lines, "", look);
    lines.extend(rows(comparison, &names, look));
    let missing: Vec<String> = comparison
        .missing
        .iter()
        .map(|m| format!("{}: {}", names.missing(m), lacks(m.lacks)))
        .collect();
    list(&mut lines, "missing", &missing, look);
    let advisory: Vec<String> = comparison.advisory.iter().map(|why| remark(why)).collect();
    list(&mut lines, "ADVISORY: this comparison does not fail the build", &advisory, look);
    list(&mut lines, "to know", &facts::notes(comparison), look);
    section(&mut lines, "how to repeat it (how to read it: compare.md)", look);
    for (side, command) in facts::repeat(comparison) {
        lines.push(format!("  # {side}"));
        // Not wrapped: it is to be copied.
        lines.push(format!("  {command}"));
    }
    lines.iter().map(|line| harmless(line) + "\n").collect()
}

/// A line that is no workflow command where this is printed in a step: foreign text
/// may stand at its beginning.
fn harmless(line: &str) -> String {
    line.replace("::", ": :").replace("##[", "## [")
}

/// An empty line, and a heading where there is one.
fn section(lines: &mut Vec<String>, heading: &str, look: &Look) {
    lines.push(String::new());
    if !heading.is_empty() {
        lines.extend(wrapped(heading, "", look.columns()));
    }
}

fn list(lines: &mut Vec<String>, heading: &str, entries: &[String], look: &Look) {
    if entries.is_empty() {
        return;
    }
    section(lines, heading, look);
    lines.extend(entries.iter().flat_map(|entry| wrapped(entry, "  ", look.columns())));
}

fn named(facts: &[(String, String)], look: &Look) -> Vec<String> {
    let named = facts.iter().map(|(name, text)| format!("{name}: {text}"));
    named.flat_map(|fact| wrapped(&fact, "", look.columns())).collect()
}

/// The rows that decide, worst first, then those of the others that moved.
fn rows(comparison: &Comparison, names: &Names, look: &Look) -> Vec<String> {
    let (shown, quiet): (Vec<&Row>, Vec<&Row>) =
        comparison.worst_first().into_iter().partition(|row| row.gated || has_moved(row));
    let (decide, moved) = shown.split_at(shown.iter().filter(|row| row.gated).count());
    let mut lines = Vec::new();
    let under: BTreeSet<String> =
        shown.iter().filter_map(|row| Some(names.conditions(row.cell.as_ref()?))).collect();
    // Said once where all have the same.
    if let (1, Some(under)) = (under.len(), under.first()) {
        let under = format!("conditions of all rows: {under}");
        lines.extend(wrapped(&under, "", look.columns()));
    }
    let conditions = under.len() > 1;
    lines.extend(aligned(decide, names, conditions, look));
    if decide.is_empty() {
        lines.push("no row decides".to_owned());
    }
    if !moved.is_empty() {
        section(&mut lines, "these decide nothing:", look);
        // Apart, so that a column has one unit.
        let (times, sizes): (Vec<&Row>, Vec<&Row>) =
            moved.iter().partition(|row| row.metric.is_time());
        lines.extend(aligned(&times, names, conditions, look));
        lines.extend(aligned(&sizes, names, conditions, look));
    }
    if !quiet.is_empty() {
        let quiet = counted(quiet.len() as u64, "row");
        let quiet = format!("not shown, neither deciding nor moved: {quiet}, see compare.json");
        section(&mut lines, &quiet, look);
    }
    lines
}

fn has_moved(row: &Row) -> bool {
    matches!(row.verdict, Verdict::Regressed | Verdict::Improved)
}

/// Rows in columns. What does not fit beside them stands below each: the conclusion,
/// then how it was reached; where not even that is enough, each row is a paragraph.
fn aligned(rows: &[&Row], names: &Names, conditions: bool, look: &Look) -> Vec<String> {
    let cells: Vec<Vec<String>> = rows.iter().map(|row| cells(row, names, conditions)).collect();
    let ends: Vec<String> = rows.iter().map(|row| conclusion(row)).collect();
    let columns = look.columns_of_rows();
    let whole = grid(&cells, conditions);
    let widest = ends.iter().map(|end| end.width()).max().unwrap_or(0);
    if let Some(edge) = edge(&whole).filter(|edge| edge + 2 + widest <= columns) {
        let beside = |(line, end): (&String, &String)| format!("{line:edge$}  {end}");
        return whole.iter().zip(&ends).map(beside).collect();
    }
    let fits = |lines: &[String]| edge(lines).is_some_and(|edge| edge <= columns);
    let below = |end: &str| wrapped(end, "    ", look.columns());
    if fits(&whole) {
        let both = whole.into_iter().zip(&ends);
        return both.flat_map(|(line, end)| [vec![line], below(end)].concat()).collect();
    }
    let (short, rest): (Vec<Vec<String>>, Vec<String>) =
        cells.iter().map(|cells| split(cells)).unzip();
    let narrow = grid(&short, conditions);
    let ends = rest.iter().zip(&ends).map(|(rest, end)| format!("{end}, {rest}"));
    if fits(&narrow) {
        let both = narrow.into_iter().zip(ends);
        return both.flat_map(|(line, end)| [vec![line], below(&end)].concat()).collect();
    }
    let words = short.iter().map(|cells| cells.join(" "));
    let words = words.map(|text| wrapped(text.trim_end(), "", look.columns()));
    words.zip(ends).flat_map(|(lines, end)| [lines, below(&end)].concat()).collect()
}

/// Columns of the widest line.
fn edge(lines: &[String]) -> Option<usize> {
    lines.iter().map(|line| line.width()).max()
}

/// A row without how it was reached (`p`, `n` and `err`), and that alone.
fn split(cells: &[String]) -> (Vec<String>, String) {
    let (short, rest) = cells.split_at(cells.len().saturating_sub(REACHED));
    let rest: Vec<&str> = rest.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
    (short.to_vec(), rest.join(" "))
}

fn grid(rows: &[Vec<String>], conditions: bool) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.add_rows(rows);
    // The column of base's value.
    let base = if conditions { 4 } else { 3 };
    for (index, column) in table.column_iter_mut().enumerate() {
        let after = index.checked_sub(base);
        // Figures that belong together stand close.
        column.set_padding((0, if matches!(after, Some(0 | 1 | 3 | 5 | 6)) { 1 } else { 2 }));
        if matches!(after, Some(0 | 2 | 3)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

fn cells(row: &Row, names: &Names, conditions: bool) -> Vec<String> {
    let [function, under, step] = names.place(&row.function, row.cell.as_ref());
    let base = measured(row.metric, &row.base);
    // The unit stands behind head's value.
    let base = match row.metric.is_time() && row.head.median.is_some() {
        true => base.trim_end_matches(" ms"),
        false => &base,
    };
    let mut cells = vec![format!("{} {function}", mark(row.verdict)), step];
    if conditions {
        cells.insert(1, under);
    }
    cells.extend([
        metric(row.metric).to_owned(),
        base.to_owned(),
        "->".to_owned(),
        measured(row.metric, &row.head),
        row_change_alone(row),
        beside_change(row),
        row_p(row).map_or_else(String::new, |p| format!("p{p}")),
        format!("n={}", both(row.base.n, row.head.n)),
        format!("err={}", both(row.base.failed, row.head.failed)),
    ]);
    cells
}
