//! `gate`: two sides in turns, on the simulated engine.

use std::path::PathBuf;

use coldstart::store::{self, Run};
use tempfile::TempDir;

use super::*;

/// A gate of one folder against another, and what became of it.
pub(super) struct Gate {
    pub(super) home: TempDir,
    pub(super) output: Output,
}

impl Gate {
    /// Of this project's functions against themselves.
    pub(super) fn new(flags: &[&str]) -> Self {
        let mut args = vec!["gate", "--base", "./", "--functions", "rust,node"];
        args.extend(flags);
        Self::typed(&args)
    }

    fn typed(args: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("gate").display().to_string();
        let mut args = args.to_vec();
        args.extend(["--engine", "fake", "--seed", "7", "--out", &folder]);
        Self { output: coldstart(&args).output().unwrap(), home }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.home.path().join("gate")
    }

    pub(super) fn side(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn run(&self, side: &str) -> Run {
        store::open(&self.side(side)).unwrap()
    }

    /// Checks the exit code and what was said on either stream.
    #[track_caller]
    pub(super) fn ends(&self, code: i32, parts: &[&str]) {
        let said = format!("{} {}", flat(&err(&self.output)), flat(&out(&self.output)));
        assert_eq!(self.output.status.code(), Some(code), "{said}");
        for part in parts {
            assert!(said.contains(part), "`{part}` is not in: {said}");
        }
    }
}

/// Rounds of a function.
fn rounds(run: &Run, function: &str) -> Vec<u32> {
    let mut rounds: Vec<u32> =
        run.samples.iter().filter(|s| s.cell.function == function).map(|s| s.round).collect();
    rounds.dedup();
    rounds
}

#[test]
fn a_tree_against_itself_passes_and_leaves_two_runs() {
    let gate = Gate::new(&["--rounds", "20"]);
    gate.ends(0, &["base: ./", "head: working tree", "round 20 of 20"]);
    for side in ["base", "head"] {
        let run = gate.run(side);
        assert!(run.record.complete && !run.truncated);
        assert_eq!(run.record.counts.planned, run.samples.len() as u64);
        assert_eq!(rounds(&run, "rust"), (1..=20).collect::<Vec<_>>());
        assert!(run.samples.iter().all(|s| s.cell.control.is_none()));
        let folder = gate.side(side).display().to_string();
        let report = coldstart(&["report", &folder]).output().unwrap();
        assert_eq!(report.status.code(), Some(0), "{}", err(&report));
    }
    let (base, head) = (gate.run("base"), gate.run("head"));
    let pair = |run: &Run| run.record.side.clone().unwrap().pair;
    assert_eq!(pair(&base), pair(&head));
    // Neighbours on one clock, and no trial is on both sides.
    let mut numbers: Vec<u32> =
        [&base, &head].iter().flat_map(|r| &r.trials).map(|t| t.trial).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(1..=20 * 2 * 2));
    let folders = [gate.side("base"), gate.side("head")].map(|f| f.display().to_string());
    let compared = coldstart(&["compare", &folders[0], &folders[1]]).output().unwrap();
    assert_eq!(compared.status.code(), Some(0), "{}", err(&compared));
    let again = &base.record.command;
    assert!(again.starts_with("coldstart gate gate --base ./ --functions "), "{again}");
    assert!(again.ends_with(" --rounds 20 --engine fake --seed 7"), "{again}");
}

#[test]
fn what_sleeps_longer_is_measured_again_and_fails() {
    let gate = Gate::new(&["--rounds", "30", "--inject", "100ms"]);
    gate.ends(1, &["slower at first sight, measured again", "`rust`", "`node`"]);
    for side in ["base", "head"] {
        let run = gate.run(side);
        assert!(run.record.complete);
        assert_eq!(run.record.counts.planned, run.samples.len() as u64);
        for function in ["rust", "node"] {
            assert_eq!(rounds(&run, function), (1..=60).collect::<Vec<_>>(), "{side}");
        }
        let injected = run.record.side.unwrap().injected;
        assert_eq!(injected.get("rust"), (side == "head").then_some(&100));
    }
}

