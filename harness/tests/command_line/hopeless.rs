//! Functions that do not answer, on the simulated engine: what is told, and the exit status.

use coldstart::store;

use super::gate::{between, functions};
use super::*;

/// A simulated run of functions with these time limits. A simulated start takes longer
/// than the shorter ones.
fn run(limits: &[(&str, &str)], more: &[&str]) -> (tempfile::TempDir, Output) {
    let home = functions(limits);
    let file = home.path().join("functions/functions.toml").display().to_string();
    let mut args = vec!["--functions-file", &file];
    args.extend(more);
    let output = simulate(&home.path().join("run"), &args);
    (home, output)
}

#[test]
fn a_run_in_which_nothing_answers_ends_early_with_status_4_and_says_why() {
    let (home, output) = run(&[("alpha", "20ms")], &["--rounds", "500"]);
    let said = flat(&err(&output));
    assert_eq!(output.status.code(), Some(4), "{said}");
    for part in [
        "`alpha`, bridge: gave no good answer when it was tried before the plan",
        "no answer within 20ms",
        "`alpha`, bridge is given up after trial",
        "nothing was measured, every invocation failed",
    ] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    assert!(!said.contains("run --continue"), "the same again comes to the same: {said}");
    let run = store::open(&home.path().join("run")).unwrap();
    assert!(!run.record.complete && run.samples.iter().all(|s| s.round == 1));
    assert_eq!(run.record.stopped.as_deref(), Some(store::NOTHING_ANSWERS));
    let page = fs::read_to_string(home.path().join("run/report.md")).unwrap();
    assert!(page.contains("is given up after trial"), "{page}");
}

#[test]
fn beside_one_that_answers_a_function_that_is_given_up_is_told_and_the_run_is_whole() {
    let (home, output) = run(&[("alpha", "10s"), ("beta", "20ms")], &["--rounds", "8"]);
    let (said, shown) = (flat(&err(&output)), flat(&out(&output)));
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("`beta`, bridge is given up after trial"), "{said}");
    assert!(shown.contains("not tried, and counted as failed, all rounds"), "{shown}");
    let run = store::open(&home.path().join("run")).unwrap();
    assert!(run.record.complete && run.record.tried);
    assert_eq!(run.record.counts.planned, run.samples.len() as u64);
    let (alpha, beta): (Vec<_>, Vec<_>) =
        run.samples.iter().partition(|s| s.cell.function == "alpha");
    assert!(alpha.iter().all(|s| s.outcome.is_ok()) && beta.iter().all(|s| !s.outcome.is_ok()));
    // What is kept draws the same page again.
    let folder = home.path().join("run").display().to_string();
    assert!(typed(&["report", &folder], 0).contains("not tried, and counted as failed"));
}

#[test]
fn a_side_of_a_gate_that_is_given_up_while_the_other_answers_is_a_regression() {
    let (base, head) = (functions(&[("alpha", "10s")]), functions(&[("alpha", "20ms")]));
    let gate = between(&base, &head, &[]);
    gate.ends(1, &["head: `alpha`, bridge is given up after trial", "failed in 23 of 23 rounds"]);
    // The other way round there is nothing to compare it with.
    between(&head, &base, &[]).ends(4, &["every round failed in base"]);
}

#[test]
fn a_gate_in_which_nothing_answers_on_any_side_is_not_judged() {
    let one = functions(&[("alpha", "20ms")]);
    between(&one, &one, &[]).ends(4, &["not judged: no function answers on any side"]);
}

#[test]
fn the_first_round_is_called_discarded_and_not_first_ever() {
    let (_home, output) = run(&[("alpha", "10s")], &["--rounds", "8"]);
    let shown = flat(&out(&output));
    assert!(
        shown.contains("round 1 (discarded), median ms") && !shown.contains("first ever"),
        "{shown}"
    );
}

#[test]
fn the_only_round_after_a_try_is_not_called_first_ever() {
    let (home, output) = run(&[("alpha", "10s")], &["--rounds", "1"]);
    let shown = flat(&out(&output));
    assert!(shown.contains("the figures are of the first round"), "{shown}");
    // A run of before there were tries, kept: its first round was the first.
    let record = home.path().join("run/run.json");
    let text = fs::read_to_string(&record).unwrap();
    assert!(text.contains("\"tried\": true,"), "{text}");
    fs::write(&record, text.replace("\"tried\": true,", "")).unwrap();
    let folder = home.path().join("run").display().to_string();
    let shown = flat(&typed(&["report", &folder], 0));
    assert!(shown.contains("the figures are first-ever starts"), "{shown}");
}
