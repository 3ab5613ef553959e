//! The rows of a comparison for a spreadsheet, from `compare.json`: one list of what a
//! row is.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Column;

/// The columns, each with its place in a row of `compare.json`.
const COLUMNS: [Column; 44] = [
    ("function", "/function"),
    ("network", "/cell/network"),
    ("runtime", "/cell/runtime"),
    ("cpus", "/cell/cpus"),
    ("memory_bytes", "/cell/memory_bytes"),
    ("page_cache", "/cell/page_cache"),
    ("log_driver", "/cell/log_driver"),
    ("control", "/cell/control"),
    ("pattern", "/cell/pattern"),
    ("step", "/cell/step"),
    ("act", "/cell/act"),
    ("invocations", "/cell/invocations"),
    ("workers", "/cell/workers"),
    ("temperature", "/cell/temperature"),
    ("metric", "/metric"),
    ("unit", "/unit"),
    ("gated", "/gated"),
    ("verdict", "/verdict"),
    ("reason", "/reason"),
    ("base_n", "/base/n"),
    ("base_failed", "/base/failed"),
    ("base_median", "/base/median"),
    ("head_n", "/head/n"),
    ("head_failed", "/head/failed"),
    ("head_median", "/head/median"),
    ("ratio", "/ratio/value"),
    ("ratio_low", "/ratio/low"),
    ("ratio_high", "/ratio/high"),
    ("p90_ratio", "/p90_ratio/value"),
    ("p90_ratio_low", "/p90_ratio/low"),
    ("p90_ratio_high", "/p90_ratio/high"),
    ("difference", "/difference/value"),
    ("difference_low", "/difference/low"),
    ("difference_high", "/difference/high"),
    ("p", "/p"),
    ("adjusted_p", "/adjusted_p"),
    ("margin_share", "/margin/share"),
    ("margin_floor", "/margin/floor"),
    ("detectable_share", "/detectable/share"),
    ("detectable_amount", "/detectable/amount"),
    ("measured_again", "/measured_again"),
    ("outcome", "/outcome"),
    ("binding", "/binding"),
    ("simulated", "/simulated"),
];

/// What every row repeats of the whole: a sheet has no place beside its rows.
const OF_ALL: [&str; 3] = ["outcome", "binding", "simulated"];

/// The rows of a `compare.json` for a spreadsheet (CSV), in its units.
///
/// # Errors
/// When it is another document: what it lacks is named.
pub fn csv(document: &Value) -> Result<String> {
    let rows = document["rows"].as_array().context("`rows` is no list")?;
    let whole = |(at, row): (usize, &Value)| {
        let mut row =
            row.as_object().with_context(|| format!("`rows[{at}]` is no object"))?.clone();
        for name in OF_ALL {
            row.insert(name.to_owned(), document[name].clone());
        }
        Ok(Value::Object(row))
    };
    let rows: Result<Vec<Value>> = rows.iter().enumerate().map(whole).collect();
    Ok(super::csv(&COLUMNS, &rows?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::comparison::tests::synthetic;

    #[test]
    fn every_column_has_its_place_in_the_file() {
        let schema = include_str!("../../../../results/compare.schema.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        let definitions = &schema["$defs"];
        for (name, pointer) in COLUMNS {
            let mut parts = pointer.split('/').skip(1);
            let first = parts.next().unwrap();
            if OF_ALL.contains(&first) {
                assert!(schema["properties"].get(first).is_some(), "{name}");
                continue;
            }
            let field = &definitions["Row"]["properties"][first];
            assert!(!field.is_null(), "{name}: a row has no {first}");
            let Some(second) = parts.next() else { continue };
            let reference = field.to_string();
            let part = reference.split("#/$defs/").nth(1).unwrap().split('"').next().unwrap();
            let held = definitions[part]["properties"].get(second);
            assert!(held.is_some(), "{name}: {part} has no {second}");
        }
    }

    #[test]
    fn a_row_is_a_line() {
        let found = synthetic::regressed();
        let text = crate::report::render::json::comparison::document(&found).unwrap();
        let sheet = csv(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(sheet.lines().count(), found.rows.len() + 1);
        assert!(sheet.starts_with("function,network,runtime,"), "{sheet}");
    }
}
