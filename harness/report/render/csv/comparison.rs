//! The rows of a comparison for a spreadsheet, from `compare.json`: one list of what a
//! row is.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Column;

/// The columns after those of the factors: of a row's cell, and of the row.
const NAMES: &str = "control pattern step act invocations workers temperature metric unit gated \
    verdict reason";

/// The columns after those, each with its place in a row of `compare.json`.
const COLUMNS: [Column; 25] = [
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

fn columns(rows: &[Value]) -> Vec<Column> {
    let factors = super::factors(rows);
    let names = ["function", "adapter"].into_iter().chain(factors).chain(NAMES.split(' '));
    names.map(|name| (name, name)).chain(COLUMNS).collect()
}

/// What every row repeats of the whole: a sheet has no place beside its rows.
const OF_ALL: [&str; 3] = ["outcome", "binding", "simulated"];

/// The rows of a `compare.json` for a spreadsheet (CSV), in its units.
///
/// # Errors
/// When it is another document: what it lacks is named.
pub fn csv(document: &Value) -> Result<String> {
    let rows = document["rows"].as_array().context("`rows` is no list")?;
    let budgets = document["budgets"].as_array().map_or(&[][..], Vec::as_slice);
    let budgets: Vec<Value> = budgets.iter().map(as_a_row).collect();
    let whole = |(at, row): (usize, &Value)| {
        let mut row =
            row.as_object().with_context(|| format!("`rows[{at}]` is no object"))?.clone();
        // What is said of its cell stands beside the row's own.
        let cell = row.get("cell").and_then(Value::as_object).cloned().unwrap_or_default();
        row.extend(cell);
        row.extend(OF_ALL.map(|name| (name.to_owned(), document[name].clone())));
        Ok(Value::Object(row))
    };
    let rows: Result<Vec<Value>> = rows.iter().chain(&budgets).enumerate().map(whole).collect();
    let rows = rows?;
    let limits = if budgets.is_empty() { &[][..] } else { &LIMITS };
    let columns: Vec<Column> = columns(&rows).into_iter().chain(limits.iter().copied()).collect();
    Ok(super::csv(&columns, &rows))
}

/// The columns that only a sheet with budgets has, after all others.
const LIMITS: [Column; 3] = [("limit", "limit"), ("head_low", "low"), ("head_high", "high")];

/// A budget as a row of the sheet: what was measured is head's, and it decides.
fn as_a_row(budget: &Value) -> Value {
    let mut row = budget.clone();
    if let Value::Object(row) = &mut row {
        let own = ["n", "failed", "median"].map(|name| (name.to_owned(), budget[name].clone()));
        row.insert("head".to_owned(), Value::Object(own.into_iter().collect()));
        row.insert("gated".to_owned(), true.into());
    }
    row
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
        let has = |of: &str, name: &str| definitions[of]["properties"].get(name).is_some();
        for (name, place) in columns(&[]) {
            let mut parts = place.trim_start_matches('/').split('/');
            let first = parts.next().unwrap();
            let of_all = OF_ALL.contains(&first) && schema["properties"].get(first).is_some();
            assert!(of_all || has("Row", first) || has("Cell", first), "{name}");
            let Some(second) = parts.next() else { continue };
            let reference = definitions["Row"]["properties"][first].to_string();
            let part = reference.split("#/$defs/").nth(1).unwrap().split('"').next().unwrap();
            assert!(has(part, second), "{name}: {part} has no {second}");
        }
    }

    #[test]
    fn a_row_is_a_line() {
        let found = synthetic::regressed();
        let text = crate::report::render::json::comparison::document(&found).unwrap();
        let sheet = csv(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(sheet.lines().count(), found.rows.len() + 1);
        assert!(sheet.starts_with("function,adapter,engine,network,runtime,"), "{sheet}");
    }
}
