//! The words of the forest plot: what was found, and what is not drawn.

use super::line::{Line, metric_name};
use super::unit;
use crate::chart::kit::time_unit::TimeUnit;
use crate::chart::{counted, plain, words};
use crate::compare::{Comparison, Row, Verdict};
use crate::stats::hodges_lehmann::Estimate;
use crate::text::units::NS_PER_MS;

const VERDICTS: [(Verdict, &str); 5] = [
    (Verdict::Regressed, "worse"),
    (Verdict::Invalid, "invalid"),
    (Verdict::Inconclusive, "unclear"),
    (Verdict::Improved, "better"),
    (Verdict::Unchanged, "the same"),
];

/// `8 gated rows: 1 worse, 7 the same; a: init +24.0 ms; n = 29 rounds a side`.
pub(crate) fn subtitle(c: &Comparison, rows: &[&Row], network: Option<String>) -> String {
    let network = network.map(|network| format!(", {network}")).unwrap_or_default();
    let advisory =
        if c.advisory.is_empty() { "" } else { "; advisory: it does not fail the build" };
    let cause = cause(rows).map(|cause| format!("; {cause}")).unwrap_or_default();
    format!("{}{cause}; {}{network}{advisory}", tally(rows), n(rows))
}

/// Gated rows by verdict; of all rows when none is gated.
fn tally(rows: &[&Row]) -> String {
    let gated: Vec<&Row> = rows.iter().filter(|row| row.gated).copied().collect();
    let (rows, what) = if gated.is_empty() { (rows.to_vec(), "row") } else { (gated, "gated row") };
    let of = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let counts = VERDICTS.into_iter().map(|(verdict, word)| (of(verdict), word));
    let parts: Vec<String> =
        counts.filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let what = counted(rows.len() as u64, what);
    format!("{what}: {}", parts.join(", "))
}

/// `name: init +24.0 ms`: the parts that explain the worst slowdown; none when none
/// does.
fn cause(rows: &[&Row]) -> Option<String> {
    let regressed = |row: &&&Row| row.verdict == Verdict::Regressed && row.gated;
    let row = rows.iter().filter(regressed).find(|row| !row.explained_by().is_empty())?;
    let parts = row.explained_by().into_iter().map(|p| format!("{} {}", p.part, ms(p.change)));
    Some(format!("{}: {}", plain(&row.function), parts.collect::<Vec<_>>().join(", ")))
}

/// Rounds of each side.
fn n(rows: &[&Row]) -> String {
    let all = rows.iter().flat_map(|row| [row.base.n, row.head.n]).filter(|n| *n > 1);
    match (all.clone().min(), all.max()) {
        (Some(least), Some(most)) if least == most => format!("n = {most} rounds a side"),
        (Some(least), Some(most)) => format!("n = {least} to {most} rounds a side"),
        _ => "n = 1 a side".to_owned(),
    }
}

/// `and 12 more rows, all unchanged`.
pub(crate) fn left_out(beyond: &[&Row], without_interval: usize) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !beyond.is_empty() {
        let of = |verdict| beyond.iter().filter(|row| row.verdict == verdict).count();
        let counts = VERDICTS.into_iter().map(|(verdict, _)| (of(verdict), verdict));
        let held: Vec<(usize, Verdict)> = counts.filter(|(n, _)| *n > 0).collect();
        let more = counted(beyond.len() as u64, "more row");
        let what = match held.as_slice() {
            [(1, verdict)] => verdict.to_string(),
            [(_, verdict)] => format!("all {verdict}"),
            held => held.iter().map(|(n, v)| format!("{n} {v}")).collect::<Vec<_>>().join(", "),
        };
        parts.push(format!("and {more}, {what}"));
    }
    if without_interval > 0 {
        let rows = counted(without_interval as u64, "row");
        parts.push(format!("not drawn: {rows} not gated, without an interval"));
    }
    parts.join("; ")
}

/// What was found, the worst first.
pub(crate) fn caption(c: &Comparison, rows: &[&Row]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let worst = match first.verdict {
        Verdict::Regressed => format!("Worst is {}", named(first)),
        Verdict::Invalid => format!("Not judged: {}", named(first)),
        _ => format!("Furthest up is {}", named(first)),
    };
    let cause = cause(rows).map(|cause| format!(" Where it sits: {cause}.")).unwrap_or_default();
    let missing = match c.missing.len() {
        0 => String::new(),
        n => format!(" {} on one side only.", counted(n as u64, "cell")),
    };
    format!("{}. {worst}.{cause} {}.{missing}", tally(rows), n(rows))
}

/// `name, total: +11.8 % [+8.9, +14.6], margin 5.0 %`.
fn named(row: &Row) -> String {
    let unit = unit(row.metric);
    let line = Line::new(row, unit, 0, String::new(), TimeUnit::Ms);
    let margin = unit.margin(row).map(|margin| unit.text(unit.zero() + margin));
    let margin = margin.map(|m| format!(", margin {} {}", m.trim_start_matches('+'), unit.name()));
    let reason = match (line.change, &row.reason) {
        (None, Some(reason)) => format!(", {}", words::reason(reason)),
        _ => String::new(),
    };
    let (name, what) = (line.name, metric_name(row.metric));
    format!("{name}, {what}: {}{}{reason}", line.figures, margin.unwrap_or_default())
}

/// `+24.0 ms`.
fn ms(change: Estimate) -> String {
    format!("{} ms", super::Unit::Ms.text(change.value / NS_PER_MS))
}
