//! `aa`: the gate turned on itself, on the simulated engine and on recorded starts.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::gate::Gate;
use super::*;

/// An `aa` of two functions, and its folder.
fn aa(flags: &[&str]) -> (TempDir, Output) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("aa").display().to_string();
    let mut args = vec!["aa", "--functions", "rust,node", "--seed", "7", "--out", &folder];
    args.extend(flags);
    let output = coldstart(&args).output().unwrap();
    (home, output)
}

fn of_aa(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("aa.json")).unwrap()).unwrap()
}

#[test]
fn it_counts_false_alarms_and_what_is_found() {
    let flags = ["--engine", "fake", "--runs", "2", "--rounds", "12", "--inject", "0ms,100ms,50%"];
    let (home, output) = aa(&flags);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = out(&output);
    assert!(text.starts_with("# SIMULATED: how far the gate can be trusted"), "{text}");
    assert!(text.contains("Same code on both sides: 0 of 2"), "{text}");
    assert!(text.contains("Head sleeps 100ms longer in its init: 2 of 2"), "{text}");
    assert!(text.contains("Suggested margin for this host: "), "{text}");
    assert!(text.contains("- margins: ` total 5 %, boot+init 2 % `"), "{text}");
    let folder = home.path().join("aa");
    let found = of_aa(&folder);
    let alarmed: Vec<u64> = found["heads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| h["gates"]["alarmed"].as_u64().unwrap())
        .collect();
    assert_eq!(alarmed, [0, 2, 2]);
    let rows = &found["heads"][0]["functions"]["rust"]["rows"];
    assert_eq!(rows["own"]["margin"], json!({ "share": 0.02, "floor": 2_000_000 }));
    // Half of some 220 ms.
    let sleep = found["heads"][2]["functions"]["rust"]["sleep_ms"].as_u64().unwrap();
    assert!((90..140).contains(&sleep), "{sleep}");
    assert_eq!(
        fs::read_to_string(folder.join("aa.md")).unwrap(),
        text.trim_end().to_owned() + "\n"
    );
    // Every gate can be judged again, and drawn from.
    let side = |name: &str| folder.join("gate-0002").join(name).display().to_string();
    let again = coldstart(&["compare", &side("base"), &side("head+100ms")]).output().unwrap();
    assert_eq!(again.status.code(), Some(1), "{}", out(&again));
    let drawn = folder.display().to_string();
    let (_, output) = aa(&["--simulate", &drawn, "--runs", "50", "--rounds", "12"]);
    let text = out(&output);
    assert!(text.contains("starts drawn from 2 measurement(s)"), "{text} {}", err(&output));
}

#[test]
fn the_same_seed_draws_the_same_gates() {
    let gate = Gate::new(&["--rounds", "12"]);
    let recorded = gate.folder().display().to_string();
    let rates = || {
        let drawn = ["--simulate", &recorded, "--runs", "40", "--rounds", "12"];
        let (home, output) = aa(&[&drawn[..], &["--inject", "5ms,20ms", "--no-confirm"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        of_aa(&home.path().join("aa"))["heads"].clone()
    };
    let first = rates();
    assert_eq!(first, rates());
    let hits = |head: usize| first[head]["gates"]["alarmed"].as_u64().unwrap();
    assert!(hits(1) >= hits(0) && hits(1) > 0, "{first}");
}

#[test]
fn what_cannot_be_done_is_refused() {
    let refused = |flags: &[&str], code: i32, part: &str| {
        let (_home, output) = aa(flags);
        let said = flat(&err(&output));
        assert_eq!(output.status.code(), Some(code), "{flags:?}: {said}");
        assert!(said.contains(part), "`{part}` is not in: {said}");
    };
    refused(&["--inject", "soon"], 2, "`soon` does not start with a number");
    refused(&["--inject", "1500us"], 2, "whole milliseconds");
    refused(&["--runs", "0"], 2, "--runs");
    refused(&["--simulate", "/nowhere"], 4, "/nowhere");
    let empty = tempfile::tempdir().unwrap();
    let folder = empty.path().display().to_string();
    refused(&["--simulate", &folder], 4, "no cold start of the chosen functions");
    let there = coldstart(&["aa", "--engine", "fake", "--out", &folder]).output().unwrap();
    assert_eq!(there.status.code(), Some(4));
    assert!(flat(&err(&there)).contains("exists already"), "{}", err(&there));
}

#[test]
fn its_plan_can_be_seen_beforehand() {
    let (home, output) = aa(&["--dry-run", "--rounds", "2", "--runs", "3", "--inject", "0ms,10ms"]);
    let text = out(&output);
    assert!(text.contains("head+10ms"), "{text}");
    assert!(text.contains("3 times the same, with other seeds"), "{text}");
    assert!(!home.path().join("aa").exists());
}
