//! `summary.json` and `summary.csv`: the numbers for other programs, in
//! nanoseconds, a row a cell and phase.
//!
//! A quantile that the rows do not support is null (empty in CSV); one that
//! falls among the failures is the word `failed`.

use anyhow::Result;

use super::{Json, budget, factors, object};
use crate::analysis::{Analysis, is_simulated};
use crate::compare::budget::of_run;
use crate::report::render::csv as sheet;
use crate::sample::Cell;
use crate::spec::scenario::LoadShape;
use crate::stats::{Bursts, DispatchLag, LatencySummary, Summary, bursts};
use crate::store::Run;
use crate::text::sanitize::printable_json;

pub(in crate::report) mod cost;
mod variants;
mod whole;

use whole::level;

/// The version of both files' form.
const FORMAT: u32 = 3;

/// `summary.json`.
///
/// # Errors
/// Never, in truth: every value can be written.
pub(in crate::report) fn json(analysis: &Analysis) -> Result<String> {
    let (run, summaries) = (analysis.run, &analysis.summaries);
    let bursts = bursts(&run.samples, summaries);
    let page = Json::joined([
        object! {
            "format": FORMAT,
            "run": run.record.id.as_str(),
            "simulated": is_simulated(run),
            "complete": run.record.complete,
            "unit": "ns",
        },
        whole::members(analysis),
        cost::member(analysis),
        budget::member(&of_run(run)),
        object! {
            "rows": rows(summaries).collect::<Json>(),
            "cells": summaries.iter().map(|s| facts(run, s)).collect::<Json>(),
            "bursts": bursts.iter().map(burst).collect::<Json>(),
        },
        variants::member(run),
    ]);
    Ok(printable_json(&serde_json::to_string_pretty(&page)?) + "\n")
}

/// `summary.csv`: the same rows, with a heading.
///
/// # Errors
/// Never, in truth: every value can be written.
pub(in crate::report) fn csv(analysis: &Analysis) -> Result<String> {
    let rows: Result<Vec<_>, _> = rows(&analysis.summaries).map(serde_json::to_value).collect();
    let rows = rows?;
    Ok(sheet::rows(columns(&rows), &rows))
}

/// The columns of `summary.csv` after those of the factors, in the order of the JSON.
const COLUMNS: &str = "control pattern step act size temperature phase n errors min p50 p50_low \
    p50_high p90 p90_low p90_high p95 p95_low p95_high p99 p99_low p99_high max";

fn columns(rows: &[serde_json::Value]) -> impl Iterator<Item = &'static str> {
    let factors = sheet::factors(rows);
    ["function", "adapter"].into_iter().chain(factors).chain(COLUMNS.split(' '))
}

/// What stands for the time until the first byte of streamed replies.
const FIRST_BYTE: &str = "first_byte";

/// The whole of each cell, its phases, and where replies were streamed their first byte.
fn rows(summaries: &[Summary]) -> impl Iterator<Item = Json<'_>> {
    summaries.iter().flat_map(|summary| {
        let phases = summary.phases.iter().map(|(span, of)| (span.to_string(), of));
        let whole = [("latency".to_owned(), &summary.latency)];
        let first = summary.first_byte.as_ref().map(|of| (FIRST_BYTE.to_owned(), of));
        whole
            .into_iter()
            .chain(phases)
            .chain(first)
            .map(|(phase, of)| row(&summary.cell, phase, of))
    })
}

