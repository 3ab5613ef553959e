//! The answer to "did it get slower?" in one sentence, and in one word with a mark.

use std::collections::BTreeSet;

use super::super::budgets::sentence;
use super::names::Names;
use super::words::{
    beside_change, change, detectable, invalid as invalid_sides, least, mark, metric,
    place_of_change, row_reason, signed, verdict,
};
use crate::compare::{BudgetVerdict, Comparison, GateOutcome, Row, Side, Verdict};
use crate::spec::tolerance::Metric;
use crate::words::counted;

/// Cells that a sentence names, at most.
const MOST_NAMED: usize = 3;

/// Put before every title: whether figures are made up, and whether they bind.
pub(in crate::report) fn warning(comparison: &Comparison) -> String {
    let simulated = if comparison.is_simulated() { "SIMULATED: " } else { "" };
    let advisory = if comparison.advisory.is_empty() { "" } else { "ADVISORY: " };
    format!("{simulated}{advisory}")
}

/// The answer, warnings before it.
pub(in crate::report) fn answer(comparison: &Comparison, names: &Names) -> String {
    let answer = match comparison.outcome {
        GateOutcome::Regressed => regressed(comparison, names),
        GateOutcome::Invalid => format!("Nothing can be said{}", invalid(comparison, names)),
        GateOutcome::Inconclusive => inconclusive(comparison, names),
        GateOutcome::Passed => passed(comparison, names),
    };
    let budgets = [BudgetVerdict::Over, BudgetVerdict::Unclear];
    let budgets = budgets.into_iter().filter_map(|of| sentence(&comparison.budgets, of));
    let told = [answer].into_iter().chain(budgets).filter(|told| !told.is_empty());
    format!("{}{}.", warning(comparison), told.collect::<Vec<_>>().join(". "))
}

/// The outcome as a mark and a word: `▲ slower`.
pub(in crate::report) fn outcome(comparison: &Comparison) -> String {
    let first = |of: Verdict, otherwise: &str| {
        let word = gated(comparison, of).first().map_or(otherwise, |row| verdict(row));
        format!("{} {word}", mark(of))
    };
    match comparison.outcome {
        GateOutcome::Regressed if !gated(comparison, Verdict::Regressed).is_empty() => {
            first(Verdict::Regressed, "worse")
        }
        GateOutcome::Regressed if is_over(comparison) && gone(comparison) == 0 => {
            format!("{} over budget", mark(Verdict::Regressed))
        }
        GateOutcome::Regressed => first(Verdict::Invalid, "missing"),
        GateOutcome::Invalid => first(Verdict::Invalid, "invalid"),
        GateOutcome::Inconclusive => first(Verdict::Inconclusive, "unclear"),
        GateOutcome::Passed if gated(comparison, Verdict::Improved).is_empty() => {
            first(Verdict::Unchanged, "same")
        }
        GateOutcome::Passed => first(Verdict::Improved, "better"),
    }
}

/// The gated rows of a verdict, largest change first.
fn gated(comparison: &Comparison, of: Verdict) -> Vec<&Row> {
    let mut rows = comparison.worst_first();
    rows.retain(|row| row.gated && row.verdict == of);
    if of == Verdict::Improved {
        rows.reverse();
    }
    rows
}

/// Whether a row is about cold starts.
fn is_cold(row: &Row) -> bool {
    row.metric.is_of_cold_starts()
}

fn regressed(comparison: &Comparison, names: &Names) -> String {
    let worse = gated(comparison, Verdict::Regressed);
    let gone = gone(comparison);
    let are = if gone == 1 { "is" } else { "are" };
    let gone = (gone > 0).then(|| format!("{} {are} gone", counted(gone as u64, "cell")));
    let mut cold = worse.iter().filter(|row| is_cold(row)).peekable();
    let slower = match (cold.peek().is_some(), cold.any(|row| row.difference.is_some())) {
        (true, true) => "Cold starts got slower",
        (true, false) => "Cold starts fail more often",
        (false, _) => "What decides got worse",
    };
    match (worse.is_empty(), gone) {
        (false, None) => format!("{slower}: {}", told(&worse, names)),
        (false, Some(gone)) => format!("{slower}: {}; and {gone}", told(&worse, names)),
        (true, Some(gone)) => format!("Nothing that was compared got worse, but {gone}"),
        // Budgets are told after it.
        (true, None) if is_over(comparison) => not_worse(comparison, names),
        (true, None) => "It got worse, and no row says where".to_owned(),
    }
}

/// Cells that head lacks.
fn gone(comparison: &Comparison) -> usize {
    comparison.missing.iter().filter(|m| m.lacks == Side::Head).count()
}

fn is_over(comparison: &Comparison) -> bool {
    comparison.budgets.iter().any(|row| row.verdict == BudgetVerdict::Over)
}

/// What the rows alone say, where none is worse.
fn not_worse(comparison: &Comparison, names: &Names) -> String {
    match gated(comparison, Verdict::Inconclusive).is_empty() {
        true => passed(comparison, names),
        false => inconclusive(comparison, names),
    }
}

