//! Calls at a time that are made a function's own while it is called.

use super::*;

fn limits(account: u32, queue: Queue) -> Limits {
    Limits { account, queue, ..unlimited() }
}

/// A pool of two functions of which nothing is reserved.
fn two(limits: Limits) -> Driver {
    Driver::new(limits, vec![function(128); 2], "fixed:10m").begin()
}

fn reserve(driver: &mut Driver, function: usize, reserved: Option<u32>) -> Result<(), u32> {
    driver.pool.reserve(driver.now, FunctionIndex(function), reserved, &mut Vec::new())
}

#[test]
fn what_is_made_its_own_is_its_limit_and_is_taken_from_the_others() {
    let mut driver = two(limits(3, Queue::Never));
    reserve(&mut driver, 0, Some(2)).unwrap();
    for function in [0, 0, 0, 1, 1] {
        driver.call(SECOND, function, 10 * SECOND);
    }
    driver.until(5 * SECOND);
    let reasons: Vec<Reason> = driver.throttled().iter().map(|(_, reason)| *reason).collect();
    assert_eq!(reasons, [Reason::Function, Reason::Account]);
    // With none of its own all share all there is: three are under way.
    driver.reserve(6 * SECOND, 0, None);
    driver.call(7 * SECOND, 1, SECOND);
    driver.call(20 * SECOND, 1, SECOND);
    driver.until(30 * SECOND);
    assert_eq!(driver.throttled()[2..].len(), 1);
}

#[test]
fn what_others_have_is_refused_with_what_is_left_and_changes_nothing() {
    let mut driver = two(limits(5, Queue::Never));
    assert_eq!(reserve(&mut driver, 0, Some(6)), Err(5));
    reserve(&mut driver, 1, Some(3)).unwrap();
    assert_eq!(reserve(&mut driver, 0, Some(3)), Err(2));
    reserve(&mut driver, 1, Some(5)).unwrap();
    assert_eq!(reserve(&mut driver, 0, Some(1)), Err(0));
    reserve(&mut driver, 1, None).unwrap();
    reserve(&mut driver, 0, Some(5)).unwrap();
}

#[test]
fn calls_under_way_go_on_when_their_limit_is_lowered_and_one_that_waits_gets_its_turn() {
    let mut driver = two(limits(10, Queue::UpTo(9)));
    for run in [10, 20, 30] {
        driver.call(SECOND, 0, run * SECOND);
    }
    driver.reserve(5 * SECOND, 0, Some(1));
    let waits = driver.call(6 * SECOND, 0, SECOND);
    driver.until(25 * SECOND);
    assert_eq!(driver.dispatched().len(), 3, "two of three are over, and one is the limit");
    driver.until(60 * SECOND);
    assert_eq!(driver.dispatched()[3].0, waits);
    assert_eq!((driver.ended.len(), driver.throttled().len()), (4, 0));
}

#[test]
fn a_raised_limit_takes_who_waits_at_once_and_none_at_all_refuses_them() {
    let own = PoolFunction { reserved: Some(1), ..function(128) };
    let limits = limits(10, Queue::UpTo(9));
    let mut driver = Driver::new(limits, vec![own], "fixed:10m").begin();
    let calls: Vec<CallId> = (0..4).map(|_| driver.call(0, 0, 100 * SECOND)).collect();
    driver.reserve(10 * SECOND, 0, Some(2));
    driver.until(12 * SECOND);
    assert_eq!(driver.dispatched().len(), 2);
    driver.reserve(20 * SECOND, 0, Some(0));
    driver.until(21 * SECOND);
    let refused = [(calls[2], Reason::Function), (calls[3], Reason::Function)];
    assert_eq!(driver.throttled(), refused);
}
