use std::path::Path;

use super::measured::{MeasuredFunction, StartCost};
use super::played::{Tariff, compare};
use super::trace::{Changed, Form, TraceCall};
use super::virtual_clock::{Runs, Setting, play};
use super::*;
use crate::cost::{Architecture, Prices};
use crate::pool::{Limits, PolicyChoice, Queue, Scaling};

mod agree;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const MIB: u64 = 1 << 20;

/// A function whose starts take a second and calls a tenth of one.
fn measured() -> Measured {
    let starts = vec![StartCost { start: SECOND, init: SECOND / 2 }];
    let warm = vec![SECOND / 10; 3];
    let name = "one".to_owned();
    let one = MeasuredFunction { name, position: 0, memory: 1_024 * MIB, warm, starts };
    let (run, place) = ("a run".to_owned(), "here".to_owned());
    Measured { run, place, simulated: false, invalid: false, functions: vec![one] }
}

fn tariff() -> Tariff {
    Tariff { prices: Prices::builtin().unwrap(), architecture: Architecture::X86 }
}

fn trace(calls: &[(u64, u32, u64)]) -> Trace {
    let functions = calls.iter().map(|(_, function, _)| function + 1).max().unwrap_or(0);
    Trace {
        form: Form::ByCall,
        functions: (0..functions).map(|n| format!("f{n}")).collect(),
        calls: calls.iter().map(|&(at, function, run)| TraceCall { at, run, function }).collect(),
        changed: Changed::default(),
    }
}

fn played_as(trace: &Trace, policy: &str, limits: Limits, runs: Runs) -> Played {
    let mapping = vec![0; trace.functions.len()];
    let (measured, tariff) = (measured(), tariff());
    let (measured, mapping, tariff) = (&measured, &*mapping, &tariff);
    let setting = Setting { trace, measured, mapping, limits, runs, seed: 7, tariff };
    play(&setting, policy.parse::<PolicyChoice>().unwrap())
}

fn played(trace: &Trace, policy: &str) -> Played {
    played_as(trace, policy, Limits::LAMBDA, Runs::Trace)
}

#[test]
fn figures_are_those_by_hand() {
    // From 0: cold, over at 3 s. Then warm at 10 s, over at 12 s. Then cold again after 10 min.
    let calls = [(0, 0, 2 * SECOND), (10 * SECOND, 0, 2 * SECOND), (20 * MINUTE, 0, 2 * SECOND)];
    let found = played(&trace(&calls), "fixed:10m");
    assert_eq!((found.cold, found.warm, found.fresh, found.starts), (2, 1, 0, 2));
    assert_eq!(found.cold_share(), Some(2.0 / 3.0));
    // 7 s, and 10 min; a GB each.
    assert_eq!(found.idle_gb_s, Some(607.0));
    assert_eq!((found.busy_gb_s, found.starting_gb_s), (Some(6.0), Some(2.0)));
    assert_eq!(found.waited.p50, Some(SECOND));
    assert_eq!(found.waited.max, Some(SECOND));
    assert_eq!(found.latency.max, Some(3 * SECOND));
    // Three requests, 6 s of calls and two inits of half a second.
    let rates = tariff().prices.lambda;
    let calls = 3.0 * rates.request + 7.0 * rates.x86.gb_second;
    assert!((found.calls_cost - calls).abs() < 1e-12, "{}", found.calls_cost);
    let idle = 607.0 * rates.x86.provisioned_idle;
    assert!((found.idle_cost.unwrap() - idle).abs() < 1e-12);
}

#[test]
fn what_an_avoided_cold_start_costs_is_against_the_policy_that_keeps_nothing() {
    let calls = [(0, 0, SECOND), (5 * SECOND, 0, SECOND), (10 * SECOND, 0, SECOND)];
    let trace = trace(&calls);
    let mut all = vec![played(&trace, "none"), played(&trace, "fixed:10m")];
    compare(&mut all);
    assert_eq!((all[0].cold, all[1].cold), (3, 1));
    assert_eq!(all[0].per_cold_start_avoided, None);
    let expected = (all[1].cost() - all[0].cost()) / 2.0;
    assert_eq!(all[1].per_cold_start_avoided, Some(expected));
}

#[test]
fn a_refused_call_is_no_cold_start_that_was_avoided() {
    let calls = [(0, 0, SECOND), (5 * SECOND, 0, SECOND), (5 * SECOND + 9, 1, SECOND)];
    let trace = trace(&calls);
    // Room for one instance: the one that is kept is in use when the other is wanted.
    let limits = Limits { memory: Some(1_024 * MIB), ..Limits::LAMBDA };
    let mut all = vec![played(&trace, "none"), played_as(&trace, "lru", limits, Runs::Trace)];
    compare(&mut all);
    assert_eq!((all[0].throttled(), all[1].throttled()), (0, 1));
    assert!(all[1].cold < all[0].cold && all[1].per_cold_start_avoided.is_none());
    assert_eq!(all[1].missed_share(), Some(2.0 / 3.0));
}

