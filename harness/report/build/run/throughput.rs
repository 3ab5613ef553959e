//! Starts a minute.

use crate::analysis::Analysis;
use crate::report::document::{Block, Cell, Column, Importance, Table};
use crate::stats::{RankedValue, Rate, Throughput};
use crate::store::Run;
use crate::text::units::format_ms;
use crate::words::{DASH, conditions, plain, position, times};

/// What the figures are of.
const MEANING: &str = "A closed loop: a worker begins its next start when its last instance is \
    gone. Removals are part of it and take turns.";

/// A line a function, and all of it as a table; nothing where it was not measured.
pub(super) fn blocks<'a>(analysis: &Analysis) -> Vec<Block<'a>> {
    let lines = lines(analysis);
    if lines.is_empty() {
        return Vec::new();
    }
    let table = Block::Table(table(analysis));
    vec![Block::Facts(lines), Block::Paragraph(MEANING.to_owned()), table]
}

/// A line a function and combination of factors, with its name before it:
/// `1 at a time 220 (210–228), 4 at a time 415 (1.9x); median 146 -> 401 ms (2.7x)`.
fn lines(analysis: &Analysis) -> Vec<(String, String)> {
    let all = ordered(analysis);
    let alike =
        |a: &&Throughput, b: &&Throughput| a.function == b.function && a.factors == b.factors;
    all.chunk_by(alike).map(|group| (name(analysis.run, group[0]), line(group))).collect()
}

fn line(group: &[&Throughput]) -> String {
    let rates: Vec<String> = group
        .iter()
        .map(|t| {
            let gained = t.gain.map_or_else(String::new, |g| format!(" ({})", times(g.speed_up)));
            let brackets = if gained.is_empty() { brackets(t) } else { String::new() };
            format!("{} at a time {}{brackets}{gained}", t.workers, median(t))
        })
        .collect();
    let medians: Vec<String> = group.iter().map(|t| p50(t)).collect();
    let unit = if medians.iter().all(|m| m == "failed") { "" } else { " ms" };
    let inflation = group.last().and_then(|t| t.gain?.inflation);
    let inflated = inflation.map_or_else(String::new, |ratio| format!(" ({})", times(ratio)));
    let failed: usize = group.iter().map(|t| t.failed).sum();
    let failed = if failed > 0 { format!("; {failed} failed") } else { String::new() };
    format!("{}; median {}{unit}{inflated}{failed}", rates.join(", "), medians.join(" -> "))
}

/// A row a function, combination of factors and number of workers.
fn table(analysis: &Analysis) -> Table<'static> {
    let or_empty = |ratio: Option<f64>| ratio.map_or(Cell::Empty, Cell::Times);
    let with_interval = |t: &Throughput| {
        let interval = t.rate.and_then(|r| r.interval);
        let interval = interval.map_or_else(String::new, |(l, h)| format!(" ({})", span(l, h)));
        Cell::Figure(format!("{}{interval}", median(t)))
    };
    let range = |rate: Rate| Cell::Figure(span(rate.min, rate.max));
    let p50 = Column::new("p50").ms().interval(Importance::Key);
    let table = Table::of(
        "rates",
        "Starts a minute",
        ordered(analysis),
        &[
            (Column::new("function").names(), &|t| Cell::Text(name(analysis.run, t))),
            (Column::new("at a time"), &|t| Cell::Count(t.workers.into())),
            (Column::new("trials"), &|t| Cell::Count(t.trials as u64)),
            (Column::new("starts"), &|t| Cell::Count(t.starts as u64)),
            (Column::new("failed"), &|t| Cell::Count(t.failed as u64)),
            (Column::new("starts a minute (95 %)"), &|t| with_interval(t)),
            (Column::new("slowest–fastest trial"), &|t| Cell::or_unknown(t.rate, range)),
            (Column::new("speed-up"), &|t| or_empty(t.gain.map(|g| g.speed_up))),
            (p50, &|t| Cell::Interval(t.latency.p50)),
            (Column::new("p50 against one at a time"), &|t| {
                or_empty(t.gain.and_then(|g| g.inflation))
            }),
        ],
    );
    table.sortable()
}

/// In the order of the table of cells; one at a time first.
fn ordered<'a>(analysis: &'a Analysis) -> Vec<&'a Throughput> {
    let run = analysis.run;
    let mut all: Vec<&Throughput> = analysis.throughput.iter().collect();
    all.sort_by_key(|t| {
        let place = (position(run, &t.function), &t.function);
        (place, run.record.scenario.factors.place(&t.factors), &t.factors, t.workers)
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
