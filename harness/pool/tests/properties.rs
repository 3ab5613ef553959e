use proptest::prelude::*;

use super::*;

/// What is to be done to a pool.
#[derive(Debug, Clone)]
struct Script {
    limits: Limits,
    functions: Vec<PoolFunction>,
    policy: &'static str,
    start: u64,
    failing: Option<u64>,
    /// When it comes, of which function, how long it takes.
    calls: Vec<(u64, usize, u64)>,
    updates: Vec<(u64, usize)>,
    reservations: Vec<(u64, usize, Option<u32>)>,
    kills: Vec<(u64, u64)>,
    drain: u64,
}

const POLICIES: [&str; 9] = [
    "none",
    "fixed:5s",
    "lru",
    "greedy-dual",
    "hybrid:1s",
    "cidre",
    "cidre:5s",
    "provisioned:1:2s",
    "provisioned:2:100ms",
];

fn scripts() -> impl Strategy<Value = Script> {
    let ms = SECOND / 1_000;
    let function = (64u64..512, prop::option::of(0u32..4), 0u32..2).prop_map(
        |(mib, reserved, provisioned)| PoolFunction { memory: mib * MIB, reserved, provisioned },
    );
    let scaling = prop::option::of((1u32..4, 1u64..20))
        .prop_map(|of| of.map(|(starts, s)| Scaling { starts, within: s * SECOND }));
    let queue = prop_oneof![Just(Queue::Never), (0u32..10).prop_map(Queue::UpTo)];
    let memory = prop::option::of(256u64..4_096).prop_map(|of| of.map(|mib| mib * MIB));
    let limits = (1u32..12, scaling, memory, queue)
        .prop_map(|(account, scaling, memory, queue)| Limits { account, scaling, memory, queue });
    let functions = prop::collection::vec(function, 1..4);
    let calls = prop::collection::vec((0u64..60_000, 0usize..4, 0u64..8_000), 0..120);
    let updates = prop::collection::vec((0u64..60_000, 0usize..4), 0..3);
    let reserved = prop::option::of(0u32..6);
    let reservations = prop::collection::vec((0u64..60_000, 0usize..4, reserved), 0..6);
    let changes = (updates, reservations);
    let kills = prop::collection::vec((0u64..60_000, 0u64..30), 0..6);
    let rest = (0..POLICIES.len(), 0u64..6_000, prop::option::of(1u64..6), 30_000u64..80_000);
    (limits, functions, calls, changes, kills, rest).prop_map(
        move |(limits, functions, calls, changes, kills, (policy, start, failing, drain))| {
            let n = functions.len();
            let (updates, reservations) = changes;
            Script {
                limits,
                policy: POLICIES[policy],
                start: start * ms,
                failing,
                calls: calls.into_iter().map(|(at, f, run)| (at * ms, f % n, run * ms)).collect(),
                updates: updates.into_iter().map(|(at, f)| (at * ms, f % n)).collect(),
                reservations: { reservations.into_iter() }
                    .map(|(at, f, calls)| (at * ms, f % n, calls))
                    .collect(),
                kills: kills.into_iter().map(|(at, key)| (at * ms, key)).collect(),
                drain: drain * ms,
                functions,
            }
        },
    )
}

