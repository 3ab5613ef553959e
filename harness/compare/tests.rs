//! Verdicts on made-up runs.

use std::collections::BTreeSet;

use super::*;
use crate::sample::Sample;

mod budgets;
mod cells;
mod chance;
mod failures;
mod maker;
mod reliability;
mod sight;
mod trust;
mod verdicts;

use maker::{MS, Maker};

/// Compares two sides that took turns, by the default rules.
fn gate(base: &Maker, head: &Maker) -> Comparison {
    gate_by(&Rules::default(), base, head)
}

fn gate_by(rules: &Rules, base: &Maker, head: &Maker) -> Comparison {
    compare(&base.measured(), &head.measured(), rules, &BTreeSet::new())
}

/// Compares two runs that did not take turns.
fn later(base: &Maker, head: &Maker) -> Comparison {
    let alone = |maker: &Maker| SideData { interleaved: None, ..maker.measured() };
    compare(&alone(base), &alone(head), &Rules::default(), &BTreeSet::new())
}

/// How a row's head fails.
fn failing(row: &Row) -> &Failing {
    let Some(Reason::MoreFailures(failing)) = &row.reason else { panic!("{row:#?}") };
    failing
}

/// The only row of a metric.
fn row(found: &Comparison, metric: Metric) -> &Row {
    let rows: Vec<&Row> = found.rows.iter().filter(|row| row.metric == metric).collect();
    assert_eq!(rows.len(), 1, "{metric}: {rows:#?}");
    rows[0]
}

fn verdict(found: &Comparison, metric: Metric) -> Verdict {
    row(found, metric).verdict
}

/// Rows of rounds from one on.
fn from_round(first: u32) -> impl Fn(&Sample) -> bool {
    move |sample| sample.round >= first
}

fn is_cold(sample: &Sample) -> bool {
    sample.cell.temperature == Temperature::Cold
}
