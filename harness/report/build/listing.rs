//! What can be measured and what was, in words: an entry a row, those that cannot be read
//! last. What rows say may be anybody's: tamed here.

use std::path::Path;

use serde_json::{Value, json};

use crate::report::document::Importance::Key;
use crate::report::document::{Block, Cell, Column, Document, Entry, Section, Table};
use crate::report::listing::{Listing, Sheet};
use crate::store::FunctionRecord;
use crate::text::sanitize::printable;
use crate::words::counted;

const RUNS: &str = "kind name folder id started scenario functions rounds complete simulated \
    invalid answer verdict binding base head broken";
const FUNCTIONS: &str = "name bases image build memory_bytes cpus timeout_ms reply env launch variant_of \
    about null optional broken";
const SCENARIOS: &str = "name file about rounds functions trials starts seconds broken";
const IMAGES: &str = "name image digest size version";

/// A section a kind, and nothing around them.
pub(in crate::report) fn document(listing: &Listing) -> Document<'static> {
    let section = |sheet: &Sheet| {
        Section::new(sheet.name, sheet.heading.clone(), Key, vec![sheet.told.clone()])
    };
    Document { sections: listing.sheets.iter().map(section).collect(), ..Document::default() }
}

/// What can be started, as a file describes it.
#[must_use]
pub fn functions(file: &Path, rows: Vec<Value>) -> Sheet {
    let heading = format!("functions in {} (--functions NAMES):", file.display());
    sheet("functions", FUNCTIONS, heading, rows, function)
}

/// What can be done to it, by the project's folder and the program.
#[must_use]
pub fn scenarios(folder: &str, rows: Vec<Value>) -> Sheet {
    let heading = format!("scenarios, in {folder} and of the program (coldstart run NAME):");
    sheet("scenarios", SCENARIOS, heading, rows, scenario)
}

/// What was measured and judged. `again` is the command that makes a run's summary.
#[must_use]
pub fn runs(results: &Path, rows: Vec<Value>, again: impl Fn(&str) -> String) -> Sheet {
    let results = results.display();
    let heading = format!("results in {results}, newest first (coldstart show NAME):");
    sheet("runs", RUNS, heading, rows, |row| result(row, &again))
}

/// Images as they were built.
#[must_use]
pub fn images(records: &[FunctionRecord]) -> Sheet {
    let text = |text: &str| Cell::Text(printable(text, usize::MAX));
    let told = Table::of(
        "images",
        "",
        records,
        &[
            (Column::new("function").names(), &|r| text(&r.name)),
            (Column::new("image"), &|r| text(&r.image)),
            (Column::new("digest"), &|r| text(r.digest.get(..19).unwrap_or(&r.digest))),
            (Column::new("size"), &|r| Cell::Bytes(r.size)),
            (Column::new("version"), &|r| text(&r.version)),
        ],
    );
    Sheet {
        name: "images",
        columns: IMAGES.into(),
        rows: records.iter().map(|record| json!(record)).collect(),
        heading: String::new(),
        told: Block::Table(told.key()),
    }
}

fn sheet(
    name: &'static str,
    columns: &'static str,
    heading: String,
    rows: Vec<Value>,
    lines: impl Fn(&Value) -> Vec<String>,
) -> Sheet {
    let (good, broken): (Vec<&Value>, Vec<&Value>) =
        rows.iter().partition(|row| row["broken"].is_null());
    let entry = |row: &&Value| Entry::new(word(row, "name"), lines(row));
    let mut entries: Vec<Entry> = good.iter().map(entry).collect();
    if rows.is_empty() {
        entries.push(Entry::new("none", Vec::new()));
    }
    if !broken.is_empty() {
        let why = |row: &&Value| {
            let place = ["folder", "file", "name"].into_iter().find(|key| row[key].is_string());
            format!("{}: {}", word(row, place.unwrap_or("name")), word(row, "broken"))
        };
        entries.push(Entry::new("cannot be read:", broken.iter().map(why).collect()));
    }
    Sheet { name, columns: columns.into(), rows, heading, told: Block::Entries(entries) }
}

fn word<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or("")
}

