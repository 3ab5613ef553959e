//! The command that a record tells to repeat it: read by a shell, it does the same again.

use coldstart::store;

use super::*;

/// Types a command into a shell in a folder, with this program on its path.
fn by_a_shell(folder: &Path, line: &str) -> Output {
    let program = assert_cmd::cargo::cargo_bin("coldstart");
    let path =
        format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", line]).current_dir(folder).env("PATH", path);
    shell.env_remove("COLDSTART_PROVISION").env_remove("GITHUB_ACTIONS");
    shell.output().unwrap()
}

/// A folder with names that a shell would take apart, and what is in them.
fn folder() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let here = home.path().join("it's here");
    fs::create_dir(&here).unwrap();
    let function = "[[function]]\nname = \"mine\"\nimage = \"app:1\"\nmemory = \"64MiB\"\n\
                    timeout = \"9s\"\nevent = '{}'\n";
    fs::write(here.join("f $x.toml"), function).unwrap();
    let scenario = "name = \"s\"\nrounds = 2\nkeep-alive = \"9ms\"\ncontrols = false\n\
                    [[pattern]]\nname = \"p\"\nsteps = [{ name = \"a\", burst = 2 }]\n";
    fs::write(here.join("a scenario.toml"), scenario).unwrap();
    home
}

