//! `replay`: what it answers, writes, gives again and refuses, and traces that it makes.

use serde_json::Value;

use super::*;

fn said(words: &[&str]) -> Output {
    coldstart(words).output().unwrap()
}

/// A small trace in a folder of its own.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        let trace = home.path("day.csv");
        let flags = ["--trace-functions", "20", "--trace-calls", "2000", "--trace-time", "2h"];
        let output = said(&[&["replay", "--generate", &trace], &flags[..]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        assert!(out(&output).contains("calls of 20 functions in 2 h"), "{}", out(&output));
        home
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn replay(&self, out: &str, flags: &[&str]) -> Output {
        let (trace, out) = (self.path("day.csv"), self.path(out));
        let words = ["replay", &trace, "--run", "results/reference", "--out", &out];
        said(&[&words[..], flags].concat())
    }

    fn found(&self, folder: &str) -> Value {
        let file = self.folder.path().join(folder).join("replay.json");
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
    }
}

#[test]
fn a_trace_is_played_and_its_folder_gives_it_again() {
    let home = Home::new();
    let output = home.replay("played", &["--memory", "8GiB"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = out(&output);
    let folder = home.path("played");
    for file in ["replay.json", "replay.csv", "replay.md", "replay.html", "charts/replay.svg"] {
        assert!(Path::new(&folder).join(file).is_file(), "{file}");
    }
    let found = home.found("played");
    let names: Vec<&str> = found["policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["policy"].as_str().unwrap())
        .collect();
    assert_eq!(names[..3], ["none", "fixed:1m", "fixed:10m"]);
    assert_eq!(names[7..], ["lru", "greedy-dual", "cidre"]);
    for name in names {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert_eq!(out(&said(&["show", &folder])), text, "show gives it again");
    for form in ["json", "csv", "markdown"] {
        let shown = said(&["show", &folder, "--format", form]);
        let file = Path::new(&folder).join("replay").with_extension(form.replace("markdown", "md"));
        assert_eq!(out(&shown).trim_end(), fs::read_to_string(file).unwrap().trim_end(), "{form}");
    }
    let page = fs::read(Path::new(&folder).join("replay.html")).unwrap();
    fs::remove_file(Path::new(&folder).join("replay.html")).unwrap();
    let report = said(&["report", &folder]);
    assert_eq!(report.status.code(), Some(0), "{}", err(&report));
    assert_eq!(fs::read(Path::new(&folder).join("replay.html")).unwrap(), page);
    let listed = out(&said(&["list", "runs", "--results", &home.path("")]));
    assert!(listed.contains("played"), "{listed}");
}

#[test]
fn the_command_that_is_kept_plays_the_same_again() {
    let home = Home::new();
    let flags = ["--policy", "hybrid,provisioned:2", "--functions", "rust,jvm", "--limit", "500"];
    let more = ["--speed", "2", "--longest", "10s", "--measured-durations", "--seed", "9"];
    let output = home.replay("once", &[&flags[..], &more[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let command = home.found("once")["command"].as_str().unwrap().to_owned();
    let mut words: Vec<&str> = command.split(' ').skip(1).collect();
    let out = home.path("again");
    words.extend(["--out", &out]);
    let output = said(&words);
    assert_eq!(output.status.code(), Some(0), "{command}: {}", err(&output));
    let (mut once, mut again) = (home.found("once"), home.found("again"));
    for found in [&mut once, &mut again] {
        found["started"] = Value::Null;
    }
    assert_eq!(once, again);
}

/// The simulated engine answers on time that passes when nobody has anything to do.
#[test]
fn a_trace_is_played_with_instances_too_and_each_call_is_a_row_of_a_run() {
    let home = Home::new();
    let flags = ["--real", "--engine", "fake", "--policy", "fixed:10s", "--limit", "40"];
    let output = home.replay("real", &[&flags[..], &["--functions", "rust"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("fixed:10s, real"), "{}", out(&output));
    let found = home.found("real");
    let policies = found["policies"].as_array().unwrap();
    let names: Vec<(&str, Option<&str>)> =
        policies.iter().map(|of| (of["policy"].as_str().unwrap(), of["run"].as_str())).collect();
    let real = Some("real-fixed-10s");
    assert_eq!(names, [("none", None), ("fixed:10s", None), ("fixed:10s", real)]);
    let rows =
        fs::read_to_string(Path::new(&home.path("real/real-fixed-10s")).join("samples.jsonl"));
    let rows = rows.unwrap();
    let (controls, calls): (Vec<&str>, Vec<&str>) =
        rows.lines().partition(|row| row.contains("\"control\":"));
    assert_eq!((calls.len(), controls.len()), (40, 60));
    let calls = |of: &Value| of["cold"].as_u64().unwrap() + of["warm"].as_u64().unwrap();
    assert_eq!((calls(&policies[2]), policies[2]["failed"].as_u64()), (40, Some(0)));
    assert!(policies[2]["idle_gb_s"].as_f64().unwrap() > 0.0);
    // What is simulated is not what was measured, but as often cold.
    let cold = |at: usize| policies[at]["cold"].as_u64().unwrap();
    assert!(cold(1).abs_diff(cold(2)) <= 4, "{policies:?}");
}

#[test]
fn what_cannot_be_played_says_what_helps() {
    let home = Home::new();
    let check = |output: Output, code: i32, words: &str| {
        assert_eq!(output.status.code(), Some(code), "{}", err(&output));
        assert!(err(&output).contains(words), "{}", err(&output));
    };
    check(home.replay("a", &["--policy", "lru"]), 2, "as in --memory 16GiB");
    check(home.replay("a", &["--policy", "fixd"]), 2, "did you mean `fixed`?");
    check(home.replay("a", &["--functions", "rsut"]), 2, "did you mean `rust`?");
    check(home.replay("a", &["--real"]), 2, "--policy");
    check(home.replay("a", &["--engine", "fake"]), 2, "--real");
    check(home.replay("a", &["--speed", "0"]), 2, "no speed from 0.001");
    check(home.replay("a", &["--memory", "0B"]), 2, "no instance has room");
    check(said(&["replay"]), 2, "TRACE");
    check(said(&["replay", "none.csv"]), 2, "--generate none.csv");
    check(said(&["replay", "x.csv", "--trace-calls", "9"]), 2, "--generate");
    let trace = home.path("day.csv");
    check(said(&["replay", "--generate", &trace]), 4, "is there already");
    check(said(&["replay", &trace, "--run", "nowhere"]), 4, "nowhere is not a run folder");
    let wrong = home.path("wrong.csv");
    fs::write(&wrong, "app,func,end_timestamp,duration\na,f,1,-1\n").unwrap();
    check(said(&["replay", &wrong, "--run", "results/reference"]), 2, "wrong.csv:2: the duration");
    assert!(!Path::new(&home.path("a")).exists(), "nothing is left of what was refused");
}
