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
fn the_rows_of_a_run_are_shown_in_every_form_and_what_was_said_where_it_was_kept() {
    let home = tempfile::tempdir().unwrap();
    let show = |folder: &str, more: &[&str]| {
        let folder = home.path().join(folder).display().to_string();
        typed(&[&["show", &folder, "--rows"], more].concat(), 0)
    };
    simulate(&home.path().join("plain"), &["--functions", "rust,node", "--rounds", "2"]);
    let run = coldstart::store::open(&home.path().join("plain")).unwrap();
    assert_eq!(show("plain", &["--format", "csv"]).lines().count(), run.samples.len() + 1);
    let text = show("plain", &["--functions", "node"]);
    assert!(text.contains("node") && !text.contains("rust"), "{text}");
    assert!(!text.contains("replied ") && !text.contains("wrote: "), "{text}");
    assert!(show("plain", &["--failed"]).contains("0 rows of "), "none failed");
    simulate(&home.path().join("told"), &["--functions", "rust", "--rounds", "1", "-v"]);
    let text = flat(&show("told", &["--functions", "rust"]));
    assert!(text.contains("replied {\"instance\":"), "{text}");
    assert!(text.contains("wrote: a line that the function wrote [31m(simulated)"), "{text}");
    let json = show("told", &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let first = json["rows"].as_array().unwrap().iter().find(|row| row["control"].is_null());
    assert!(first.unwrap()["reply"].as_str().unwrap().starts_with("{\"instance\":"));
    let refused = |args: &[&str], part: &str| {
        let output = coldstart(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert!(flat(&err(&output)).contains(part), "{}", err(&output));
    };
    let plain = home.path().join("plain").display().to_string();
    let unknown = "unknown function `nod`: known are `node`, `rust`; did you mean `node`?";
    refused(&["show", &plain, "--rows", "--functions", "nod"], unknown);
    refused(&["show", &plain, "--failed"], "--rows");
    let gate = Gate::new(&["--rounds", "2"]);
    let folder = gate.folder().display().to_string();
    refused(
        &["show", &folder, "--rows"],
        "holds two runs, and only runs have rows: `coldstart show",
    );
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
    assert!(form("csv").starts_with("function,adapter,engine,network,"));
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

#[test]
fn a_compare_json_that_is_none_is_an_error_with_its_cure_in_every_form() {
    let gate = Gate::new(&["--rounds", "2"]);
    let folder = gate.folder();
    let typed = folder.display().to_string();
    let cure = "`coldstart compare BASE HEAD` makes it again";
    for text in ["[]", "7", "null", "{}", r#"{"rows":[1]}"#, r#"{"rows":["a"]}"#, "{\"rows\":[[]"] {
        fs::write(folder.join("compare.json"), text).unwrap();
        let output = coldstart(&["show", &typed, "--format", "csv"]).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{text}: {}", err(&output));
        assert!(flat(&err(&output)).contains(cure), "{text}: {}", err(&output));
        for form in ["text", "markdown", "json"] {
            let output = coldstart(&["show", &typed, "--format", form]).output().unwrap();
            let status = output.status.code();
            assert!(matches!(status, Some(0 | 4)), "{text}: {status:?}: {}", err(&output));
        }
        let results = gate.home.path().display().to_string();
        list_names(&results, "gate");
    }
    // Not waited for, and not read for ever.
    fs::remove_file(folder.join("compare.json")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.join("compare.json")).unwrap();
    let output = coldstart(&["show", &typed, "--format", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
}

/// Checks that a list names a result, whatever is in it.
#[track_caller]
fn list_names(results: &str, name: &str) {
    let text = typed(&["list", "runs", "--results", results], 0);
    assert!(text.contains(name), "{text}");
}

#[test]
fn terminal_codes_in_a_kept_comparison_are_in_no_form_that_is_shown() {
    let gate = Gate::new(&["--rounds", "2"]);
    let codes = "\u{1b}[2J\u{9b}31m\u{202e}\u{7}";
    for name in ["compare.txt", "compare.md"] {
        fs::write(gate.folder().join(name), format!("{codes}gone\n")).unwrap();
    }
    let file = gate.folder().join("compare.json");
    let text = fs::read_to_string(&file).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    document["rows"][0]["function"] = codes.into();
    document["head"]["label"] = format!("=1+1{codes}").into();
    let folder = gate.folder().display().to_string();
    // As a writer puts it, and as no writer would.
    let escaped = serde_json::to_string(&document).unwrap();
    for text in [&escaped, &escaped.replace("\\u001b", "\u{1b}").replace("\\u0007", "\u{7f}")] {
        fs::write(&file, text).unwrap();
        for form in ["text", "markdown", "json", "csv"] {
            let output = coldstart(&["show", &folder, "--format", form]).output().unwrap();
            let shown = out(&output) + &err(&output);
            let odd = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!shown.contains(odd), "{form}: {shown:?}");
        }
        let results = gate.home.path().display().to_string();
        let listed = typed(&["list", "runs", "--results", &results], 0);
        assert!(!listed.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7}']), "{listed:?}");
    }
}

#[test]
fn a_folder_whose_name_is_not_utf_8_is_listed_in_every_form_and_can_be_shown() {
    use std::os::unix::ffi::OsStrExt;
    let home = tempfile::tempdir().unwrap();
    let name = std::ffi::OsStr::from_bytes(b"odd-\xff-\x1b[2J");
    let made = home.path().join("plain");
    let first = out(&simulate(&made, &["--functions", "rust", "--rounds", "1"]));
    fs::rename(&made, home.path().join(name)).unwrap();
    let results = home.path().display().to_string();
    for form in ["text", "json", "markdown", "csv"] {
        let text = typed(&["list", "runs", "--results", &results, "--format", form], 0);
        assert!(text.contains("odd-\u{fffd}-"), "{form}: {text}");
        assert!(!text.contains('\u{1b}'), "{form}: {text:?}");
    }
    let show = |what: &std::ffi::OsStr| {
        let mut command = coldstart(&["show", "--results", &results]);
        command.arg(what).output().unwrap()
    };
    // As it is, as its path is, and as the list shows it.
    let path = home.path().join(name);
    for what in [name, path.as_os_str(), std::ffi::OsStr::new("odd-\u{fffd}- [2J")] {
        let output = show(what);
        assert_eq!(output.status.code(), Some(0), "{what:?}: {}", err(&output));
        assert_eq!(out(&output), first);
    }
    assert_eq!(show(std::ffi::OsStr::from_bytes(b"\xfe")).status.code(), Some(2));
}
