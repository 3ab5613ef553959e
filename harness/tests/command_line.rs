//! The program as its user meets it: arguments in, output and exit code out.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

mod aa;
mod budgets;
mod compare;
mod controls;
mod cost;
mod documented;
mod explain;
mod factors;
mod far;
mod fleet;
mod formats;
mod gate;
mod going_on;
mod gone;
mod help;
mod hopeless;
mod images;
mod init;
mod interrupts;
mod kinds;
mod list;
mod listening;
mod mistakes;
mod planted;
mod repeat;
mod replay;
mod serve;
mod show;
mod spoilt;
mod stand_in;
mod study;
mod terminal;
mod tune;
mod variants;
mod workflow;

/// The program in the project's folder, as far from the environment as can be.
fn coldstart(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("coldstart").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.env_remove("COLDSTART_PROVISION").env_remove("DOCKER_HOST").args(args);
    // These tests may run in a job that has a summary of its own.
    command.env_remove("GITHUB_ACTIONS").env_remove("GITHUB_STEP_SUMMARY");
    command
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The program's output where it must end with a status, and silent but for notes.
#[track_caller]
fn typed(args: &[&str], status: i32) -> String {
    let output = coldstart(args).output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{args:?}: {}", err(&output));
    out(&output)
}

/// Without its line breaks: a text may be wrapped anywhere.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A simulated run of the quick scenario into a folder.
fn simulate(folder: &Path, more: &[&str]) -> Output {
    let folder = folder.display().to_string();
    let mut args = vec!["run", "quick", "--engine", "fake", "--seed", "7", "--out", &folder];
    args.extend(more);
    coldstart(&args).output().unwrap()
}

#[test]
fn a_run_leaves_a_whole_folder_and_prints_its_table() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let output = simulate(&folder, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    for file in [
        "run.json",
        "samples.jsonl",
        "trials.jsonl",
        "summary.json",
        "summary.csv",
        "report.html",
        "report.md",
        "histograms/python-bridge-single-call-cold.hlog",
        "histograms/python-bridge-single-call-cold.hgrm",
    ] {
        assert!(folder.join(file).is_file(), "{file} is missing");
    }
    let charts: Vec<_> = fs::read_dir(folder.join("charts")).unwrap().collect();
    assert!(charts.len() >= 8, "{charts:?}");
    let partial = fs::read_dir(&folder)
        .unwrap()
        .any(|f| f.unwrap().path().extension().is_some_and(|e| e == "partial"));
    assert!(!partial);
    assert!(out(&output).contains("python") && out(&output).contains("SIMULATED"));
    assert!(!out(&output).contains("round 1 of 3"), "progress belongs on stderr");
    assert!(err(&output).contains("round 3 of 3"), "{}", err(&output));
    assert!(!out(&output).contains('\u{1b}'), "no colours off a terminal");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    let (one, two) = (home.path().join("one"), home.path().join("two"));
    simulate(&one, &[]);
    simulate(&two, &[]);
    assert_eq!(
        fs::read(one.join("samples.jsonl")).unwrap(),
        fs::read(two.join("samples.jsonl")).unwrap()
    );
}

#[test]
fn a_report_is_made_from_the_samples_alone_and_the_same_twice() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let first = simulate(&folder, &[]);
    let files = ["summary.json", "summary.csv", "report.html", "report.md"];
    let read = || files.map(|f| fs::read(folder.join(f)).unwrap());
    let before = read();
    for file in files {
        fs::remove_file(folder.join(file)).unwrap();
    }
    fs::remove_dir_all(folder.join("charts")).unwrap();
    let again = coldstart(&["report", &folder.display().to_string()]).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", err(&again));
    assert_eq!(out(&again), out(&first));
    assert!(read() == before, "the same samples give the same files");
    assert!(folder.join("charts").is_dir());
}