#[test]
fn a_function_is_measured_on_until_enough_is_seen_and_its_rows_are_read_as_such() {
    let gate = Gate::new(&["--rounds", "20", "--sees", "5ms", "--most-rounds", "90"]);
    gate.ends(0, &[" rounds more, to see 5ms"]);
    for side in ["base", "head"] {
        let run = gate.run(side);
        assert!(run.record.complete && !run.truncated);
        assert!(!run.record.beyond.is_empty());
        for function in ["rust", "node"] {
            let parts = run.record.beyond.iter();
            let parts = parts.filter(|part| part.functions.iter().any(|name| name == function));
            let measured = 20 + parts.map(|part| part.rounds).sum::<u32>();
            assert_eq!(rounds(&run, function).len() as u32, measured, "{function}");
            assert!((20..=90).contains(&measured));
        }
        let folder = gate.side(side).display().to_string();
        let report = coldstart(&["report", &folder]).output().unwrap();
        assert_eq!(report.status.code(), Some(0), "{}", err(&report));
    }
    let again = gate.run("head").record.command;
    assert!(again.contains(" --rounds 20 --sees 5ms --most-rounds 90 "), "{again}");
    // As many as were typed and no more.
    let plain = Gate::new(&["--rounds", "20"]);
    assert!(plain.run("head").record.beyond.is_empty());
}

#[test]
fn nothing_is_measured_again_where_that_is_not_wanted() {
    let gate = Gate::new(&["--inject", "100ms", "--no-confirm", "--rounds", "10"]);
    gate.ends(1, &[]);
    assert!(!err(&gate.output).contains("measured again"));
    let run = gate.run("head");
    assert_eq!(rounds(&run, "rust").last(), Some(&10));
    assert!(run.record.command.contains("--inject 100ms --no-confirm"), "{}", run.record.command);
}

#[test]
fn a_margin_says_what_is_too_slow() {
    let flags = ["--inject", "20ms", "--rounds", "30", "--no-confirm"];
    Gate::new(&flags).ends(1, &[]);
    let patient = [&flags[..], &["--margin", "90%", "--own-floor", "1s"]].concat();
    Gate::new(&patient).ends(0, &[]);
    let other = [&flags[..], &["--gate", "warm"]].concat();
    Gate::new(&other).ends(0, &[]);
}

#[test]
fn too_few_rounds_pass_unless_that_is_to_be_strict() {
    let gate = Gate::new(&["--rounds", "2", "--inject", "100ms"]);
    gate.ends(0, &["too few for any verdict"]);
    Gate::new(&["--rounds", "2", "--strict"]).ends(3, &[]);
}

