//! What can be measured: functions and scenarios, as rows.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use serde_json::{Value, json};

use coldstart::spec::function::{self, Function, ImageSource};
use coldstart::spec::plan::Plan;
use coldstart::spec::scenario::{self, Scenario};
use coldstart::text::sanitize::printable;
use coldstart::text::units::{format_share, format_size, format_wait};

/// Where the project's scenarios are.
pub(in crate::cmd) const FOLDER: &str = "benches/scenarios";

/// The longest reason or description, in characters.
const WORDS: usize = 400;

/// A row a function; one that says why there is none.
pub(super) fn functions(file: &Path) -> Vec<Value> {
    match function::load(file) {
        Ok(all) => all.iter().map(function).collect(),
        Err(error) => {
            vec![json!({ "name": file.display().to_string(), "broken": first_line(&error) })]
        }
    }
}

fn function(function: &Function) -> Value {
    // Without the digest that pins it.
    let base = |pull: &str| printable(pull.split('@').next().unwrap_or_default(), WORDS);
    let Function { limits, timeout, .. } = function;
    let cpus = limits.cpus.map_or_else(String::new, |cpus| format!(", {cpus} cpu"));
    json!({
        "name": function.name,
        "bases": function.bases().map(|b| base(&b.pull)).collect::<Vec<_>>(),
        "image": function.image(),
        "build": match &function.recipe {
            ImageSource::Command(own) => Some(printable(&own.command.join(" "), WORDS)),
            _ => None,
        },
        "memory_bytes": limits.memory,
        "cpus": limits.cpus,
        "timeout_ms": u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
        "limits": format!("{}{cpus}, answers within {}", format_size(limits.memory), format_wait(*timeout)),
        "reply": function.reply,
        "env": function.env.keys().collect::<Vec<_>>(),
        "launch": (!function.launch.is_plain()).then(|| function.launch.to_string()),
        "variant_of": function.variant.as_ref().map(|variant| &variant.of),
        "about": function.variant.as_ref().map(|variant| printable(&variant.about, WORDS)),
        "null": function.is_null,
        "optional": function.optional,
    })
}

/// A row a file, by name.
pub(super) fn scenarios(functions_file: &Path) -> Vec<Value> {
    let all = function::load(functions_file).ok();
    let files = files();
    let stems: Vec<_> = files.iter().filter_map(|file| file.file_stem()).collect();
    let shipped = scenario::SHIPPED.iter().filter(|(name, _)| !stems.contains(&OsStr::new(name)));
    let described = files.iter().map(|file| {
        let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let shown = file.display().to_string();
        one(&name.unwrap_or_default(), &shown, &text, scenario::load(file), all.as_deref())
    });
    let shipped = shipped.map(|(name, text)| {
        let file = format!("{name}.toml");
        one(name, "", text, scenario::parse(text, &file), all.as_deref())
    });
    described.chain(shipped).collect()
}

/// The names of the project's scenarios.
pub(in crate::cmd) fn scenario_names() -> Vec<String> {
    let stem = |file: &std::path::PathBuf| Some(file.file_stem()?.to_str()?.to_owned());
    let shipped = scenario::SHIPPED.iter().map(|(name, _)| (*name).to_owned());
    let names: BTreeSet<String> = files().iter().filter_map(stem).chain(shipped).collect();
    names.into_iter().collect()
}

fn files() -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(FOLDER).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    files
}

fn one(
    name: &str,
    file: &str,
    text: &str,
    read: anyhow::Result<Scenario>,
    functions: Option<&[Function]>,
) -> Value {
    let mut scenario = match read {
        Ok(scenario) => scenario,
        Err(error) => {
            return json!({ "name": name, "file": file, "broken": first_line(&error) });
        }
    };
    let mut row = json!({
        "name": name,
        "file": file,
        "about": about(text),
        "rounds": scenario.rounds,
        "until": scenario.until.map(format_share),
        "functions": scenario.functions,
    });
    if let Some(plan) = functions.and_then(|functions| planned(&mut scenario, functions)) {
        let estimate = plan.estimate();
        row["functions"] = json!(scenario.functions);
        row["trials"] = json!(plan.trials.len());
        row["starts"] = json!(plan.starts());
        row["seconds"] = json!(estimate.as_secs_f64().round());
        row["takes"] = json!(format!("about {}", format_wait(estimate)));
    }
    row
}

/// What `run` would do, with the functions as they are described; none where the
/// scenario names one that is not. The order does not matter here, so any seed does.
fn planned(scenario: &mut Scenario, functions: &[Function]) -> Option<Plan> {
    if scenario.functions.is_empty() {
        let chosen = function::choose(functions, &[]).ok()?;
        scenario.functions = chosen.into_iter().map(|f| f.name).collect();
    }
    scenario.functions.iter().all(|name| functions.iter().any(|f| f.name == *name)).then(|| {
        scenario.controls &= functions.iter().any(|f| f.is_null);
        Plan::new(scenario, scenario.functions.len(), 0)
    })
}

/// The first sentence of the comment at the top of a file.
fn about(text: &str) -> String {
    let comment = text.lines().map_while(|line| line.strip_prefix('#'));
    let words = printable(&comment.collect::<Vec<_>>().join(" "), WORDS);
    match words.find(". ") {
        Some(end) => words[..=end].to_owned(),
        None => words,
    }
}

/// The message without the quoted line below it.
fn first_line(error: &anyhow::Error) -> String {
    printable(format!("{error:#}").lines().next().unwrap_or_default(), WORDS)
}
