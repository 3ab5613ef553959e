//! `aa.json`: how often gates alarmed, for other programs.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::comparison::{share, whole};
use crate::compare::{Head, Rate, Reliability};
use crate::spec::tolerance::Metric;
use crate::text::sanitize::printable_json;

/// The version of the file's form.
const FORMAT: u32 = 1;

/// The file.
///
/// # Errors
/// Never in practice: it is made of numbers and text.
pub(in crate::report) fn document(found: &Reliability) -> Result<String> {
    Ok(printable_json(&serde_json::to_string_pretty(&value(found))?) + "\n")
}

fn value(found: &Reliability) -> Value {
    json!({
        "format": FORMAT,
        "command": found.command,
        "source": found.source,
        "simulated": found.simulated,
        "rounds": found.rounds,
        "margin": found.margin,
        "confirm": found.confirm,
        "elapsed": found.elapsed.as_secs_f64(),
        "heads": found.heads.iter().map(head).collect::<Vec<_>>(),
    })
}

fn head(head: &Head) -> Value {
    let rates = &head.rates;
    let mut functions = Map::new();
    for (name, any) in &rates.functions {
        let mut metrics = Map::new();
        for metric in Metric::GATED {
            if let Some(row) = rates.rows.get(&(name.clone(), metric)) {
                let mut row = rate(row);
                row["detectable_ns"] = json!(rates.detectable(name, metric).map(f64::round));
                if let Some(margin) = rates.margins.get(&(name.clone(), metric)) {
                    row["margin"] =
                        json!({ "share": share(margin.share), "floor": whole(margin.floor) });
                }
                metrics.insert(metric.name().to_owned(), row);
            }
        }
        let sleep = head.sleeps.get(name).copied().unwrap_or(0);
        functions
            .insert(name.clone(), json!({ "sleep_ms": sleep, "any": rate(any), "rows": metrics }));
    }
    let margin = head.rates.suggested_margin().filter(|_| head.injected.is_none());
    json!({
        "injected": head.injected,
        "works": head.works,
        "gates": rate(&rates.gates),
        "invalid": rates.invalid,
        "functions": functions,
        "suggested_margin": margin,
    })
}

fn rate(rate: &Rate) -> Value {
    let (low, high) = rate.interval();
    json!({ "alarmed": rate.hits, "of": rate.of, "share": rate.share(), "interval": [low, high] })
}
