//! Figures and verdicts of rows, as every form of a comparison writes them.
//! Tamed, not escaped: that is for each form to do.

use crate::compare::{Comparison, Detectable, Missing, Row, Side, Values, Verdict};
use crate::report::document::Tone;
use crate::spec::tolerance::Metric;
use crate::stats::hodges_lehmann::Estimate;
use crate::text::sanitize::both_ends;
use crate::text::units::{NS_PER_MS, format_ms, format_size};
use crate::words::{self, DASH, plain, reason, shortened};

/// Longest name that is shown, in characters.
pub(super) const LONGEST_NAME: usize = 60;

/// Longest reason that is shown, in characters.
const LONGEST_REASON: usize = 400;

/// Parts of a cold start that are named as the place of a change, at most.
const MOST_PARTS: usize = 3;

/// A name of foreign make, short enough for a column.
pub(in crate::report) fn name(text: &str) -> String {
    shortened(&plain(text), LONGEST_NAME)
}

/// A reason or a remark of foreign make, cut where it goes on for too long.
pub(in crate::report) fn remark(text: &str) -> String {
    both_ends(&plain(text), LONGEST_REASON)
}

/// Why a row has its verdict, cut likewise; none for most.
pub(in crate::report) fn row_reason(row: &Row) -> Option<String> {
    row.reason.as_ref().map(|why| remark(&reason(why)))
}

/// The sides that are invalid, and why.
pub(in crate::report) fn invalid(comparison: &Comparison) -> Vec<(Side, String)> {
    let why = |(side, of)| Some((side, remark(&words::invalid(of)?)));
    comparison.sides().into_iter().filter_map(why).collect()
}

/// What is compared, for readers.
pub(in crate::report) fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::Total => "total",
        Metric::Own => "boot+init",
        Metric::Cpu => "CPU time",
        Metric::Warm => "warm total",
        Metric::Memory => "memory",
        Metric::Size => "image size",
    }
}

/// What one side measured: `224 ms`, `140.0 MiB`, `failed`.
pub(in crate::report) fn measured(metric: Metric, values: &Values) -> String {
    match values.median {
        Some(median) => amount(metric, median),
        None if values.failed > 0 => "failed".to_owned(),
        None => DASH.to_owned(),
    }
}

/// A value with its unit: always milliseconds, so that a column has one unit; bytes
/// as they read best.
pub(in crate::report) fn amount(metric: Metric, value: f64) -> String {
    match (value.is_finite(), metric.is_time()) {
        (false, _) => DASH.to_owned(),
        (true, true) => format!("{} ms", format_ms(value)),
        (true, false) => size(value.abs()),
    }
}

/// A difference: `+24 ms`, `-1.5 MiB`, `+12 B`.
pub(in crate::report) fn signed(metric: Metric, value: f64) -> String {
    if !value.is_finite() {
        return DASH.to_owned();
    }
    let sign = if value < 0.0 { '-' } else { '+' };
    let ms = value.abs() / NS_PER_MS;
    match metric.is_time() {
        true if ms >= 9.95 => format!("{sign}{ms:.0} ms"),
        true if ms >= 0.995 => format!("{sign}{ms:.1} ms"),
        true => format!("{sign}{ms:.2} ms"),
        false => format!("{sign}{}", size(value.abs())),
    }
}

fn size(bytes: f64) -> String {
    format_size(bytes.round() as u64)
}

/// A share of 1 with its sign, in percent to one decimal, without its unit: `+11.8`.
fn percent(share: f64) -> String {
    let text = format!("{:+.1}", share * 100.0);
    // Half a thousandth less than nothing is nothing.
    if text == "-0.0" { "+0.0".to_owned() } else { text }
}

/// A ratio as a change: `+11.8 %`, or what stands for none.
pub(in crate::report) fn change(ratio: Option<Estimate>) -> String {
    match ratio.filter(|ratio| ratio.value.is_finite()) {
        Some(ratio) => format!("{} %", percent(ratio.value - 1.0)),
        None => DASH.to_owned(),
    }
}

