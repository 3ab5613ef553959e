//! The packages of an `explain.json` for a spreadsheet.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Column;

/// The columns, each with its place in a row.
const COLUMNS: [Column; 6] = [
    ("function", "/function"),
    ("package", "/of/package"),
    ("attributed_ns", "/of/ns"),
    ("share", "/of/share"),
    ("files", "/of/files"),
    ("bytes", "/of/bytes"),
];

/// The packages of each function (CSV), the most first.
///
/// # Errors
/// When it is another document: what it lacks is named.
pub fn csv(document: &Value) -> Result<String> {
    let functions = document["functions"].as_array().context("`functions` is no list")?;
    let of = |function: &Value| {
        let packages = function["packages"].as_array().cloned().unwrap_or_default();
        let name = function["function"].clone();
        packages.into_iter().map(move |of| json!({ "function": name, "of": of }))
    };
    let rows: Vec<Value> = functions.iter().flat_map(of).collect();
    Ok(super::csv(&COLUMNS, &rows))
}