/// Runs a script to its end, a look at the pool after each second of it.
fn played(script: &Script, look: impl Fn(&Driver)) -> Driver {
    let mut driver = Driver::new(script.limits, script.functions.clone(), script.policy);
    driver.start = script.start;
    driver.failing = script.failing;
    let mut driver = driver.begin();
    for (at, function, run) in &script.calls {
        driver.call(*at, *function, *run);
    }
    script.updates.iter().for_each(|(at, function)| driver.update(*at, *function));
    for (at, function, calls) in &script.reservations {
        driver.reserve(*at, *function, *calls);
    }
    script.kills.iter().for_each(|(at, instance)| driver.kill(*at, *instance));
    driver.drain(script.drain);
    for second in 0..100 {
        driver.until(second * SECOND);
        look(&driver);
    }
    driver.until(100_000 * SECOND);
    driver
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_call_ends_once_and_nothing_is_left(script in scripts()) {
        let driver = played(&script, |_| ());
        let mut ends: Vec<CallId> = driver.ended.clone();
        ends.extend(&driver.failed);
        ends.extend(driver.throttled().iter().map(|(call, _)| *call));
        ends.sort_unstable();
        let expected: Vec<CallId> = (0..script.calls.len() as u64).map(CallId).collect();
        prop_assert_eq!(ends, expected);
        prop_assert!(driver.pool.is_empty());
        prop_assert_eq!(driver.pool.memory(), 0);
        let state = &driver.pool;
        prop_assert_eq!((state.shared_flight, state.queued, state.overdue), (0, 0, 0));
        let reserved: u32 = { state.functions.iter() }.filter_map(|of| of.of.reserved).sum();
        prop_assert!(state.shared == script.limits.account.saturating_sub(reserved));
        for of in &state.functions {
            prop_assert_eq!((of.flight, of.busy, of.live, of.queued), (0, 0, 0, 0));
            prop_assert_eq!((of.current.starting, of.current.claimed), (0, 0));
            prop_assert_eq!((of.former.starting, of.former.claimed), (0, 0));
        }
    }

    #[test]
    fn limits_hold_at_every_moment(script in scripts()) {
        // With those that change it is looked at after every step: `Driver::is_within`.
        let script = Script { reservations: Vec::new(), ..script };
        played(&script, |driver| {
            let pool = &driver.pool;
            assert!(script.limits.memory.is_none_or(|most| pool.memory() <= most));
            let reserved: u32 = script.functions.iter().filter_map(|f| f.reserved).sum();
            assert!(pool.shared_flight <= script.limits.account.saturating_sub(reserved));
            for of in &pool.functions {
                assert!(of.of.reserved.is_none_or(|most| of.flight <= most));
                assert!(of.busy <= of.flight);
                assert!(of.idle.len() as u32 <= of.live);
            }
            if let Queue::UpTo(most) = script.limits.queue {
                assert!(pool.queued <= most);
            }
        });
    }

    #[test]
    fn starts_keep_to_the_scaling_limit(script in scripts()) {
        let driver = played(&script, |_| ());
        let Some(scaling) = script.limits.scaling else { return Ok(()) };
        for function in (0..script.functions.len()).map(FunctionIndex) {
            let starts: Vec<u64> = driver.log.iter().filter_map(|(at, decision)| match decision {
                Decision::Start { function: of, why, .. } if *of == function => {
                    (*why != Why::Provisioned).then_some(*at)
                }
                _ => None,
            }).collect();
            for window in starts.windows(scaling.starts as usize + 1) {
                prop_assert!(window[window.len() - 1] - window[0] >= scaling.within);
            }
        }
    }

    #[test]
    fn the_same_happens_again(script in scripts()) {
        let (once, again) = (played(&script, |_| ()), played(&script, |_| ()));
        prop_assert_eq!(once.log, again.log);
        prop_assert_eq!(once.pool.counters(once.now), again.pool.counters(again.now));
    }

    /// Time in each state is that of the log, and each instance is counted once.
    #[test]
    fn counters_are_those_of_the_log(script in scripts()) {
        let driver = played(&script, |_| ());
        let counters = driver.pool.counters(driver.now);
        let starts = driver.log.iter().filter(|(_, d)| matches!(d, Decision::Start { .. })).count();
        prop_assert_eq!(counters.all_starts(), starts as u64);
        prop_assert_eq!(counters.all_calls(), driver.dispatched().len() as u64);
        prop_assert_eq!(counters.all_throttled(), driver.throttled().len() as u64);
        let cold = driver.dispatched().iter().filter(|(_, _, met)| *met == Met::Cold).count();
        prop_assert_eq!(counters.met(Met::Cold), cold as u64);
        prop_assert!(counters.all_unused() <= counters.all_starts());
        // Who never served is unused, but for what ended before it was ready.
        let served: std::collections::BTreeSet<_> =
            driver.dispatched().iter().map(|(_, instance, _)| *instance).collect();
        let removed = driver.log.iter().filter(|(_, d)| {
            matches!(d, Decision::Remove { instance } if !served.contains(instance))
        });
        prop_assert!(counters.all_unused() >= removed.count() as u64);
    }
}
