//! Rows of JSON as CSV (RFC 4180), and as a table in Markdown. Knows nothing of what the
//! rows say: their texts may be anybody's.

use anyhow::{Result, bail};
use serde_json::Value;

pub(in crate::report) mod comparison;
pub(in crate::report) mod explanation;
pub(in crate::report) mod reliability;

use super::markdown::grid_row;
use crate::report::document::Block;
use crate::spec::factor::{FACTORS, FactorInfo};
use crate::words::plain;

/// A column: its name, and where its value stands in a row: a key, or a JSON pointer.
pub(in crate::report) type Column = (&'static str, &'static str);

/// The columns of a sheet.
pub(in crate::report) struct Columns(Vec<Column>);

/// Names that are keys, with spaces between them.
impl From<&'static str> for Columns {
    fn from(names: &'static str) -> Self {
        Self(names.split_whitespace().map(|name| (name, name)).collect())
    }
}

impl FromIterator<&'static str> for Columns {
    fn from_iter<I: IntoIterator<Item = &'static str>>(names: I) -> Self {
        Self(names.into_iter().map(|name| (name, name)).collect())
    }
}

/// Rows of one kind.
pub struct Sheet {
    /// Its key in JSON and heading in Markdown.
    pub(in crate::report) name: &'static str,
    /// Of the rows those that are shown in a table.
    pub(in crate::report) columns: Columns,
    /// Every fact.
    pub(in crate::report) rows: Vec<Value>,
    /// What stands above it where people read; may be empty.
    pub(in crate::report) heading: String,
    /// What people read.
    pub(in crate::report) told: Block<'static>,
}

/// The only sheet that there is.
///
/// # Errors
/// When there are several.
pub(in crate::report) fn sheet(sheets: &[Sheet]) -> Result<String> {
    let [one] = sheets else {
        let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name).collect();
        bail!("CSV is one table: name one of {}", names.join(", "));
    };
    Ok(csv(&one.columns.0, &one.rows))
}

/// All sheets, each below its name.
pub(in crate::report) fn sheets_in_markdown(sheets: &[Sheet]) -> String {
    let table = |s: &Sheet| format!("## {}\n\n{}", s.name, markdown(&s.columns.0, &s.rows));
    sheets.iter().map(table).collect::<Vec<_>>().join("\n")
}

/// The factors that are columns of some rows: a later one only where some row has it, since
/// others are left out where nobody asked for them.
pub(in crate::report) fn factors(rows: &[Value]) -> impl Iterator<Item = &'static str> {
    let is_column = |factor: &&FactorInfo| {
        !factor.later || rows.iter().any(|row| row.get(factor.key).is_some_and(|v| !v.is_null()))
    };
    FACTORS.iter().filter(is_column).map(|factor| factor.key)
}

/// Rows of an object's own keys, by their names.
pub(in crate::report) fn rows(names: impl Iterator<Item = &'static str>, rows: &[Value]) -> String {
    csv(&names.map(|name| (name, name)).collect::<Vec<_>>(), rows)
}

/// A heading and a line a row. What a row lacks, or has as null, is empty; a list is
/// joined by spaces.
pub(in crate::report) fn csv(columns: &[Column], rows: &[Value]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut text = names.join(",") + "\n";
    for row in rows {
        let fields: Vec<String> = values(columns, row).map(field).collect();
        text += &(fields.join(",") + "\n");
    }
    text
}

/// The same as a table in GitHub-flavoured Markdown.
fn markdown(columns: &[Column], rows: &[Value]) -> String {
    let names = columns.iter().map(|(name, _)| name.replace('_', " "));
    let lines = rows.iter().map(|row| grid_row(values(columns, row).map(told)));
    let rule = grid_row(columns.iter().map(|_| "---".to_owned()));
    [grid_row(names), rule].into_iter().chain(lines).collect()
}

/// A row with what is said of its cell beside its own.
pub(in crate::report) fn with_its_cell(mut row: Value) -> Value {
    let cell = row.get("cell").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Value::Object(row) = &mut row {
        row.extend(cell);
    }
    row
}

fn values<'a>(columns: &[Column], row: &'a Value) -> impl Iterator<Item = &'a Value> {
    columns.iter().map(|(_, place)| {
        let value = if place.starts_with('/') { row.pointer(place) } else { row.get(place) };
        value.unwrap_or(&Value::Null)
    })
}

fn told(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(told).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// One value of a line: a text is quoted where it must be, and is never a formula; a
/// number stays what it is, its sign included.
fn field(value: &Value) -> String {
    match value {
        Value::String(_) | Value::Array(_) | Value::Object(_) => {
            quoted(&inert(plain(&told(value))))
        }
        plain => told(plain),
    }
}

/// A spreadsheet takes a text that begins like this for a formula, and computes it; full
/// width signs are the same to some. The apostrophe before it says that it is a text.
fn inert(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        return format!("'{text}");
    }
    text
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_lines() {
        let columns = [("name", "/name"), ("cell_n", "/cell/n"), ("list", "/list")];
        let rows = [
            serde_json::json!({ "name": "a,\"b\"|", "cell": { "n": 1.5 }, "list": ["x", "y"] }),
            serde_json::json!({ "name": null, "cell": null }),
        ];
        insta::assert_snapshot!(csv(&columns, &rows), @r#"
        name,cell_n,list
        "a,""b""|",1.5,x y
        ,,
        "#);
        insta::assert_snapshot!(markdown(&columns, &rows), @r#"
        | name | cell n | list |
        | --- | --- | --- |
        | a,"b"\| | 1.5 | x y |
        |  |  |  |
        "#);
    }

    #[test]
    fn csv_of_a_text_that_begins_like_a_formula_is_a_text_and_a_number_stays_a_number() {
        let columns = [("a", "/a"), ("b", "/b"), ("c", "/c")];
        for sign in ["=", "+", "-", "@", "\t=", "\r\n@", "\u{200b}=", "＝"] {
            let row = serde_json::json!({ "a": format!("{sign}cmd|'/C calc'!A0"), "b": -1.5 });
            let text = csv(&columns, &[row]);
            let cell = text.lines().nth(1).unwrap();
            let safe = |c: char| c == '\'' || c == '\u{fffd}';
            assert!(cell.starts_with(safe), "{sign:?}: {text}");
            assert!(cell.ends_with(",-1.5,"), "{sign:?}: {text}");
        }
        let list = serde_json::json!({ "a": ["=1", "x"], "b": "+1,\"2\"" });
        assert_eq!(csv(&columns, &[list]), "a,b,c\n'=1 x,\"'+1,\"\"2\"\"\",\n");
    }

    #[test]
    fn csv_with_terminal_codes_in_its_texts_has_none() {
        let row = serde_json::json!({ "a": "x\u{1b}[2Jy\u{9b}1m\u{202e}z\nnext" });
        let text = csv(&[("a", "/a")], &[row]);
        assert_eq!(text.lines().count(), 2, "{text}");
        let odd = |c: char| c.is_control() && c != '\n' || crate::text::sanitize::is_invisible(c);
        assert!(!text.contains(odd), "{text:?}");
    }
}
