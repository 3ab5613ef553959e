//! A folder that is removed or renamed while a run writes to it, and runs that begin at
//! once.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use coldstart::store;

use super::*;

/// The program at work, so long that something can be done to its folder meanwhile.
fn begin(args: &[&str]) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("coldstart"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    command.args(["--engine", "fake", "--functions", "rust", "--rounds", "20000"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until some trials are noted.
fn some_trials(folder: &Path) {
    let begun = Instant::now();
    let length = || fs::metadata(folder.join("trials.jsonl")).map_or(0, |found| found.len());
    while length() < 2_000 {
        assert!(begun.elapsed() < Duration::from_secs(120), "nothing is measured");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Removes a folder that may be written into meanwhile, as `rm -r` typed again would.
fn remove(folder: &Path) {
    let begun = Instant::now();
    while let Err(error) = fs::remove_dir_all(folder) {
        assert!(error.kind() == std::io::ErrorKind::DirectoryNotEmpty, "{error}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{error}");
    }
}

/// The folder that was told to have everything, and what it has.
fn kept(said: &str) -> store::Run {
    let (_, kept) = said.split_once("what was measured is in ").unwrap();
    let run = store::open(Path::new(kept.split_once(": ").unwrap().0)).unwrap();
    assert!(!run.record.complete && !run.truncated, "{said}");
    assert!(run.samples.len() > 20, "{said}");
    assert_eq!(run.record.counts.rows(), run.samples.len() as u64, "no row is lost");
    assert_eq!(run.samples.last().unwrap().trial, run.trials.last().unwrap().trial);
    run
}

#[test]
fn a_run_whose_folder_is_removed_ends_with_4_and_keeps_everything_beside_it() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let child = begin(&["run", "quick", "--out", &folder.display().to_string()]);
    some_trials(&folder);
    remove(&folder);
    let output = child.wait_with_output().unwrap();
    let said = flat(&err(&output));
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("error[files]: "), "{said}");
    assert!(!folder.exists(), "nothing is made in its place");
    let run = kept(&said);
    assert!(run.folder.starts_with(home.path()), "{said}");
    assert!(said.contains(&format!("run --continue {}`", run.folder.display())), "{said}");
    assert!(out(&output).is_empty(), "no result is shown: {}", out(&output));
}

#[test]
fn a_run_whose_folder_is_renamed_ends_with_4_and_is_whole_under_the_new_name() {
    let home = tempfile::tempdir().unwrap();
    let [folder, new] = ["run", "new"].map(|name| home.path().join(name));
    let child = begin(&["run", "quick", "--out", &folder.display().to_string()]);
    some_trials(&folder);
    fs::rename(&folder, &new).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = flat(&err(&output));
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(!folder.exists(), "nothing is made in its place");
    assert_eq!(kept(&said).folder, new);
}

#[test]
fn a_gate_whose_folder_is_removed_ends_with_4_and_keeps_both_sides() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("gate");
    let child = begin(&["gate", "--base", "./", "--out", &folder.display().to_string()]);
    some_trials(&folder.join("head"));
    // Both sides at one instant: what is closed before it is removed is not kept for longer.
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    remove(&folder);
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = flat(&err(&output));
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(!folder.exists(), "nothing is made in its place");
    let left: Vec<_> = fs::read_dir(home.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(left.len(), 2, "{left:?}: {said}");
    for side in ["base", "head"] {
        let one = left
            .iter()
            .find(|f| f.display().to_string().contains(&format!("gate-{side}.rescued-")));
        let one = one.unwrap_or_else(|| panic!("{left:?}"));
        assert!(said.contains(&one.display().to_string()), "{said}");
        assert!(!store::open(one).unwrap().samples.is_empty());
    }
}

#[test]
fn runs_that_begin_in_the_same_second_all_get_a_folder() {
    let home = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("coldstart"));
        command.args(["run", "quick", "--image", "x", "--engine", "fake", "--rounds", "1"]);
        command.current_dir(home.path()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let all: Vec<Child> = (0..6).map(|_| start()).collect();
    for child in all {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    }
    let folders = fs::read_dir(home.path().join("results")).unwrap();
    let runs: Vec<_> = folders.map(|f| store::open(&f.unwrap().path()).unwrap()).collect();
    assert_eq!(runs.len(), 6);
    assert!(runs.iter().all(|run| run.record.complete));
}

#[test]
fn a_run_that_cannot_be_prepared_leaves_no_folder() {
    let home = tempfile::tempdir().unwrap();
    let output = coldstart(&["run", "quick", "--image", "x"])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .env("XDG_STATE_HOME", home.path().join("state"))
        .current_dir(home.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    let left = fs::read_dir(home.path().join("results")).map_or(0, Iterator::count);
    assert_eq!(left, 0);
}
