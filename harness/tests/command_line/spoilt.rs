//! Run folders that cannot have been measured so: what reads them says what is wrong
//! first, and `--salvage` reads what is there.

use std::path::PathBuf;

use coldstart::store;
use serde_json::Value;
use tempfile::TempDir;

use super::gate::Gate;
use super::*;

/// A simulated run of one function, and its folder.
fn run(flags: &[&str]) -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let output = simulate(&folder, &[&["--functions", "rust"], flags].concat());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    (home, folder)
}

/// Changes the lines of a file.
fn lines(folder: &Path, name: &str, change: impl FnOnce(&mut Vec<String>)) {
    let file = folder.join(name);
    let text = fs::read_to_string(&file).unwrap();
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    change(&mut lines);
    fs::write(&file, lines.join("\n") + "\n").unwrap();
}

/// Changes a document of JSON.
fn document(folder: &Path, change: impl FnOnce(&mut Value)) {
    let file = folder.join("run.json");
    let mut value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    change(&mut value);
    fs::write(&file, serde_json::to_vec(&value).unwrap()).unwrap();
}

/// Checks that every verb that reads a run refuses it and says so.
#[track_caller]
fn is_refused(folder: &Path, parts: &[&str]) {
    let folder = folder.display().to_string();
    let typed = [&["report", &folder][..], &["show", &folder], &["compare", &folder, &folder]];
    for args in typed {
        let output = coldstart(args).output().unwrap();
        let said = flat(&err(&output));
        assert_eq!(output.status.code(), Some(4), "{args:?}: {said}");
        assert!(said.starts_with("error[files]: "), "{said}");
        for part in parts {
            assert!(said.contains(part), "`{part}` is not in: {said}");
        }
    }
}

/// Checks that what is there can be read all the same, and is marked everywhere.
#[track_caller]
fn is_salvaged(folder: &Path, rows: usize) {
    let name = folder.display().to_string();
    let text = typed(&["report", &name, "--salvage"], 0);
    assert!(flat(&text).contains("salvaged from a spoilt folder: "), "{text}");
    for file in ["report.html", "report.md", "summary.json"] {
        let page = fs::read_to_string(folder.join(file)).unwrap();
        assert!(page.contains("salvaged from a spoilt folder"), "{file}");
    }
    for file in ["report.html", "report.md"] {
        assert!(fs::read_to_string(folder.join(file)).unwrap().contains("INVALID: "), "{file}");
    }
    for format in ["text", "json", "markdown"] {
        let shown = typed(&["show", &name, "--salvage", "--format", format], 0);
        assert!(flat(&shown).contains("salvaged from a spoilt folder"), "{format}: {shown}");
    }
    let compared = typed(&["compare", &name, &name, "--salvage"], 0);
    assert!(flat(&compared).contains("base was salvaged from a spoilt folder"), "{compared}");
    assert!(flat(&compared).contains("does not fail the build"), "{compared}");
    let salvaged = store::salvage(folder).unwrap();
    assert_eq!(salvaged.samples.len(), rows);
}

#[test]
fn a_complete_run_without_half_of_its_rows_is_refused_and_salvaged() {
    let (_home, folder) = run(&[]);
    let rows = store::open(&folder).unwrap().samples.len();
    let place = format!("samples.jsonl:{}: ", rows / 2 + 1);
    lines(&folder, "samples.jsonl", |lines| lines.truncate(rows / 2));
    is_refused(&folder, &[&place, "complete, and its rows end before trial", "--salvage"]);
    is_salvaged(&folder, rows / 2);
    lines(&folder, "trials.jsonl", |lines| lines.truncate(5));
    is_refused(&folder, &["trials.jsonl:6: the run is complete, and has 5 of "]);
}

#[test]
fn a_row_in_the_middle_that_is_missing_is_named() {
    let (_home, folder) = run(&[]);
    let rows = store::open(&folder).unwrap().samples.len();
    lines(&folder, "samples.jsonl", |lines| drop(lines.remove(6)));
    is_refused(&folder, &["samples.jsonl:7: trial ", " where the plan has trial "]);
    is_salvaged(&folder, rows - 1);
}

#[test]
fn a_row_a_hundred_times_is_refused_and_counts_once_when_salvaged() {
    let (_home, folder) = run(&[]);
    let rows = store::open(&folder).unwrap().samples.len();
    lines(&folder, "samples.jsonl", |lines| {
        let row = lines[3].clone();
        lines.splice(4..4, std::iter::repeat_n(row, 99));
    });
    is_refused(&folder, &["samples.jsonl:5: trial ", " where the plan has "]);
    is_salvaged(&folder, rows);
    // So of a run that was killed.
    document(&folder, |run| run["complete"] = false.into());
    is_refused(&folder, &["samples.jsonl:5: trial "]);
}