/// Its interval, in percent: `[+8.9, +14.6]`; empty when there is none.
pub(in crate::report) fn interval(ratio: Option<Estimate>) -> String {
    match ratio.and_then(|ratio| ratio.interval) {
        Some((low, high)) if low.is_finite() && high.is_finite() => {
            format!("[{}, {}]", percent(low - 1.0), percent(high - 1.0))
        }
        _ => String::new(),
    }
}

/// What stands for a row's change: `+11.8 %`. A function's own part may be so short
/// that percents say nothing: `+24 ms`.
pub(in crate::report) fn row_change_alone(row: &Row) -> String {
    match (row.metric.is_told_by_difference(), row.difference) {
        (true, Some(Estimate { value, .. })) if value.is_finite() => {
            format!("{} ms", tenths(value))
        }
        (true, Some(_)) => DASH.to_owned(),
        _ => change(row.ratio),
    }
}

/// What stands beside a row's change: its interval; of bytes that are known exactly
/// the difference, `(+12 B)`.
pub(in crate::report) fn beside_change(row: &Row) -> String {
    let by_difference = row.metric.is_told_by_difference();
    match (by_difference, row.ratio.and_then(|ratio| ratio.interval), row.difference) {
        (true, _, Some(Estimate { interval: Some((low, high)), .. }))
            if low.is_finite() && high.is_finite() =>
        {
            format!("[{}, {}]", tenths(low), tenths(high))
        }
        (true, ..) => String::new(),
        (_, None, Some(exact)) if !row.metric.is_time() => {
            format!("({})", signed(row.metric, exact.value))
        }
        _ => interval(row.ratio),
    }
}

/// Nanoseconds as milliseconds with their sign, to a tenth, or finer where that says
/// more: `+24.1`, `-0.04`.
fn tenths(ns: f64) -> String {
    match ns / NS_PER_MS {
        ms if ms.abs() >= 0.995 => format!("{ms:+.1}"),
        ms => format!("{ms:+.2}"),
    }
}

/// Both: `+11.8 % [+8.9, +14.6]`.
pub(in crate::report) fn row_change(row: &Row) -> String {
    format!("{} {}", row_change_alone(row), beside_change(row)).trim_end().to_owned()
}

/// A difference with its interval: `+24 ms [+20 ms, +27 ms]`.
pub(in crate::report) fn difference(metric: Metric, estimate: &Estimate) -> String {
    let value = signed(metric, estimate.value);
    match estimate.interval {
        Some((low, high)) => {
            format!("{value} [{}, {}]", signed(metric, low), signed(metric, high))
        }
        None => value,
    }
}

/// A p-value with its relation: `=.0004`, `=.031`, `<.0001`; none for none.
pub(in crate::report) fn p(value: f64) -> Option<String> {
    match value {
        p if !p.is_finite() => None,
        p if p < 0.0001 => Some("<.0001".to_owned()),
        p if p < 0.01 => Some(format!("={p:.4}").replace("=0.", "=.")),
        p => Some(format!("={p:.3}").replace("=0.", "=.")),
    }
}

/// The p-value that judges a row: adjusted where it was.
pub(in crate::report) fn row_p(row: &Row) -> Option<String> {
    row.adjusted_p.or(row.p).and_then(p)
}

/// `29`, or `29/30` where the sides differ.
pub(in crate::report) fn both(base: usize, head: usize) -> String {
    if base == head { base.to_string() } else { format!("{base}/{head}") }
}

/// A share that a change must have, as a reader compares it: `+12 %`, `+0.8 %`.
pub(in crate::report) fn least(share: f64) -> String {
    match share * 100.0 {
        percent if !percent.is_finite() => DASH.to_owned(),
        percent if percent.abs() >= 0.95 => format!("{percent:+.0} %"),
        percent => format!("{percent:+.1} %"),
    }
}

/// A smallest slowdown: `+12 %`, of a function's own part `+2.5 ms`.
fn least_of(metric: Metric, detectable: Detectable) -> String {
    match metric.is_told_by_difference() {
        true => signed(metric, detectable.amount),
        false => least(detectable.share),
    }
}

/// The smallest slowdown that would have been found, where one is known.
pub(in crate::report) fn detectable(row: &Row) -> Option<Detectable> {
    row.detectable.filter(|d| d.share.is_finite() && d.amount.is_finite())
}

