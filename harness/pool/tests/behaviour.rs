use super::*;

const MINUTE: u64 = 60 * SECOND;

fn driver(limits: Limits, functions: &[PoolFunction], policy: &str) -> Driver {
    Driver::new(limits, functions.to_vec(), policy).begin()
}

fn mets(driver: &Driver) -> Vec<Met> {
    driver.dispatched().iter().map(|(_, _, met)| *met).collect()
}

#[test]
fn a_call_after_the_keep_alive_is_cold_and_one_before_is_warm() {
    let mut driver = driver(unlimited(), &[function(128)], "fixed:10m");
    driver.call(0, 0, SECOND);
    // Idle from second 2 on.
    driver.call(2 * SECOND + 10 * MINUTE - 1, 0, SECOND);
    driver.call(3 * SECOND + 20 * MINUTE, 0, SECOND);
    driver.until(40 * MINUTE);
    assert_eq!(mets(&driver), [Met::Cold, Met::Warm, Met::Cold]);
    assert!(driver.pool.is_empty());
}

#[test]
fn a_call_takes_what_is_free_first_and_a_start_without_a_call_is_counted() {
    let mut driver = driver(unlimited(), &[function(128)], "fixed:10m");
    driver.start = 5 * SECOND;
    let first = driver.call(0, 0, SECOND);
    // Another instance is started for it, and the first is free before that is ready.
    let second = driver.call(5 * SECOND + SECOND / 2, 0, SECOND);
    driver.until(MINUTE);
    let found = driver.dispatched();
    assert_eq!(found, [(first, InstanceKey(0), Met::Cold), (second, InstanceKey(0), Met::Warm)]);
    let counters = driver.pool.counters(MINUTE);
    assert_eq!((counters.all_starts(), counters.all_unused(), counters.delayed), (2, 0, 1));
    driver.until(20 * MINUTE);
    assert_eq!(driver.pool.counters(driver.now).unused.get(&Why::Call), Some(&1));
}

#[test]
fn a_call_waits_for_a_start_that_nobody_waits_for_any_more() {
    let mut driver = driver(unlimited(), &[function(128)], "fixed:10m");
    driver.start = 5 * SECOND;
    driver.call(0, 0, SECOND);
    driver.call(5 * SECOND + SECOND / 2, 0, 20 * SECOND);
    // The second took the first one's instance: its own start is for the third.
    let third = driver.call(7 * SECOND, 0, SECOND);
    driver.until(MINUTE);
    assert_eq!(driver.dispatched()[2], (third, InstanceKey(1), Met::Cold));
    assert_eq!(driver.pool.counters(MINUTE).all_starts(), 2);
}

#[test]
fn waiting_calls_are_served_in_the_order_in_which_they_came() {
    let mut driver = driver(unlimited(), &[function(128)], "fixed:10m");
    let calls: Vec<CallId> = (0..5).map(|n| driver.call(n, 0, SECOND)).collect();
    driver.until(MINUTE);
    let found: Vec<CallId> = driver.dispatched().iter().map(|(call, _, _)| *call).collect();
    assert_eq!(found, calls);
}

#[test]
fn limits_refuse_each_with_its_own_reason() {
    let reserved = PoolFunction { reserved: Some(1), ..function(128) };
    let limits = Limits { account: 3, ..unlimited() };
    let mut all = driver(limits, &[function(128), reserved], "fixed:10m");
    // One is reserved: two are left for the other.
    for n in 0..3 {
        all.call(n, 0, SECOND);
    }
    all.call(10, 1, SECOND);
    all.call(11, 1, SECOND);
    all.until(MINUTE);
    let expected = [(CallId(2), Reason::Account), (CallId(4), Reason::Function)];
    assert_eq!(all.throttled(), expected);

    let scaling = Some(Scaling { starts: 2, within: 10 * SECOND });
    let mut quick = driver(Limits { scaling, ..unlimited() }, &[function(128)], "none");
    for n in 0..3 {
        quick.call(n, 0, SECOND);
    }
    quick.call(11 * SECOND, 0, SECOND);
    quick.until(MINUTE);
    assert_eq!(quick.throttled(), [(CallId(2), Reason::Scaling)]);

    let memory = Some(200 * MIB);
    let mut small = driver(Limits { memory, ..unlimited() }, &[function(128)], "lru");
    small.call(0, 0, SECOND);
    small.call(1, 0, SECOND);
    small.until(MINUTE);
    assert_eq!(small.throttled(), [(CallId(1), Reason::Memory)]);
}

