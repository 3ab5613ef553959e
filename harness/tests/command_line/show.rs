//! `show`: an old result again, and nothing written.

use super::gate::Gate;
use super::*;

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            all.push((path, bytes));
        }
    }
    all.sort();
    all
}

#[test]
fn a_run_is_shown_as_it_was_and_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let first = out(&simulate(&folder, &["--functions", "rust"]));
    let before = files(home.path());
    let results = home.path().display().to_string();
    let id = coldstart::store::record(&folder).unwrap().id;
    for name in [&folder.display().to_string(), "run", &id, "latest"] {
        assert_eq!(typed(&["show", name, "--results", &results], 0), first, "{name}");
    }
    assert!(files(home.path()) == before, "something was written");
}

#[test]
fn a_gate_is_shown_as_it_was_judged() {
    let gate = Gate::new(&["--inject", "100ms", "--no-confirm", "--rounds", "12"]);
    let folder = gate.folder().display().to_string();
    let before = files(gate.home.path());
    assert_eq!(typed(&["show", &folder], 0), out(&gate.output));
    let read = |name: &str| fs::read_to_string(gate.folder().join(name)).unwrap();
    let form = |form: &str| typed(&["show", &folder, "--format", form], 0);
    assert_eq!(form("json"), read("compare.json"));
    assert_eq!(form("markdown").trim_end(), read("compare.md").trim_end());
    assert!(form("csv").starts_with("function,network,"));
    let results = gate.home.path().display().to_string();
    assert_eq!(typed(&["show", "latest", "--results", &results], 0), out(&gate.output));
    assert!(files(gate.home.path()) == before, "something was written");
    // Somebody else's folder does not take over the terminal.
    fs::write(gate.folder().join("compare.txt"), "\u{1b}[2Jgone\n").unwrap();
    assert_eq!(typed(&["show", &folder], 0), "[2Jgone\n");
    // Made by a version that did not keep what the terminal was told.
    fs::remove_file(gate.folder().join("compare.txt")).unwrap();
    assert_eq!(typed(&["show", &folder], 0).trim_end(), read("compare.md").trim_end());
}

#[test]
fn what_is_no_result_is_told_with_what_to_type() {
    let check = |args: &[&str], status: i32, parts: &[&str]| {
        let output = coldstart(args).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{}", err(&output));
        for part in parts {
            assert!(err(&output).contains(part), "`{part}` is not in: {}", err(&output));
        }
        assert!(output.stdout.is_empty());
    };
    let known = ["`coldstart list runs`", "did you mean `reference`?"];
    check(&["show", "refrence"], 2, &known);
    check(&["show", "harness"], 4, &["harness holds no result", "compare.json"]);
    let home = tempfile::tempdir().unwrap();
    let results = home.path().display().to_string();
    check(&["show", "latest", "--results", &results], 4, &["no result yet", "`coldstart run`"]);
    let gate = Gate::new(&["--rounds", "2"]);
    fs::remove_file(gate.folder().join("compare.json")).unwrap();
    let folder = gate.folder().display().to_string();
    check(&["show", &folder], 4, &["two sides that were not judged", "`coldstart compare "]);
}
