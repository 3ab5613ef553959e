//! `--format`: one result, and nothing else, on standard output.

use serde_json::Value;

use super::gate::Gate;
use super::*;

const FORMS: [&str; 4] = ["text", "json", "markdown", "csv"];

#[track_caller]
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Every line of a CSV has as many fields as its heading. Returns the number of rows.
#[track_caller]
fn rows(text: &str) -> usize {
    let fields = |line: &str| {
        let outside = line.split('"').step_by(2);
        outside.map(|part| part.matches(',').count()).sum::<usize>()
    };
    let heading = text.lines().next().unwrap_or_default();
    assert!(text.lines().all(|line| fields(line) == fields(heading)), "{text}");
    text.lines().count() - 1
}

#[test]
fn a_run_is_printed_in_every_form_the_same_as_its_files() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let first = simulate(&folder, &["--functions", "rust", "--format", "json"]);
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(out(&first), read("summary.json"));
    assert!(err(&first).contains("kept in"), "{}", err(&first));
    let path = folder.display().to_string();
    for verb in ["report", "show"] {
        let form = |form: &str| typed(&[verb, &path, "--format", form], 0);
        assert_eq!(form("json"), read("summary.json"), "{verb}");
        assert_eq!(form("markdown").trim_end(), read("report.md").trim_end(), "{verb}");
        assert_eq!(form("csv"), read("summary.csv"), "{verb}");
        assert!(form("text").starts_with("SIMULATED: "), "{verb}");
    }
    assert!(rows(&read("summary.csv")) > 5);
}

#[test]
fn a_verdict_is_printed_in_every_form() {
    for form in FORMS {
        let gate = Gate::new(&["--rounds", "3", "--format", form]);
        gate.ends(0, &[]);
        let read = |name: &str| fs::read_to_string(gate.folder().join(name)).unwrap();
        let text = out(&gate.output);
        match form {
            "text" => assert_eq!(text, read("compare.txt")),
            "json" => assert_eq!(text, read("compare.json")),
            "markdown" => assert_eq!(text.trim_end(), read("compare.md").trim_end()),
            _ => {
                let found = parsed(&read("compare.json"));
                assert_eq!(rows(&text), found["rows"].as_array().unwrap().len());
            }
        }
        let sides = ["base", "head"].map(|side| gate.side(side).display().to_string());
        let mut command = coldstart(&["compare", &sides[0], &sides[1], "--format", form]);
        // What is for the runner of a job does not stand among the result.
        let job = command.env("GITHUB_ACTIONS", "true").output().unwrap();
        assert!(!out(&job).contains("\n::"), "{}", out(&job));
        assert_eq!(job.status.code(), Some(0), "{}", err(&job));
        if form == "json" {
            assert_eq!(parsed(&out(&job))["outcome"], parsed(&text)["outcome"]);
        }
    }
}

#[test]
fn rates_are_printed_in_every_form() {
    for form in FORMS {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("aa").display().to_string();
        let text = typed(
            &[
                "aa",
                "--functions",
                "rust",
                "--engine",
                "fake",
                "--runs",
                "1",
                "--rounds",
                "3",
                "--inject",
                "0ms,50ms",
                "--format",
                form,
                "--out",
                &folder,
            ],
            0,
        );
        let read = |name: &str| fs::read_to_string(home.path().join("aa").join(name)).unwrap();
        match form {
            "json" => assert_eq!(text, read("aa.json")),
            // Of each head: its gates, its function by anything, by total and by own.
            "csv" => assert_eq!(rows(&text), 2 * 4, "{text}"),
            _ => assert_eq!(text.trim_end(), read("aa.md").trim_end()),
        }
        assert_eq!(typed(&["show", &folder, "--format", form], 0), text);
    }
}

#[test]
fn small_documents_have_every_form() {
    let list = |form: &str| typed(&["list", "functions", "--format", form], 0);
    let listed = parsed(&list("json"))["functions"].as_array().unwrap().clone();
    assert_eq!(listed.iter().filter(|function| function["optional"] == false).count(), 4);
    assert_eq!(rows(&list("csv")), listed.len());
    assert!(list("markdown").starts_with("## functions\n\n| name | "), "{}", list("markdown"));
    let nowhere = |form: &str| {
        let mut command = coldstart(&["doctor", "--format", form]);
        let output = command.env("DOCKER_HOST", "unix:///nowhere/docker.sock").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        out(&output)
    };
    let found = parsed(&nowhere("json"));
    let first = &found["findings"][0];
    assert_eq!((&first["what"], &first["ok"]), (&"engine".into(), &false.into()));
    assert_eq!(rows(&nowhere("csv")), found["findings"].as_array().unwrap().len());
    assert!(nowhere("markdown").contains("| engine | "));
    assert!(nowhere("text").starts_with("missing  engine"));
}

#[test]
fn a_form_that_there_is_not_is_refused() {
    let check = |args: &[&str], part: &str| {
        let output = coldstart(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert!(err(&output).contains(part), "{}", err(&output));
        assert!(output.stdout.is_empty());
    };
    check(&["list", "--format", "csv"], "name one of functions, scenarios, runs");
    check(&["run", "--dry-run", "--format", "json"], "a plan is text alone");
    check(&["show", "latest", "--format", "xml"], "[possible values: text, json, markdown, csv]");
}
