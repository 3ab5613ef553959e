//! The virtual clock and a platform with instances of its own come to the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::*;
use crate::clock::Clock;
use crate::pool::{
    CallId, Counters, Decision, FunctionIndex, InstanceKey, Met, Pool, PoolFunction,
};
use crate::replay::real::{self, Target};
use crate::sample::Temperature;
use crate::serve::{
    Call, Done, End, Functions, NotReserved, NotUpdated, Platform, Reason, Report, Status,
};

/// A platform whose instances are nothing but the time that they take.
#[derive(Clone)]
struct Pretended {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

struct State {
    pool: Pool,
    calls: HashMap<CallId, (oneshot::Sender<Done>, u64)>,
    next: u64,
}

/// What a pool is told, at an instant.
type Told<'a> = &'a dyn Fn(&mut Pool, u64, &mut Vec<Decision>);

const START: Duration = Duration::from_secs(1);
const RUN: Duration = Duration::from_millis(100);

impl Pretended {
    fn new(functions: usize, policy: &str, limits: Limits) -> Self {
        let one = PoolFunction { memory: 1_024 * MIB, reserved: None, provisioned: 0 };
        let policy = policy.parse::<PolicyChoice>().unwrap().build();
        let pool = Pool::new(limits, vec![one; functions], policy);
        let state = State { pool, calls: HashMap::new(), next: 0 };
        Self { clock: Clock::paused(), state: Arc::new(Mutex::new(state)) }
    }

    fn tell(&self, tell: Told) {
        let (now, mut out) = (self.clock.now(), Vec::new());
        let mut state = self.state.lock().unwrap();
        tell(&mut state.pool, now, &mut out);
        for decision in out {
            self.carry_out(&mut state, now, decision);
        }
        if let Some(due) = state.pool.next_due() {
            let this = self.clone();
            tokio::spawn(async move {
                this.clock.wait_until(due).await;
                this.tell(&|pool, at, out| pool.due(at, out));
            });
        }
    }

    fn carry_out(&self, state: &mut State, now: u64, decision: Decision) {
        let this = self.clone();
        match decision {
            Decision::Start { instance, .. } => {
                tokio::spawn(async move {
                    tokio::time::sleep(START).await;
                    this.tell(&|pool, at, out| pool.ready(at, instance, out));
                });
            }
            Decision::Dispatch { call, instance, met } => {
                let Some((answer, arrived)) = state.calls.remove(&call) else { return };
                let done = done(met, Duration::from_nanos(now - arrived));
                tokio::spawn(async move { this.serve(instance, answer, done).await });
            }
            Decision::Throttle { call, .. } => {
                let (answer, _) = state.calls.remove(&call).unwrap();
                let end = End::Throttled { reason: Reason::Account, retry_after: RUN };
                let _ = answer.send(Done { end, version: 1, report: None, log: None });
            }
            Decision::Remove { .. } => {}
        }
    }

    async fn serve(&self, instance: InstanceKey, answer: oneshot::Sender<Done>, done: Done) {
        tokio::time::sleep(RUN).await;
        let _ = answer.send(done);
        self.tell(&|pool, at, out| pool.done(at, instance, out));
    }

    fn counters(&self) -> Counters {
        self.tell(&|pool, at, out| pool.drain(at, out));
        self.state.lock().unwrap().pool.counters(self.clock.now())
    }
}

fn done(met: Met, waited: Duration) -> Done {
    let cold = met == Met::Cold;
    let report = Report {
        request: uuid::Uuid::nil(),
        duration: RUN,
        billed: RUN,
        memory: Some(1_024 * MIB),
        used: None,
        init: cold.then_some(START / 2),
        waited,
        temperature: if cold { Temperature::Cold } else { Temperature::Warm },
        status: Status::Success,
    };
    Done { end: End::Response(Bytes::new()), version: 1, report: Some(report), log: None }
}

impl Platform for Pretended {
    fn reserve(&self, _: &str, _: Option<u32>) -> Result<(), NotReserved> {
        Err(NotReserved::NotFound)
    }

    async fn update(&self, _: &str, _: Option<String>) -> Result<u32, NotUpdated> {
        Err(NotUpdated::NotFound)
    }

    fn functions(&self) -> Functions {
        Arc::new([])
    }

    fn clock(&self) -> Clock {
        self.clock
    }

    async fn call(&self, call: Call) -> Done {
        let (answer, answered) = oneshot::channel();
        let function: usize = call.function.parse().unwrap();
        let id = {
            let mut state = self.state.lock().unwrap();
            let id = CallId(state.next);
            state.next += 1;
            state.calls.insert(id, (answer, call.arrived));
            id
        };
        self.tell(&|pool, at, out| pool.arrives(at, FunctionIndex(function), id, out));
        answered.await.unwrap()
    }
}

/// Calls at whole milliseconds, which is as fine as the paused clock is.
fn short(seed: u64) -> Trace {
    let wanted = crate::replay::trace::generate::Wanted {
        functions: 8,
        time: Duration::from_secs(600),
        calls: 400,
        seed,
    };
    let text = crate::replay::trace::generate::generate(&wanted).unwrap();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("trace.csv");
    std::fs::write(&file, text).unwrap();
    let mut trace = crate::replay::trace::read(&file, &Default::default()).unwrap();
    trace.calls.iter_mut().for_each(|call| call.at -= call.at % 1_000_000);
    trace
}

#[tokio::test(start_paused = true)]
async fn a_short_trace_comes_to_the_same_with_instances_and_without() {
    let limits = Limits { account: 6, ..Limits::LAMBDA };
    for (seed, policy) in (1..).zip(["none", "fixed:10s", "hybrid:1s", "cidre:20s", "fixed:1s"]) {
        let trace = short(seed);
        let functions = trace.functions.len();
        let pretended = Pretended::new(functions, policy, limits);
        let target = |n: usize| Target { function: n.to_string().into(), event: Bytes::new() };
        let targets: Vec<Target> = (0..functions).map(target).collect();
        let ended = real::play(&pretended, &trace, &targets).await;
        assert_eq!(ended.len(), trace.calls.len(), "{policy}");
        let counters = pretended.counters();
        let (measured, mapping) = (measured(), vec![0; functions]);
        let choice = policy.parse::<PolicyChoice>().unwrap();
        let of = (&measured, &*mapping);
        let real = real::played(&trace, &ended, of, choice, &tariff(), Some(&counters));
        let played = played_as(&trace, policy, limits, Runs::Measured);
        assert!(played.cold > 0 && played.warm + played.throttled() > 0, "{policy}");
        // Who may tell a fresh instance from a used one is the pool, not a report.
        let played = Played { warm: played.warm + played.fresh, fresh: 0, ..played };
        assert_eq!(real.throttled(), played.throttled(), "{policy}");
        assert_eq!(real, played, "{policy}");
    }
}
