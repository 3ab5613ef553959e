use proptest::prelude::*;

use super::super::ChartSpec;
use super::super::tests::{texts, wide};
use crate::report::tests::synthetic;
use crate::sample::{Mark, Process, Sample, Temperature};
use crate::store::Run;

/// A run in which the kernel told of the third function's starts.
fn traced() -> Run {
    let mut run = synthetic::four(9);
    synthetic::with_processes(&mut run, "rust");
    run
}

/// The wide one; the narrow one is readable too.
fn waterfall(run: &Run) -> Option<ChartSpec> {
    wide(run, "waterfall")
}

/// The one of a run whose traced rows are changed.
fn changed(change: impl Fn(&mut Sample)) -> ChartSpec {
    let mut run = traced();
    run.samples.iter_mut().filter(|s| !s.processes.is_empty()).for_each(change);
    waterfall(&run).unwrap()
}

fn words(chart: &ChartSpec) -> Vec<&str> {
    texts(&chart.canvas).into_iter().map(|(text, _)| text).collect()
}

fn process(name: &str, exec: u64, exit: Option<u64>) -> Process {
    Process { name: name.to_owned(), exec, exit }
}

#[test]
fn every_process_of_one_real_start() {
    let run = traced();
    let chart = waterfall(&run).unwrap();
    let words = words(&chart);
    assert_eq!(chart.title, "One cold start of rust, process by process, bridge network");
    insta::assert_snapshot!(chart.caption, @"Of 155 ms, 55.0 went to the network, 43.5 to the sandbox and 23.5 to the engine's daemon; the function's own process begins at 139 ms, after 6 other processes.");
    let phases = ["daemon", "shim", "sandbox", "network", "start", "boot"];
    let rows = ["driver: create call", "engine: start call", "runc create", "runc init"];
    for word in phases.iter().chain(&rows).chain(&["the function: the-function"]) {
        assert!(words.contains(word), "{word}: {words:?}");
    }
    assert_eq!(words.iter().filter(|w| **w == "goes on").count(), 2);
}

#[test]
fn none_without_processes() {
    assert!(waterfall(&synthetic::four(3)).is_none());
    let mut run = traced();
    run.samples.retain(|s| s.cell.temperature == Temperature::Warm);
    assert!(waterfall(&run).is_none());
}

#[test]
fn the_first_function_with_processes_is_drawn() {
    let mut run = traced();
    synthetic::with_processes(&mut run, "node");
    assert!(waterfall(&run).unwrap().title.contains("node"));
}

#[test]
fn one_process() {
    let chart = changed(|s| s.processes = s.processes.split_off(6));
    assert!(chart.caption.contains("after 0 other processes"), "{}", chart.caption);
}

#[test]
fn marks_without_the_functions_process() {
    let chart = changed(|s| s.processes.truncate(6));
    assert!(words(&chart).contains(&"the function"));
    // The other way round: no mark says which it is.
    let chart = changed(|s| s.marks.clear(Mark::Exec));
    assert!(chart.caption.contains("not known"), "{}", chart.caption);
    assert!(!words(&chart).iter().any(|w| w.contains("the function")));
}

#[test]
fn forty_processes_are_too_many() {
    let chart = changed(|s| {
        let own = s.processes.pop().unwrap();
        for i in 0..33 {
            let exec = s.marks.get(Mark::StartCalled).unwrap() + 1_000_000 * (i + 1);
            s.processes.push(process(&format!("helper-{i}"), exec, Some(exec + 1000 * i)));
        }
        s.processes.push(own);
    });
    let words = words(&chart);
    assert!(words.iter().any(|w| w.contains("18 more processes not drawn")), "{words:?}");
    assert!(words.iter().any(|w| w.starts_with("the function: ")));
    assert!(words.contains(&"helper-32") && !words.contains(&"helper-0"));
}

#[test]
fn foreign_names_are_tamed_and_cut() {
    let chart = changed(|s| {
        s.processes[0].name = "</text><script>\u{1b}[31m".to_owned();
        s.processes[1].name = "W".repeat(5_000);
        s.processes[6].name = "\u{202e}\u{4e16}".repeat(40);
    });
    let svg = chart.canvas.svg("a", "b").unwrap();
    assert!(!svg.contains("<script") && !svg.contains(['\u{1b}', '\u{202e}']));
    let words = words(&chart);
    for cut in ["WWW", "the function: "] {
        assert!(words.iter().any(|w| w.starts_with(cut) && w.ends_with('…')), "{words:?}");
    }
}

#[test]
fn what_lies_outside_is_not_drawn() {
    let chart = changed(|s| {
        let intended = s.marks.get(Mark::Intended).unwrap();
        s.processes.push(process("earlier", 0, Some(intended - 1)));
        s.processes.push(process("begun-before", intended - 5, Some(intended + 5_000_000)));
        s.processes.push(process("backwards", intended + 9_000_000, Some(3)));
        s.processes.push(process("later", u64::MAX, None));
    });
    let words = words(&chart);
    assert!(words.iter().any(|w| w.contains("2 more processes not drawn")), "{words:?}");
    assert!(words.contains(&"begun-before") && words.contains(&"backwards"));
    assert!(!words.contains(&"earlier") && !words.contains(&"later"));
}

#[test]
fn a_start_call_that_returns_after_the_reply_widens_it() {
    let chart = changed(|s| {
        let late = s.marks.get(Mark::Responded).unwrap() + 80_000_000;
        s.marks.set(Mark::StartReturned, late);
    });
    assert_eq!(words(&chart).iter().filter(|w| **w == "goes on").count(), 2);
    changed(|s| s.marks.clear(Mark::StartReturned));
    // Years, and nothing at all.
    changed(|s| s.marks.set(Mark::StartReturned, u64::MAX));
    changed(|s| {
        let intended = s.marks.get(Mark::Intended).unwrap();
        s.marks = [(Mark::Intended, intended), (Mark::Responded, intended)].into_iter().collect();
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever the kernel is said to have told, every word can be read.
    #[test]
    fn any_processes_can_be_drawn(
        told in prop::collection::vec(
            (".{0,50}", 0..800_000_000_u64, prop::option::of(0..800_000_000_u64)), 1..45,
        ),
        lost in prop::collection::vec(prop::sample::select(Mark::ALL.to_vec()), 0..8),
    ) {
        let lost = |mark: &&Mark| !matches!(mark, Mark::Intended | Mark::Responded) && lost.contains(mark);
        changed(|s| {
            let from = s.marks.get(Mark::Intended).unwrap().saturating_sub(100_000_000);
            let at = |ns: u64| from + ns;
            let told = told.iter();
            s.processes = told.map(|(name, exec, exit)| process(name, at(*exec), exit.map(at))).collect();
            Mark::ALL.iter().filter(lost).for_each(|mark| s.marks.clear(*mark));
        });
    }
}
