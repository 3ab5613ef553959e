use super::*;
use crate::report::tests::synthetic::{self, FOUR, run};
use crate::sample::{Outcome, Temperature};
use crate::spec::factor::Network;

fn of(run: &Run) -> String {
    answer(&Analysis::of(run))
}

/// The same run on a further network, with other times.
fn on_host_too(mut run: Run, faster: u64) -> Run {
    let mut more = run.samples.clone();
    for sample in &mut more {
        sample.cell.factors.network = Network::Host;
        let end = sample.marks.get(Mark::Responded).unwrap();
        if sample.cell.temperature == Temperature::Cold {
            sample.marks.set(Mark::Responded, end - faster);
        }
    }
    run.samples.extend(more);
    run.record.scenario.factors.networks = vec![Network::Bridge, Network::Host];
    run
}

fn fail(run: &mut Run, function: &str, rows: usize) {
    let cold = |s: &&mut crate::sample::Sample| {
        s.round > 1 && s.cell.function == function && s.cell.pattern == "single"
    };
    for sample in run.samples.iter_mut().filter(cold).take(rows) {
        sample.outcome = Outcome::Crashed { cause: "x".into() };
    }
}

#[test]
fn functions_are_told_apart_where_their_intervals_are() {
    insta::assert_snapshot!(of(&run(&FOUR, 20)), @r#"node takes 109 ms longer than rust to answer cold (270 against 162 ms); the engine and the language runtime take 61 to over 99 % of a typical start."#);
    let mut told = run(&FOUR[..2], 20);
    synthetic::with_processes(&mut told, "python");
    synthetic::with_processes(&mut told, "node");
    insta::assert_snapshot!(of(&told), @r#"node takes 55.6 ms longer than python to answer cold (270 against 215 ms); the engine, from create to start, takes 55 to 71 % of a typical start."#);
    let alike = [("a", 160.0, 48.0, 0.6), ("b", 160.0, 48.5, 0.6)];
    insta::assert_snapshot!(of(&run(&alike, 20)), @r#"a and b are not told apart in the time to answer cold: medians 215 and 214 ms, their 95 % intervals overlap; the engine and the language runtime take 75 to 78 % of a typical start."#);
    insta::assert_snapshot!(of(&run(&FOUR[..3], 3)), @r#"node and rust, the slowest and the fastest of 3, are not told apart in the time to answer cold: medians 271 and 165 ms, too few rows for intervals; the engine and the language runtime take 60 to 99 % of a typical start."#);
}

#[test]
fn one_function_has_its_own_figures() {
    insta::assert_snapshot!(of(&run(&FOUR[..1], 20)), @r#"python takes 211 ms (95 % interval 206 to 224) to answer cold, 335x as long as warm; the engine and the language runtime take 77 % of a typical start."#);
    insta::assert_snapshot!(of(&run(&FOUR[..1], 1)), @r#"python takes 488 ms to answer cold, 794x as long as warm; the engine and the language runtime take 81 % of a typical start."#);
}

#[test]
fn conditions_are_told_apart_too() {
    insta::assert_snapshot!(of(&on_host_too(run(&FOUR[..2], 20), 500_000)), @r#"Under bridge, node takes 55.6 ms longer than python to answer cold (270 against 215 ms); the engine and the language runtime take 61 to 78 % of a typical start; python differs most between conditions, 215 ms under bridge against 214 ms under host, which is not told apart."#);
    insta::assert_snapshot!(of(&on_host_too(run(&FOUR[..1], 20), 90_000_000)), @r#"Under bridge, python takes 211 ms (95 % interval 206 to 224) to answer cold, 335x as long as warm; the engine and the language runtime take 77 % of a typical start; between conditions it differs, 211 ms under bridge against 121 ms under host."#);
}

#[test]
fn failures_are_in_the_sentence() {
    let mut some = run(&FOUR[..2], 20);
    fail(&mut some, "node", 2);
    insta::assert_snapshot!(of(&some), @r#"node takes 57.0 ms longer than python to answer cold (272 against 215 ms); the engine and the language runtime take 62 to 78 % of a typical start; 2 of 38 starts failed: node 2."#);
    fail(&mut some, "node", 19);
    insta::assert_snapshot!(of(&some), @r#"python takes 215 ms (95 % interval 207 to 221) to answer cold, 342x as long as warm; the engine and the language runtime take 78 % of a typical start; 19 of 38 starts failed: node 19."#);
    fail(&mut some, "python", 19);
    insta::assert_snapshot!(of(&some), @r#"Of every function at least half of the cold starts failed: python 19 of 19 starts, node 19 of 19 starts."#);
}

#[test]
fn nothing_is_said_of_what_was_not_measured() {
    let mut warm = run(&FOUR[..1], 3);
    warm.samples.retain(|s| s.cell.temperature == Temperature::Warm);
    assert_eq!(of(&warm), "No cold start was measured.");
    warm.samples.clear();
    assert_eq!(of(&warm), "No cold start was measured.");
    let mut burst = run(&FOUR[..2], 20);
    burst.samples.retain(|s| s.cell.pattern == "surge");
    insta::assert_snapshot!(of(&burst), @r#"node takes 115 ms longer than python to answer cold in a burst of 4 (552 against 437 ms); the engine and the language runtime take 57 to 76 % of a typical start."#);
}