#[test]
fn a_killed_run_can_be_reported() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    simulate(&folder, &[]);
    let samples = folder.join("samples.jsonl");
    let text = fs::read(&samples).unwrap();
    fs::write(&samples, &text[..text.len() / 2]).unwrap();
    let record = fs::read_to_string(folder.join("run.json")).unwrap();
    let record = record.replace("\"complete\": true", "\"complete\": false");
    fs::write(folder.join("run.json"), record).unwrap();
    let output = coldstart(&["report", &folder.display().to_string()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("cut short"));
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let flags = ["--dry-run", "--functions", "rust,node", "--rounds", "2", "--no-controls"];
    let output = simulate(&folder, &flags);
    assert_eq!(output.status.code(), Some(0));
    let text = out(&output);
    assert!(text.contains("round 2") && !text.contains("round 3"));
    assert!(text.contains("seed 7, 2 rounds, 8 trials"), "{text}");
    assert!(text.contains("12 container starts, 100 invocations"), "{text}");
    assert!(!text.contains("python") && !text.contains("control"), "{text}");
    assert!(!folder.exists());
}

#[test]
fn a_plan_shows_the_controls_of_every_round() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let flags = ["--dry-run", "--functions", "rust,node", "--rounds", "2"];
    let text = out(&simulate(&folder, &flags));
    // Five null functions in containers and five as processes, which start none.
    assert!(text.contains("seed 7, 2 rounds, 28 trials"), "{text}");
    assert!(text.contains("22 container starts, 120 invocations"), "{text}");
    assert_eq!(text.matches("control: null container, bridge").count(), 2, "{text}");
    assert_eq!(text.matches("control: process sleeping 100 ms").count(), 2, "{text}");
}

#[test]
fn without_an_engine_and_without_consent_nothing_happens_and_the_cure_is_told() {
    let home = tempfile::tempdir().unwrap();
    for verb in ["run", "build"] {
        let output = coldstart(&[verb, "--functions", "rust"])
            .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
            .env("XDG_STATE_HOME", home.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(4), "{}", err(&output));
        assert!(err(&output).contains("/nowhere/docker.sock"), "{}", err(&output));
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "something was changed");
    }
}

#[test]
fn a_run_never_writes_over_another() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    simulate(&folder, &[]);
    let before = fs::read(folder.join("samples.jsonl")).unwrap();
    let output = simulate(&folder, &["--rounds", "1"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(err(&output).contains("exists already"), "{}", err(&output));
    assert_eq!(fs::read(folder.join("samples.jsonl")).unwrap(), before);
}

/// A run of so many rounds on a disk that takes no file larger than 32 KiB.
fn on_a_full_disk(folder: &Path, rounds: u32) -> Output {
    // A limit on the size of a file is the full disk that needs no privilege; the
    // signal that comes with it is ignored, so that the write fails instead.
    let program = assert_cmd::cargo::cargo_bin("coldstart");
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec {} run quick --engine fake --rounds {rounds} --out {}",
        program.display(),
        folder.display()
    );
    std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

#[test]
fn on_a_full_disk_no_page_is_named_that_was_not_written() {
    let home = tempfile::tempdir().unwrap();
    // The rows have room for one round, or have not: the page has it never.
    for rounds in [1, 50] {
        let folder = home.path().join(format!("of-{rounds}"));
        let output = on_a_full_disk(&folder, rounds);
        assert_eq!(output.status.code(), Some(4), "{}", err(&output));
        assert!(!folder.join("report.html").exists() && folder.join("run.json").exists());
        assert!(err(&output).lines().any(|line| line.starts_with("kept in ")), "{}", err(&output));
        let named = err(&output).lines().any(|line| line.starts_with("open "));
        assert!(!named, "{}", err(&output));
    }
}

#[test]
fn a_full_disk_ends_the_run_and_keeps_its_rows() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let output = on_a_full_disk(&folder, 50);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(err(&output).contains("samples.jsonl: is the disk full?"), "{}", err(&output));
    let run = coldstart::store::open(&folder).unwrap();
    assert!(!run.samples.is_empty() && !run.record.complete);
    assert!(run.record.stopped.unwrap().contains("is the disk full?"));
}

#[test]
fn a_folder_that_is_no_run_is_told_so() {
    let output = coldstart(&["report", "harness"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(err(&output).contains("harness is not a run folder"), "{}", err(&output));
}
