//! What an earlier version of this program wrote, as this one reads it. Nothing on disk
//! is changed.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::RunRecord;
use crate::sample::Sample;
use crate::spec::factor::EngineKind;

/// The oldest format that is read.
pub(super) const OLDEST: u32 = 2;

/// `run.json` of format 2: it was of one engine, which no factor named, and told what that
/// offers by other names.
pub(super) fn from_2(mut record: Value) -> Result<Value> {
    let engine = record.get_mut("engine").and_then(Value::as_object_mut).context("no `engine`")?;
    let is_simulated = engine.get("kind").and_then(Value::as_str) == Some("fake");
    let offers = engine.entry("offers").or_insert(json!({}));
    let offers = offers.as_object_mut().context("`engine.offers` is no object")?;
    let renamed = [
        ("runtimes", "runtime"),
        ("log_drivers", "log_driver"),
        ("cpu_quota", "cpus"),
        ("memory_limit", "memory"),
    ];
    for (before, now) in renamed {
        if let Some(offer) = offers.remove(before) {
            offers.insert(now.to_owned(), offer);
        }
    }
    let factors = record.pointer_mut("/scenario/factors").and_then(Value::as_object_mut);
    let engines = if is_simulated { json!(["fake"]) } else { json!([]) };
    factors.context("no `scenario.factors`")?.insert("engine".to_owned(), engines);
    Ok(record)
}

/// A row of a run: of format 2 none names its engine.
pub(super) fn sample(sample: &mut Sample, record: &RunRecord) {
    if record.format == 2 {
        sample.cell.factors.engine = match sample.cell.control {
            Some(control) if !control.kind().has_factors() => EngineKind::Process,
            _ => record.scenario.factors.engine(),
        };
    }
}
