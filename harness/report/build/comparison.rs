//! The document of a comparison. Names of functions, labels and reasons are foreign text:
//! tamed here.

use crate::chart::Chart;
use crate::compare::{Comparison, GateOutcome, Row, Verdict};
use crate::report::document::Importance::{Detail, Key, Usual};
use crate::report::document::{Badge, Block, Document, Note, Section, Table, Tone};
use crate::spec::tolerance::Metric;
use crate::words::shortfall;

use super::budgets;
use super::placing::Placing;
use answer::{answer, outcome, warning};
use caveats::caveat;
use names::Names;
use words::{invalid, lacks, remark};

pub(in crate::report) mod answer;
pub(in crate::report) mod caveats;
mod facts;
pub(in crate::report) mod names;
pub(in crate::report) mod tables;
mod why;
pub(in crate::report) mod words;

/// The document, with the charts that are to be on it.
pub(in crate::report) fn document<'a>(
    comparison: &Comparison,
    charts: &'a [Chart],
) -> Document<'a> {
    let names = Names::of(comparison);
    Document {
        title: format!("{}cold starts compared: {}", warning(comparison), outcome(comparison)),
        banners: banners(comparison),
        badge: Some(badge(comparison)),
        answer: answer(comparison, &names),
        place: String::new(),
        sections: sections(comparison, &names, charts),
        footer: "Every row with all its figures is in `compare.json`; the same in short in \
                 `compare.md`."
            .to_owned(),
        whole: "compare.json",
        bounded: true,
        most_bytes: None,
    }
}

/// What must not be missed before the answer is believed.
fn banners(comparison: &Comparison) -> Vec<String> {
    let invalid = invalid(comparison).into_iter();
    let mut banners: Vec<String> =
        invalid.map(|(side, why)| format!("INVALID, {side}: {why}")).collect();
    if comparison.is_simulated() {
        banners.push("SIMULATED: no engine was used; every figure is made up.".to_owned());
    }
    if !comparison.advisory.is_empty() {
        banners.push("ADVISORY: this does not fail the build; the reasons are below.".to_owned());
    }
    let partial = comparison.sides().into_iter().filter(|(_, of)| of.partial);
    banners.extend(partial.map(|(side, of)| match &of.shortfall {
        Some(lacks) => format!("INCOMPLETE, {side}: {}", shortfall(lacks)),
        None => format!("INCOMPLETE: {side} was cut short."),
    }));
    banners
}

fn badge(comparison: &Comparison) -> Badge {
    let tone = match comparison.outcome {
        GateOutcome::Regressed => Tone::Bad,
        GateOutcome::Passed => Tone::Good,
        GateOutcome::Invalid | GateOutcome::Inconclusive => Tone::Odd,
    };
    Badge { text: outcome(comparison), outcome: comparison.outcome.name(), tone }
}

fn sections<'a>(comparison: &Comparison, names: &Names, charts: &'a [Chart]) -> Vec<Section<'a>> {
    let placing = Placing::new(charts);
    let compared = vec![Block::Facts(facts::compared(comparison))];
    let advisory = comparison.advisory.iter().map(caveat);
    let advisory = advisory.map(|why| Note::remark(remark(&why))).collect();
    let notes = facts::notes(comparison).into_iter().map(Note::remark).collect();
    let table = |table: Table<'a>| vec![Block::Table(table)];
    vec![
        Section::new("compared", "What was compared", Key, compared),
        Section::new(
            "advisory",
            "Why this is advisory and does not fail the build",
            Key,
            vec![Block::Notes("reason", advisory)],
        ),
        Section::new("budgets", "Budgets of head", Key, budgets::blocks(&comparison.budgets)),
        Section::new("rows", "Rows, the worst first", Key, rows(comparison, names)),
        Section::new("why", "Why what alarmed did", Key, why::blocks(comparison)),
        Section::new("missing", "Cells on one side only", Key, missing(comparison, names)),
        Section::new("notes", "Notes", Key, vec![Block::Notes("note", notes)]),
        Section::new("changes", "The changes and their margins", Usual, placing.of("changes")),
        Section::new("order", "In the order of the run", Usual, placing.of("order")),
        Section::new("more", "More charts", Usual, placing.others(&["changes", "order"])),
        Section::new("where", "Where it changed", Detail, table(tables::parts(comparison, names))),
        Section::new(
            "margins",
            "Margins, and the smallest detectable changes",
            Detail,
            table(tables::limits(comparison, names)),
        ),
        Section::new(
            "functions",
            "Functions that are not the same on both sides",
            Detail,
            table(tables::differing(comparison)),
        ),
        Section::new(
            "repeat",
            "How to repeat it",
            Key,
            vec![Block::Quoted(facts::repeat(comparison))],
        ),
        Section::new("reading", "How to read it", Detail, vec![Block::Terms(facts::READING)]),
    ]
}

/// The rows that decide, the others that moved, and, folded, the rest.
fn rows<'a>(comparison: &Comparison, names: &Names) -> Vec<Block<'a>> {
    let (gated, others): (Vec<&Row>, Vec<&Row>) =
        comparison.worst_first().into_iter().partition(|row| row.gated);
    let has_moved = |row: &&Row| matches!(row.verdict, Verdict::Regressed | Verdict::Improved);
    let (moved, quiet): (Vec<&Row>, Vec<&Row>) = others.into_iter().partition(has_moved);
    let deciding = "These decide. Head against base, in brackets 95 % intervals.";
    let informational = "Informational, not gated: these changed.";
    let rest = "Informational, not gated: these did not change.";
    let mut blocks = Vec::new();
    if gated.is_empty() {
        blocks.push(Block::Paragraph("No row decides.".to_owned()));
    }
    blocks.push(Block::Table(tables::rows("deciding", deciding, names, &gated)));
    blocks.push(Block::Table(tables::rows("informational", informational, names, &moved)));
    blocks.push(Block::Folded(
        "Informational rows that did not change".to_owned(),
        vec![Block::Table(tables::rows("unchanged", rest, names, &quiet))],
    ));
    blocks
}

fn missing<'a>(comparison: &Comparison, names: &Names) -> Vec<Block<'a>> {
    let line =
        |m: &crate::compare::Missing| Note::remark(format!("{}: {}", names.missing(m), lacks(m)));
    vec![Block::Notes("cell", comparison.missing.iter().map(line).collect())]
}

/// The rows whose parts tell where the change of a whole sits.
fn totals(comparison: &Comparison) -> impl Iterator<Item = &Row> {
    // The parts of a function's own part are among those of its total.
    comparison.worst_first().into_iter().filter(|row| row.metric == Metric::Total)
}
