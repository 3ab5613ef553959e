use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::*;

mod behaviour;
mod properties;
mod reserved;

pub(super) const SECOND: u64 = 1_000_000_000;
pub(super) const MIB: u64 = 1 << 20;

pub(super) fn function(mib: u64) -> PoolFunction {
    PoolFunction { memory: mib * MIB, reserved: None, provisioned: 0 }
}

pub(super) fn unlimited() -> Limits {
    Limits { account: u32::MAX, scaling: None, memory: None, queue: Queue::Never }
}

pub(super) fn policy(text: &str) -> Box<dyn Policy + Send> {
    text.parse::<PolicyChoice>().unwrap().build()
}

/// What a driver does to a pool, in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Ready(InstanceKey),
    Done(InstanceKey),
    Gone(InstanceKey),
    Arrives(FunctionIndex, CallId),
    Update(FunctionIndex),
    Reserve(FunctionIndex, Option<u32>),
    Drain,
}

/// A driver: starts take as long as it is told, calls as long as they say, and it checks that
/// what it is told to do can be done.
pub(super) struct Driver {
    pub(super) pool: Pool,
    pub(super) now: u64,
    pub(super) start: u64,
    /// Every so many starts fail; none: none does.
    pub(super) failing: Option<u64>,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    order: u64,
    runs: BTreeMap<CallId, u64>,
    /// What each instance is: of which function, and which call it has.
    live: BTreeMap<InstanceKey, (FunctionIndex, Option<CallId>)>,
    ready: BTreeMap<InstanceKey, bool>,
    pub(super) log: Vec<(u64, Decision)>,
    pub(super) failed: Vec<CallId>,
    pub(super) ended: Vec<CallId>,
}

impl Driver {
    pub(super) fn new(limits: Limits, functions: Vec<PoolFunction>, name: &str) -> Self {
        Self {
            pool: Pool::new(limits, functions, policy(name)),
            now: 0,
            start: SECOND,
            failing: None,
            events: BinaryHeap::new(),
            order: 0,
            runs: BTreeMap::new(),
            live: BTreeMap::new(),
            ready: BTreeMap::new(),
            log: Vec::new(),
            failed: Vec::new(),
            ended: Vec::new(),
        }
    }

    fn push(&mut self, at: u64, event: Event) {
        self.order += 1;
        self.events.push(Reverse((at, self.order, event)));
    }

    pub(super) fn begin(mut self) -> Self {
        let mut out = Vec::new();
        self.pool.begin(0, &mut out);
        self.carry_out(out);
        self
    }

    pub(super) fn call(&mut self, at: u64, function: usize, run: u64) -> CallId {
        let call = CallId(self.runs.len() as u64);
        self.runs.insert(call, run);
        self.push(at, Event::Arrives(FunctionIndex(function), call));
        call
    }

    pub(super) fn update(&mut self, at: u64, function: usize) {
        self.push(at, Event::Update(FunctionIndex(function)));
    }

    pub(super) fn reserve(&mut self, at: u64, function: usize, reserved: Option<u32>) {
        self.push(at, Event::Reserve(FunctionIndex(function), reserved));
    }

    pub(super) fn kill(&mut self, at: u64, instance: u64) {
        self.push(at, Event::Gone(InstanceKey(instance)));
    }

    pub(super) fn drain(&mut self, at: u64) {
        self.push(at, Event::Drain);
    }

    /// Until an instant, and whatever happens at it.
    pub(super) fn until(&mut self, end: u64) {
        loop {
            let event = self.events.peek().map(|Reverse((at, _, _))| *at);
            let timer = self.pool.next_due();
            let Some(at) = event.into_iter().chain(timer).min().filter(|at| *at <= end) else {
                self.now = end.max(self.now);
                return;
            };
            self.now = at.max(self.now);
            let (mut out, before) = (Vec::new(), self.flights());
            if timer.is_some_and(|timer| timer <= at) {
                self.pool.due(self.now, &mut out);
            } else if let Some(Reverse((_, _, event))) = self.events.pop() {
                self.happen(event, &mut out);
            }
            self.is_within(&before);
            self.carry_out(out);
        }
    }

