//! `run --continue` and `run --image`, on the simulated engine.

use std::collections::BTreeSet;

use coldstart::store;

use super::*;

/// Leaves of a run what a kill in the middle of a trial leaves.
fn kill(folder: &Path, trials: usize) {
    let keep = |name: &str, lines: usize, more: usize| {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let whole: usize = text.split_inclusive('\n').take(lines).map(str::len).sum();
        fs::write(folder.join(name), &text[..whole + more]).unwrap();
    };
    let rows = store::open(folder).unwrap().samples;
    let rows = rows.iter().filter(|s| s.trial as usize <= trials).count();
    keep("trials.jsonl", trials, 0);
    keep("samples.jsonl", rows, 40);
    let record = fs::read_to_string(folder.join("run.json")).unwrap();
    let record = record.replace("\"complete\": true", "\"complete\": false");
    fs::write(folder.join("run.json"), record).unwrap();
}

fn go_on(folder: &Path, more: &[&str]) -> Output {
    let folder = folder.display().to_string();
    let mut args = vec!["run", "--continue", &folder];
    args.extend(more);
    coldstart(&args).output().unwrap()
}

#[test]
fn a_killed_run_goes_on_by_the_same_plan() {
    let home = tempfile::tempdir().unwrap();
    let (whole, cut) = (home.path().join("whole"), home.path().join("cut"));
    simulate(&whole, &["--rounds", "4"]);
    simulate(&cut, &["--rounds", "4"]);
    kill(&cut, 17);
    let output = go_on(&cut, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("was resumed at"), "{}", out(&output));
    let (whole, cut) = (store::open(&whole).unwrap(), store::open(&cut).unwrap());
    let plan = |run: &store::Run| -> Vec<_> {
        run.samples.iter().map(|s| (s.trial, s.round, s.cell.function.clone(), s.index)).collect()
    };
    assert_eq!(plan(&whole), plan(&cut), "every trial once, in its order");
    assert!(cut.record.complete && !cut.truncated);
    assert_eq!(cut.record.counts.ok, whole.record.counts.ok);
    assert_eq!((&cut.record.command, cut.record.seed), (&whole.record.command, whole.record.seed));
    let began: Vec<u64> = cut.trials.iter().map(|t| t.began).collect();
    assert!(began.is_sorted(), "one clock: {began:?}");
    let nonces: Vec<&str> = cut
        .samples
        .iter()
        .filter_map(|s| s.proof.as_ref())
        .filter(|p| p.invocation == 1)
        .map(|p| p.nonce.as_str())
        .collect();
    assert_eq!(nonces.iter().collect::<BTreeSet<_>>().len(), nonces.len());
}

fn record(folder: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(folder.join("run.json")).unwrap()).unwrap()
}

#[test]
fn an_event_or_an_environment_that_is_not_on_record_is_said_to_be_unchecked() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    simulate(&folder, &["--functions", "node"]);
    kill(&folder, 3);
    let mut earlier = record(&folder);
    for function in ["/functions/0", "/null"] {
        let function = earlier.pointer_mut(function).unwrap().as_object_mut().unwrap();
        assert!(function.remove("event").is_some() && function.remove("environment").is_some());
    }
    fs::write(folder.join("run.json"), earlier.to_string()).unwrap();
    let output = go_on(&folder, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(flat(&err(&output)).contains("whether they are the same cannot be checked"));
}

#[test]
fn what_cannot_go_on_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    simulate(&folder, &[]);
    let refused = |output: Output, code: i32, part: &str| {
        let said = flat(&err(&output));
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(part), "`{part}` is not in: {said}");
    };
    refused(go_on(&folder, &[]), 2, "is complete: there is nothing left to measure");
    refused(go_on(Path::new("/nowhere"), &[]), 4, "/nowhere is not a run folder");
    for flags in [&["--rounds", "9"][..], &["single"], &["--networks", "host"]] {
        refused(go_on(&folder, flags), 2, "cannot be used with");
    }
    refused(simulate(&home.path().join("x"), &["--event", "{}"]), 2, "--image <[NAME=]REF>");
    kill(&folder, 3);
    let edit = |from: &str, to: &str| {
        let text = fs::read_to_string(folder.join("run.json")).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(folder.join("run.json"), text.replace(from, to)).unwrap();
    };
    edit("\"architecture\": \"", "\"architecture\": \"other ");
    refused(go_on(&folder, &[]), 4, "on another machine or engine");
    edit("\"architecture\": \"other ", "\"architecture\": \"");
    edit("\"timeout_ms\": 10000", "\"timeout_ms\": 10001");
    refused(go_on(&folder, &[]), 4, "is not what");
    edit("\"timeout_ms\": 10001", "\"timeout_ms\": 10000");
    for (key, what) in [("event", "its event changed"), ("environment", "its environment changed")]
    {
        let mut changed = record(&folder);
        changed["functions"][0][key]["digest"] = "sha256:other".into();
        let before = fs::read(folder.join("run.json")).unwrap();
        fs::write(folder.join("run.json"), changed.to_string()).unwrap();
        refused(go_on(&folder, &[]), 4, what);
        fs::write(folder.join("run.json"), before).unwrap();
    }
    edit("\"python\"", "\"pythia\"");
    refused(go_on(&folder, &[]), 2, "`pythia`");
}

#[test]
fn an_image_is_measured_without_a_file() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let images = ["--image", "registry.example/team/orders:1", "--event", "{\"a\": 1}"];
    let output = simulate(&folder, &images);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let record = store::record(&folder).unwrap();
    let names: Vec<&str> = record.functions.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["orders"]);
    assert!(record.command.contains("--image registry.example/team/orders:1 --event '{\"a\": 1}'"));
    assert!(!record.command.contains("--functions"), "{}", record.command);
    // Beside one that is described.
    let both = home.path().join("both");
    simulate(&both, &["--image", "orders:1", "--functions", "rust"]);
    let record = store::record(&both).unwrap();
    assert!(record.command.contains("--functions rust --image orders:1"), "{}", record.command);
    kill(&both, 5);
    let output = go_on(&both, &[]);
    assert!(flat(&err(&output)).contains("or its --image"), "{}", err(&output));
    let output = go_on(&both, &["--image", "orders:1"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    // Two of one name are told apart by their tags.
    let twice = home.path().join("twice");
    simulate(&twice, &["--image", "a/x:1", "--image", "b/x:2"]);
    let record = store::record(&twice).unwrap();
    let names: Vec<&str> = record.functions.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["x_1", "x_2"]);
    let wrong = simulate(&home.path().join("wrong"), &["--image", "x", "--event", "{"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("not JSON"), "{}", err(&wrong));
}

/// Who has the program alone has its scenarios too.
#[test]
fn the_program_brings_its_scenarios_along() {
    let home = tempfile::tempdir().unwrap();
    let args = ["run", "quick", "--image", "x", "--engine", "fake", "--out", "run"];
    let output = coldstart(&args).current_dir(home.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(home.path().join("run/report.html").is_file());
    assert!(flat(&err(&output)).contains("no controls"), "{}", err(&output));
}
