//! `list`: what can be measured, and what was. Reads, and changes nothing; what cannot
//! be read is named with the reason, and stops nothing.

use std::path::Path;

use serde_json::Value;

use super::ExitReason;
use super::repeat::Words;
use super::stdout::{self, Sheet, wrapped};
use crate::cli::{List, Listed};
use coldstart::report::sheet::Column;
use coldstart::store::catalog;

pub(super) mod inventory;

pub(super) use inventory::{FOLDER, scenario_names};

const RUNS: [Column; 17] = [
    ("kind", "/kind"),
    ("name", "/name"),
    ("folder", "/folder"),
    ("id", "/id"),
    ("started", "/started"),
    ("scenario", "/scenario"),
    ("functions", "/functions"),
    ("rounds", "/rounds"),
    ("complete", "/complete"),
    ("simulated", "/simulated"),
    ("invalid", "/invalid"),
    ("answer", "/answer"),
    ("verdict", "/verdict"),
    ("binding", "/binding"),
    ("base", "/base"),
    ("head", "/head"),
    ("broken", "/broken"),
];

const FUNCTIONS: [Column; 8] = [
    ("name", "/name"),
    ("bases", "/bases"),
    ("memory_bytes", "/memory_bytes"),
    ("cpus", "/cpus"),
    ("timeout_ms", "/timeout_ms"),
    ("reply", "/reply"),
    ("null", "/null"),
    ("broken", "/broken"),
];

const SCENARIOS: [Column; 9] = [
    ("name", "/name"),
    ("file", "/file"),
    ("about", "/about"),
    ("rounds", "/rounds"),
    ("functions", "/functions"),
    ("trials", "/trials"),
    ("starts", "/starts"),
    ("seconds", "/seconds"),
    ("broken", "/broken"),
];

/// Lists everything, or one kind.
pub(super) fn run(args: &List) -> Result<(), ExitReason> {
    Ok(stdout::result(&listed(args)?)?)
}

/// What there is, in a form.
pub(super) fn listed(args: &List) -> Result<String, ExitReason> {
    let wants = |kind: Listed| args.what.is_none_or(|what| what == kind);
    let file = args.functions_file.as_path();
    let mut sheets = Vec::new();
    if wants(Listed::Functions) {
        let rows = inventory::functions(file);
        sheets.push(Sheet { name: "functions", columns: &FUNCTIONS, rows });
    }
    if wants(Listed::Scenarios) {
        let rows = inventory::scenarios(file);
        sheets.push(Sheet { name: "scenarios", columns: &SCENARIOS, rows });
    }
    if wants(Listed::Runs) {
        let rows: Result<Vec<Value>, _> =
            catalog::scan(&args.results).iter().map(serde_json::to_value).collect();
        sheets.push(Sheet { name: "runs", columns: &RUNS, rows: rows? });
    }
    stdout::sheets(args.printed.format, &sheets, || text(&sheets, args))
}

/// Every sheet for a person.
fn text(sheets: &[Sheet], args: &List) -> String {
    let each = sheets.iter().map(|sheet| match sheet.name {
        "functions" => section(
            &format!("functions in {} (--functions NAMES):", args.functions_file.display()),
            &sheet.rows,
            function,
        ),
        "scenarios" => section(
            &format!("scenarios, in {FOLDER} and of the program (coldstart run NAME):"),
            &sheet.rows,
            scenario,
        ),
        _ => section(
            &format!("results in {}, newest first (coldstart show NAME):", args.results.display()),
            &sheet.rows,
            |row| found(row, &args.results),
        ),
    });
    each.collect::<Vec<_>>().join("\n")
}

/// A heading, and an entry a row: those that cannot be read last.
fn section(heading: &str, rows: &[Value], entry: impl Fn(&Value) -> Vec<String>) -> String {
    let mut text = format!("{heading}\n");
    if rows.is_empty() {
        text += "  none\n";
    }
    let (good, broken): (Vec<&Value>, Vec<&Value>) =
        rows.iter().partition(|row| row["broken"].is_null());
    for row in good {
        text += &wrapped("  ", word(row, "name"));
        for line in entry(row) {
            text += &wrapped("      ", &line);
        }
    }
    if !broken.is_empty() {
        text += "  cannot be read:\n";
    }
    for row in broken {
        let place = ["folder", "file", "name"].into_iter().find(|key| row[key].is_string());
        let name = word(row, place.unwrap_or("name"));
        text += &wrapped("      ", &format!("{name}: {}", word(row, "broken")));
    }
    text
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
    let mut facts = Vec::new();
    if row["null"] == true {
        facts.push("the null function: the control of every run".to_owned());
    }
    let bases = words(row, "bases");
    facts.push(if bases.is_empty() { "from scratch".to_owned() } else { format!("from {bases}") });
    facts.push(word(row, "limits").to_owned());
    if row["reply"] == "any" {
        facts.push("any reply: temperature by container alone".to_owned());
    }
    vec![facts.join("; ")]
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
    let about = word(row, "about").to_owned();
    [about, format!("{rounds}{plan}")].into_iter().filter(|line| !line.is_empty()).collect()
}

/// An entry of the results: what it is, of what, and what it said.
fn found(row: &Value, results: &Path) -> Vec<String> {
    let simulated = if row["simulated"] == true { "SIMULATED " } else { "" };
    let mut facts = vec![format!("{simulated}{}", word(row, "kind"))];
    let mut push = |text: String| facts.extend((!text.is_empty()).then_some(text));
    push(word(row, "started").to_owned());
    if let Some(scenario) = row["scenario"].as_str() {
        push(format!("scenario {scenario}"));
    }
    if let Some(rounds) = row["rounds"].as_u64() {
        push(format!("{rounds} round{}", if rounds == 1 { "" } else { "s" }));
    }
    match row["complete"].as_bool() {
        Some(true) => push("complete".to_owned()),
        Some(false) => push(format!("NOT COMPLETE: {}", word(row, "stopped"))),
        None => {}
    }
    let mut lines = vec![facts.join(", "), words(row, "functions")];
    if row["base"].is_string() {
        lines.push(format!("base {}; head {}", word(row, "base"), word(row, "head")));
    }
    if let Some(label) = row["side"].as_str() {
        lines.push(format!("a side of a comparison: {label}"));
    }
    lines.push(match (row["verdict"].as_str(), row["binding"].as_bool()) {
        (Some(verdict), Some(false)) => format!("{verdict}, advisory"),
        (Some(verdict), _) => verdict.to_owned(),
        (None, _) => String::new(),
    });
    let invalid = if row["invalid"] == true { "INVALID: " } else { "" };
    let answer = word(row, "answer");
    if !answer.is_empty() {
        lines.push(format!("{invalid}{answer}"));
    } else if row["kind"] == "run" {
        let folder = results.join(word(row, "name"));
        let make = Words::of("report").word(folder.display()).line();
        lines.push(format!("no summary yet: `{make}` makes it"));
    }
    lines.retain(|line| !line.is_empty());
    lines
}