/// One cell and phase; `latency` stands for the whole.
fn row<'a>(cell: &'a Cell, phase: String, of: &LatencySummary) -> Json<'a> {
    let act = match cell.act {
        LoadShape::Burst(_) => "burst",
        LoadShape::Sequence(_) => "sequence",
        LoadShape::Parallel { .. } => "parallel",
        LoadShape::Arrivals => "arrivals",
    };
    let quantiles = [("p50", of.p50), ("p90", of.p90), ("p95", of.p95), ("p99", of.p99)];
    let quantiles = quantiles.into_iter().flat_map(|(name, quantile)| {
        [
            (name.to_owned(), level(quantile.value)),
            (format!("{name}_low"), level(quantile.interval.map(|i| i.low))),
            (format!("{name}_high"), level(quantile.interval.map(|i| i.high))),
        ]
    });
    Json::joined([
        object! { "function": cell.function.as_str(), "adapter": cell.adapter.name() },
        factors(&cell.factors.asked()),
        object! {
            "control": cell.control.map(|control| control.to_string()),
            "pattern": cell.pattern.as_str(),
            "step": cell.step.as_str(),
            "act": act,
            "size": cell.act.invocations(),
            "temperature": cell.temperature.to_string(),
            "phase": phase,
            "n": of.n,
            "errors": of.failed,
            "min": of.min,
        },
        Json::by_name(quantiles),
        object! { "max": of.max },
    ])
}

/// What is known of a cell beside its distributions.
fn facts<'a>(run: &Run, summary: &'a Summary) -> Json<'a> {
    let Summary { first_ever, out_of_range, cold_to_warm, .. } = summary;
    let typical = summary.typical.and_then(|i| run.samples.get(i));
    object! {
        "cell": Json::Cell(&summary.cell),
        "first_ever_rows": first_ever.rows,
        "first_ever_p50": level(first_ever.median),
        "first_ever_used": first_ever.used,
        // Trial and index of the row nearest the median.
        "typical": typical.map(|s| vec![s.trial, s.index]),
        "below_range": out_of_range.below,
        "above_range": out_of_range.above,
        "lag": late(summary.lag),
        "invalid_bursts": summary.invalid_bursts,
        "cold_to_warm": cold_to_warm.as_ref().map(|r| r.ratio),
        "warm_cell": Json::or_null(cold_to_warm.as_ref().map(|r| Json::Cell(&r.warm))),
    }
}

fn burst(b: &Bursts) -> Json<'static> {
    object! {
        "size": b.size,
        "temperature": b.temperature.to_string(),
        "bursts": b.bursts,
        "invalid": b.invalid,
        "width": late(b.width),
    }
}

fn late(of: Option<DispatchLag>) -> Json<'static> {
    Json::or_null(of.map(|DispatchLag { p50, p99, max }| {
        object! { "p50": p50, "p99": p99, "max": max }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::synthetic;

    fn written(run: &Run) -> serde_json::Value {
        serde_json::from_str(&json(&Analysis::of(run)).unwrap()).unwrap()
    }

    #[test]
    fn csv_and_json_hold_the_same_rows() {
        let mut run = synthetic::four(4);
        run.samples[40].cell.function = "odd,\"name\"".into();
        let json = written(&run);
        let rows = json["rows"].as_array().unwrap();
        let csv = csv(&Analysis::of(&run)).unwrap();
        assert_eq!(csv.lines().count(), rows.len() + 1);
        assert_eq!(rows[0].as_object().unwrap().len(), columns(&[]).count());
        assert_eq!((&json["format"], &json["unit"]), (&FORMAT.into(), &"ns".into()));
        assert!(
            csv.contains(
                "\"odd,\"\"name\"\"\",runtime-api,docker,bridge,runc,,134217728,warm,json-file,,"
            ),
            "{csv}"
        );
        assert!(csv.contains(",burst,1,cold,engine+boot,3,0,"), "{csv}");
    }

    #[test]
    fn unsupported_is_null_and_lost_is_failed() {
        let mut run = synthetic::run(&synthetic::FOUR[..1], 2);
        for sample in run.samples.iter_mut().filter(|s| s.cell.step == "call") {
            sample.outcome = crate::sample::Outcome::Crashed { cause: "x".into() };
        }
        let json = written(&run);
        let rows = json["rows"].as_array().unwrap();
        let call = rows.iter().find(|r| r["step"] == "call").unwrap();
        assert_eq!((&call["p50"], &call["p90"]), (&"failed".into(), &serde_json::Value::Null));
        assert_eq!((&call["errors"], &call["min"]), (&1.into(), &serde_json::Value::Null));
    }
}
