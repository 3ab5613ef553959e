use std::time::Duration;

use proptest::prelude::*;

use super::hybrid_histogram::HybridHistogram;
use super::*;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const F: FunctionIndex = FunctionIndex(0);

fn error(text: &str) -> String {
    text.parse::<PolicyChoice>().unwrap_err()
}

#[test]
fn a_policy_is_read_as_it_is_written() {
    let read = |text: &str| text.parse::<PolicyChoice>().unwrap();
    assert_eq!(read("fixed"), PolicyChoice::Fixed { keep: Duration::from_secs(600) });
    assert_eq!(read("hybrid:1s"), PolicyChoice::HybridHistogram { bin: Duration::from_secs(1) });
    let provisioned = PolicyChoice::Provisioned { instances: 3, keep: Duration::from_secs(5) };
    assert_eq!(read("provisioned:3:5s"), provisioned);
    let again = |text: &str| read(text).to_string();
    assert_eq!(
        ["fixed", "fixed:1h", "fixed:90s"].map(again),
        ["fixed:10m", "fixed:1h", "fixed:90s"]
    );
    assert_eq!(["fixed:2500ms", "cidre:90m"].map(again), ["fixed:2500ms", "cidre:90m"]);
    for policy in &POLICIES {
        let choice = read(policy.name);
        assert_eq!(read(&choice.to_string()), choice);
        assert!(policy.form.starts_with(policy.name));
        assert!(policy.form.len() + policy.about.len() < 80, "{}", policy.name);
    }
}

#[test]
fn what_is_no_policy_says_what_would_be() {
    assert!(error("fixd").contains("did you mean `fixed`?"));
    assert!(error("magic").contains("known are none, fixed, lru"));
    assert!(error("fixed:10").contains("write it as `10ms`"));
    assert!(error("fixed:10").contains("fixed[:TIME]"));
    assert!(error("fixed:0s").contains("`none` is the policy"));
    assert!(error("lru:2GiB").contains("says too much"));
    assert!(error("provisioned:0").contains("from 1 to 100000"));
    assert!(error("").contains("no policy ``"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,24}") {
        let _ = text.parse::<PolicyChoice>();
    }

    #[test]
    fn no_time_makes_a_histogram_panic(pauses in prop::collection::vec(any::<u64>(), 0..40)) {
        let mut policy = HybridHistogram::new(SECOND);
        let mut at = 0u64;
        for pause in pauses {
            policy.arrived(F, at);
            policy.ended(F, at);
            policy.keep(&Idle { function: F, at, served: true });
            policy.prewarm(F, at);
            at = at.saturating_add(pause);
        }
    }
}

/// Calls so far apart, each over at once.
fn after(pauses: impl IntoIterator<Item = u64>) -> (HybridHistogram, u64) {
    let mut policy = HybridHistogram::new(MINUTE);
    let mut at = 0;
    policy.arrived(F, at);
    policy.ended(F, at);
    for pause in pauses {
        at += pause;
        policy.arrived(F, at);
        policy.ended(F, at);
    }
    (policy, at)
}

#[test]
fn a_regular_function_is_started_shortly_before_it_is_called() {
    let (mut policy, at) = after([30 * MINUTE + SECOND; 20]);
    // In the bin from 30 to 31 minutes: 10 % before it begins, 10 % after it ends.
    let idle = Idle { function: F, at, served: true };
    assert_eq!(policy.keep(&idle), Some(at));
    assert_eq!(policy.prewarm(F, at), Some(at + 27 * MINUTE));
    let started = Idle { at: at + 27 * MINUTE, served: false, ..idle };
    assert_eq!(policy.keep(&started), Some(at + MINUTE * 341 / 10));
}

#[test]
fn one_without_a_pattern_is_kept_for_the_range() {
    let range = 240 * MINUTE;
    // Too few pauses; pauses of every length; pauses that are longer than that.
    let few = after([MINUTE; 3]);
    let even = after((0..240).map(|minute| minute * MINUTE + SECOND));
    let long = after([300 * MINUTE; 20]);
    for (mut policy, at) in [few, even, long] {
        let idle = Idle { function: F, at, served: true };
        assert_eq!(policy.keep(&idle), Some(at + range));
        assert_eq!(policy.prewarm(F, at), None);
    }
}

#[test]
fn one_that_is_called_at_once_is_kept_and_not_started_again() {
    let (mut policy, at) = after([SECOND; 20]);
    let idle = Idle { function: F, at, served: true };
    assert_eq!(policy.keep(&idle), Some(at + 66 * SECOND));
    assert_eq!(policy.prewarm(F, at), None);
}

fn candidate(n: u64) -> Candidate {
    Candidate {
        instance: InstanceKey(n),
        function: F,
        memory: 128 << 20,
        idle_since: n,
        frequency: 10,
        start: SECOND,
        alike: 1,
        stamp: 0.0,
    }
}

#[test]
fn greedy_dual_lets_go_what_is_least_worth_its_memory() {
    let mut policy = "greedy-dual".parse::<PolicyChoice>().unwrap().build();
    let usual = candidate(0);
    let cases = [
        Candidate { memory: 1 << 30, ..candidate(1) },
        Candidate { start: SECOND / 10, ..candidate(1) },
        Candidate { frequency: 1, ..candidate(1) },
    ];
    for case in cases {
        assert_eq!(policy.victim(&[usual, case, usual]), 1);
    }
    // What went last is what newer ones begin from, so that the old do not stay for ever.
    assert!(policy.stamp() > 0.0);
    let newer = Candidate { stamp: policy.stamp(), ..candidate(2) };
    assert_eq!(policy.victim(&[newer, usual]), 1);
    // Of equal ones the one that was used least recently.
    assert_eq!(policy.victim(&[candidate(5), candidate(4), candidate(6)]), 1);
}

#[test]
fn cidre_lets_go_of_those_that_there_are_many_of() {
    let mut policy = "cidre".parse::<PolicyChoice>().unwrap().build();
    let many = Candidate { alike: 8, ..candidate(9) };
    assert_eq!(policy.victim(&[candidate(0), many]), 1);
    let waits = Patience { function: F, busy: 2, ahead: 0, start: Some(SECOND), run: Some(SECOND) };
    assert_eq!(policy.patience(&waits), Some(SECOND));
    assert_eq!(policy.patience(&Patience { ahead: 1, ..waits }), None);
    assert_eq!(policy.patience(&Patience { run: None, ..waits }), None);
}

#[test]
fn each_function_is_kept_by_its_own_policy() {
    let policies = ["none", "fixed:1m"].map(|text| text.parse::<PolicyChoice>().unwrap().build());
    let mut each = Each(policies.into());
    let mut kept = |function| {
        let idle = Idle { function: FunctionIndex(function), at: SECOND, served: true };
        each.keep(&idle)
    };
    assert_eq!([0, 1, 2].map(&mut kept), [SECOND, SECOND + MINUTE, SECOND].map(Some));
}
