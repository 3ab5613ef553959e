//! `list`: what can be measured, and what was.

use serde_json::Value;

use super::gate::Gate;
use super::*;

/// A results folder with two runs and a gate, and two that cannot be read.
fn results() -> tempfile::TempDir {
    let gate = Gate::new(&["--rounds", "2"]);
    let home = &gate.home;
    simulate(&home.path().join("first"), &["--functions", "rust"]);
    simulate(&home.path().join("second"), &["--functions", "rust,node", "--rounds", "1"]);
    let edit = |name: &str, from: &str, to: &str| {
        let file = home.path().join(name).join("run.json");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replacen(from, to, 1)).unwrap();
    };
    let started = "\"started\": \"";
    edit("first", started, "\"started\": \"1999-");
    fs::remove_file(home.path().join("second/summary.json")).unwrap();
    for (name, text) in [("torn", "{"), ("newer", "{ \"format\": 99 }")] {
        fs::create_dir(home.path().join(name)).unwrap();
        fs::write(home.path().join(name).join("run.json"), text).unwrap();
    }
    fs::create_dir(home.path().join("empty")).unwrap();
    gate.home
}

fn list(home: &Path, more: &[&str]) -> String {
    let folder = home.display().to_string();
    let mut args = vec!["list", "--results", &folder];
    args.extend(more);
    typed(&args, 0)
}

fn json(home: &Path, more: &[&str]) -> Value {
    serde_json::from_str(&list(home, &[&["--format", "json"], more].concat())).unwrap()
}

#[test]
fn results_are_listed_newest_first_and_broken_ones_are_named() {
    let home = results();
    let runs = json(home.path(), &["runs"])["runs"].clone();
    let names: Vec<&str> =
        runs.as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    assert_eq!(names[2], "first", "{names:?}");
    let of = |name: &str| {
        let found = runs.as_array().unwrap().iter().find(|r| r["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is not in {names:?}")).clone()
    };
    let gate = of("gate");
    assert_eq!((&gate["kind"], &gate["verdict"]), (&"comparison".into(), &"inconclusive".into()));
    let first = of("first");
    assert_eq!(first["scenario"], "quick");
    assert_eq!(first["functions"], serde_json::json!(["rust"]));
    assert_eq!((&first["complete"], &first["simulated"]), (&true.into(), &true.into()));
    assert!(first["answer"].as_str().unwrap().starts_with("median cold start: rust "), "{first}");
    assert_eq!(of("second")["answer"], Value::Null);
    assert!(of("torn")["broken"].as_str().unwrap().contains("is not readable"));
    assert!(of("newer")["broken"].as_str().unwrap().contains("use a newer coldstart"));

    let text = list(home.path(), &["runs"]);
    assert!(text.contains("SIMULATED run, "), "{text}");
    assert!(text.contains("no summary yet: `coldstart report"), "{text}");
    let broken = text.find("cannot be read:").unwrap();
    assert!(text.find("torn").unwrap() > broken, "{text}");
    assert!(!text.contains("functions in") && !text.contains("empty"), "{text}");
}

#[test]
fn the_answer_of_a_list_is_that_of_the_report() {
    let home = results();
    let text = typed(&["show", &home.path().join("first").display().to_string()], 0);
    let listed = json(home.path(), &["runs"])["runs"].to_string();
    // `SIMULATED: rust takes 225 ms to answer cold, 8040x as long as warm.`
    let (_, after) = text.split_once("rust takes ").unwrap();
    let median = after.split(' ').next().unwrap();
    assert!(listed.contains(&format!("median cold start: rust {median} ms\"")), "{listed}");
}

#[test]
fn functions_and_scenarios_are_told_with_their_cost() {
    let home = tempfile::tempdir().unwrap();
    let text = list(home.path(), &[]);
    assert!(text.contains("newest first (coldstart show NAME):\n  none\n"), "{text}");
    let flat = flat(&text);
    for part in [
        "the null function: the control of every run",
        "Idle, then a burst: what a function answers after a quiet time",
        "20 rounds; 500 container starts of python, node, rust, jvm, about 3 min",
    ] {
        assert!(flat.contains(part), "`{part}` is not in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let all = json(home.path(), &[]);
    let quick = all["scenarios"].as_array().unwrap().iter().find(|s| s["name"] == "quick");
    let quick = quick.unwrap();
    // What a dry run says too.
    let plan = out(&simulate(&home.path().join("run"), &["--dry-run"]));
    assert!(plan.contains(&format!("{} container starts", quick["starts"])), "{plan}");
    assert!(plan.contains(&format!(" {} trials", quick["trials"])), "{plan}");
}

#[test]
fn a_functions_file_that_cannot_be_read_stops_nothing() {
    let home = tempfile::tempdir().unwrap();
    let text = list(home.path(), &["--functions-file", "nowhere.toml"]);
    assert!(
        flat(&text).contains("cannot be read: nowhere.toml: cannot read nowhere.toml"),
        "{text}"
    );
    assert!(text.contains("  default\n") && text.contains("20 rounds\n"), "{text}");
}

#[test]
fn a_reader_who_leaves_early_is_no_failure() {
    let program = assert_cmd::cargo::cargo_bin("coldstart");
    let script = format!("set -o pipefail; {} completions bash | head -1", program.display());
    let output = std::process::Command::new("bash").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    assert!(output.stderr.is_empty(), "{}", err(&output));
}
