//! `tune.json`: sizes, what they cost and which stand out, for other programs; and its rows.
//! See `results/tune.schema.json`.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::report::render::csv::{self, Column};
use crate::stats::{LatencySummary, Quantile, RankedValue};
use crate::text::sanitize::printable_json;
use crate::tune::{Figure, Size, Tuned, Tuning, link};
use crate::words::is_simulated;

/// The version of the file's form.
const FORMAT: u32 = 1;

/// The file.
///
/// # Errors
/// Never in practice: it is made of numbers and text.
pub(in crate::report) fn document(of: &Tuning) -> Result<String> {
    Ok(printable_json(&serde_json::to_string_pretty(&value(of))?) + "\n")
}

fn value(of: &Tuning) -> Value {
    let bill = &of.bill;
    json!({
        "format": FORMAT,
        "run": of.run.record.id,
        "command": of.run.record.command,
        "simulated": is_simulated(of.run),
        "complete": of.run.record.complete,
        "cpu_rule": of.rule.to_string(),
        "cold_share": bill.cold_share,
        "architecture": bill.architecture.to_string(),
        "currency": bill.prices.currency,
        "region": bill.prices.region,
        "prices_as_of": bill.prices.as_of,
        "functions": of.functions.iter().map(|tuned| function(of, tuned)).collect::<Vec<_>>(),
    })
}

fn function(of: &Tuning, tuned: &Tuned) -> Value {
    let mib = |at: Option<usize>| at.map(|at| tuned.sizes[at].mib);
    json!({
        "function": tuned.name,
        "init_from": tuned.init.to_string(),
        "cheapest": mib(tuned.choice.cheapest),
        "fastest": mib(tuned.choice.fastest),
        "knee": mib(tuned.choice.knee),
        "power_tuning": link(tuned),
        "sizes": tuned.sizes.iter().map(|s| size(of, s)).collect::<Vec<_>>(),
    })
}

fn size(of: &Tuning, size: &Size) -> Value {
    let failures = &size.failures;
    json!({
        "memory_mib": size.mib,
        "eligible": size.is_eligible(),
        "calls": failures.of,
        "failed": failures.failed,
        "out_of_memory": failures.out_of_memory,
        "failure": failures.kind,
        "cause": failures.cause,
        "cold": latency(&size.cold),
        "warm": latency(&size.warm),
        "init": latency(&size.init),
        "first_event": latency(&size.event),
        "billed_cold_ms": size.billed_ms.map(|[cold, _]| cold),
        "billed_warm_ms": size.billed_ms.map(|[_, warm]| warm),
        "average_ns": figure(size.average),
        "per_million": figure(size.price),
        "per_million_by_cold_share": size.prices.iter().map(|(share, price)| {
            json!({ "share": share, "price": price })
        }).collect::<Vec<_>>(),
        "waiting_a_month": of.bill.waiting_a_month(size.mib),
        "p_from_cheapest": size.from_cheapest,
        "p_from_fastest": size.from_fastest,
    })
}

fn latency(of: &LatencySummary) -> Value {
    json!({ "n": of.n, "failed": of.failed, "p50": quantile(&of.p50), "p90": quantile(&of.p90) })
}

fn quantile(of: &Quantile) -> Value {
    let ns = |value: RankedValue| value.ns().map(f64::round);
    let [low, high] = [of.interval.map(|i| i.low), of.interval.map(|i| i.high)];
    json!({ "value": of.value.and_then(ns), "low": low.and_then(ns), "high": high.and_then(ns) })
}

fn figure(of: Option<Figure>) -> Value {
    let [low, high] = of.and_then(|of| of.interval).map_or([None; 2], |ends| ends.map(Some));
    json!({ "value": of.map(|of| of.value), "low": low, "high": high })
}

/// The columns of `tune.csv`, each with its place in a size.
const COLUMNS: [Column; 24] = [
    ("function", "/function"),
    ("memory_mib", "/memory_mib"),
    ("eligible", "/eligible"),
    ("cheapest", "/cheapest"),
    ("fastest", "/fastest"),
    ("knee", "/knee"),
    ("calls", "/calls"),
    ("failed", "/failed"),
    ("out_of_memory", "/out_of_memory"),
    ("failure", "/failure"),
    ("cold_p50_ns", "/cold/p50/value"),
    ("cold_p90_ns", "/cold/p90/value"),
    ("warm_p50_ns", "/warm/p50/value"),
    ("warm_p90_ns", "/warm/p90/value"),
    ("init_p50_ns", "/init/p50/value"),
    ("billed_cold_ms", "/billed_cold_ms"),
    ("billed_warm_ms", "/billed_warm_ms"),
    ("average_ns", "/average_ns/value"),
    ("per_million", "/per_million/value"),
    ("per_million_low", "/per_million/low"),
    ("per_million_high", "/per_million/high"),
    ("p_from_cheapest", "/p_from_cheapest"),
    ("p_from_fastest", "/p_from_fastest"),
    ("simulated", "/simulated"),
];

/// The sizes of a `tune.json` for a spreadsheet (CSV): a row a function and size.
///
/// # Errors
/// When it is another document: what it lacks is named.
pub(in crate::report) fn csv(document: &Value) -> Result<String> {
    let mut rows = Vec::new();
    for function in document["functions"].as_array().context("`functions` is no list")? {
        for size in function["sizes"].as_array().context("`sizes` is no list")? {
            let mut row = size.as_object().cloned().context("a size is no object")?;
            row.insert("function".to_owned(), function["function"].clone());
            row.insert("simulated".to_owned(), document["simulated"].clone());
            for which in ["cheapest", "fastest", "knee"] {
                let is = function[which] == size["memory_mib"];
                row.insert(which.to_owned(), Value::Bool(is));
            }
            rows.push(Value::Object(row));
        }
    }
    Ok(csv::csv(&COLUMNS, &rows))
}