/// Measures, then repeats what the record says into another folder: both are the same.
#[track_caller]
fn same_again(flags: &[&str]) -> String {
    let home = folder();
    let mut args = vec!["run", "it's here/a scenario.toml", "--engine", "fake", "--out", "one"];
    args.extend(flags);
    let output = coldstart(&args).current_dir(home.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let one = store::record(&home.path().join("one")).unwrap();
    let again = by_a_shell(home.path(), &format!("{} --out two", one.command));
    assert_eq!(again.status.code(), Some(0), "{}: {}", one.command, err(&again));
    let two = store::record(&home.path().join("two")).unwrap();
    assert_eq!((&two.scenario, &two.functions), (&one.scenario, &one.functions));
    assert_eq!(two.command, one.command);
    let samples = |run: &str| fs::read(home.path().join(run).join("samples.jsonl")).unwrap();
    assert!(samples("one") == samples("two"), "{}", one.command);
    one.command
}

#[test]
fn a_run_of_another_functions_file_in_odd_folders_is_repeated() {
    let command = same_again(&["--functions-file", "it's here/f $x.toml"]);
    assert!(command.contains("--functions-file 'it'\\''s here/f $x.toml'"), "{command}");
    assert!(command.contains("--engine fake") && !command.contains("--provision"), "{command}");
}

#[test]
fn a_run_of_images_with_an_event_is_repeated() {
    let event = r#"{"it's": "$HOME `id` \"\\"}"#;
    let images = ["--image", "app:1", "--image", "app:2", "--image", "other=app:3"];
    same_again(&[&images[..], &["--event", event]].concat());
    same_again(&["--image", "app:1", "--event=-1"]);
}

#[test]
fn a_run_of_images_that_are_started_otherwise_is_repeated_without_their_secrets() {
    let flags = ["--image", "app:1", "--reply", "{ text = \"it's\" }", "--timeout", "7s"];
    let more = ["--command", "app.handler 'a b'", "--entrypoint", "/e x", "--workdir", "/srv"];
    let last = ["--read-only", "--lambda", "--env", "HOME", "--event", "[\"it's\"]"];
    let command = same_again(&[&flags[..], &more, &last].concat());
    assert!(command.contains("--env HOME") && command.contains("--lambda"), "{command}");
    let home = folder();
    fs::write(home.path().join("x.env"), "TOKEN=hunter2\n").unwrap();
    let args = ["run", "it's here/a scenario.toml", "--engine", "fake", "--out", "one"];
    let secret = ["--image", "a:1", "--env", "PASSWORD=hunter3", "--env-file", "x.env"];
    let run = coldstart(&[&args[..], &secret].concat()).current_dir(home.path()).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", err(&run));
    let record = fs::read_to_string(home.path().join("one/run.json")).unwrap();
    assert!(!record.contains("hunter") && record.contains("PASSWORD"), "{record}");
    assert!(record.contains("--env-file x.env --env PASSWORD"), "{record}");
}

#[test]
fn a_run_with_every_flag_that_matters_is_repeated() {
    let file = ["--functions-file", "it's here/f $x.toml", "--functions", "mine"];
    let flags = ["--rounds", "3", "--max-time", "1500500us", "--networks", "host,bridge"];
    let more = ["--cpus", "0.5,1", "--memory", "64MiB,1GiB", "--log-drivers", "none"];
    let last = ["--runtimes", "other", "--no-exec-trace", "--no-controls"];
    let command = same_again(&[&file[..], &flags, &more, &last].concat());
    assert!(command.contains("--max-time 1500500us"), "{command}");
    same_again(&[&file[..], &["--until", "40%"]].concat());
    same_again(&[&file[..], &["--parallel", "2"]].concat());
}

#[test]
fn what_is_told_to_go_on_with_names_the_functions_of_the_run() {
    let home = folder();
    let args = ["run", "it's here/a scenario.toml", "--engine", "fake", "--out", "my run"];
    let images = ["--image", "app:1", "--image", "app:2"];
    let output =
        coldstart(&[&args[..], &images].concat()).current_dir(home.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("coldstart compare 'my run' OTHER_RUN"), "{}", err(&output));
    // As if it had been killed before its last trial.
    let run = home.path().join("my run");
    let lines = |file: &str| fs::read_to_string(run.join(file)).unwrap();
    let (samples, trials) = (lines("samples.jsonl"), lines("trials.jsonl"));
    let last = |text: &str, n: usize| text.lines().rev().skip(n).count();
    let keep = |text: &str, n: usize| {
        text.lines().take(last(text, n)).map(|line| format!("{line}\n")).collect::<String>()
    };
    fs::write(run.join("samples.jsonl"), keep(&samples, 2)).unwrap();
    fs::write(run.join("trials.jsonl"), keep(&trials, 1)).unwrap();
    let record = lines("run.json").replace("\"complete\": true", "\"complete\": false");
    fs::write(run.join("run.json"), record).unwrap();
    // What a run that stopped early tells to type.
    let line = "coldstart run --continue 'my run' --image app:1 --image app:2";
    let again = by_a_shell(home.path(), line);
    assert_eq!(again.status.code(), Some(0), "{}", err(&again));
    assert!(store::record(&run).unwrap().complete);
}

#[test]
fn a_gate_is_repeated_with_its_functions_file_and_its_strictness() {
    let home = folder();
    for side in ["my base", "my head"] {
        fs::create_dir(home.path().join(side)).unwrap();
        let file = home.path().join("it's here/f $x.toml");
        fs::copy(file, home.path().join(side).join("my functions.toml")).unwrap();
    }
    let args = ["gate", "it's here/a scenario.toml", "--base", "./my base", "--head", "./my head"];
    let flags = ["--functions-file", "my functions.toml", "--engine", "fake", "--rounds", "3"];
    let judge = ["--strict", "--no-confirm", "--floor", "1500us", "--margin", "7%"];
    let all = [&args[..], &flags, &judge, &["--out", "one"]].concat();
    let first = coldstart(&all).current_dir(home.path()).output().unwrap();
    let record = |out: &str| store::record(&home.path().join(out).join("head"));
    let one = record("one").unwrap_or_else(|error| panic!("{error:#}: {}", err(&first)));
    let again = by_a_shell(home.path(), &format!("{} --out two", one.command));
    assert_eq!(again.status.code(), first.status.code(), "{}: {}", one.command, err(&again));
    let two = record("two").unwrap();
    assert_eq!((two.command, two.scenario), (one.command, one.scenario));
    assert_eq!(two.functions, one.functions);
}