/// The words of a list, separated.
fn words(row: &Value, key: &str) -> String {
    let all = row[key].as_array().into_iter().flatten().filter_map(Value::as_str);
    all.collect::<Vec<_>>().join(", ")
}

fn function(row: &Value) -> Vec<String> {
    if row["variant_of"].is_string() {
        return variant(row);
    }
    let mut facts = Vec::new();
    if row["null"] == true {
        facts.push("the null function: the control of every run".to_owned());
    }
    if row["optional"] == true {
        facts.push("measured only where it is named".to_owned());
    }
    let bases = words(row, "bases");
    facts.push(match (word(row, "image"), word(row, "build")) {
        ("", "") if bases.is_empty() => "from scratch".to_owned(),
        ("", "") => format!("from {bases}"),
        ("", build) => format!("built by `{}`", printable(build, 200)),
        (image, _) => format!("image {}", printable(image, 200)),
    });
    facts.push(word(row, "limits").to_owned());
    let told = |key: &str, words: String| {
        (!words.is_empty()).then(|| format!("{key} {}", printable(&words, 200)))
    };
    facts.extend(told("variables", words(row, "env")));
    facts.extend(told("started with", word(row, "launch").to_owned()));
    facts.extend(match &row["reply"] {
        Value::String(rule) if rule == "any" => {
            Some("any reply: temperature by container alone".to_owned())
        }
        Value::Object(_) => {
            Some("a reply as it describes: temperature by container alone".to_owned())
        }
        _ => None,
    });
    vec![facts.join("; ")]
}

/// In what it differs from the function above it.
fn variant(row: &Value) -> Vec<String> {
    let of = printable(word(row, "variant_of"), 60);
    vec![format!("variant of {of} (run --variants): {}", printable(word(row, "about"), 400))]
}

fn scenario(row: &Value) -> Vec<String> {
    let functions = words(row, "functions");
    let whom = if functions.is_empty() { String::new() } else { format!(" of {functions}") };
    let plan = match row["starts"].as_u64() {
        Some(starts) => format!("; {starts} container starts{whom}, {}", word(row, "takes")),
        None => String::new(),
    };
    let rounds = match row["until"].as_str() {
        Some(share) => format!("until medians are known within {share}"),
        None => format!("{} rounds", row["rounds"]),
    };
    vec![word(row, "about").to_owned(), format!("{rounds}{plan}")]
}

/// What a result is, of what, and what it said.
fn result(row: &Value, again: impl Fn(&str) -> String) -> Vec<String> {
    let mut lines = vec![facts(row), words(row, "functions")];
    if row["base"].is_string() {
        lines.push(format!("base {}; head {}", word(row, "base"), word(row, "head")));
    }
    if let Some(label) = row["side"].as_str() {
        lines.push(format!("a side of a comparison: {label}"));
    }
    lines.push(match (row["verdict"].as_str(), row["binding"].as_bool()) {
        (Some(verdict), Some(false)) => format!("{verdict}, advisory"),
        (verdict, _) => verdict.unwrap_or_default().to_owned(),
    });
    let invalid = if row["invalid"] == true { "INVALID: " } else { "" };
    match word(row, "answer") {
        "" if row["kind"] == "run" => {
            lines.push(format!("no summary yet: `{}` makes it", again(word(row, "name"))));
        }
        "" => {}
        answer => lines.push(format!("{invalid}{answer}")),
    }
    lines
}

fn facts(row: &Value) -> String {
    let simulated = if row["simulated"] == true { "SIMULATED " } else { "" };
    let complete = row["complete"].as_bool().map(|complete| match complete {
        true => "complete".to_owned(),
        false => format!("NOT COMPLETE: {}", word(row, "stopped")),
    });
    let facts = [
        Some(format!("{simulated}{}", word(row, "kind"))),
        row["started"].as_str().map(str::to_owned),
        row["scenario"].as_str().map(|scenario| format!("scenario {scenario}")),
        row["rounds"].as_u64().map(|rounds| counted(rounds, "round")),
        complete,
    ];
    let told = facts.into_iter().flatten().filter(|fact| !fact.is_empty());
    told.collect::<Vec<_>>().join(", ")
}