#[test]
fn trials_that_are_doubled_are_refused() {
    let (_home, folder) = run(&[]);
    let rows = store::open(&folder).unwrap().samples.len();
    lines(&folder, "trials.jsonl", |lines| lines.extend(lines.clone()));
    let trials = store::salvage(&folder).unwrap().trials.len();
    is_refused(
        &folder,
        &[&format!("trials.jsonl:{}: trial 1 of round 1, and the plan has no more", trials + 1)],
    );
    lines(&folder, "samples.jsonl", |lines| lines.extend(lines.clone()));
    is_salvaged(&folder, rows);
    assert_eq!(store::salvage(&folder).unwrap().trials.len(), trials);
}

#[test]
fn counts_that_do_not_add_up_are_refused() {
    let (_home, folder) = run(&[]);
    let rows = store::open(&folder).unwrap().samples.len();
    document(&folder, |run| run["counts"]["failed"] = 3.into());
    is_refused(&folder, &["run.json: counts are ", "3 failed", "of its rows they are"]);
    is_salvaged(&folder, rows);
    document(&folder, |run| run["counts"]["failed"] = 0.into());
    document(&folder, |run| run["counts"]["planned"] = 1.into());
    is_refused(&folder, &["run.json: counts are 1 planned"]);
}

#[test]
fn another_seed_or_order_is_another_plan() {
    let (_home, folder) = run(&[]);
    document(&folder, |run| run["seed"] = 8.into());
    is_refused(&folder, &["samples.jsonl:", "where the plan has"]);
    document(&folder, |run| run["seed"] = 7.into());
    store::open(&folder).unwrap();
    lines(&folder, "trials.jsonl", |lines| lines.swap(0, 1));
    is_refused(&folder, &["trials.jsonl:1: trial 2 of round 1, where the plan has trial 1"]);
}

/// Sets a mark of the first row.
fn mark(folder: &Path, name: &str, at: impl FnOnce(&Value) -> Value) {
    lines(folder, "samples.jsonl", |lines| {
        let mut row: Value = serde_json::from_str(&lines[0]).unwrap();
        row["marks"][name] = at(&row["marks"]);
        lines[0] = row.to_string();
    });
}

#[test]
fn an_answer_before_or_at_its_question_is_refused() {
    for early in [0, 1] {
        let (_home, folder) = run(&[]);
        let rows = store::open(&folder).unwrap().samples.len();
        let at = |marks: &Value| (marks["intended"].as_u64().unwrap() - early).into();
        mark(&folder, "responded", at);
        is_refused(&folder, &["samples.jsonl:1: it is ok, and responded at"]);
        is_salvaged(&folder, rows - 1);
    }
    let (_home, folder) = run(&[]);
    mark(&folder, "responded", |marks| {
        (marks["responded"].as_u64().unwrap() + 1_000_000_000_000).into()
    });
    is_refused(&folder, &["samples.jsonl:1: it is ok, and not within its trial"]);
}

#[test]
fn a_mark_that_no_clock_shows_is_refused() {
    let (_home, folder) = run(&[]);
    let rows = store::open(&folder).unwrap().samples.len();
    mark(&folder, "responded", |_| u64::MAX.into());
    let place = "samples.jsonl:1 is no sample: the mark `responded` is 18446744073709551615, and";
    is_refused(&folder, &[place]);
    is_salvaged(&folder, rows - 1);
}

#[test]
fn numbers_that_no_run_has_are_refused_with_their_place_and_never_a_panic() {
    let (_home, folder) = run(&[]);
    let text = fs::read(folder.join("run.json")).unwrap();
    let huge = u64::MAX;
    let check = |pointer: &str, value: Value, place: &str| {
        fs::write(folder.join("run.json"), &text).unwrap();
        document(&folder, |run| *run.pointer_mut(pointer).unwrap() = value);
        is_refused(&folder, &["run.json is not readable: ", place]);
        let listed = typed(
            &["list", "runs", "--results", &folder.parent().unwrap().display().to_string()],
            0,
        );
        assert!(flat(&listed).contains(place), "{listed}");
        let folder = folder.display().to_string();
        typed(&["run", "--continue", &folder], 4);
        typed(&["report", &folder, "--salvage"], 4);
    };
    check(
        "/scenario/rounds",
        4_000_000_000_u32.into(),
        "scenario.rounds is 4000000000, and can be",
    );
    check("/scenario/rounds", 0.into(), "scenario.rounds is 0");
    check("/scenario/keep_alive/secs", huge.into(), "scenario.keep_alive, in nanoseconds");
    check("/scenario/patterns/0/steps/0/after/secs", huge.into(), "`call` of `single`: after");
    check("/scenario/patterns/0/steps/0/act", serde_json::json!({"burst": 0}), "invocations is 0");
    check("/scenario/patterns", Value::Array(vec![]), "scenario.patterns is 0");
    check("/elapsed", (-1.0).into(), "elapsed is -1");
    check("/counts/ok", huge.into(), "counts.ok is 18446744073709551615");
    check("/host/memory", huge.into(), "host.memory is");
    check("/kernel_events/seen", huge.into(), "kernel_events.seen is");
    check("/functions/0/timeout_ms", huge.into(), "timeout_ms of `rust` is");
    check("/functions/0/position", huge.into(), "position of `rust` is");
    let memory: Vec<u64> = (0..200_000).map(|n| n + (64 << 20)).collect();
    check("/scenario/factors/memory", memory.into(), "subjects of a round is 400000");
    fs::write(folder.join("run.json"), &text).unwrap();
    lines(&folder, "trials.jsonl", |lines| {
        let mut trial: Value = serde_json::from_str(&lines[1]).unwrap();
        trial["ended"] = huge.into();
        lines[1] = trial.to_string();
    });
    is_refused(&folder, &["trials.jsonl:2 is no trial: ended is 18446744073709551615"]);
}

