//! The table of what was measured: a row a function, condition and step.

use maud::{Markup, html};

use super::parts::{Table, said_once};
use crate::report::controls;
use crate::report::findings::Findings;
use crate::report::words::{
    DASH, act, conditions, groups, headline, level, maximum, members, plain, quantile, ratio,
    reply, step,
};
use crate::stats::Summary;
use crate::store::Run;

/// Heading of the table.
const COLUMNS: [&str; 12] = [
    "function",
    CONDITIONS,
    "step",
    "load",
    "start",
    "n",
    "err",
    "p50 (95 %), ms",
    P90,
    "max, ms",
    OVER,
    TIMES,
];

const CONDITIONS: &str = "conditions";
const P90: &str = "p90, ms";
const OVER: &str = "over the null container, ms";
const TIMES: &str = "cold / warm";

/// The table; nothing of no rows.
pub(super) fn table(run: &Run, summaries: &[Summary], findings: &Findings) -> Markup {
    let headline = headline(run, summaries);
    let groups = groups(run, summaries);
    let shown: Vec<&Summary> = groups.iter().flat_map(|g| members(summaries, g)).collect();
    if shown.is_empty() {
        return html! {};
    }
    let row = |s: &&Summary| {
        let over = headline.iter().any(|h| h.cell == s.cell);
        let over = over.then(|| controls::excess_ms(findings, s)).flatten();
        row(run, s, over.unwrap_or_default())
    };
    let mut rows: Vec<[String; 12]> = shown.iter().map(row).collect();
    let all_on = said_once(&mut rows, 1);
    let caption = html! {
        "From the instant an invocation was wanted to the last byte of " (reply(run, "its"))
        @if let Some(all_on) = all_on { ", all under " (all_on) }
        ". In brackets: 95 % interval."
    };
    let table = Table::new("cells", caption, &COLUMNS, &rows).sortable();
    table.without_empty(&[CONDITIONS, P90, OVER, TIMES]).markup()
}

fn row(run: &Run, summary: &Summary, over: String) -> [String; 12] {
    let Summary { cell, latency, .. } = summary;
    [
        plain(&cell.function),
        conditions(run, &cell.factors),
        step(cell),
        act(cell.act),
        cell.temperature.to_string(),
        latency.n.to_string(),
        latency.failed.to_string(),
        quantile(&latency.p50),
        latency.p90.value.map_or_else(|| DASH.to_owned(), level),
        maximum(latency.max),
        over,
        ratio(summary),
    ]
}
