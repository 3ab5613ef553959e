//! The document of a run.

use crate::analysis::Analysis;
use crate::chart::Chart;
use crate::compare::{BudgetVerdict, Variants, budget};
use crate::report::document::Importance::{Detail, Key, Usual};
use crate::report::document::{Block, Document, Section, Strips};
use crate::sample::Cell;
use crate::stats;
use crate::store::Run;
use crate::words::{counted, is_simulated, plain, shortfall, subject, warning};

use super::budgets;
use super::placing::Placing;

mod answer;
mod between;
mod cells;
pub(in crate::report) mod controls;
mod cost;
mod daemons;
mod environment;
mod fleet;
mod meanings;
mod noise;
pub(in crate::report) mod notes;
pub(in crate::report) mod reply;
mod resources;
mod throughput;
pub(in crate::report) mod trust;
mod variants;

/// The sections that charts are in.
const CHARTED: [&str; 8] =
    ["cold", "time", "bursts", "pauses", "warm", "cost", "trust", variants::SECTION];

/// The document, with the charts that are to be on it.
pub(in crate::report) fn document<'a>(analysis: &Analysis, charts: &'a [Chart]) -> Document<'a> {
    let run = analysis.run;
    let variants = Variants::of(run);
    Document {
        title: title(run),
        banners: trusted(analysis).into_iter().chain(banners(run)).collect(),
        badge: None,
        answer: answered(analysis, variants.as_ref()),
        place: plain(&run.record.place()),
        sections: sections(analysis, variants.as_ref(), charts),
        footer: footer(run),
        whole: "samples.jsonl and summary.csv",
        bounded: false,
        most_bytes: None,
    }
}

/// What the page is about: scenario and how much of it.
pub(in crate::report) fn title(run: &Run) -> String {
    let record = &run.record;
    if record.scenario.is_from_outside() {
        let calls = run.samples.iter().filter(|sample| sample.cell.control.is_none()).count();
        let calls = counted(calls as u64, "call");
        let name = plain(&record.scenario.name);
        return format!("{}calls from outside, {name}, {calls}", warning(run));
    }
    // A run that stops when it knows enough plans more rounds than it needs.
    let rounds = match record.scenario.until {
        Some(_) => run.samples.iter().map(|s| s.round).max().unwrap_or(0),
        None => record.scenario.rounds,
    };
    let rounds = counted(u64::from(rounds), "round");
    format!("{}cold starts, scenario {}, {rounds}", warning(run), plain(&record.scenario.name))
}

/// The answer of the run, and what its variants come to.
fn answered(analysis: &Analysis, variants: Option<&Variants>) -> String {
    let answer = answer::answer(analysis);
    match variants {
        Some(variants) => format!("{answer} {}.", variants::answer(variants)),
        None => answer,
    }
}

/// That the figures are not to be believed, where they are not.
fn trusted(analysis: &Analysis) -> Option<String> {
    let faults = trust::faults(analysis);
    (!faults.is_empty())
        .then(|| format!("INVALID, these figures are not to be believed: {}", faults.join("; ")))
}

/// What must not be missed of any page that is made of a run.
pub(super) fn banners(run: &Run) -> Vec<String> {
    let over = budgets::sentence(&budget::of_run(run), BudgetVerdict::Over);
    let banners = [
        over.map(|over| over.replacen("Over budget", "OVER BUDGET", 1)),
        is_simulated(run)
            .then(|| "SIMULATED: no engine was used; every figure is made up.".to_owned()),
        run.shortfall().map(|lacks| format!("INCOMPLETE: {}", shortfall(&lacks))),
        run.truncated.then(|| {
            "INCOMPLETE: the last row was cut short and is left out: the driver was killed."
                .to_owned()
        }),
    ];
    banners.into_iter().flatten().collect()
}