#[test]
fn calls_of_functions_that_stand_for_one_are_its_own() {
    let trace = trace(&[(0, 0, 1), (1, 1, 1), (2, 2, 1)]);
    let of = trace.of_others(&[1, 0, 1], vec!["a".to_owned(), "b".to_owned()]);
    let functions: Vec<u32> = of.calls.iter().map(|call| call.function).collect();
    assert_eq!((functions, of.functions.len()), (vec![1, 0, 1], 2));
}

#[test]
fn the_worst_functions_are_named_and_refused_calls_are_counted_apart() {
    let limits = Limits { account: 1, ..Limits::LAMBDA };
    let calls = [(0, 0, SECOND), (1, 1, SECOND), (MINUTE, 1, SECOND), (MINUTE + 5 * SECOND, 1, 1)];
    let found = played_as(&trace(&calls), "fixed:10m", limits, Runs::Trace);
    assert_eq!((found.throttled_concurrency, found.calls()), (1, 3));
    let worst: Vec<(&str, u64, u64, u64)> = found
        .worst
        .iter()
        .map(|of| (of.function.as_str(), of.calls, of.cold, of.throttled))
        .collect();
    assert_eq!(worst, [("f1", 2, 1, 1), ("f0", 1, 1, 0)]);
}

#[test]
fn who_waits_for_a_limit_after_all_other_calls_are_over_is_answered() {
    let scaling = Some(Scaling { starts: 1, within: MINUTE });
    let limits = Limits { account: 9, scaling, memory: None, queue: Queue::UpTo(9) };
    let trace = trace(&[(0, 0, SECOND), (MINUTE / 2, 0, SECOND)]);
    let found = played_as(&trace, "none", limits, Runs::Trace);
    assert_eq!(
        (found.calls(), found.throttled(), found.latency.max),
        (2, 0, Some(MINUTE / 2 + 2 * SECOND))
    );
}

#[test]
fn every_policy_answers_or_refuses_every_call_and_draws_the_same_starts() {
    let wanted = trace::generate::Wanted { calls: 3_000, ..Default::default() };
    let text = trace::generate::generate(&wanted).unwrap();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("trace.csv");
    std::fs::write(&file, text).unwrap();
    let trace = trace::read(&file, &trace::Reading::default()).unwrap();
    let limits = Limits { memory: Some(20 << 30), ..Limits::LAMBDA };
    for known in &crate::pool::policy::POLICIES {
        let once = played_as(&trace, known.name, limits, Runs::Trace);
        let all = once.calls() + once.throttled();
        assert_eq!(all, trace.calls.len() as u64, "{}", known.name);
        assert_eq!(once, played_as(&trace, known.name, limits, Runs::Trace), "{}", known.name);
        assert!(once.cold <= once.starts + once.provisioned + once.prewarmed);
    }
    let none = played_as(&trace, "none", limits, Runs::Trace);
    let fixed = played_as(&trace, "fixed:10m", limits, Runs::Trace);
    assert!(none.idle_gb_s < fixed.idle_gb_s && fixed.cold < none.cold);
    assert_eq!(none.warm, none.delayed, "what keeps nothing has a warm call by chance alone");
}

#[test]
fn calls_take_as_long_as_the_trace_says_or_as_was_measured() {
    let trace = trace(&[(0, 0, 9 * SECOND)]);
    let by = |runs| played_as(&trace, "none", Limits::LAMBDA, runs).latency.max;
    assert_eq!(by(Runs::Trace), Some(10 * SECOND));
    assert_eq!(by(Runs::Measured), Some(SECOND + SECOND / 10));
}

fn reference() -> Measured {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/reference");
    Measured::of(&crate::store::open(&folder).unwrap(), &[]).unwrap()
}

#[test]
fn what_starts_take_comes_from_the_run() {
    let found = reference();
    assert_eq!(found.functions.len(), 4);
    for of in &found.functions {
        assert_eq!((of.memory, of.starts.len()), (512 * MIB, 19), "{}", of.name);
        assert!(of.median_start() > of.median());
        assert!(of.starts.iter().all(|cost| cost.init <= cost.start + of.median()));
    }
    // Each function is nearest to itself.
    let own: Vec<Option<u64>> = found.functions.iter().map(|of| Some(of.median())).collect();
    assert_eq!(found.nearest(&own), [0, 1, 2, 3]);
}

#[test]
fn a_function_that_a_run_has_not_says_which_it_has() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/reference");
    let run = crate::store::open(&folder).unwrap();
    let error = Measured::of(&run, &["pyton".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("did you mean `python`?"), "{error}");
    assert_eq!(Measured::of(&run, &["rust".to_owned()]).unwrap().functions.len(), 1);
}

#[test]
fn quantiles_are_values_that_were_seen() {
    let of = |values: &[u64]| Quantiles::of(&mut values.to_vec());
    assert_eq!(of(&[]), Quantiles::default());
    let ten = of(&[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!((ten.p50, ten.p90, ten.p99, ten.max), (Some(5), Some(9), Some(10), Some(10)));
}