/// Where the change sits: `init (+24 ms)`, the largest part first.
pub(in crate::report) fn place_of_change(row: &Row) -> Option<String> {
    let parts = row.explained_by().into_iter().take(MOST_PARTS);
    let told: Vec<String> =
        parts.map(|p| format!("{} ({})", p.part, signed(Metric::Total, p.change.value))).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// A verdict's mark, which is read without colour.
pub(in crate::report) fn mark(verdict: Verdict) -> char {
    match verdict {
        Verdict::Regressed => '▲',
        Verdict::Improved => '▼',
        Verdict::Unchanged => '=',
        Verdict::Inconclusive => '?',
        Verdict::Invalid => '!',
    }
}

/// A verdict's meaning to a reader; none where nothing is to be said.
pub(in crate::report) fn tone(verdict: Verdict) -> Option<Tone> {
    match verdict {
        Verdict::Regressed => Some(Tone::Bad),
        Verdict::Improved => Some(Tone::Good),
        Verdict::Unchanged => None,
        Verdict::Inconclusive | Verdict::Invalid => Some(Tone::Odd),
    }
}

/// A verdict in a reader's words.
pub(in crate::report) fn verdict(row: &Row) -> &'static str {
    match (row.verdict, row.metric.is_time()) {
        // It fails: there is no change to tell.
        (Verdict::Regressed, _) if row.ratio.is_none() => "worse",
        (Verdict::Regressed, true) if row.metric == Metric::Cpu => "more",
        (Verdict::Improved, true) if row.metric == Metric::Cpu => "less",
        (Verdict::Regressed, true) => "slower",
        (Verdict::Regressed, false) => "larger",
        (Verdict::Improved, true) => "faster",
        (Verdict::Improved, false) => "smaller",
        (Verdict::Unchanged, _) => "same",
        (Verdict::Inconclusive, _) => "unclear",
        (Verdict::Invalid, _) => "invalid",
    }
}

/// What is to be said of a row beside its figures, in order: its reason, what would
/// have been found, that it was measured again.
pub(in crate::report) fn remarks(row: &Row) -> Vec<String> {
    let quiet = matches!(row.verdict, Verdict::Inconclusive | Verdict::Unchanged);
    let seen = detectable(row).filter(|_| quiet);
    let again = || format!("measured again: n = {}", both(row.base.n, row.head.n));
    let parts = [
        row_reason(row),
        seen.map(|d| format!("smallest detectable change {}", least_of(row.metric, d))),
        row.again.then(again),
    ];
    parts.into_iter().flatten().collect()
}

/// The verdict of a row with its place and remarks:
/// `REGRESSED in init (+24 ms) (measured again: n = 58)`.
pub(in crate::report) fn conclusion(row: &Row) -> String {
    let mut text = match row.verdict {
        Verdict::Regressed => "REGRESSED".to_owned(),
        verdict => verdict.to_string(),
    };
    let moved = matches!(row.verdict, Verdict::Regressed | Verdict::Improved);
    if let Some(place) = place_of_change(row).filter(|_| moved) {
        text += &format!(" in {place}");
    }
    let remarks = remarks(row);
    if !remarks.is_empty() {
        text += &format!(" ({})", remarks.join("; "));
    }
    text
}

/// A row's figures and conclusion in one sentence, for forms without columns.
pub(in crate::report) fn line(row: &Row) -> String {
    let metric = row.metric;
    let p = row_p(row).map_or_else(String::new, |p| format!(", p{p}"));
    format!(
        "{} -> {}, {}{p}, n={}, failed={}: {}",
        measured(metric, &row.base),
        measured(metric, &row.head),
        row_change(row),
        both(row.base.n, row.head.n),
        both(row.base.failed, row.head.failed),
        conclusion(row)
    )
}

/// What a cell on one side only means.
pub(in crate::report) fn lacks(missing: &Missing) -> String {
    let what = match missing.lacks {
        Side::Head => "gone: measured in base, not in head",
        Side::Base => "new: measured in head, not in base",
    };
    match &missing.why_cold {
        Some(why) => format!("{what}, where an instance was new because {}", remark(why)),
        None => what.to_owned(),
    }
}