#[test]
fn a_dry_run_shows_the_turns_and_changes_nothing() {
    let gate = Gate::new(&["--dry-run", "--rounds", "2"]);
    gate.ends(0, &["seed 7, 2 rounds, 8 trials", "8 container starts, 88 invocations"]);
    let text = out(&gate.output);
    let sides: Vec<&str> = text.lines().filter_map(|l| l.split_whitespace().nth(1)).collect();
    assert_eq!(
        sides[..10],
        ["1", "base", "head", "base", "head", "2", "head", "base", "head", "base"]
    );
    assert!(!gate.folder().exists() && err(&gate.output).is_empty());
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().display().to_string();
    let args = ["gate", "--base", "./", "--rounds", "1", "--engine", "fake", "--out", &folder];
    let output = coldstart(&args).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(err(&output).contains("exists already"), "{}", err(&output));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

/// A folder with functions of these names.
fn folder(names: &[&str]) -> TempDir {
    let limits: Vec<_> = names.iter().map(|name| (*name, "10s")).collect();
    functions(&limits)
}

/// A folder with functions of these names and time limits.
pub(super) fn functions(limits: &[(&str, &str)]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let function = |(name, limit): &(&str, &str)| {
        format!(
            "[[function]]\nname = \"{name}\"\ncontext = \"{name}\"\nfiles = [\"Dockerfile\"]\n\
             version-command = [\"true\"]\nmemory = \"64MiB\"\ntimeout = \"{limit}\"\nevent = '{{}}'\n"
        )
    };
    let text: String = limits.iter().map(function).collect();
    fs::create_dir(home.path().join("functions")).unwrap();
    fs::write(home.path().join("functions/functions.toml"), text).unwrap();
    home
}

/// A gate of one folder's functions against another's.
pub(super) fn between(base: &TempDir, head: &TempDir, flags: &[&str]) -> Gate {
    let (base, head) = (base.path().display().to_string(), head.path().display().to_string());
    let mut args = vec!["gate", "--base", &base, "--head", &head];
    args.extend(flags);
    if !flags.contains(&"--rounds") {
        args.extend(["--rounds", "12"]);
    }
    Gate::typed(&args)
}

#[test]
fn a_function_that_is_gone_fails_and_a_new_one_does_not() {
    let (one, two) = (folder(&["alpha"]), folder(&["alpha", "beta"]));
    let gate = between(&two, &one, &[]);
    gate.ends(1, &["only in base: `beta`"]);
    assert_eq!(rounds(&gate.run("base"), "beta"), [0; 0], "there is nothing to compare it with");
    let gate = between(&one, &two, &[]);
    gate.ends(0, &["only in head: `beta`"]);
    // Whoever asks for one function is told of one function.
    let gate = between(&two, &one, &["--functions", "alpha"]);
    gate.ends(0, &[]);
    assert!(!err(&gate.output).contains("beta"), "{}", err(&gate.output));
    between(&one, &folder(&["gamma"]), &[]).ends(2, &["no function in common"]);
}

#[test]
fn a_side_that_cannot_be_meant_is_named() {
    let check = |base: &str, parts: &[&str]| {
        let gate = Gate::typed(&["gate", "--base", base]);
        gate.ends(2, parts);
        assert!(!gate.folder().exists());
    };
    check("no_such_ref", &["`no_such_ref`"]);
    check("./no_such_folder", &["no_such_folder"]);
    let empty = tempfile::tempdir().unwrap();
    let path = empty.path().display().to_string();
    check(&path, &[&path, "functions/functions.toml"]);
    fs::create_dir(empty.path().join("functions")).unwrap();
    fs::write(empty.path().join("functions/functions.toml"), "[[function]]\nname = 1").unwrap();
    check(&path, &["base, ", "functions.toml:2:8: "]);
    Gate::new(&["--head", "no_such_ref"]).ends(2, &["`no_such_ref`"]);
    Gate::typed(&["gate"]).ends(2, &["--base"]);
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let (one, two) = (folder(&["alpha"]), folder(&["alpha"]));
    let refused = |flags: &[&str], parts: &[&str]| {
        let gate = between(&one, &two, flags);
        gate.ends(2, parts);
        assert!(!gate.folder().exists() && gate.output.stdout.is_empty());
    };
    refused(&["--functions", "gamma"], &["unknown function `gamma`", "`alpha`"]);
    refused(&["--inject", "1us"], &["whole milliseconds"]);
    refused(&["--gate", "latency"], &["`latency`", "total, own, cpu, warm, memory, size"]);
    refused(&["--margin", "5"], &["--margin", "is not a valid share"]);
    refused(&["--networks", "host,host"], &["`networks` has a value twice"]);
    refused(&["no_such_scenario"], &["no_such_scenario.toml"]);
}

/// The shipped scenario with another line at its top and others at its end.
fn scenario(home: &Path, top: &str, end: &str) -> String {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scenarios/gate.toml");
    let text = fs::read_to_string(shipped).unwrap();
    let file = home.join("own.toml");
    fs::write(&file, text.replacen("rounds = 30", &format!("rounds = 30\n{top}"), 1) + end)
        .unwrap();
    file.display().to_string()
}

#[test]
fn a_scenario_that_ends_by_itself_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = scenario(home.path(), "until = \"5%\"", "");
    Gate::new(&[&file]).ends(2, &["own.toml", "`until`", "`rounds`"]);
}

#[test]
fn what_is_measured_again_has_no_time_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let file = scenario(home.path(), "max-time = \"20s\"", "");
    let gate = Gate::new(&[&file, "--rounds", "10", "--inject", "100ms"]);
    gate.ends(1, &["measured again", "the time limit ended it"]);
    let run = gate.run("head");
    assert!(!run.record.complete);
    assert_eq!(run.record.stopped.as_deref(), Some(store::OUT_OF_TIME));
    let (first, last) = (&run.trials[0], run.trials.last().unwrap());
    // Of simulated time, tries before the plan aside; 12 s are what was planned.
    assert!(last.round > 10 && last.began - first.began < 20_000_000_000, "{last:?}");
}

#[test]
fn a_margin_for_a_function_that_nobody_describes_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let cell = |name: &str| {
        let end = format!("\n[[gate.cell]]\nfunction = \"{name}\"\nmargin = \"90%\"\n");
        scenario(home.path(), "", &end)
    };
    let both = folder(&["alpha", "beta"]);
    let file = cell("alpa");
    between(&both, &both, &[&file]).ends(2, &["`alpa`", "`alpha`, `beta`"]);
    // Described, and left out for now.
    let file = cell("beta");
    between(&both, &both, &[&file, "--functions", "alpha"]).ends(0, &[]);
    // It holds.
    let slow = ["--inject", "60ms", "--no-confirm", "--gate", "total"];
    between(&both, &both, &[&slow[..], &[&file, "--functions", "beta"]].concat()).ends(0, &[]);
    between(&both, &both, &[&slow[..], &[&file, "--functions", "alpha"]].concat()).ends(1, &[]);
}

