//! `compare`: two runs that are there.

use coldstart::store;
use coldstart::store::fingerprint;

use super::gate::Gate;
use super::*;

/// A gate whose head is slower by 100 ms.
fn slower() -> Gate {
    let gate = Gate::new(&["--inject", "100ms", "--no-confirm", "--rounds", "12"]);
    gate.ends(1, &[]);
    gate
}

fn compare(base: &Path, head: &Path, flags: &[&str]) -> Output {
    let (base, head) = (base.display().to_string(), head.display().to_string());
    let mut args = vec!["compare", &base, &head];
    args.extend(flags);
    coldstart(&args).output().unwrap()
}

#[track_caller]
fn ends(output: &Output, code: i32, parts: &[&str]) {
    let said = format!("{} {}", flat(&err(output)), flat(&out(output)));
    assert_eq!(output.status.code(), Some(code), "{said}");
    for part in parts {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
}

/// Replaces a text in a run's record.
fn edit(folder: &Path, from: &str, to: &str) {
    let file = folder.join("run.json");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "`{from}` is not in {text}");
    fs::write(&file, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn two_sides_of_a_gate_give_its_verdict_again() {
    let gate = slower();
    let (base, head) = (gate.side("base"), gate.side("head"));
    ends(&compare(&base, &head, &[]), 1, &["kept in", "compare"]);
    ends(&compare(&head, &base, &[]), 0, &[]);
    ends(&compare(&base, &head, &["--margin", "90%", "--own-floor", "1s"]), 0, &[]);
    let elsewhere = gate.home.path().join("elsewhere");
    let flag = elsewhere.display().to_string();
    ends(&compare(&base, &head, &["--out", &flag]), 1, &[&flag]);
}

#[test]
fn runs_of_two_moods_or_machines_are_compared_and_bind_nobody() {
    let gate = slower();
    let (base, head) = (gate.side("base"), gate.side("head"));
    let pair = store::record(&head).unwrap().side.unwrap().pair;
    edit(&head, &format!("\"pair\": \"{pair}\""), "\"pair\": \"another\"");
    ends(&compare(&base, &head, &[]), 0, &["one after the other", "without a null container"]);
    edit(&head, "\"architecture\": \"", "\"architecture\": \"other ");
    ends(&compare(&base, &head, &[]), 0, &["architecture: "]);
    ends(&compare(&base, &head, &["--strict"]), 0, &[]);
}

#[test]
fn what_is_no_run_is_told_so() {
    let gate = slower();
    let base = gate.side("base");
    ends(&compare(&base, Path::new("harness"), &[]), 4, &["harness is not a run folder"]);
    ends(&compare(Path::new("nowhere"), &base, &[]), 4, &["nowhere is not a run folder"]);
    ends(&compare(&gate.folder(), &base, &[]), 4, &["is not a run folder"]);
    let typed = |args: &[&str]| coldstart(args).output().unwrap();
    ends(&typed(&["compare"]), 2, &["Usage"]);
    ends(&typed(&["compare", "one"]), 2, &["HEAD"]);
    ends(&typed(&["compare", "one", "two", "--baseline", "three"]), 2, &["--baseline"]);
}

#[test]
fn a_newer_format_is_told_so() {
    let gate = slower();
    edit(&gate.side("head"), "\"format\": 3", "\"format\": 99");
    let found = compare(&gate.side("base"), &gate.side("head"), &[]);
    ends(&found, 4, &["format 99", "use a newer coldstart"]);
}

#[test]
fn a_run_that_was_cut_short_is_compared_as_far_as_it_goes() {
    let gate = slower();
    let (base, head) = (gate.side("base"), gate.side("head"));
    let samples = head.join("samples.jsonl");
    let text = fs::read(&samples).unwrap();
    fs::write(&samples, &text[..text.len() * 9 / 10]).unwrap();
    edit(&head, "\"complete\": true", "\"complete\": false");
    ends(&compare(&base, &head, &[]), 1, &["the last row was cut short"]);
    fs::write(&samples, "").unwrap();
    ends(&compare(&base, &head, &[]), 4, &[]);
}

#[test]
fn runs_with_nothing_in_common_cannot_be_judged() {
    let home = tempfile::tempdir().unwrap();
    let run = |name: &str, function: &str| {
        let folder = home.path().join(name);
        simulate(&folder, &["--functions", function]);
        folder
    };
    let (one, two) = (run("one", "rust"), run("two", "node"));
    ends(&compare(&one, &two, &[]), 4, &["nothing was compared"]);
    ends(&compare(&one, &run("three", "rust"), &[]), 0, &["one after the other"]);
}

#[test]
fn the_baseline_of_a_machine_is_found_by_its_fingerprint() {
    let gate = slower();
    let (base, head) = (gate.side("base"), gate.side("head"));
    let typed = head.display().to_string();
    let baseline = || {
        let mut command = coldstart(&["compare", "--baseline", &typed]);
        command.current_dir(gate.home.path()).output().unwrap()
    };
    let record = store::record(&head).unwrap();
    let print = fingerprint(&record.host, &record.engine);
    let folder = Path::new("results/baselines").join(&print);
    let cure = format!("mkdir -p {} && cp -r", folder.display());
    ends(&baseline(), 4, &["no baseline of this machine", &print, &cure]);
    let stored = gate.home.path().join(&folder);
    fs::create_dir_all(&stored).unwrap();
    fs::write(stored.join("README"), "no run").unwrap();
    ends(&baseline(), 4, &["no baseline of this machine"]);
    let copy = |name: &str, from: &Path| {
        fs::create_dir(stored.join(name)).unwrap();
        for file in ["run.json", "samples.jsonl", "trials.jsonl"] {
            fs::copy(from.join(file), stored.join(name).join(file)).unwrap();
        }
    };
    copy("new", &base);
    ends(&baseline(), 1, &["baseline: ", &print, "new"]);
    // An older one beside it is not taken, whatever it is called.
    copy("older", &head);
    let started = format!("\"started\": \"{}\"", record.started);
    edit(&stored.join("older"), &started, "\"started\": \"2001-01-01T00:00:00Z\"");
    ends(&baseline(), 1, &["new"]);
    // One that is spoilt is not passed over in silence.
    copy("spoilt", &base);
    fs::write(stored.join("spoilt/run.json"), "{").unwrap();
    ends(&baseline(), 1, &["warning: a stored run that cannot be read is no baseline", "spoilt"]);
}

#[test]
fn a_job_gets_its_summary_and_keeps_what_is_there() {
    let gate = slower();
    let summary = gate.home.path().join("summary.md");
    fs::write(&summary, "before\n").unwrap();
    let (base, head) = (gate.side("base"), gate.side("head"));
    let job = |path: &Path| {
        let folders = [base.display().to_string(), head.display().to_string()];
        let mut command = coldstart(&["compare", &folders[0], &folders[1]]);
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", path).output().unwrap()
    };
    ends(&job(&summary), 1, &[]);
    let text = fs::read_to_string(&summary).unwrap();
    assert!(text.starts_with("before\n") && text.len() > "before\n".len(), "{text}");
    ends(&job(Path::new("")), 1, &[]);
    // The verdict is not less true for a summary that cannot be written.
    ends(&job(gate.home.path()), 1, &["warning: cannot write GITHUB_STEP_SUMMARY"]);
}

/// A simulated run of one image that is described in a file.
fn asked(home: &Path, name: &str, event: &str, more: &str) -> std::path::PathBuf {
    let file = home.join(format!("{name}.toml"));
    let text = format!(
        "[[function]]\nname = \"f\"\nimage = \"f:1\"\nmemory = \"64MiB\"\n\
         event = '{event}'\n{more}\n"
    );
    fs::write(&file, text).unwrap();
    let folder = home.join(name);
    let output = simulate(&folder, &["--functions-file", &file.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    folder
}

#[test]
fn runs_of_another_event_environment_or_time_out_are_not_alike_and_bind_nobody() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let plain = asked(home, "plain", "{}", "timeout = \"9s\"");
    let secret = "timeout = \"9s\"\nenv = { TOKEN = \"hunter2\" }";
    let with_secret = asked(home, "secret", "{}", secret);
    let other_secret = asked(home, "other_secret", "{}", &secret.replace("hunter2", "hunter3"));
    let record = fs::read_to_string(with_secret.join("run.json")).unwrap();
    assert!(record.contains("TOKEN") && !record.contains("hunter2"), "{record}");
    let unlike = |base: &Path, head: &Path, parts: &[&str]| {
        ends(&compare(base, head, &[]), 0, &[&["does not fail the build"], parts].concat());
    };
    let event = asked(home, "event", "{\"a\": 1}", "timeout = \"9s\"");
    unlike(&plain, &event, &["f: event of 2 bytes (44136fa355b3) in base, 8 bytes ("]);
    unlike(&plain, &with_secret, &["f: environment of nothing in base, TOKEN ("]);
    unlike(&with_secret, &other_secret, &["f: environment of TOKEN ("]);
    let time_out = asked(home, "time_out", "{}", "timeout = \"8s\"");
    unlike(&plain, &time_out, &["f: time-out 9000 ms in base, 8000 ms in head"]);
    let same = asked(home, "same", "{}", "timeout = \"9s\"");
    let alike = compare(&plain, &same, &[]);
    for word in ["event of", "environment of", "time-out", "not known of"] {
        assert!(!out(&alike).contains(word), "{}", out(&alike));
    }
}

#[test]
fn whether_runs_of_an_earlier_version_were_asked_the_same_is_said_to_be_unknown() {
    let kept = Path::new("results/reliability/recorded");
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("compare").display().to_string();
    let found = compare(&kept.join("base"), &kept.join("head"), &["--out", &folder]);
    ends(&found, 0, &["whether event and environment were the same is not known of jvm, node"]);
}

#[test]
fn functions_of_two_names_are_joined_where_that_is_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let run = |name: &str, image: &str| {
        let folder = home.path().join(name);
        let output = simulate(&folder, &["--image", image]);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        folder
    };
    let (old, new) = (run("one", "old=app:1"), run("two", "new=app:1"));
    ends(&compare(&old, &new, &[]), 4, &["no cell was measured on both sides"]);
    let joined = compare(&old, &new, &["--join", "old=new"]);
    let text = out(&joined);
    assert!(text.contains("new") && !text.contains("no cell was measured"), "{text}");
    for (wrong, part) in [
        ("odl=new", "base: unknown function `odl`"),
        ("old=nwe", "head: unknown function `nwe`"),
        ("old", "the name in base"),
    ] {
        ends(&compare(&old, &new, &["--join", wrong]), 2, &[part]);
    }
}

#[test]
fn two_functions_of_one_run_are_compared_in_turns() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let output = simulate(&folder, &["--functions", "python,node,rust", "--rounds", "20"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let joins = ["--join", "python=node", "--format", "json"];
    let found: serde_json::Value =
        serde_json::from_str(&out(&compare(&folder, &folder, &joins))).unwrap();
    assert_eq!(found["interleaved"], true);
    let told = out(&compare(&folder, &folder, &joins[..2]));
    assert!(told.contains("shuffled by its seed"), "{told}");
    let rows = found["rows"].as_array().unwrap();
    let of = |row: &serde_json::Value| row["cell"]["function"].as_str().map(str::to_owned);
    assert!(rows.iter().filter_map(of).all(|function| function == "node"), "{rows:?}");
    assert_eq!(found["missing"].as_array().map(Vec::len), Some(0), "{}", found["missing"]);
    ends(&compare(&folder, &folder, &["--join", "python=nod"]), 2, &["unknown function `nod`"]);
}
