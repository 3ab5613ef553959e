//! `study`, on the simulated engine, whose time passes when nobody has anything to do.

use std::fs;

use serde_json::Value;

use super::{coldstart, err, out};

fn studied(typed: &[&str]) -> (tempfile::TempDir, String, Value) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("study");
    let folder_name = folder.display().to_string();
    let mut args = vec!["study"];
    args.extend_from_slice(typed);
    args.extend_from_slice(&["--engine", "fake", "--out", &folder_name]);
    let done = coldstart(&args).output().unwrap();
    assert!(done.status.success(), "{}", err(&done));
    let json = fs::read_to_string(folder.join("study.json")).unwrap();
    (home, out(&done), serde_json::from_str(&json).unwrap())
}

#[test]
fn a_keep_alive_of_ten_minutes_is_found_within_two_seconds() {
    let typed = ["idle", "python", "--policy", "fixed:10m", "--within", "2s"];
    let (home, told, study) = studied(&typed);
    let found = &study["functions"][0]["found"];
    let time = |of: &str| found[of].as_u64().unwrap() as f64 / 1e9;
    assert!(time("kept_ns") <= 600.0 && time("gone_ns") >= 600.0, "{found}");
    assert!(time("gone_ns") - time("kept_ns") <= 2.0, "{found}");
    assert!(told.contains("An idle instance of python is kept for"), "{told}");
    for file in ["study.html", "study.md", "study.csv", "report.html", "samples.jsonl"] {
        assert!(home.path().join("study").join(file).exists(), "{file}");
    }
    let folder = home.path().join("study").display().to_string();
    let shown = coldstart(&["show", &folder]).output().unwrap();
    assert!(out(&shown).contains("calls from outside, study-idle"), "{}", err(&shown));
}

#[test]
fn a_surge_beyond_the_limit_is_refused_and_told() {
    let typed = ["surge", "rust", "--policy", "none", "--sizes", "1,6", "--concurrency", "4"];
    let (_home, told, study) = studied(&typed);
    let surges = study["functions"][0]["found"].as_array().unwrap();
    assert_eq!(surges.len(), 10);
    let large = surges.iter().filter(|surge| surge["size"] == 6);
    for surge in large {
        assert_eq!((&surge["refused"], &surge["failed"]), (&2.into(), &0.into()), "{surge}");
    }
    assert!(told.contains("What surges do") && told.contains("10, 0"), "{told}");
}

#[test]
fn what_is_not_served_and_rules_that_cannot_be_are_refused_with_their_cure() {
    for (typed, cure) in [
        (&["surge", "rust", "--reserved", "rusty=2"][..], "did you mean `rust`"),
        (&["surge", "rust", "--policy", "lru"], "--pool-memory SIZE"),
        (&["surge", "rust", "--policy", "fixd"], "fixed"),
        (&["surge", "rust", "--reserved", "rust=9", "--concurrency", "4"], "of 4 of all"),
        (&["idle", "rust", "--within", "30m"], "--within must be less"),
        (&["surge", "rust", "--shape", "burst"], "at-once"),
    ] {
        let mut args = vec!["study"];
        args.extend_from_slice(typed);
        args.extend_from_slice(&["--engine", "fake"]);
        let refused = coldstart(&args).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{typed:?}");
        assert!(err(&refused).contains(cure), "{typed:?}: {}", err(&refused));
    }
}
