//! The table for a terminal: no borders, as wide as it is told.

use super::findings::Findings;
use super::look::{Look, wrapped};
use super::notes::{Kind, Note, notes};
use super::words::{answer, place, reply, title};
use super::{controls, throughput};
use crate::stats::Summary;
use crate::store::Run;

mod blocks;
mod grid;

/// The mark of what is to be acted on.
const WARNING: &str = "warning: ";

/// The whole text for a terminal: the answer, a row a cell, the cold starts as blocks,
/// and the remarks, those that are to be acted on first.
#[must_use]
pub fn table(run: &Run, summaries: &[Summary], look: &Look) -> String {
    let findings = Findings::of(run, summaries);
    let columns = look.columns();
    let wrap = |text: &str, indent: &str| wrapped(text, indent, columns);
    let bold = |lines: Vec<String>| lines.into_iter().map(|line| look.heading(&line));
    let mut lines: Vec<String> = bold(wrap(&title(run), "")).collect();
    lines.extend(wrap(&place(run), "").iter().map(|line| look.faint(line)));
    lines.push(String::new());
    lines.extend(bold(wrap(&answer(run, summaries), "")));
    lines.push(String::new());
    let unit = format!("ms from the intended instant to the last byte of {}", reply(run, "a"));
    lines.extend(wrap(&unit, ""));
    lines.extend(grid::rows(run, summaries, &findings, look));
    lines.push(String::new());
    lines.extend(blocks::blocks(run, summaries, look));
    lines.extend(starts_a_minute(run, &findings, look));
    lines.extend(trust(run, &findings, look));
    lines.extend(remarks(&notes(run, summaries, &findings), look));
    lines.join("\n") + "\n"
}

/// Warnings, then what else a reader must know; that all is well only where all is
/// wanted.
fn remarks(notes: &[Note], look: &Look) -> Vec<String> {
    let wrap = |text: &str| wrapped(text, "  ", look.columns());
    let text = |note: &Note| {
        let quote = note.quote.as_ref().map_or_else(String::new, |quote| format!(": {quote}"));
        format!("{}{quote}", note.text)
    };
    let of = |kind: Kind| notes.iter().filter(move |note| note.kind == kind).map(text);
    let verdicts = of(Kind::Verdict).flat_map(|text| wrap(&text));
    let mut lines: Vec<String> = verdicts.map(|line| look.alarm(&line)).collect();
    for warning in of(Kind::Warning) {
        let wrapped = wrap(&format!("{WARNING}{warning}"));
        lines.extend(wrapped.iter().map(|line| look.warning(line, WARNING)));
    }
    lines.extend(of(Kind::Remark).flat_map(|text| wrap(&text)));
    let well: Vec<String> = of(Kind::Well).flat_map(|text| wrap(&text)).collect();
    if look.all {
        lines.extend(well);
    }
    lines
}

/// How many starts there are in a minute, where that was measured.
fn starts_a_minute(run: &Run, findings: &Findings, look: &Look) -> Vec<String> {
    let all = throughput::lines(run, findings);
    if all.is_empty() {
        return Vec::new();
    }
    let wrap = |text: &str| wrapped(text, "  ", look.columns());
    let mut lines = vec![look.heading("starts a minute")];
    lines.extend(all.iter().flat_map(|(name, text)| wrap(&format!("{name}: {text}"))));
    lines.extend(wrap(throughput::MEANING));
    lines.push(String::new());
    lines
}

/// What the controls and the machine say of the figures.
fn trust(run: &Run, findings: &Findings, look: &Look) -> Vec<String> {
    let facts = controls::facts(run, findings);
    let wrap = |text: &str, indent: &str| wrapped(text, indent, look.columns());
    let mut lines = Vec::new();
    if !facts.is_empty() {
        lines.push(look.heading("controls"));
    }
    lines.extend(facts.iter().flat_map(|(name, text)| wrap(&format!("{name}: {text}"), "  ")));
    lines.extend(wrap(&format!("machine: {}", findings.machine.verdict()), ""));
    lines.push(String::new());
    lines
}

#[cfg(test)]
mod tests;