#[test]
fn what_may_wait_waits_until_a_limit_allows_it() {
    let scaling = Some(Scaling { starts: 1, within: 10 * SECOND });
    let limits = Limits { scaling, queue: Queue::UpTo(1), ..unlimited() };
    let mut driver = driver(limits, &[function(128)], "none");
    for n in 0..3 {
        driver.call(n, 0, 30 * SECOND);
    }
    driver.until(2 * MINUTE);
    assert_eq!(driver.throttled(), [(CallId(2), Reason::Scaling)]);
    let starts = driver.log.iter().filter(|(_, d)| matches!(d, Decision::Start { .. }));
    assert_eq!(starts.map(|(at, _)| *at).collect::<Vec<_>>(), [0, 10 * SECOND]);
}

#[test]
fn what_can_never_be_served_does_not_wait() {
    let never = PoolFunction { reserved: Some(0), ..function(128) };
    let limits = Limits { queue: Queue::UpTo(10), memory: Some(256 * MIB), ..unlimited() };
    let mut driver = driver(limits, &[never, function(512)], "lru");
    driver.call(0, 0, SECOND);
    driver.call(1, 1, SECOND);
    driver.until(MINUTE);
    assert_eq!(driver.throttled(), [(CallId(0), Reason::Function), (CallId(1), Reason::Memory)]);
}

#[test]
fn who_finds_no_room_beside_what_is_always_there_does_not_wait() {
    let always = PoolFunction { provisioned: 1, ..function(200) };
    let limits = Limits { queue: Queue::UpTo(10), memory: Some(256 * MIB), ..unlimited() };
    let mut driver = driver(limits, &[always, function(100)], "lru");
    let never = driver.call(SECOND, 1, SECOND);
    driver.call(SECOND, 0, SECOND);
    driver.until(MINUTE);
    assert_eq!(driver.throttled(), [(never, Reason::Memory)]);
    assert_eq!(driver.ended.len(), 1);
}

#[test]
fn the_least_recently_used_goes_where_memory_is_short() {
    let limits = Limits { memory: Some(256 * MIB), ..unlimited() };
    let mut driver = driver(limits, &[function(128), function(128), function(128)], "lru");
    driver.call(0, 0, SECOND);
    driver.call(MINUTE, 1, SECOND);
    driver.call(2 * MINUTE, 0, SECOND);
    driver.call(3 * MINUTE, 2, SECOND);
    driver.until(4 * MINUTE);
    assert_eq!(driver.removed_at(1), Some(3 * MINUTE));
    assert_eq!(driver.removed_at(0), None);
    assert_eq!(driver.pool.counters(driver.now).evictions, 1);
}

#[test]
fn idle_waste_is_the_sum_by_hand() {
    let mut driver = driver(unlimited(), &[function(128), function(512)], "fixed:1m");
    driver.call(0, 0, 3 * SECOND);
    driver.call(10 * SECOND, 0, SECOND);
    driver.call(20 * SECOND, 1, 2 * SECOND);
    driver.until(10 * MINUTE);
    let counters = driver.pool.counters(driver.now);
    let bytes = |mib: u64, seconds: u64| u128::from(mib * MIB) * u128::from(seconds * SECOND);
    // From 4 to 10, and a minute from 11 on; a minute from 23 on.
    assert_eq!(counters.idle, bytes(128, 66) + bytes(512, 60));
    assert_eq!(counters.busy, bytes(128, 4) + bytes(512, 2));
    assert_eq!(counters.starting, bytes(128, 1) + bytes(512, 1));
}

#[test]
fn provisioned_instances_are_there_always_and_replaced_when_they_die() {
    let of = PoolFunction { provisioned: 2, ..function(128) };
    let mut driver = driver(unlimited(), &[of], "none");
    driver.call(MINUTE, 0, SECOND);
    driver.kill(2 * MINUTE, 0);
    driver.until(10 * MINUTE);
    assert_eq!(mets(&driver), [Met::Fresh]);
    assert_eq!(driver.pool.instances(), 2);
    assert_eq!(driver.pool.counters(driver.now).starts.get(&Why::Provisioned), Some(&3));
    driver.drain(11 * MINUTE);
    driver.until(12 * MINUTE);
    assert!(driver.pool.is_empty());
}

