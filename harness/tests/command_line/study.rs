//! `study`, on the simulated engine, whose time passes when nobody has anything to do; but for
//! what has a client or a server, which are on real time.

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
    assert!(out(&shown).contains("An idle instance of python is kept for"), "{}", err(&shown));
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
        (&["ladder", "rust", "node"], "of one function"),
        (&["ladder", "rust", "--provisioned", "rust=1"], "leave out --reserved"),
        (&["ladder", "rust", "--pause", "10ms"], "200ms at least"),
        (&["thumbnail", "rust", "--network", "bridge"], "--network host"),
        (&["thumbnail", "rust", "--to", "pictures"], "are one bucket"),
        (&["thumbnail", "rust", "--picture", "no/such.jpg"], "no/such.jpg"),
    ] {
        let mut args = vec!["study"];
        args.extend_from_slice(typed);
        args.extend_from_slice(&["--engine", "fake"]);
        let refused = coldstart(&args).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{typed:?}");
        assert!(err(&refused).contains(cure), "{typed:?}: {}", err(&refused));
    }
}

#[test]
fn a_platform_of_somebody_else_needs_a_sign_and_nothing_that_is_served_here() {
    let url = ["study", "idle", "--url", "http://127.0.0.1:1/"];
    for (typed, cure) in [
        (&[][..], "--instance-field"),
        (&["--instance-field", "id", "rust"], "cannot be used with"),
        (&["--instance-field", "id", "--policy", "none"], "cannot be used with"),
        (&["--instance-field", "id", "--cold-over", "1s"], "cannot be used with"),
        (&["--instance-header", "no header"], "no name of a header"),
        (&["--instance-field", "id", "--within", "30m"], "--within must be less"),
    ] {
        let refused = coldstart(&[&url[..], typed].concat()).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{typed:?}");
        assert!(err(&refused).contains(cure), "{typed:?}: {}", err(&refused));
    }
}

#[test]
fn a_ladder_has_every_rung_of_a_function_that_can_be_run_bare_and_says_what_an_hour_costs() {
    let typed = ["ladder", "rust", "--rounds", "3", "--warm", "2", "--calls", "1,3600"];
    let (home, told, study) = studied(&typed);
    let found = &study["functions"][0]["found"];
    let shots = found["shots"].as_array().unwrap();
    let of = |rung: &str, cold: bool| {
        shots.iter().filter(|shot| shot["rung"] == rung && shot["cold"] == cold).count()
    };
    assert_eq!([of("process", true), of("process", false)], [3, 6], "{shots:?}");
    assert_eq!([of("always_on", true), of("always_on", false)], [0, 6], "{shots:?}");
    assert_eq!([of("to_zero", true), of("to_zero", false)], [3, 0], "{shots:?}");
    assert_eq!([of("pooled", true), of("pooled", false)], [3, 6], "{shots:?}");
    assert_eq!(found["left_out"].as_array().unwrap().len(), 0);
    let hours = found["hours"].as_array().unwrap();
    assert_eq!(hours.len(), 8);
    assert!(hours.iter().all(|hour| hour["cost"].as_f64() > Some(0.0)), "{hours:?}");
    assert!(told.contains("bare process") && told.contains("for each call"), "{told}");
    let folder = home.path().join("study").display().to_string();
    let shown = coldstart(&["show", &folder]).output().unwrap();
    assert!(out(&shown).contains("bare process"), "{}{}", out(&shown), err(&shown));
    // Its rows are of the run whose functions the rungs are.
    let rows = coldstart(&["show", &folder, "--rows", "--format", "csv"]).output().unwrap();
    assert!(out(&rows).contains("rust_process"), "{}{}", out(&rows), err(&rows));
}

#[test]
fn a_function_that_cannot_be_run_bare_has_no_such_rung_and_is_told_so_by_name() {
    let (_home, told, study) = studied(&["ladder", "python", "--rounds", "1", "--warm", "1"]);
    let found = &study["functions"][0]["found"];
    let rungs = |rung: &str| found["shots"].as_array().unwrap().iter().any(|s| s["rung"] == rung);
    assert!(!rungs("process") && rungs("pooled") && rungs("always_on"), "{found}");
    assert_eq!(found["left_out"][0]["rung"], "process");
    assert!(told.contains("`python` cannot be run without a container"), "{told}");
}

#[test]
fn an_upload_of_which_nothing_is_made_is_told() {
    let typed = ["thumbnail", "python", "--rounds", "1", "--warm", "0", "--no-controls"];
    let (home, told, study) = studied(&typed);
    let upload = &study["functions"][0]["found"][0];
    let cause = upload["cause"].as_str().unwrap();
    assert!(cause.contains("the other bucket got nothing"), "{upload}");
    assert_eq!(upload["cold"], true);
    assert!(told.contains("Nothing came of any upload by python"), "{told}");
    let came = home.path().join("study/buckets/pictures/in/00001-000.jpg");
    assert!(fs::read(came).unwrap().starts_with(&[0xff, 0xd8]));
}
