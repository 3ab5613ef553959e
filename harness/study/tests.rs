use std::future::Future;
use std::sync::Mutex;

use super::idle::{Search, search};
use super::surge::{Shape, Surges, by_size, surges};
use super::*;
use crate::clock::Clock;
use crate::serve::{Functions, NotReserved, NotUpdated, Reason, Report, Status};

/// Keeps an instance for a time, starts one in a tenth of a second, and has room for some.
#[derive(Clone)]
pub(super) struct Keeps {
    clock: Clock,
    keep: Duration,
    room: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Since when instances have been idle.
    idle: Vec<u64>,
    busy: usize,
    calls: u32,
}

const START: Duration = Duration::from_millis(100);

impl Keeps {
    pub(super) fn new(keep: Duration, room: usize) -> Self {
        Self { clock: Clock::paused(), keep, room, state: Arc::default() }
    }
}

impl Platform for Keeps {
    fn reserve(&self, _: &str, _: Option<u32>) -> Result<(), NotReserved> {
        Err(NotReserved::NotFound)
    }

    async fn update(&self, _: &str, _: Option<String>) -> Result<u32, NotUpdated> {
        Err(NotUpdated::NotFound)
    }

    fn functions(&self) -> Functions {
        Vec::new().into()
    }

    fn clock(&self) -> Clock {
        self.clock
    }

