//! The reliability of the gate, in words, as JSON and as rows: `aa.md`, `aa.json`.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::Artifact;
use super::sheet::{self, Column};
use super::words::plain;
use crate::compare::{Rate, Rates};
use crate::spec::tolerance::Metric;
use crate::text::sanitize::printable_json;
use crate::text::units::{format_ms, format_wait};

/// The version of `aa.json`.
const FORMAT: u32 = 1;

/// Many gates, and how they were made.
#[derive(Debug, Clone)]
pub struct Reliability {
    /// The command that repeats it.
    pub command: String,
    /// Where the starts come from: the machine, or the run that they were drawn from.
    pub source: String,
    /// Whether starts were drawn or scripted instead of measured.
    pub simulated: bool,
    /// Rounds a side, the first included.
    pub rounds: u32,
    /// The margin on a total, as a share.
    pub margin: f64,
    /// Whether alarms were measured again.
    pub confirm: bool,
    /// How long it took.
    pub elapsed: std::time::Duration,
    /// What each kind of head did.
    pub heads: Vec<Head>,
}

/// One kind of head.
#[derive(Debug, Clone)]
pub struct Head {
    /// As typed: `10ms`, `5%`; none for the same code.
    pub injected: Option<String>,
    /// Milliseconds that each function slept in its init.
    pub sleeps: std::collections::BTreeMap<String, u32>,
    /// How its gates came out.
    pub rates: Rates,
}

/// Files of an `aa`.
///
/// # Errors
/// Never in practice: the JSON is made of numbers and text.
pub fn files(found: &Reliability) -> Result<Vec<Artifact>> {
    let json = printable_json(&serde_json::to_string_pretty(&value(found))?) + "\n";
    Ok(vec![Artifact::new("aa.json", json), Artifact::new("aa.md", text(found))])
}

/// The columns of the rates, each with its place in a row of [`csv`].
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

/// The rates of an `aa.json` for a spreadsheet (CSV): of whole gates, where function and
/// metric are empty, of a function by any metric, where that is empty, and of each.
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
    Ok(sheet::csv(&COLUMNS, &rows))
}

/// For a terminal, and Markdown as it is.
#[must_use]
pub fn text(found: &Reliability) -> String {
    let mut text = String::new();
    let title = if found.simulated { "SIMULATED: " } else { "" };
    let _ = writeln!(text, "# {title}how far the gate can be trusted\n");
    for head in &found.heads {
        text += &one(head);
    }
    let again = if found.confirm { "alarms measured again" } else { "alarms not measured again" };
    let _ = writeln!(
        text,
        "{} rounds a side (the first in no inference), margin {:.1} %, {again}; {}.",
        found.rounds,
        found.margin * 100.0,
        plain(&found.source),
    );
    let took = format_wait(found.elapsed);
    let _ = writeln!(text, "Made in {took} with `{}`.", plain(&found.command).replace('`', "'"));
    text
}

fn one(head: &Head) -> String {
    let rates = &head.rates;
    let gates = told(&rates.gates);
    let mut text = match &head.injected {
        None => format!("Same code on both sides: {gates} of the gates raised a false alarm.\n"),
        Some(sleep) => {
            format!("Head sleeps {sleep} longer in its init: {gates} of the gates alarmed.\n")
        }
    };
    if rates.invalid > 0 {
        let _ = writeln!(text, "{} gates could not be judged and are in no rate.", rates.invalid);
    }
    text += "\n| function | sleep | any | total | boot + init | found 4 times in 5: total | boot + init |\n";
    text += "|---|---|---|---|---|---|---|\n";
    for (name, any) in &rates.functions {
        let row = |metric| rates.rows.get(&(name.clone(), metric)).map_or_else(String::new, count);
        let least = |metric| {
            let ns = rates.detectable(name, metric);
            ns.map_or_else(String::new, |ns| format!("+{} ms", format_ms(ns)))
        };
        let sleep = head.sleeps.get(name).map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
        let _ = writeln!(
            text,
            "| {} | {sleep} | {} | {} | {} | {} | {} |",
            plain(name),
            count(any),
            row(Metric::Total),
            row(Metric::Own),
            least(Metric::Total),
            least(Metric::Own),
        );
    }
    text += "\n";
    if let (None, Some(margin)) = (&head.injected, rates.suggested_margin()) {
        let _ = writeln!(
            text,
            "Suggested margin for this host: {:.0} %. Within it 95 % of the unchanged totals would have \
             been called unchanged; a smaller one leaves more of them unclear.\n",
            margin * 100.0
        );
    }
    text
}

/// `1 of 20 (5.0 %, 95 % interval 0.1 to 24.9)`.
fn told(rate: &Rate) -> String {
    let (low, high) = rate.interval();
    let share = rate.share().unwrap_or(0.0);
    format!(
        "{} of {} ({:.1} %, 95 % interval {:.1} to {:.1})",
        rate.hits,
        rate.of,
        share * 100.0,
        low * 100.0,
        high * 100.0
    )
}

fn count(rate: &Rate) -> String {
    format!("{} of {}", rate.hits, rate.of)
}

fn value(found: &Reliability) -> Value {
    json!({
        "format": FORMAT,
        "command": found.command,
        "source": found.source,
        "simulated": found.simulated,
        "rounds": found.rounds,
        "margin": found.margin,
        "confirm": found.confirm,
        "elapsed": found.elapsed.as_secs_f64(),
        "heads": found.heads.iter().map(head).collect::<Vec<_>>(),
    })
}

fn head(head: &Head) -> Value {
    let rates = &head.rates;
    let mut functions = Map::new();
    for (name, any) in &rates.functions {
        let mut metrics = Map::new();
        for metric in [Metric::Total, Metric::Own] {
            if let Some(row) = rates.rows.get(&(name.clone(), metric)) {
                let mut row = rate(row);
                row["detectable_ns"] = json!(rates.detectable(name, metric).map(f64::round));
                metrics.insert(metric.name().to_owned(), row);
            }
        }
        let sleep = head.sleeps.get(name).copied().unwrap_or(0);
        functions
            .insert(name.clone(), json!({ "sleep_ms": sleep, "any": rate(any), "rows": metrics }));
    }
    let margin = head.rates.suggested_margin().filter(|_| head.injected.is_none());
    json!({
        "injected": head.injected,
        "gates": rate(&rates.gates),
        "invalid": rates.invalid,
        "functions": functions,
        "suggested_margin": margin,
    })
}

fn rate(rate: &Rate) -> Value {
    let (low, high) = rate.interval();
    json!({ "alarmed": rate.hits, "of": rate.of, "share": rate.share(), "interval": [low, high] })
}
