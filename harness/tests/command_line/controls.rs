//! Runs with controls, runs without, and runs that end by themselves.

use coldstart::spec::control::{Control, SERIES};
use coldstart::store::{self, Run};

use super::*;

fn simulated(flags: &[&str]) -> (Run, Output) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let output = simulate(&folder, flags);
    assert_eq!(output.status.code(), Some(0), "{flags:?}: {}", err(&output));
    (store::open(&folder).unwrap(), output)
}

fn of(run: &Run, control: Control) -> usize {
    run.samples.iter().filter(|s| s.cell.control == Some(control)).count()
}

#[test]
fn a_run_has_controls_unless_they_are_left_out() {
    let (run, output) = simulated(&["--functions", "node"]);
    for ms in SERIES {
        assert_eq!((of(&run, Control::Process(ms)), of(&run, Control::Container(ms))), (3, 3));
    }
    assert_eq!(run.record.null.as_ref().unwrap().name, "rust");
    assert_eq!(run.record.counts.planned, run.samples.len() as u64);
    assert!(out(&output).contains("null process: "), "{}", out(&output));
    let (run, output) = simulated(&["--functions", "node", "--no-controls"]);
    assert!(run.samples.iter().all(|s| s.cell.control.is_none()) && run.record.null.is_none());
    assert!(out(&output).contains("no controls"), "{}", out(&output));
}

#[test]
fn every_trial_is_a_line_beside_the_samples() {
    let (run, _) = simulated(&["--functions", "node"]);
    let numbers: Vec<u32> = run.trials.iter().map(|t| t.trial).collect();
    assert_eq!(numbers, (1..=3 * (2 + 10)).collect::<Vec<_>>());
    assert!(run.trials.iter().all(|t| t.began < t.ended));
}

/// Nobody calls a control twice, so its instance is not kept for that.
#[test]
fn a_keep_alive_is_waited_for_after_a_function_and_not_after_a_control() {
    let (run, _) = simulated(&["--functions", "node"]);
    // Of simulated time.
    let keep_alive = u64::try_from(run.record.scenario.keep_alive.unwrap().as_nanos()).unwrap();
    for pair in run.trials.windows(2) {
        let idle = pair[1].began - pair[0].ended;
        let sample = run.samples.iter().find(|s| s.trial == pair[0].trial).unwrap();
        match sample.cell.control {
            None => assert!(idle >= keep_alive, "trial {}: {idle} ns", pair[0].trial),
            Some(control) => assert!(idle < keep_alive, "{control}: {idle} ns"),
        }
    }
}

#[test]
fn functions_without_a_null_function_are_measured_without_controls_and_that_is_said() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("functions.toml");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions");
    let text = fs::read_to_string(shipped.join("functions.toml")).unwrap();
    // Their events have files there.
    let events = format!("event = \"@{}/", shipped.display());
    let text = text.replace("null = \"rust\"", "").replace("event = \"@", &events);
    fs::write(&file, text).unwrap();
    let folder = home.path().join("run");
    let output = simulate(&folder, &["--functions-file", &file.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let said = err(&output);
    assert!(said.contains("no controls: ") && said.contains("names no `null` function"), "{said}");
    let run = store::open(&folder).unwrap();
    assert!(run.samples.iter().all(|s| s.cell.control.is_none()));
    assert!(!run.record.scenario.controls, "the record says what was done");
}

#[test]
fn a_run_until_its_figures_are_known_has_as_many_rounds_as_that_takes() {
    let flags = ["--functions", "rust", "--until", "20%", "--max-time", "5m", "--no-controls"];
    let (run, output) = simulated(&flags);
    let rounds = run.samples.iter().map(|s| s.round).max().unwrap();
    assert_eq!(rounds, 11, "the first is in no interval, ten are the least");
    assert!(run.record.complete && run.record.stopped.is_none());
    assert_eq!(run.record.counts.planned, run.samples.len() as u64);
    let command = &run.record.command;
    assert!(command.contains("--until 20% --max-time 300000ms"), "{command}");
    assert!(!command.contains("--rounds"), "{command}");
    assert!(out(&output).contains("rounds a cell: 11"), "{}", out(&output));
}

#[test]
fn a_run_whose_time_is_over_is_kept_and_says_that_it_is_incomplete() {
    let flags = ["--functions", "rust", "--rounds", "1000", "--max-time", "1m"];
    let (run, output) = simulated(&flags);
    assert!(!run.record.complete && !run.samples.is_empty());
    assert!((run.samples.len() as u64) < run.record.counts.planned);
    assert_eq!(run.record.stopped.as_deref(), Some(store::OUT_OF_TIME));
    assert!(err(&output).contains("the time limit ended it"), "{}", err(&output));
    assert!(out(&output).contains("INCOMPLETE"), "{}", out(&output));
    assert!(out(&output).contains("time limit 60 s: it ended the run"), "{}", out(&output));
}

#[test]
fn a_run_until_enough_or_a_limit_is_whole_either_way_and_says_what_it_does_not_know() {
    let flags = ["--functions", "rust", "--until", "1%", "--max-time", "1m"];
    let (run, output) = simulated(&flags);
    assert!(run.record.complete && !run.samples.is_empty());
    assert_eq!(run.record.stopped.as_deref(), Some(store::OUT_OF_TIME));
    assert_eq!(run.record.counts.planned, run.samples.len() as u64);
    assert!(!out(&output).contains("INCOMPLETE"), "{}", out(&output));
    assert!(out(&output).contains("time limit 60 s: it ended the run"), "{}", out(&output));
    assert!(out(&output).contains("never came within 1 %"), "{}", out(&output));
}

#[test]
fn many_starts_at_a_time_are_told_as_starts_a_minute() {
    let (run, output) = simulated(&["--functions", "rust,node", "--parallel", "4"]);
    let text = out(&output);
    assert!(
        text.contains("rust, bridge: 1 at a time ") && text.contains(", 4 at a time "),
        "{text}"
    );
    let measured: Vec<_> = run.samples.iter().filter(|s| s.cell.control.is_none()).collect();
    assert_eq!(measured.len(), 2 * 3 * (5 + 40));
    assert!(measured.iter().all(|s| s.marks.get(coldstart::sample::Mark::Removed).is_some()));
    assert!(run.record.command.contains("--parallel 4"), "{}", run.record.command);
    for file in ["report.md", "report.html"] {
        assert!(report(&run, file).contains("tarts a minute"), "{file}");
    }
}

/// A file of the report, made again from the run.
fn report(run: &Run, file: &str) -> String {
    let made = coldstart::report::render(&coldstart::analysis::Analysis::of(run)).unwrap();
    let artifact = made.into_iter().find(|a| a.path.as_os_str() == file).unwrap();
    String::from_utf8(artifact.bytes).unwrap()
}

#[test]
fn the_command_in_the_record_repeats_the_run() {
    let flags = ["--functions", "rust,node", "--networks", "host,none", "--cpus", "0.5"];
    let (run, _) = simulated(&flags);
    let command = run.record.command.clone();
    let typed: Vec<&str> = command.split(' ').skip(2).collect();
    assert_eq!(typed[0], "quick", "{command}");
    assert!(command.contains("--engine fake"), "{command}");
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run").display().to_string();
    let mut args = vec!["run"];
    args.extend(typed);
    args.extend(["--out", &folder]);
    let output = coldstart(&args).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(store::open(Path::new(&folder)).unwrap().samples == run.samples);
}