#[test]
fn a_scenario_with_controls_has_them_on_both_sides() {
    let home = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scenarios/gate.toml");
    let text = fs::read_to_string(shipped).unwrap();
    let file = home.path().join("own.toml");
    fs::write(&file, text.replace("controls = false", "controls = true")).unwrap();
    let gate = Gate::new(&[&file.display().to_string(), "--rounds", "3"]);
    gate.ends(0, &[]);
    for side in ["base", "head"] {
        let run = gate.run(side);
        let controls = run.samples.iter().filter(|s| s.cell.control.is_some());
        assert_eq!(controls.count(), 3 * 10, "{side}");
        assert_eq!(run.record.null.as_ref().unwrap().name, "rust");
    }
}

#[test]
fn a_commit_is_compared_with_the_working_tree() {
    let home = folder(&["alpha"]);
    let git = |args: &[&str]| {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let mut command = std::process::Command::new("git");
        let output = command.current_dir(home.path()).args(who).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", err(&output));
        out(&output).trim().to_owned()
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "first"]);
    let commit = git(&["rev-parse", "HEAD"]);
    let file = home.path().join("functions/functions.toml");
    let text = fs::read_to_string(&file).unwrap().replace("64MiB", "128MiB");
    fs::write(&file, text).unwrap();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("gate");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scenarios/gate.toml");
    let typed = [&shipped, &folder].map(|path| path.display().to_string());
    let args = ["gate", &typed[0], "--base", "HEAD", "--rounds", "12", "--seed", "7"];
    let mut command = coldstart(&args);
    command.args(["--engine", "fake", "--out", &typed[1]]).current_dir(home.path());
    let output = command.env("TMPDIR", place.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let short = &commit[..12];
    for said in [format!("base: HEAD ({short})"), format!("head: working tree ({short} + changes)")]
    {
        assert!(err(&output).contains(&said), "`{said}` is not in: {}", err(&output));
    }
    let side = |name: &str| store::record(&folder.join(name)).unwrap();
    let of = |name: &str| side(name).side.unwrap();
    assert_eq!((of("base").dirty, of("head").dirty), (false, true));
    assert_eq!(of("base").commit, Some(commit));
    assert_eq!(side("base").functions[0].limits.memory, 64 << 20);
    assert_eq!(side("head").functions[0].limits.memory, 128 << 20);
    assert!(out(&output).contains("128.0 MiB"), "limits that differ are told: {}", out(&output));
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(left, [folder], "the checkout is gone");
    assert_eq!(git(&["status", "--porcelain"]), "M functions/functions.toml");
}

/// Two images, as one function.
fn images(flags: &[&str]) -> Gate {
    let sides = ["gate", "--base-image", "shop/app:1", "--head-image", "shop/app:2"];
    Gate::typed(&[&sides[..], &["--rounds", "20"], flags].concat())
}

#[test]
fn two_images_are_one_function_and_each_side_is_called_by_its_image() {
    let gate = images(&["--env", "A=1", "--command", "app.handler"]);
    gate.ends(0, &["base: shop/app:1", "head: shop/app:2"]);
    for (side, label) in [("base", "shop/app:1"), ("head", "shop/app:2")] {
        let record = gate.run(side).record;
        assert_eq!(record.side.unwrap().label, label);
        assert_eq!(record.functions[0].name, "app");
        assert_eq!(record.functions[0].launch.command, ["app.handler"]);
        let images = "--base-image shop/app:1 --head-image shop/app:2";
        assert!(record.command.contains(images), "{}", record.command);
        assert!(!record.command.contains("--functions "), "{}", record.command);
    }
    let slower = images(&["--inject", "50ms"]);
    slower.ends(1, &["slower"]);
}

#[test]
fn images_and_refs_are_not_mixed_and_an_image_needs_another() {
    let refused = |flags: &[&str], part: &str| {
        Gate::typed(&[&["gate"][..], flags].concat()).ends(2, &[part]);
    };
    refused(&["--base-image", "a:1"], "--head-image");
    refused(&["--head-image", "a:1", "--base", "HEAD"], "--base-image");
    refused(&["--base-image", "a:1", "--head-image", "a:2", "--base", "HEAD"], "--base");
    refused(&["--base", "./", "--env", "A=1"], "--base-image");
    refused(&["--base-image", "x=a:1", "--head-image", "y=a:2"], "under one name");
    refused(&[], "--base");
}