#[test]
fn a_run_until_enough_must_have_the_rows_that_it_counts() {
    let (_home, folder) = run(&["--until", "20%"]);
    let whole = store::open(&folder).unwrap();
    assert!(whole.record.complete && whole.record.scenario.rounds > 100);
    let last = whole.trials.last().unwrap().trial;
    lines(&folder, "samples.jsonl", |lines| {
        lines.retain(|line| !line.contains(&format!("\"trial\":{last},")));
    });
    lines(&folder, "trials.jsonl", |lines| drop(lines.pop()));
    is_refused(&folder, &["run.json: counts are "]);
    lines(&folder, "trials.jsonl", |lines| drop(lines.remove(9)));
    lines(&folder, "samples.jsonl", |lines| {
        lines.retain(|line| !line.contains("\"trial\":10,"));
    });
    is_refused(&folder, &["trials.jsonl:", "whose subject was left out before"]);
}

#[test]
fn a_side_of_a_gate_is_checked_by_its_own_turns() {
    let gate = Gate::new(&["--inject", "100ms", "--rounds", "10"]);
    gate.ends(1, &["measured again"]);
    for side in ["base", "head"] {
        let folder = gate.side(side);
        let rows = store::open(&folder).unwrap().samples.len();
        lines(&folder, "samples.jsonl", |lines| drop(lines.pop()));
        is_refused(
            &folder,
            &[&format!("samples.jsonl:{rows}: the run is complete, and its rows end")],
        );
    }
}

#[test]
fn a_record_of_gigabytes_is_named_and_not_read() {
    let (home, folder) = run(&[]);
    for (file, part) in [
        ("run.json", "run.json: it is longer than any file of a result"),
        ("summary.json", "no summary yet"),
    ] {
        let before = fs::read(folder.join(file)).unwrap();
        let huge = fs::File::create(folder.join(file)).unwrap();
        huge.set_len(3 << 30).unwrap();
        let results = home.path().display().to_string();
        let listed = typed(&["list", "runs", "--results", &results], 0);
        assert!(flat(&listed).contains(part), "{listed}");
        if file == "run.json" {
            is_refused(&folder, &[part]);
        }
        fs::write(folder.join(file), before).unwrap();
    }
    // What nobody writes to is waited for by nobody.
    fs::remove_file(folder.join("samples.jsonl")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.join("samples.jsonl")).status();
    assert!(made.unwrap().success());
    is_refused(&folder, &["samples.jsonl: it is no file"]);
}

#[test]
fn a_run_with_nothing_wrong_is_not_marked_as_salvaged() {
    let (_home, folder) = run(&[]);
    let name = folder.display().to_string();
    assert_eq!(typed(&["show", &name, "--salvage"], 0), typed(&["show", &name], 0));
    assert!(store::salvage(&folder).unwrap().salvaged.is_none());
    typed(&["report", &name, "--salvage", "--splice", "README.md"], 2);
    typed(&["show", "results/reliability", "--salvage"], 2);
}

#[test]
fn every_kept_folder_reads_and_reports_as_before() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    for folder in ["reference", "reliability/recorded/base", "reliability/recorded/head"] {
        let run = store::open(&kept.join(folder)).unwrap();
        assert!(run.record.complete && run.salvaged.is_none(), "{folder}");
    }
    let home = tempfile::tempdir().unwrap();
    for file in ["run.json", "samples.jsonl", "trials.jsonl"] {
        fs::copy(kept.join("reference").join(file), home.path().join(file)).unwrap();
    }
    typed(&["report", &home.path().display().to_string()], 0);
    for file in ["summary.json", "summary.csv", "report.md", "report.html"] {
        let [before, after] =
            [&kept.join("reference"), home.path()].map(|f| fs::read(f.join(file)).unwrap());
        assert!(before == after, "{file}");
    }
}