#[test]
fn a_provisioned_start_that_fails_is_not_tried_for_ever() {
    let of = PoolFunction { provisioned: 1, ..function(128) };
    let mut driver = Driver::new(unlimited(), vec![of], "none");
    driver.failing = Some(1);
    let mut driver = driver.begin();
    driver.until(MINUTE);
    assert_eq!(driver.pool.counters(MINUTE).all_starts(), 1);
}

#[test]
fn who_waits_for_a_start_that_fails_fails_with_it() {
    let mut driver = driver(unlimited(), &[function(128)], "fixed:10m");
    driver.failing = Some(1);
    let call = driver.call(0, 0, SECOND);
    driver.until(MINUTE);
    assert_eq!(driver.failed, [call]);
    assert!(driver.pool.is_empty());
    // The limits know of it: another may come.
    let mut one =
        Driver::new(Limits { account: 1, ..unlimited() }, vec![function(128)], "fixed:10m");
    one.failing = Some(2);
    one.call(0, 0, 10 * MINUTE);
    one.kill(MINUTE, 0);
    one.call(2 * MINUTE, 0, SECOND);
    one.call(3 * MINUTE, 0, SECOND);
    one.until(5 * MINUTE);
    assert_eq!(one.throttled(), []);
    assert_eq!(one.failed, [CallId(0), CallId(1)]);
    assert_eq!(one.ended, [CallId(2)]);
}

#[test]
fn an_update_gives_new_calls_new_instances_and_finishes_old_ones() {
    let mut driver = driver(unlimited(), &[function(128)], "fixed:10m");
    driver.call(0, 0, SECOND);
    let long = driver.call(MINUTE, 0, MINUTE);
    driver.call(MINUTE, 0, SECOND);
    driver.until(MINUTE + 5 * SECOND);
    // One is idle, one is busy.
    driver.update(MINUTE + 10 * SECOND, 0);
    let after = driver.call(MINUTE + 20 * SECOND, 0, SECOND);
    driver.until(5 * MINUTE);
    let (call, instance, met) = driver.dispatched()[3];
    assert_eq!((call, instance, met), (after, InstanceKey(2), Met::Cold));
    let busy = driver.dispatched().iter().find(|(call, _, _)| *call == long).unwrap().1;
    assert_eq!(driver.removed_at(1 - busy.0), Some(MINUTE + 10 * SECOND));
    assert_eq!(driver.removed_at(busy.0), Some(2 * MINUTE));
}

#[test]
fn draining_serves_who_waits_and_leaves_nothing() {
    let mut driver = driver(unlimited(), &[function(128)], "lru");
    driver.call(0, 0, SECOND);
    let waits = driver.call(MINUTE, 0, SECOND);
    let also = driver.call(MINUTE, 0, SECOND);
    driver.drain(MINUTE + 1);
    let late = driver.call(MINUTE + 2, 0, SECOND);
    driver.until(2 * MINUTE);
    assert!(driver.pool.is_empty());
    assert_eq!(driver.ended, [CallId(0), waits, also]);
    assert_eq!(driver.throttled(), [(late, Reason::Draining)]);
}

#[test]
fn a_call_waits_for_a_busy_instance_where_that_is_sooner_and_not_for_ever() {
    let mut driver = driver(unlimited(), &[function(128)], "cidre:10m");
    driver.start = 10 * SECOND;
    driver.call(0, 0, SECOND);
    // Calls take a second and starts take ten.
    driver.call(MINUTE, 0, SECOND);
    driver.call(MINUTE + 1, 0, SECOND);
    driver.until(2 * MINUTE);
    assert_eq!(driver.pool.counters(driver.now).all_starts(), 1);
    assert_eq!(mets(&driver), [Met::Cold, Met::Warm, Met::Warm]);
    // The one that it waits for takes a minute, against all expectation.
    driver.call(3 * MINUTE, 0, MINUTE);
    driver.call(3 * MINUTE + 1, 0, SECOND);
    driver.until(5 * MINUTE);
    assert_eq!(driver.pool.counters(driver.now).all_starts(), 2);
    assert_eq!(mets(&driver)[4], Met::Cold);
    let at =
        driver.log.iter().find(|(at, d)| *at > 3 * MINUTE && matches!(d, Decision::Start { .. }));
    assert_eq!(at.unwrap().0, 3 * MINUTE + 1 + 10 * SECOND);
}

