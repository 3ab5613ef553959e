//! What calls would have cost, asked of a run to come and of one that is there.

use std::collections::BTreeMap;

use super::*;

const FLAGS: [&str; 4] = ["--rounds", "8", "--functions", "rust,node"];

fn asked(folder: &Path, more: &[&str]) -> Output {
    simulate(folder, &[&FLAGS[..], more].concat())
}

/// Every file of a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let files = entries.filter(|path| path.is_file());
    files.map(|path| (name(&path), fs::read(&path).unwrap())).collect()
}

fn report(folder: &Path, flags: &[&str], status: i32) -> String {
    let folder = folder.display().to_string();
    typed(&[&["report", &folder], flags].concat(), status)
}

#[test]
fn a_run_says_what_its_calls_would_have_cost_and_its_report_says_it_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let output = asked(&folder, &["--cost", "--cold", "5%"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = flat(&out(&output));
    for part in ["What it would cost", "5 % of the calls are cold", "Fargate", "a million calls"] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    let before = files(&folder);
    assert!(before.contains_key("cost.csv"), "{:?}", before.keys());
    assert!(folder.join("charts/cost.svg").is_file());
    assert_eq!(String::from_utf8_lossy(&before["cost.csv"]).lines().count(), 3);
    // The prices of the program may be others by then.
    report(&folder, &[], 0);
    assert_eq!(files(&folder), before);
    let record: serde_json::Value = serde_json::from_slice(&before["run.json"]).unwrap();
    let command = record["command"].as_str().unwrap();
    assert!(command.contains(" --cost --cold 5% "), "{command}");
}

#[test]
fn a_run_that_nobody_asked_says_nothing_of_cost_until_its_report_is_asked() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    assert_eq!(asked(&folder, &[]).status.code(), Some(0));
    let before = files(&folder);
    assert!(!before.contains_key("cost.csv") && !before.contains_key("cost.json"));
    let summary: serde_json::Value = serde_json::from_slice(&before["summary.json"]).unwrap();
    assert_eq!(summary.get("cost"), None);
    report(&folder, &["--arch", "arm"], 0);
    let summary: serde_json::Value =
        serde_json::from_slice(&files(&folder)["summary.json"]).unwrap();
    let cost = &summary["cost"];
    assert_eq!((&cost["architecture"], &cost["machine"]), (&"arm".into(), &"m7g.large".into()));
    // What is not typed is as it was asked before.
    let text = report(&folder, &["--cold", "2%"], 0);
    assert!(flat(&text).contains("on arm in us-east-1"), "{text}");
    fs::remove_file(folder.join("cost.json")).unwrap();
    fs::remove_file(folder.join("cost.csv")).unwrap();
    report(&folder, &[], 0);
    assert_eq!(files(&folder), before);
}

#[test]
fn prices_of_ones_own_take_the_place_of_those_that_are_built_in() {
    let home = tempfile::tempdir().unwrap();
    let (folder, file) = (home.path().join("run"), home.path().join("prices.toml"));
    assert_eq!(asked(&folder, &[]).status.code(), Some(0));
    let text = include_str!("../../../functions/prices.toml");
    let mine =
        text.replace("USD", "EUR").replace("m5.large", "our box").replace("2026-09", "2027-01");
    fs::write(&file, mine).unwrap();
    let name = file.display().to_string();
    let told = flat(&report(&folder, &["--prices", &name], 0));
    for part in ["list prices of 2027-01-19", "always-on our box", "0.0960 EUR an hour"] {
        assert!(told.contains(part), "`{part}` is not in: {told}");
    }
    // The copy stays when the file is gone.
    fs::remove_file(&file).unwrap();
    assert!(flat(&report(&folder, &[], 0)).contains("always-on our box"));
}

#[test]
fn prices_that_are_none_are_told_before_anything_is_measured() {
    let home = tempfile::tempdir().unwrap();
    let (folder, file) = (home.path().join("run"), home.path().join("p.toml"));
    let name = file.display().to_string();
    let check = |text: Option<&str>, told: &[&str]| {
        match text {
            Some(text) => fs::write(&file, text).unwrap(),
            None => drop(fs::remove_file(&file)),
        }
        let output = asked(&folder, &["--prices", &name]);
        let said = err(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(told.iter().all(|part| said.contains(part)), "{said}");
        assert!(!folder.exists());
    };
    check(None, &["error[input]: cannot read the prices", "copy functions/prices.toml"]);
    check(Some("as-of = 3"), &["p.toml:1:9:", "invalid type"]);
    let text = include_str!("../../../functions/prices.toml");
    let lacking = text.replace("request = 0.0000002\n", "");
    check(Some(&lacking), &["missing field `request`", "has every key"]);
    let negative = text.replace("hour = 0.096\n", "hour = -1\n");
    check(Some(&negative), &["`hour` cannot be -1"]);
}

#[test]
fn a_spoilt_cost_json_is_told_with_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    assert_eq!(asked(&folder, &["--cost"]).status.code(), Some(0));
    for spoilt in ["{", "{\"cold_share\":7,\"architecture\":\"x86\",\"prices\":\"\"}", "[]"] {
        fs::write(folder.join("cost.json"), spoilt).unwrap();
        let name = folder.display().to_string();
        let output = coldstart(&["report", &name]).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{}", err(&output));
        assert!(err(&output).contains("cost.json is not readable: remove it"), "{}", err(&output));
    }
}
