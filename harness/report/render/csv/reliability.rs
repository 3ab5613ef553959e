//! The rates of an `aa.json` for a spreadsheet.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Column;

/// The columns of the rates, each with its place in a row.
const COLUMNS: [Column; 10] = [
    ("injected", "/injected"),
    ("function", "/function"),
    ("sleep_ms", "/sleep_ms"),
    ("metric", "/metric"),
    ("alarmed", "/rate/alarmed"),
    ("of", "/rate/of"),
    ("share", "/rate/share"),
    ("share_low", "/rate/interval/0"),
    ("share_high", "/rate/interval/1"),
    ("detectable_ns", "/rate/detectable_ns"),
];

/// The rates of an `aa.json` for a spreadsheet (CSV): of whole gates, where function and metric are empty, of a
/// function by any metric, where that is empty, and of each.
///
/// # Errors
/// When it is another document: what it lacks is named.
pub fn csv(document: &Value) -> Result<String> {
    let mut rows = Vec::new();
    for (at, head) in document["heads"].as_array().context("`heads` is no list")?.iter().enumerate()
    {
        anyhow::ensure!(head["gates"].is_object(), "`heads[{at}]` has no `gates`");
        rows.push(json!({ "injected": head["injected"], "rate": head["gates"] }));
        for (name, function) in head["functions"].as_object().into_iter().flatten() {
            let row = |metric: Option<&String>, rate: &Value| {
                json!({
                    "injected": head["injected"],
                    "function": name,
                    "sleep_ms": function["sleep_ms"],
                    "metric": metric,
                    "rate": rate,
                })
            };
            rows.push(row(None, &function["any"]));
            let metrics = function["rows"].as_object().into_iter().flatten();
            rows.extend(metrics.map(|(metric, rate)| row(Some(metric), rate)));
        }
    }
    Ok(super::csv(&COLUMNS, &rows))
}
