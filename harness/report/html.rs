//! `report.html`: one page that needs nothing else, neither network nor script.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::charts::Chart;
use super::environment::{self, FUNCTION_COLUMNS, Fact, MEANINGS};
use super::findings::Findings;
use super::markdown::{COLUMNS, rows, splits};
use super::notes::notes;
use super::words::{answer, conditions, is_simulated, place, plain, step, title};
use super::{controls, resources, throughput};
use crate::stats::Summary;
use crate::store::Run;

const STYLE: &str = include_str!("html/style.css");

/// The page.
pub(super) fn page(
    run: &Run,
    summaries: &[Summary],
    findings: &Findings,
    charts: &[Chart],
) -> String {
    let title = title(run);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                @if is_simulated(run) {
                    p.simulated { "SIMULATED: no engine was used; every figure is made up." }
                }
                @if !findings.faults.is_empty() {
                    p.invalid { "INVALID: " (findings.faults.join("; ")) }
                }
                h1 { (title) }
                p.answer { (answer(run, summaries)) }
                p { (place(run)) }
                (cells(run, summaries))
                (starts_a_minute(run, findings))
                (trust(run, summaries, findings))
                (remarks(run, summaries, findings))
                @for chart in charts { (figure(chart)) }
                (repeat(run))
                (machine(run))
                (meanings())
            }
        }
    };
    page.into_string()
}

fn cells(run: &Run, summaries: &[Summary]) -> Markup {
    html! {
        h2 { "Latency, ms" }
        (grid(&COLUMNS, &rows(run, summaries)))
        h2 { "Where the time goes, ms" }
        p { "The row nearest the median: its phases add up, medians of phases do not." }
        ul {
            @for (summary, split) in splits(run, summaries) {
                li {
                    b { (plain(&summary.cell.function)) " " (conditions(run, &summary.cell.factors)) " "
                        (step(&summary.cell)) }
                    ": " (split)
                }
            }
        }
    }
}

fn starts_a_minute(run: &Run, findings: &Findings) -> Markup {
    let lines = throughput::lines(run, findings);
    html! {
        @if !lines.is_empty() {
            h2 { "Throughput" }
            (told(&lines))
            p { (throughput::MEANING) }
            (grid(&throughput::COLUMNS, &throughput::rows(run, findings)))
        }
    }
}

/// How far the figures can be trusted: controls, machine, resources.
fn trust(run: &Run, summaries: &[Summary], findings: &Findings) -> Markup {
    let (calibration, used) = (controls::facts(run, findings), resources::rows(run, findings));
    html! {
        @if !calibration.is_empty() {
            h2 { "Controls" }
            (told(&calibration))
            (told(&controls::excesses(run, summaries, findings)))
        }
        h2 { "Machine" }
        p { (findings.machine.verdict()) }
        @if !used.is_empty() {
            h2 { "Resources" }
            (grid(&resources::COLUMNS, &used))
        }
    }
}

fn remarks(run: &Run, summaries: &[Summary], findings: &Findings) -> Markup {
    html! {
        h2 { "To know" }
        ul {
            @for note in notes(run, summaries, findings) {
                li { (note.text) @if let Some(quote) = note.quote { ": " q { (quote) } } }
            }
        }
    }
}

/// A chart with its caption. The SVG is ours and escapes what it is given.
fn figure(chart: &Chart) -> Markup {
    html! {
        figure id=(chart.name) {
            @match &chart.narrow {
                Some(narrow) => {
                    div.on-wide { (PreEscaped(&chart.svg)) }
                    div.on-narrow { (PreEscaped(narrow)) }
                }
                None => (PreEscaped(&chart.svg)),
            }
            figcaption { b { (chart.title) ". " } (chart.caption) }
            @if !chart.data.rows.is_empty() {
                details {
                    summary { "The figures" }
                    table {
                        thead { tr { @for c in &chart.data.columns { th scope="col" { (c) } } } }
                        tbody {
                            @for row in &chart.data.rows { tr { @for cell in row { td { (cell) } } } }
                        }
                    }
                }
            }
        }
    }
}

fn repeat(run: &Run) -> Markup {
    html! { h2 { "Repeat it" } (facts(&environment::repeat(run))) }
}

fn machine(run: &Run) -> Markup {
    html! {
        h2 { "Functions" }
        (grid(&FUNCTION_COLUMNS, &environment::functions(run)))
        h2 { "Environment" }
        (facts(&environment::facts(run)))
    }
}

fn meanings() -> Markup {
    html! {
        h2 { "What the figures mean" }
        dl { @for (name, meaning) in MEANINGS { dt { (name) } dd { (meaning) } } }
    }
}

/// Facts in our own words.
fn told(facts: &[Fact]) -> Markup {
    html! {
        @if !facts.is_empty() {
            ul { @for (name, text) in facts { li { b { (name) } ": " (text) } } }
        }
    }
}

/// Facts in foreign words.
fn facts(facts: &[Fact]) -> Markup {
    html! { dl { @for (name, text) in facts { dt { (name) } dd { code { (text) } } } } }
}

fn grid<const N: usize>(columns: &[&str; N], rows: &[[String; N]]) -> Markup {
    html! {
        div.wide {
            table {
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
            }
        }
    }
}
