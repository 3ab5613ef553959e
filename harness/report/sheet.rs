//! Rows of JSON as CSV (RFC 4180) and as a table in Markdown. Knows nothing of what the
//! rows say.

use std::fmt::Write;

use serde_json::Value;

use super::markdown::escape;

/// A column: its name, and where its value stands in a row as a JSON pointer.
pub type Column = (&'static str, &'static str);

/// A heading and a line a row. What a row lacks, or has as null, is empty; a list is
/// joined by spaces.
#[must_use]
pub fn csv(columns: &[Column], rows: &[Value]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut text = names.join(",") + "\n";
    for row in rows {
        let fields: Vec<String> = values(columns, row).map(|value| field(&value)).collect();
        text += &(fields.join(",") + "\n");
    }
    text
}

/// The same as a table in GitHub-flavoured Markdown.
#[must_use]
pub fn markdown(columns: &[Column], rows: &[Value]) -> String {
    let names: Vec<String> = columns.iter().map(|(name, _)| name.replace('_', " ")).collect();
    let mut text = format!("| {} |\n|{}\n", names.join(" | "), "---|".repeat(columns.len()));
    for row in rows {
        let fields: Vec<String> = values(columns, row).map(|value| escape(&value)).collect();
        let _ = writeln!(text, "| {} |", fields.join(" | "));
    }
    text
}

fn values(columns: &[Column], row: &Value) -> impl Iterator<Item = String> {
    columns.iter().map(|(_, pointer)| row.pointer(pointer).map_or_else(String::new, told))
}

fn told(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(told).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// Quoted where it must be.
pub(super) fn field(text: &str) -> String {
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
        |---|---|---|
        | a,"b"\| | 1.5 | x y |
        |  |  |  |
        "#);
    }
}
