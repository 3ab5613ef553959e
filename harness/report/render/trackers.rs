//! Files for services that track figures over time: head's values.
//!
//! `compare.bmf.json` is [Bencher Metric Format](https://bencher.dev/docs/reference/bencher-metric-format);
//! `compare.benchmark.json` is github-action-benchmark's `customSmallerIsBetter`.
//! Times are whole nanoseconds (the unit of both trackers' latencies), sizes bytes.
//! No range is given: the comparison knows the interval of a change, not of a median.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::compare::{Comparison, Row};
use crate::report::build::budgets::beside;
use crate::report::build::comparison::names::Names;
use crate::report::build::comparison::words::{conclusion, row_change};
use crate::spec::tolerance::Metric;

/// Longest name of a benchmark that Bencher takes, in characters.
const LONGEST: usize = 1024;

/// One measure in Bencher Metric Format.
#[derive(Serialize)]
struct Measured {
    value: u64,
}

/// One entry of github-action-benchmark.
#[derive(Serialize)]
struct Entry {
    name: String,
    unit: &'static str,
    value: u64,
    extra: String,
}

/// `compare.bmf.json`: measures by benchmark (`python bridge start/first`).
///
/// # Errors
/// When it cannot be written as JSON.
pub(in crate::report) fn bencher(comparison: &Comparison) -> Result<String> {
    let names = Names::of(comparison);
    let mut all: BTreeMap<String, BTreeMap<&str, Measured>> = BTreeMap::new();
    for (row, value) in of_head(comparison) {
        let benchmark = benchmark(comparison, &names, row);
        all.entry(benchmark).or_default().entry(measure(row)).or_insert(Measured { value });
    }
    json(&all)
}

/// `compare.benchmark.json`: a list of values, smaller is better.
///
/// # Errors
/// When it cannot be written as JSON.
pub(in crate::report) fn benchmark_action(comparison: &Comparison) -> Result<String> {
    let names = Names::of(comparison);
    let entry = |(row, value): (&Row, u64)| Entry {
        name: prefixed(comparison, &names.row(row)),
        unit: if row.metric.is_time() { "ns" } else { "bytes" },
        value,
        extra: format!(
            "{} against base: {}; n={}, failed={}{}",
            row_change(row),
            conclusion(row),
            row.head.n,
            row.head.failed,
            beside(&comparison.budgets, row).map_or_else(String::new, |told| format!("; {told}"))
        ),
    };
    json(&of_head(comparison).into_iter().map(entry).collect::<Vec<_>>())
}

/// Head's values, whole; none of a side whose figures are not to be believed.
fn of_head(comparison: &Comparison) -> Vec<(&Row, u64)> {
    if !comparison.head.is_valid() {
        return Vec::new();
    }
    let value = |row: &Row| row.head.median.filter(|v| v.is_finite()).map(|v| v.round() as u64);
    comparison.rows.iter().filter_map(|row| Some((row, value(row)?))).collect()
}

/// Made-up figures must not stand in the history of real ones.
fn prefixed(comparison: &Comparison, name: &str) -> String {
    let simulated = if comparison.is_simulated() { "SIMULATED: " } else { "" };
    format!("{simulated}{name}").chars().take(LONGEST).collect()
}

fn benchmark(comparison: &Comparison, names: &Names, row: &Row) -> String {
    let [function, conditions, _] = names.place(&row.function, row.cell.as_ref());
    let name = match &row.cell {
        Some(cell) => format!("{function} {conditions} {}", crate::words::step(cell)),
        None => function,
    };
    prefixed(comparison, &name)
}

/// A measure's slug: what is measured, and of which temperature.
fn measure(row: &Row) -> &'static str {
    let warm = row.cell.as_ref().is_some_and(|c| c.temperature == crate::sample::Temperature::Warm);
    match row.metric {
        Metric::Total => "cold-total",
        Metric::Own => "cold-boot-init",
        Metric::Cpu => "cold-cpu",
        Metric::Warm => "warm-total",
        Metric::Memory if warm => "warm-memory",
        Metric::Memory => "cold-memory",
        Metric::Size => "image-size",
    }
}

fn json(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value).context("cannot write a tracker's file")?;
    Ok(text + "\n")
}
