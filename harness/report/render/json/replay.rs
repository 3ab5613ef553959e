//! `replay.json`: what came of each policy, for other programs; and its rows. See
//! `results/replay.schema.json`.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::replay::Replay;
use crate::report::render::csv::{self, Column};
use crate::text::sanitize::printable_json;

/// The file.
///
/// # Errors
/// Never in practice: it is made of numbers and text.
pub(in crate::report) fn document(of: &Replay) -> Result<String> {
    Ok(printable_json(&serde_json::to_string_pretty(of)?) + "\n")
}

/// The columns of `replay.csv`, each with its place in a policy.
const COLUMNS: [Column; 29] = [
    ("policy", "/policy"),
    ("cold", "/cold"),
    ("fresh", "/fresh"),
    ("warm", "/warm"),
    ("delayed", "/delayed"),
    ("failed", "/failed"),
    ("throttled_concurrency", "/throttled_concurrency"),
    ("throttled_scaling", "/throttled_scaling"),
    ("throttled_memory", "/throttled_memory"),
    ("starts", "/starts"),
    ("provisioned", "/provisioned"),
    ("prewarmed", "/prewarmed"),
    ("unused", "/unused"),
    ("evictions", "/evictions"),
    ("idle_gb_s", "/idle_gb_s"),
    ("busy_gb_s", "/busy_gb_s"),
    ("starting_gb_s", "/starting_gb_s"),
    ("latency_p50_ns", "/latency/p50"),
    ("latency_p90_ns", "/latency/p90"),
    ("latency_p99_ns", "/latency/p99"),
    ("latency_max_ns", "/latency/max"),
    ("waited_p50_ns", "/waited/p50"),
    ("waited_p90_ns", "/waited/p90"),
    ("waited_p99_ns", "/waited/p99"),
    ("waited_max_ns", "/waited/max"),
    ("calls_cost", "/calls_cost"),
    ("idle_cost", "/idle_cost"),
    ("per_cold_start_avoided", "/per_cold_start_avoided"),
    ("run", "/run"),
];

/// The policies of a `replay.json` for a spreadsheet (CSV).
///
/// # Errors
/// When it is another document: what it lacks is named.
pub(in crate::report) fn csv(document: &Value) -> Result<String> {
    let policies = document["policies"].as_array().context("`policies` is no list")?;
    Ok(csv::csv(&COLUMNS, policies))
}
