//! `report.html`: one page that needs nothing else, neither network nor script. What it
//! is made of (`html/`) serves the page of a comparison too.

use maud::{Markup, html};

use super::environment::{self, FUNCTION_COLUMNS, MEANINGS};
use super::findings::Findings;
use super::markdown::splits;
use super::notes::{Kind, notes};
use super::words::{
    answer, conditions, counted, is_simulated, place, plain, shortened, step, title,
};
use super::{controls, resources, throughput};
use crate::chart::Chart;
use crate::stats::Summary;
use crate::store::Run;

use figures::Figures;
use parts::{Table, facts, folded, meanings, told};
use shell::{Page, Section};

pub(super) mod figures;
pub(super) mod parts;
pub(super) mod shell;
mod verdict;

/// Longest remark, in characters.
const LONGEST_NOTE: usize = 1000;

/// The page.
pub(super) fn page(
    run: &Run,
    summaries: &[Summary],
    findings: &Findings,
    charts: &[Chart],
) -> String {
    Page {
        title: title(run),
        answer: answer(run, summaries),
        banners: banners(run, findings),
        below: html! { p.place { (place(run)) } },
        sections: sections(run, summaries, findings, charts),
        footer: footer(run),
    }
    .write()
}

fn banners(run: &Run, findings: &Findings) -> Vec<String> {
    let (done, planned) = (run.samples.len(), run.record.counts.planned);
    let why = run.record.stopped.as_deref().map_or_else(String::new, |w| format!(": {}", plain(w)));
    let banners = [
        (!findings.faults.is_empty()).then(|| {
            format!("INVALID, these figures are not to be believed: {}", findings.faults.join("; "))
        }),
        is_simulated(run)
            .then(|| "SIMULATED: no engine was used; every figure is made up.".to_owned()),
        (!run.record.complete)
            .then(|| format!("INCOMPLETE: {done} of {planned} planned invocations{why}")),
        run.truncated.then(|| {
            "INCOMPLETE: the last row was cut short and is left out: the driver was killed."
                .to_owned()
        }),
    ];
    banners.into_iter().flatten().collect()
}

fn sections(
    run: &Run,
    summaries: &[Summary],
    findings: &Findings,
    charts: &[Chart],
) -> Vec<Section> {
    let mut figures = Figures::new(charts, "samples.jsonl and summary.csv");
    vec![
        Section::new("verdict", "What was measured", verdict::table(run, summaries, findings)),
        Section::new("cold", "Cold starts", figures.of("cold")),
        Section::new("time", "Where the time goes", time(run, summaries, &mut figures)),
        Section::new("bursts", "Bursts", figures.of("bursts")),
        Section::new("pauses", "Pauses between calls", figures.of("pauses")),
        Section::new("more", "More charts", figures.others(&["warm", "trust"])),
        Section::new("throughput", "Throughput", starts_a_minute(run, findings)),
        Section::new("warm", "Warm calls", figures.of("warm")),
        Section::new("trust", "How far to trust it", trust(run, summaries, findings, &mut figures)),
        Section::new("notes", "What to know", remarks(run, summaries, findings)),
        Section::new("environment", "Environment", facts(&environment::facts(run))),
        Section::new("repeat", "How to reproduce it", repeat(run)),
        Section::new("meanings", "What the figures mean", meanings(&MEANINGS)),
    ]
}

/// Phases of all functions, one start process by process, and both as text.
fn time(run: &Run, summaries: &[Summary], figures: &mut Figures) -> Markup {
    let splits = splits(run, summaries);
    let named = |(summary, split): &(&Summary, String)| {
        let cell = &summary.cell;
        let conditions = conditions(run, &cell.factors);
        (format!("{} {conditions} {}", plain(&cell.function), step(cell)), split.clone())
    };
    let told = html! {
        p { "Of the row nearest the median: its phases add up, medians of phases do not." }
        (told(&splits.iter().map(named).collect::<Vec<_>>()))
    };
    html! {
        (figures.of("time"))
        @if !splits.is_empty() { (folded("Phases of every cold step, ms", &told)) }
    }
}

fn starts_a_minute(run: &Run, findings: &Findings) -> Markup {
    let (lines, rows) = (throughput::lines(run, findings), throughput::rows(run, findings));
    let caption = html! { (throughput::MEANING) };
    html! {
        @if !lines.is_empty() {
            (told(&lines))
            (Table::new("rates", caption, &throughput::COLUMNS, &rows).sortable().markup())
        }
    }
}

/// Controls, calibration, machine, order and resources.
fn trust(run: &Run, summaries: &[Summary], findings: &Findings, figures: &mut Figures) -> Markup {
    let calibration = controls::facts(run, findings);
    let used = resources::rows(run, findings);
    let caption = html! { "What the instances of cold starts had used by the end of their step" };
    let used = Table::new("resources", caption, &resources::COLUMNS, &used);
    html! {
        p { "Machine: " b { (findings.machine.verdict()) } }
        h3 { "Controls and calibration" }
        @if calibration.is_empty() { p { (controls::NONE) } }
        (told(&calibration))
        (told(&controls::excesses(run, summaries, findings)))
        (figures.of("trust"))
        @if !used.rows.is_empty() { h3 { "Resources" } (used.markup()) }
    }
}

fn remarks(run: &Run, summaries: &[Summary], findings: &Findings) -> Markup {
    html! {
        ul {
            @for note in notes(run, summaries, findings) {
                li {
                    @if note.kind == Kind::Warning { strong { "warning: " } }
                    (shortened(&note.text, LONGEST_NOTE))
                    @if let Some(quote) = note.quote { ": " q { (quote) } }
                }
            }
        }
    }
}

/// The command, the seed, and what it ran: versions and digests.
fn repeat(run: &Run) -> Markup {
    let functions = environment::functions(run);
    let caption = html! { "Functions as they were measured, with the digests of their images" };
    let functions = Table::new("functions", caption, &FUNCTION_COLUMNS, &functions);
    html! { (facts(&environment::repeat(run))) (functions.markup()) }
}

fn footer(run: &Run) -> Markup {
    html! {
        p {
            "Made by " (plain(&run.record.tool)) " of run " (plain(&run.record.id)) ": "
            (counted(run.samples.len() as u64, "row"))
            ". Every row is in " code { "samples.jsonl" } ", every figure in " code { "summary.csv" }
            "; " code { "coldstart report FOLDER" } " makes this page again from the rows."
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