    fn call(&self, call: Call) -> impl Future<Output = Done> + Send {
        let own = self.clone();
        async move {
            let now = own.clock.now();
            let is_warm = {
                let mut state = own.state.lock().unwrap();
                state.calls += 1;
                if state.busy >= own.room {
                    let (reason, retry_after) = (Reason::Account, Duration::from_secs(1));
                    return Done::without(End::Throttled { reason, retry_after });
                }
                state.busy += 1;
                let keep = ns(own.keep);
                state.idle.retain(|since| now - since < keep);
                state.idle.pop().is_some()
            };
            let waited = if is_warm { Duration::ZERO } else { START };
            tokio::time::sleep(waited + Duration::from_millis(1)).await;
            let mut state = own.state.lock().unwrap();
            state.busy -= 1;
            state.idle.push(own.clock.now());
            let report = Report {
                request: call.request,
                duration: Duration::from_millis(1),
                billed: Duration::from_millis(1),
                memory: None,
                used: None,
                init: None,
                waited,
                temperature: if is_warm { Temperature::Warm } else { Temperature::Cold },
                status: Status::Success,
            };
            let end = End::Response(call.event);
            Done { report: Some(report), ..Done::without(end) }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_is_found_as_well_as_is_asked_for() {
    for (keep, within) in [(5_000, 100), (600_000, 2_000)] {
        let [keep, within] = [keep, within].map(Duration::from_millis);
        let platform = Keeps::new(keep, 9);
        let asked = Search { most: Duration::from_secs(1_200), within, probes: 1 };
        let found = search(&platform, &"f".into(), "{}", asked, |_| {}).await;
        let (kept, gone) = (found.kept.unwrap(), found.gone.unwrap());
        assert!(kept < keep && keep <= gone && gone - kept <= within, "{kept:?} {gone:?}");
        assert!(found.is_one_time() && found.failures.is_empty());
        let curve = found.curve();
        let shares: Vec<bool> = curve.iter().map(|point| point.cold == point.probes).collect();
        assert!(shares.is_sorted() && curve.len() >= 7, "{curve:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_and_no_longer_pauses_than_were_told_before() {
    let secs = Duration::from_secs;
    for keep in [Duration::ZERO, secs(1), secs(9), secs(300), secs(1_199), secs(9_999)] {
        for probes in [0, 2] {
            let platform = Keeps::new(keep, 9);
            let asked = Search { most: secs(1_200), within: secs(2), probes };
            let found = search(&platform, &"f".into(), "{}", asked, |_| {}).await;
            let (calls, pauses) = asked.bound();
            let made = u64::from(platform.state.lock().unwrap().calls);
            assert!(made <= calls, "{keep:?}: {made} calls of {calls}");
            let paused: Duration = found.probes.iter().map(|probe| probe.pause).sum();
            // A timer is late by a millisecond or two.
            let late = Duration::from_millis(2 * calls);
            assert!(paused <= pauses + late, "{keep:?}: {paused:?} of {pauses:?}");
        }
    }
    let asked = Search { most: secs(1_200), within: secs(2), probes: 0 };
    assert_eq!(asked.bound().0, 2 + 10);
}

#[tokio::test(start_paused = true)]
async fn what_is_always_kept_or_never_says_so_and_what_fails_ends_it() {
    let asked = |secs| Search { most: Duration::from_secs(secs), within: START, probes: 1 };
    let (keeper, f) = (Keeps::new(Duration::MAX / 4, 9), "f".into());
    let always = search(&keeper, &f, "{}", asked(60), |_| {}).await;
    assert!(always.gone.is_none() && always.probes.len() == 1, "{always:?}");
    let never = search(&Keeps::new(Duration::ZERO, 9), &f, "{}", asked(60), |_| {}).await;
    assert!(never.kept.is_none() && never.gone.unwrap() < START, "{never:?}");
    let full = Keeps::new(Duration::ZERO, 0);
    let failed = search(&full, &f, "{}", asked(60), |_| {}).await;
    assert!(failed.probes.is_empty() && failed.failures.len() == 3, "{failed:?}");
    assert_eq!(full.state.lock().unwrap().calls, 3);
}

#[tokio::test(start_paused = true)]
async fn a_surge_is_cold_to_its_limit_and_from_nothing_each_time() {
    let platform = Keeps::new(Duration::from_secs(1), 4);
    let asked = Surges {
        sizes: vec![1, 8],
        rounds: 2,
        shape: Shape::AtOnce,
        pause: Duration::from_secs(2),
        seed: 1,
    };
    let all = surges(&platform, &"f".into(), "{}", &asked, |_| {}).await;
    assert_eq!(all.len(), 4);
    let sizes = by_size(&all, &asked.sizes);
    assert_eq!(sizes[0].calls, [2, 0, 0, 0]);
    assert_eq!(sizes[1].calls, [8, 0, 8, 0]);
    assert_eq!(sizes[1].all_ready, Some(ns(START)));
    assert!(sizes[1].cold_p50.unwrap() > ns(START));
}

#[tokio::test(start_paused = true)]
async fn calls_that_come_over_a_time_find_what_others_have_left() {
    let asked = |shape| Surges {
        sizes: vec![20],
        rounds: 1,
        shape,
        pause: Duration::from_secs(2),
        seed: 1,
    };
    for shape in [Shape::Ramp(Duration::from_secs(10)), Shape::Poisson(Duration::from_secs(60))] {
        let platform = Keeps::new(Duration::from_secs(100), 99);
        let all = surges(&platform, &"f".into(), "{}", &asked(shape), |_| {}).await;
        assert!(all[0].warm > 10 && all[0].cold + all[0].warm == 20, "{all:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn functions_of_one_instant_are_cold_alone_and_together() {
    let platform = Keeps::new(Duration::from_millis(10), 9);
    let functions = ["a", "b", "c"].map(|name| (name.into(), "{}".to_owned()));
    let rounds = (3, Duration::from_secs(1));
    let all = super::spike::shots(&platform, &functions, rounds, |_| {}).await;
    assert_eq!(all.len(), 3);
    for shots in &all {
        assert_eq!(shots.len(), 6);
        assert!(shots.iter().all(|shot| shot.cold_ns >= Some(ns(START))), "{shots:?}");
        assert!(super::spike::medians(shots).iter().all(Option::is_some));
    }
}

#[tokio::test(start_paused = true)]
async fn a_chain_is_cold_after_a_pause_and_warm_at_once_again_and_ends_at_a_failure() {
    let platform = Keeps::new(Duration::from_secs(1), 1);
    let chain: Vec<Arc<str>> = vec!["a".into(), "b".into()];
    let rounds = (2, Duration::from_secs(2));
    let all = super::chain::passes(&platform, &chain, "{}", rounds, |_| {}).await;
    // One pool of instances for all: the second link finds the first one's.
    let cold: Vec<u32> = all.iter().map(|pass| pass.cold).collect();
    assert_eq!(cold, [1, 0, 1, 0]);
    assert!(all.iter().all(|pass| pass.links_ns.len() == 2 && pass.took().is_some()));
    let full = Keeps::new(Duration::from_secs(1), 0);
    let none = super::chain::passes(&full, &chain, "{}", rounds, |_| {}).await;
    assert!(none.iter().all(|pass| pass.took().is_none() && pass.links_ns.len() == 1));
}