    /// Calls under way, of each function.
    fn flights(&self) -> Vec<u32> {
        self.pool.functions.iter().map(|of| of.flight).collect()
    }

    /// Nothing is taken beyond a limit: where more is under way, a limit was lowered since.
    fn is_within(&self, before: &[u32]) {
        let Pool { functions, shared, shared_flight, .. } = &self.pool;
        let mut shared_before = 0;
        for (of, flight) in functions.iter().zip(before) {
            match of.of.reserved {
                Some(most) => assert!(of.flight <= most.max(*flight)),
                None => shared_before += flight,
            }
        }
        assert!(*shared_flight <= *shared.max(&shared_before));
        let all: u32 = functions.iter().filter(|f| f.of.reserved.is_none()).map(|f| f.flight).sum();
        assert_eq!(all, *shared_flight);
    }

    fn happen(&mut self, event: Event, out: &mut Vec<Decision>) {
        let at = self.now;
        match event {
            Event::Arrives(function, call) => self.pool.arrives(at, function, call, out),
            Event::Update(function) => self.pool.update(at, function, out),
            Event::Reserve(function, reserved) => {
                let _ = self.pool.reserve(at, function, reserved, out);
            }
            Event::Drain => self.pool.drain(at, out),
            Event::Ready(instance) if self.live.contains_key(&instance) => {
                self.ready.insert(instance, true);
                self.pool.ready(at, instance, out);
            }
            Event::Done(instance) => {
                let Some((_, call)) = self.live.get_mut(&instance) else { return };
                let Some(call) = call.take() else { return };
                self.ended.push(call);
                self.pool.done(at, instance, out);
            }
            Event::Gone(instance) => {
                let Some((_, call)) = self.live.remove(&instance) else { return };
                let lost = self.pool.gone(at, instance, out);
                if call.is_some() {
                    assert_eq!(lost, call, "an instance takes its own call with it");
                }
                self.failed.extend(lost);
            }
            Event::Ready(_) => {}
        }
    }

    fn carry_out(&mut self, out: Vec<Decision>) {
        for decision in out {
            self.log.push((self.now, decision));
            match decision {
                Decision::Start { instance, function, .. } => {
                    let was = self.live.insert(instance, (function, None));
                    assert!(was.is_none(), "{instance:?} twice");
                    let fails = self.failing.is_some_and(|n| instance.0 % n == n - 1);
                    let then = if fails { Event::Gone(instance) } else { Event::Ready(instance) };
                    self.push(self.now + self.start, then);
                }
                Decision::Dispatch { call, instance, .. } => {
                    let (_, has) = self.live.get_mut(&instance).expect("a living instance");
                    assert!(self.ready.contains_key(&instance), "{instance:?} is not ready");
                    assert_eq!(has.replace(call), None, "two calls on {instance:?}");
                    let run = self.runs[&call];
                    self.push(self.now + run, Event::Done(instance));
                }
                Decision::Remove { instance } => {
                    let (_, call) = self.live.remove(&instance).expect("a living instance");
                    assert_eq!(call, None, "{instance:?} is removed with its call");
                }
                Decision::Throttle { .. } => {}
            }
        }
    }

    pub(super) fn dispatched(&self) -> Vec<(CallId, InstanceKey, Met)> {
        let of = |(_, decision): &(u64, Decision)| match *decision {
            Decision::Dispatch { call, instance, met } => Some((call, instance, met)),
            _ => None,
        };
        self.log.iter().filter_map(of).collect()
    }

    pub(super) fn throttled(&self) -> Vec<(CallId, Reason)> {
        let of = |(_, decision): &(u64, Decision)| match *decision {
            Decision::Throttle { call, reason } => Some((call, reason)),
            _ => None,
        };
        self.log.iter().filter_map(of).collect()
    }

    pub(super) fn removed_at(&self, instance: u64) -> Option<u64> {
        let removed = Decision::Remove { instance: InstanceKey(instance) };
        self.log.iter().find(|(_, decision)| *decision == removed).map(|(at, _)| *at)
    }
}