fn inconclusive(comparison: &Comparison, names: &Names) -> String {
    let unclear = gated(comparison, Verdict::Inconclusive);
    if unclear.is_empty() {
        return passed(comparison, names);
    }
    let all = comparison.rows.iter().filter(|row| row.gated).count();
    let what = match unclear.iter().all(|row| is_cold(row)) {
        true => "No cold start is proved slower",
        false => "Nothing that decides is proved worse",
    };
    let named: Vec<String> = unclear
        .iter()
        .take(MOST_NAMED)
        .map(|row| {
            let unit = if row.metric.is_told_by_difference() { "ms" } else { "%" };
            let range = beside_change(row);
            let range = if range.is_empty() { String::new() } else { format!(" {range} {unit}") };
            let why = row_reason(row).map_or(range, |why| format!(": {why}"));
            format!("{}{why}", names.row(row))
        })
        .collect();
    format!(
        "{what} by more than its margin, but {} of {} cannot exclude it: {}{}",
        unclear.len(),
        counted(all as u64, "row"),
        named.join("; "),
        and_more(unclear.len())
    )
}

fn invalid(comparison: &Comparison, names: &Names) -> String {
    let invalid = invalid_sides(comparison).into_iter();
    let mut faults: Vec<String> =
        invalid.map(|(side, why)| format!("{side} is invalid: {why}")).collect();
    let rows = gated(comparison, Verdict::Invalid);
    if faults.is_empty() && !rows.is_empty() {
        let told = |row: &&Row| {
            let reason = row_reason(row).map_or_else(String::new, |why| format!(": {why}"));
            format!("{}{reason}", names.row(row))
        };
        let named: Vec<String> = rows.iter().take(MOST_NAMED).map(told).collect();
        let all = comparison.rows.iter().filter(|row| row.gated).count();
        let (n, all) = (rows.len(), counted(all as u64, "row"));
        return format!(" of {n} of {all}: {}{}", named.join("; "), and_more(n));
    }
    if faults.is_empty() {
        faults.push("no cell was measured on both sides".to_owned());
    }
    format!(": {}", faults.join("; "))
}

fn passed(comparison: &Comparison, names: &Names) -> String {
    let rows: Vec<&Row> = comparison.rows.iter().filter(|row| row.gated).collect();
    if rows.is_empty() {
        return "Nothing can be said: no row decides".to_owned();
    }
    let cold = rows.iter().any(|row| is_cold(row));
    let better = gated(comparison, Verdict::Improved);
    let found = found(&rows);
    match (better.is_empty(), cold) {
        (false, true) => format!(
            "Cold starts got faster: {}; none got slower by more than its margin ({found})",
            told(&better, names)
        ),
        (false, false) => format!("What decides got better: {}", told(&better, names)),
        (true, true) => format!("No cold start got slower by more than its margin ({found})"),
        (true, false) => {
            format!("Nothing that decides got worse by more than its margin ({found})")
        }
    }
}

/// `4 cells; smallest detectable change: +8 % to +12 %`: of totals
/// where there are any.
fn found(rows: &[&Row]) -> String {
    let cells: BTreeSet<_> = rows.iter().map(|row| (&row.function, &row.cell)).collect();
    let totals: Vec<&&Row> = rows.iter().filter(|row| row.metric == Metric::Total).collect();
    let judged = if totals.is_empty() { rows.iter().collect() } else { totals };
    let mut shares: Vec<f64> =
        judged.iter().filter_map(|row| Some(detectable(row)?.share)).collect();
    shares.sort_by(f64::total_cmp);
    let cells = counted(cells.len() as u64, "cell");
    let (Some(first), Some(last)) = (shares.first(), shares.last()) else { return cells };
    let (first, last) = (least(*first), least(*last));
    let range = if first == last { first } else { format!("{first} to {last}") };
    format!("{cells}; smallest detectable change: {range}")
}

/// `python +24 ms (+11.8 %), in init; ...`: one a cell, its total before its parts.
fn told(rows: &[&Row], names: &Names) -> String {
    let has_total =
        |row: &Row| rows.iter().any(|r| r.metric == Metric::Total && r.cell == row.cell);
    let mut shown: Vec<&Row> = rows.to_vec();
    shown.retain(|row| !row.metric.is_told_by_difference() || !has_total(row));
    let named: Vec<String> = shown.iter().take(MOST_NAMED).map(|row| one(row, names)).collect();
    format!("{}{}", named.join("; "), and_more(shown.len()))
}

fn one(row: &Row, names: &Names) -> String {
    let what = match row.metric {
        Metric::Total => String::new(),
        other => format!(" {}", metric(other)),
    };
    let subject = format!("{}{what}", names.subject(row));
    let Some(difference) = row.difference else {
        let (failed, n) = (row.head.failed, row.head.n);
        return match failed > row.base.failed {
            true => format!("{subject} failed in {failed} of {}", counted(n as u64, "round")),
            false => subject,
        };
    };
    // Of a part that is short without a change, percents say nothing.
    let change = match row.metric.is_told_by_difference() {
        true => String::new(),
        false => format!(" ({})", change(row.ratio)),
    };
    let place = place_of_change(row).map(|_| {
        let parts = row.explained_by();
        let parts: Vec<String> = parts.iter().take(2).map(|p| p.part.to_string()).collect();
        format!(", in {}", parts.join(" and "))
    });
    let difference = signed(row.metric, difference.value);
    format!("{subject} {difference}{change}{}", place.unwrap_or_default())
}

fn and_more(all: usize) -> String {
    match all.saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    }
}
