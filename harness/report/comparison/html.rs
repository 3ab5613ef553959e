//! `compare.html`: the comparison as one page that needs nothing else. It looks as the
//! page of a run does, and says what the other forms of the comparison say.

use maud::{Markup, html};

use super::answer::{answer, outcome, warning};
use super::words::{Names, lacks, remark};
use super::{facts, rows};
use crate::chart::Chart;
use crate::compare::{Comparison, GateOutcome, Row};
use crate::report::html::figures::Figures;
use crate::report::html::parts::{self, Table, folded, left_out, list, meanings, said_once, told};
use crate::report::html::shell::{Page, Section};
use crate::spec::tolerance::Metric;

/// Most rows of a table, and most lines of a list. All of them are in [`WHOLE`].
const ROWS: usize = 500;
const LINES: usize = 100;

/// Where everything is.
const WHOLE: &str = "compare.json";

/// Columns that are left out where no row says anything in them.
const SPARSE: [&str; 4] = ["conditions", "step", "p", "where"];

/// The page.
pub(super) fn page(comparison: &Comparison, charts: &[Chart]) -> String {
    let names = Names::of(comparison);
    let warning = warning(comparison);
    Page {
        title: format!("{warning}cold starts compared: {}", outcome(comparison)),
        answer: answer(comparison, &names),
        banners: banners(comparison),
        below: badge(comparison),
        sections: sections(comparison, &names, charts),
        footer: html! {
            p { "Every row with all its figures is in " code { (WHOLE) } "; the same in short in "
                code { "compare.md" } "." }
        },
    }
    .write()
}

/// What must not be missed before the answer is believed.
fn banners(comparison: &Comparison) -> Vec<String> {
    let sides = [("base", &comparison.base), ("head", &comparison.head)];
    let mut banners: Vec<String> = sides
        .iter()
        .filter_map(|(side, of)| {
            Some(format!("INVALID, {side}: {}", remark(of.invalid.as_deref()?)))
        })
        .collect();
    if comparison.is_simulated() {
        banners.push("SIMULATED: no engine was used; every figure is made up.".to_owned());
    }
    if !comparison.advisory.is_empty() {
        banners.push(
            "ADVISORY: this comparison does not fail the build; the reasons are below.".to_owned(),
        );
    }
    let partial = sides.iter().filter(|(_, of)| of.partial);
    banners.extend(partial.map(|(side, _)| format!("INCOMPLETE: {side} was cut short.")));
    banners
}

/// The outcome as a mark, a word and, last, a colour.
fn badge(comparison: &Comparison) -> Markup {
    let colour = match comparison.outcome {
        GateOutcome::Regressed => "bad",
        GateOutcome::Passed => "good",
        GateOutcome::Invalid | GateOutcome::Inconclusive => "odd",
    };
    html! {
        p { span class={ "badge " (colour) } { (outcome(comparison)) }
            " outcome: " (comparison.outcome.name()) }
    }
}

fn sections(comparison: &Comparison, names: &Names, charts: &[Chart]) -> Vec<Section> {
    let mut figures = Figures::new(charts, WHOLE);
    let advisory: Vec<String> = comparison.advisory.iter().map(|why| remark(why)).collect();
    vec![
        Section::new("compared", "What was compared", told(&facts::compared(comparison))),
        Section::new("advisory", "Why it does not fail the build", list(&advisory, LINES, WHOLE)),
        Section::new("rows", "Rows, the worst first", verdicts(comparison, names)),
        Section::new("changes", "The changes and their margins", figures.of("changes")),
        Section::new("order", "In the order of the run", figures.of("order")),
        Section::new("more", "More charts", figures.others(&[])),
        Section::new("where", "Where it changed", parts_of(comparison, names)),
        Section::new(
            "margins",
            "Margins, and what would have been seen",
            limits(comparison, names),
        ),
        Section::new("missing", "Cells on one side only", missing(comparison, names)),
        Section::new("notes", "What to know", list(&facts::notes(comparison), LINES, WHOLE)),
        Section::new("functions", "Functions that are not the same", functions(comparison)),
        Section::new("repeat", "How to repeat it", parts::facts(&facts::repeat(comparison))),
        Section::new("reading", "How to read it", meanings(&facts::READING)),
    ]
}

/// The rows that decide; those that do not are folded.
fn verdicts(comparison: &Comparison, names: &Names) -> Markup {
    let (gated, others): (Vec<&Row>, Vec<&Row>) =
        comparison.worst_first().into_iter().partition(|row| row.gated);
    let said = |caption: &str, rows: &[&Row]| {
        let mut cells: Vec<[String; 13]> = rows.iter().map(|row| rows::row(names, row)).collect();
        let under = said_once(&mut cells, 2).map(|under| format!(" All under {under}."));
        (html! { (caption) @if let Some(under) = under { (under) } }, cells)
    };
    let (decide, deciding) =
        said("Each decides. Head against base, in brackets 95 % intervals.", &gated);
    let (told, beside) = said("Told beside: none of these decides.", &others);
    html! {
        @if gated.is_empty() { p { "No row decides." } }
        (table("deciding", decide, &rows::COLUMNS, &deciding, 1))
        (folded("Rows that decide nothing", &table("told", told, &rows::COLUMNS, &beside, 1)))
    }
}

/// A table to be sorted, as far as it is not too long; nothing of no rows.
fn table<const N: usize>(
    id: &str,
    caption: Markup,
    columns: &[&str; N],
    rows: &[[String; N]],
    name: usize,
) -> Markup {
    let shown = &rows[..rows.len().min(ROWS)];
    html! {
        @if !rows.is_empty() {
            (Table::new(id, caption, columns, shown).named_by(name).sortable().without_empty(&SPARSE).markup())
            (left_out(rows.len(), ROWS, WHOLE))
        }
    }
}

fn parts_of(comparison: &Comparison, names: &Names) -> Markup {
    let mut cells: Vec<[String; 6]> = comparison
        .worst_first()
        .into_iter()
        // The parts of a function's own part are among those of its total.
        .filter(|row| row.metric == Metric::Total)
        .flat_map(|row| row.parts.iter().map(|part| rows::part(names, row, part)))
        .collect();
    said_once(&mut cells, 1);
    let caption = html! { "The parts of each cold start; those that carry its change are marked." };
    table("parts", caption, &rows::PART_COLUMNS, &cells, 0)
}

fn limits(comparison: &Comparison, names: &Names) -> Markup {
    let worst = comparison.worst_first();
    let cells: Vec<[String; 4]> = worst.iter().map(|row| rows::limit(names, row)).collect();
    let caption = html! {
        "How large a change must be to matter, and the smallest that would have been found four times in five."
    };
    table("limits", caption, &rows::LIMIT_COLUMNS, &cells, 0)
}

fn missing(comparison: &Comparison, names: &Names) -> Markup {
    let line = |m: &crate::compare::Missing| format!("{}: {}", names.missing(m), lacks(m.lacks));
    list(&comparison.missing.iter().map(line).collect::<Vec<_>>(), LINES, WHOLE)
}

fn functions(comparison: &Comparison) -> Markup {
    let differ = facts::functions(comparison);
    let caption = html! { "What differs of each function between the sides" };
    table("differing", caption, &facts::FUNCTION_COLUMNS, &differ, 0)
}

#[cfg(test)]
mod tests;
