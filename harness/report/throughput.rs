//! Starts a minute as text, for all forms of the report.

use super::findings::Findings;
use super::words::{DASH, combination, conditions, plain, position, quantile};
use crate::stats::{RankedValue, Rate, Throughput};
use crate::store::Run;
use crate::text::units::format_ms;

/// What the figures are of.
pub(super) const MEANING: &str = "A closed loop: a worker begins its next start when its last \
    instance is gone. Removals are part of it and take turns.";

/// Heading of [`rows`].
pub(super) const COLUMNS: [&str; 10] = [
    "function",
    "at a time",
    "trials",
    "starts",
    "failed",
    "starts a minute (95 %)",
    "slowest–fastest trial",
    "speed-up",
    "p50, ms (95 %)",
    "/ one at a time",
];

/// A line a function and combination of factors, with its name before it:
/// `1 at a time 220 (210–228), 4 at a time 415 (1.9x); median 146 -> 401 ms (2.7x)`.
pub(super) fn lines(run: &Run, findings: &Findings) -> Vec<(String, String)> {
    let all = ordered(run, findings);
    let alike =
        |a: &&Throughput, b: &&Throughput| a.function == b.function && a.factors == b.factors;
    all.chunk_by(alike).map(|group| (name(run, group[0]), line(group))).collect()
}

fn line(group: &[&Throughput]) -> String {
    let rates: Vec<String> = group
        .iter()
        .map(|t| {
            let times = t.gain.map_or_else(String::new, |g| format!(" ({:.1}x)", g.speed_up));
            let brackets = if times.is_empty() { brackets(t) } else { String::new() };
            format!("{} at a time {}{brackets}{times}", t.workers, median(t))
        })
        .collect();
    let medians: Vec<String> = group.iter().map(|t| p50(t)).collect();
    let unit = if medians.iter().all(|m| m == "failed") { "" } else { " ms" };
    let inflation = group.last().and_then(|t| t.gain?.inflation);
    let times = inflation.map_or_else(String::new, |times| format!(" ({times:.1}x)"));
    let failed: usize = group.iter().map(|t| t.failed).sum();
    let failed = if failed > 0 { format!("; {failed} failed") } else { String::new() };
    format!("{}; median {}{unit}{times}{failed}", rates.join(", "), medians.join(" -> "))
}

/// A row a function, combination of factors and number of workers.
pub(super) fn rows(run: &Run, findings: &Findings) -> Vec<[String; 10]> {
    let times = |times: Option<f64>| times.map_or_else(String::new, |t| format!("{t:.1}x"));
    let row = |t: &Throughput| {
        let range = t.rate.map_or_else(|| DASH.to_owned(), |r| span(r.min, r.max));
        let interval = t.rate.and_then(|r| r.interval);
        let interval = interval.map_or_else(String::new, |(l, h)| format!(" ({})", span(l, h)));
        [
            name(run, t),
            t.workers.to_string(),
            t.trials.to_string(),
            t.starts.to_string(),
            t.failed.to_string(),
            format!("{}{interval}", median(t)),
            range,
            times(t.gain.map(|g| g.speed_up)),
            quantile(&t.latency.p50),
            times(t.gain.and_then(|g| g.inflation)),
        ]
    };
    ordered(run, findings).into_iter().map(row).collect()
}

/// In the order of the table of cells; one at a time first.
fn ordered<'a>(run: &Run, findings: &'a Findings) -> Vec<&'a Throughput> {
    let mut all: Vec<&Throughput> = findings.throughput.iter().collect();
    all.sort_by_key(|t| {
        let place = (position(run, &t.function), &t.function);
        (place, combination(run, &t.factors), &t.factors, t.workers)
    });
    all
}

fn name(run: &Run, t: &Throughput) -> String {
    format!("{}, {}", plain(&t.function), conditions(run, &t.factors))
}

fn median(t: &Throughput) -> String {
    t.rate.map_or_else(|| DASH.to_owned(), |rate| number(rate.median))
}

/// ` (210–228)`: the 95 % interval, or, of few trials,
/// ` (205 to 231 in a trial)`.
fn brackets(t: &Throughput) -> String {
    match t.rate {
        Some(Rate { interval: Some((low, high)), .. }) => format!(" ({})", span(low, high)),
        Some(Rate { n, min, max, .. }) if n > 1 => {
            format!(" ({} to {} in a trial)", number(min), number(max))
        }
        _ => String::new(),
    }
}

fn p50(t: &Throughput) -> String {
    let ns = t.latency.p50.value.and_then(RankedValue::ns);
    ns.map_or_else(|| "failed".to_owned(), format_ms)
}

fn span(low: f64, high: f64) -> String {
    format!("{}–{}", number(low), number(high))
}

/// Starts a minute: whole ones, but for very slow functions.
fn number(rate: f64) -> String {
    if rate < 9.95 { format!("{rate:.1}") } else { format!("{rate:.0}") }
}
