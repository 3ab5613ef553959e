//! The words of the forest plot: what was found, and what is not drawn.

use super::line::{Line, metric_name};
use super::unit;
use crate::compare::{Comparison, Row, Verdict};
use crate::report::words::{counted, plain};
use crate::stats::shift::Estimate;
use crate::units::NS_PER_MS;

const VERDICTS: [(Verdict, &str); 5] = [
    (Verdict::Regressed, "worse"),
    (Verdict::Invalid, "invalid"),
    (Verdict::Inconclusive, "unclear"),
    (Verdict::Improved, "better"),
    (Verdict::Unchanged, "the same"),
];

/// `1 of 8 gated rows worse than its margin allows, 7 the same; n = 29 a side`.
pub(super) fn subtitle(c: &Comparison, rows: &[&Row], network: Option<String>) -> String {
    let network = network.map(|network| format!(", {network}")).unwrap_or_default();
    let advisory = if c.advisory.is_empty() { "" } else { "; advisory: it binds nobody" };
    format!("{}; {}{network}{advisory}", tally(rows), n(rows))
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
    format!("Of {what} {}", parts.join(", "))
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
pub(super) fn left_out(beyond: &[&Row], without_interval: usize) -> String {
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
        parts.push(format!("not drawn: {rows} told only, without an interval"));
    }
    parts.join("; ")
}

/// What was found, the worst first.
pub(super) fn caption(c: &Comparison, rows: &[&Row]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let worst = match first.verdict {
        Verdict::Regressed => format!("Worst is {}", named(first)),
        Verdict::Invalid => format!("Not judged: {}", named(first)),
        _ => format!("Furthest up is {}", named(first)),
    };
    let parts: Vec<String> =
        first.explained_by().iter().map(|p| format!("{} {}", p.part, ms(p.change))).collect();
    let parts =
        if parts.is_empty() { String::new() } else { format!(", of which {}", parts.join(", ")) };
    let missing = match c.missing.len() {
        0 => String::new(),
        n => format!(" {} on one side only.", counted(n as u64, "cell")),
    };
    format!(
        "{}. {worst}{parts}. {}. A row is beyond its margin when its interval lies outside the \
         grey band.{missing}",
        tally(rows),
        n(rows)
    )
}

/// `name, total: +11.8 % [+8.9, +14.6], margin 5.0 %`.
fn named(row: &Row) -> String {
    let unit = unit(row.metric);
    let line = Line::new(row, unit, 0, String::new());
    let margin = unit.margin(row).map(|margin| unit.text(unit.zero() + margin));
    let margin = margin.map(|m| format!(", margin {} {}", m.trim_start_matches('+'), unit.name()));
    let reason = match (line.change, &row.reason) {
        (None, Some(reason)) => format!(", {}", plain(reason)),
        _ => String::new(),
    };
    let (name, what) = (line.name, metric_name(row.metric));
    format!("{name}, {what}: {}{}{reason}", line.figures, margin.unwrap_or_default())
}

/// `+24.0 ms`.
fn ms(change: Estimate) -> String {
    format!("{} ms", super::Unit::Ms.text(change.value / NS_PER_MS))
}