fn sections<'a>(
    analysis: &Analysis,
    variants: Option<&Variants>,
    charts: &'a [Chart],
) -> Vec<Section<'a>> {
    let run = analysis.run;
    let placing = Placing::new(charts);
    let notes = Block::Notes("note", notes::notes(analysis));
    let environment = Block::Quoted(environment::facts(run));
    let repeat =
        vec![Block::Quoted(environment::repeat(run)), Block::Table(environment::functions(run))];
    vec![
        Section::new("verdict", "What was measured", Key, cells::blocks(analysis)),
        Section::new("nodes", "Nodes", Key, fleet::blocks(analysis)),
        Section::new("daemons", "Daemons", Key, daemons::blocks(analysis)),
        Section::new("budgets", "Budgets", Key, budgets::blocks(&budget::of_run(run))),
        Section::new(
            variants::SECTION,
            "Variants: is it worth it here?",
            Key,
            variants::blocks(variants, &placing),
        ),
        Section::new("cold", "Cold starts", Key, cold(analysis, &placing)),
        Section::new("time", "Where the time goes", Usual, time(analysis, &placing)),
        Section::new("bursts", "Bursts", Usual, placing.of("bursts")),
        Section::new("pauses", "Pauses between calls", Usual, placing.of("pauses")),
        Section::new("more", "More charts", Usual, placing.others(&CHARTED)),
        Section::new("throughput", "Throughput", Key, throughput::blocks(analysis)),
        Section::new("warm", "Warm calls", Usual, placing.of("warm")),
        Section::new("cost", "What it would cost", Key, cost::blocks(analysis, &placing)),
        Section::new("standby", "What standing by would cost", Usual, cost::standing_by(analysis)),
        Section::new("trust", "How far to trust it", Key, trust::blocks(analysis, &placing)),
        Section::new("notes", "Notes", Key, vec![notes]),
        Section::new("environment", "Environment", Detail, vec![environment]),
        Section::new("repeat", "How to reproduce it", Detail, repeat),
        Section::new(
            "meanings",
            "What the figures mean",
            Detail,
            vec![Block::Terms(meanings::of(run))],
        ),
    ]
}

/// Every cold start: drawn, and for a terminal as strips.
fn cold<'a>(analysis: &Analysis, placing: &Placing<'a>) -> Vec<Block<'a>> {
    let run = analysis.run;
    let latencies = |cell: &Cell| -> Vec<f64> {
        let used = stats::used(&run.samples).filter(|sample| sample.cell == *cell);
        used.filter_map(|sample| sample.latency()).map(|ns| ns as f64).collect()
    };
    let rows = analysis.headline().into_iter();
    let rows = rows.map(|s| (subject(run, &s.cell), latencies(&s.cell)));
    let rows: Vec<_> = rows.filter(|(_, ns)| !ns.is_empty()).collect();
    let mut blocks = placing.of("cold");
    if !rows.is_empty() {
        blocks.insert(0, Block::Strips(Strips { heading: "ms, logarithmic scale", rows }));
    }
    blocks
}

/// Phases of all functions, one start process by process, and both as text.
fn time<'a>(analysis: &Analysis, placing: &Placing<'a>) -> Vec<Block<'a>> {
    let mut blocks = placing.of("time");
    let splits = cells::splits(analysis);
    if !splits.is_empty() {
        let meaning = "Of the row nearest the median: its phases add up, medians of phases do not.";
        blocks.push(Block::Folded(
            "Phases of every cold step, ms".to_owned(),
            vec![Block::Paragraph(meaning.to_owned()), Block::Facts(splits)],
        ));
    }
    blocks
}

fn footer(run: &Run) -> String {
    format!(
        "Made by {} of run {}: {}. Every row is in `samples.jsonl`, every figure in \
         `summary.csv`; `coldstart report FOLDER` makes this page again from the rows.",
        plain(&run.record.tool),
        plain(&run.record.id),
        counted(run.samples.len() as u64, "row")
    )
}