/// What is planned is not forgotten while nothing waits for it.
#[test]
fn who_waits_for_the_scaling_limit_has_its_start_when_the_limit_allows_one() {
    let scaling = Some(Scaling { starts: 1, within: 20 * SECOND });
    let limits = Limits { scaling, queue: Queue::UpTo(9), ..unlimited() };
    let mut driver = driver(limits, &[function(128)], "fixed:10m");
    driver.call(0, 0, 2 * SECOND);
    // It stands before the limit until the first one's instance takes it, for a minute.
    driver.call(2 * SECOND, 0, MINUTE);
    driver.until(4 * SECOND);
    let last = driver.call(5 * SECOND, 0, SECOND);
    driver.until(5 * MINUTE);
    let (call, instance, met) = driver.dispatched()[2];
    assert_eq!((call, instance, met), (last, InstanceKey(1), Met::Cold));
    let start = driver.log.iter().rfind(|(_, decision)| matches!(decision, Decision::Start { .. }));
    assert_eq!(start.unwrap().0, 20 * SECOND);
}

/// Keeps all, and expects a call ten seconds after the latest.
struct Expecting;

impl Policy for Expecting {
    fn keep(&mut self, _: &crate::pool::policy::Idle) -> Option<u64> {
        None
    }

    fn prewarm(&mut self, _: FunctionIndex, at: u64) -> Option<u64> {
        Some(at + 10 * SECOND)
    }
}

#[test]
fn an_expected_call_has_an_instance_though_there_was_one_when_it_was_planned() {
    let mut driver = driver(unlimited(), &[function(128)], "lru");
    driver.pool = Pool::new(unlimited(), vec![function(128)], Box::new(Expecting));
    driver.call(0, 0, SECOND);
    driver.kill(5 * SECOND, 0);
    driver.until(MINUTE);
    let prewarmed =
        Decision::Start { instance: InstanceKey(1), function: FunctionIndex(0), why: Why::Prewarm };
    assert_eq!(driver.log.last(), Some(&(12 * SECOND, prewarmed)));
}
/// An older call that lost its patience after an update is of the new version.
#[test]
fn an_old_instance_serves_whom_it_may_behind_one_that_it_may_not() {
    let mut driver = driver(unlimited(), &[function(128)], "cidre:10m");
    driver.start = 5 * SECOND;
    driver.call(0, 0, 4 * SECOND);
    driver.call(MINUTE, 0, MINUTE);
    // The first waits for the busy one, for as long as a start took; the second would wait twice
    // as long as a call takes, and has a start of its own.
    driver.call(MINUTE + 1, 0, SECOND);
    let second = driver.call(MINUTE + 2, 0, SECOND);
    driver.update(MINUTE + 3, 0);
    driver.until(MINUTE - 1);
    driver.start = 8 * SECOND;
    driver.until(5 * MINUTE);
    assert!(driver.dispatched().contains(&(second, InstanceKey(1), Met::Cold)));
    assert_eq!(driver.ended.len(), 4);
}

/// A start that was made for a call may serve one that came before it.
#[test]
fn who_lost_its_start_to_an_older_call_is_not_left_alone() {
    let mut driver = driver(unlimited(), &[function(128)], "cidre:10m");
    driver.start = 5 * SECOND;
    driver.call(0, 0, 4 * SECOND);
    driver.call(MINUTE, 0, MINUTE);
    let first = driver.call(MINUTE + 1, 0, MINUTE);
    let second = driver.call(MINUTE + 2, 0, SECOND);
    driver.until(MINUTE - 1);
    driver.start = 4 * SECOND;
    driver.kill(MINUTE + 10 * SECOND, 0);
    driver.kill(MINUTE + 10 * SECOND, 1);
    driver.until(10 * MINUTE);
    assert!(driver.dispatched().contains(&(first, InstanceKey(1), Met::Cold)));
    assert_eq!(driver.failed, [CallId(1), first]);
    assert_eq!(driver.ended, [CallId(0), second]);
}
