//! The table for a terminal: 80 columns, no borders, no colour.

use comfy_table::{CellAlignment, ContentArrangement, Row, Table, presets};

use super::findings::Findings;
use super::notes::notes;
use super::words::{
    act, answer, conditions, groups, maximum, members, place, plain, quantile, ratio,
};
use super::words::{split, step, title};
use super::{controls, throughput};
use crate::stats::Summary;
use crate::store::Run;

/// Width that the text beside the table is wrapped to, in characters.
const WIDTH: usize = 80;

/// The whole text for a terminal: the answer, a row a cell, and the remarks.
#[must_use]
pub fn table(run: &Run, summaries: &[Summary]) -> String {
    let findings = Findings::of(run, summaries);
    let mut lines = vec![title(run)];
    lines.extend(wrapped(&place(run), ""));
    lines.push(String::new());
    lines.extend(wrapped(&answer(run, summaries), ""));
    lines.push(String::new());
    lines.push("ms from the intended instant to the last byte of a verified reply".to_owned());
    lines.extend(rows(run, summaries, &findings));
    lines.push(String::new());
    lines.extend(starts_a_minute(run, &findings));
    lines.extend(trust(run, &findings));
    for note in notes(run, summaries, &findings) {
        let quote = note.quote.map_or_else(String::new, |q| format!(": {q}"));
        lines.extend(wrapped(&format!("{}{quote}", note.text), "  "));
    }
    lines.join("\n") + "\n"
}

/// How many starts there are in a minute, where that was measured.
fn starts_a_minute(run: &Run, findings: &Findings) -> Vec<String> {
    let all = throughput::lines(run, findings);
    if all.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["starts a minute".to_owned()];
    let named = all.iter().flat_map(|(name, text)| wrapped(&format!("{name}: {text}"), "  "));
    lines.extend(named);
    lines.extend(wrapped(throughput::MEANING, "  "));
    lines.push(String::new());
    lines
}

/// What the controls and the machine say of the figures.
fn trust(run: &Run, findings: &Findings) -> Vec<String> {
    let facts = controls::facts(run, findings);
    let mut lines = Vec::new();
    if !facts.is_empty() {
        lines.push("controls".to_owned());
    }
    lines.extend(facts.iter().flat_map(|(name, text)| wrapped(&format!("{name}: {text}"), "  ")));
    lines.extend(wrapped(&format!("machine: {}", findings.machine.verdict()), ""));
    lines.push(String::new());
    lines
}

/// The table proper. Group headings and phase splits are put between its lines,
/// where they may be wider than any column.
fn rows(run: &Run, summaries: &[Summary], findings: &Findings) -> Vec<String> {
    let groups = groups(run, summaries);
    let ordered: Vec<Vec<&Summary>> = groups.iter().map(|g| members(summaries, g)).collect();
    let grid = grid(ordered.iter().flatten().copied());
    let mut grid = grid.lines().map(|line| line.trim_end().to_owned());
    let mut lines: Vec<String> = grid.next().into_iter().collect();
    for (group, members) in groups.iter().zip(&ordered) {
        let over = controls::excess(run, summaries, findings, group);
        let over = over.map_or_else(String::new, |over| format!(": {over}"));
        let heading = format!("{}, {}{over}", plain(&group.0), conditions(run, &group.1));
        lines.extend(wrapped(&heading, ""));
        for summary in members {
            lines.extend(grid.next());
            if let Some(split) = split(run, summary) {
                lines.extend(wrapped(&split, "      "));
            }
        }
    }
    lines
}

fn grid<'a>(summaries: impl Iterator<Item = &'a Summary>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["", "", "", "n", "err", "p50 (95 %)", "p90", "max", "/ warm"]);
    table.add_rows(summaries.map(row));
    for (index, column) in table.column_iter_mut().enumerate() {
        let right = match index {
            0..=2 => 1,
            8 => 0,
            _ => 2,
        };
        column.set_padding((if index == 0 { 2 } else { 0 }, right));
        if index > 2 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn row(summary: &Summary) -> Row {
    let Summary { cell, latency, .. } = summary;
    Row::from([
        step(cell),
        act(cell.act),
        cell.temperature.to_string(),
        latency.n.to_string(),
        latency.failed.to_string(),
        quantile(&latency.p50),
        latency.p90.value.map_or_else(|| super::words::DASH.to_owned(), super::words::level),
        maximum(latency.max),
        ratio(summary),
    ])
}

/// Breaks a line at spaces; the parts after the first are indented further.
pub(super) fn wrapped(text: &str, indent: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = indent.to_owned();
    for word in text.split(' ') {
        let empty = line.trim().is_empty();
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, format!("{indent}  {word}")));
            continue;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests;
