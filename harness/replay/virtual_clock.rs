//! A trace played against a policy on a clock that passes when nobody has anything to do: what
//! a driver of real instances does, with starts and calls drawn from what was measured.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::measured::{Inits, Measured, drawn};
use super::played::{Account, Played, Tariff};
use super::trace::{Trace, TraceCall};
use crate::cost::Billing;
use crate::pool::{
    CallId, Decision, FunctionIndex, InstanceKey, Limits, Met, PolicyChoice, Pool, PoolFunction,
};

/// What is played.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The calls.
    pub trace: &'a Trace,
    /// What starts take.
    pub measured: &'a Measured,
    /// For each function of the trace which of the measured ones it is.
    pub mapping: &'a [usize],
    /// What the platform allows.
    pub limits: Limits,
    /// How long calls take.
    pub runs: Runs,
    /// What decides which samples are drawn.
    pub seed: u64,
    /// How calls and idle memory are paid.
    pub tariff: &'a Tariff,
}

/// How long calls take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Runs {
    /// As long as the trace says.
    #[default]
    Trace,
    /// As long as warm calls of the measured function.
    Measured,
}

/// What happens by itself. At one instant in this order: instances are ready and calls over
/// before what the pool planned, and that before another call comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Ready(InstanceKey),
    Done(InstanceKey),
}

struct Machine<'a> {
    setting: &'a Setting<'a>,
    pool: Pool,
    now: u64,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    /// Starts of each function so far: the numbers by which their lengths are drawn.
    starts: Vec<u64>,
    inits: Inits,
    account: Account,
}

/// Plays a trace against a policy, to the end of the last call.
#[must_use]
pub fn play(setting: &Setting, policy: PolicyChoice) -> Played {
    let function = |at: &usize| PoolFunction {
        memory: setting.measured.functions[*at].memory,
        reserved: None,
        provisioned: 0,
    };
    let functions: Vec<PoolFunction> = setting.mapping.iter().map(function).collect();
    let mut machine = Machine {
        pool: Pool::new(setting.limits, functions, policy.build()),
        now: 0,
        events: BinaryHeap::new(),
        starts: vec![0; setting.trace.functions.len()],
        inits: Inits::new(),
        account: Account::new(setting.trace.functions.len()),
        setting,
    };
    machine.run();
    let Machine { pool, now, account, .. } = machine;
    account.closed(policy, &pool.counters(now), setting.tariff, &setting.trace.functions)
}

impl Machine<'_> {
    fn run(&mut self) {
        let mut out = Vec::new();
        self.pool.begin(0, &mut out);
        self.carry_out(&mut out);
        for (number, call) in (0u64..).zip(&self.setting.trace.calls) {
            self.until(call.at, &mut out);
            self.now = call.at;
            let function = FunctionIndex(call.function as usize);
            self.pool.arrives(self.now, function, CallId(number), &mut out);
            self.carry_out(&mut out);
        }
        // Every call is answered, and then nothing more is waited for.
        while let Some(at) = self.next_of_a_call() {
            self.until(at, &mut out);
        }
        self.pool.drain(self.now, &mut out);
        self.carry_out(&mut out);
    }

    /// When something happens next that a call waits for: with none under way, those that a
    /// limit holds back wait for its time.
    fn next_of_a_call(&mut self) -> Option<u64> {
        let event = self.events.peek().map(|Reverse((at, _))| *at);
        let held_back = self.pool.waiting() > 0;
        event.or_else(|| if held_back { self.pool.next_due() } else { None })
    }

    /// Lets everything happen until an instant, and at it.
    fn until(&mut self, end: u64, out: &mut Vec<Decision>) {
        loop {
            let event = self.events.peek().map(|Reverse((at, _))| *at);
            let due = self.pool.next_due();
            let Some(at) = event.into_iter().chain(due).min().filter(|at| *at <= end) else {
                return;
            };
            self.now = self.now.max(at);
            match event {
                Some(first) if first <= at => {
                    if let Some(Reverse((_, event))) = self.events.pop() {
                        match event {
                            Event::Ready(instance) => self.pool.ready(self.now, instance, out),
                            Event::Done(instance) => self.pool.done(self.now, instance, out),
                        }
                    }
                }
                _ => self.pool.due(self.now, out),
            }
            self.carry_out(out);
        }
    }

    fn carry_out(&mut self, out: &mut Vec<Decision>) {
        for decision in out.drain(..) {
            match decision {
                Decision::Start { instance, function, .. } => {
                    let n = &mut self.starts[function.0];
                    *n += 1;
                    let measured =
                        &self.setting.measured.functions[self.setting.mapping[function.0]];
                    let cost = drawn(&measured.starts, self.setting.seed, function.0 as u64, *n);
                    let (start, init) = cost.map_or((0, 0), |cost| (cost.start, cost.init));
                    self.inits.insert(instance, init);
                    let at = self.now.saturating_add(start);
                    self.events.push(Reverse((at, Event::Ready(instance))));
                }
                Decision::Dispatch { call, instance, met } => {
                    let Some(of) = self.setting.trace.calls.get(call.0 as usize) else { continue };
                    let init = self.inits.remove(&instance).filter(|_| met == Met::Cold);
                    let run = run_of(self.setting, of, call.0);
                    let at = self.now.saturating_add(run);
                    self.events.push(Reverse((at, Event::Done(instance))));
                    let measured = &self.setting.measured.functions
                        [self.setting.mapping[of.function as usize]];
                    let billing = Billing {
                        memory_mib: crate::cost::billed_mib(measured.memory),
                        handler_ns: run,
                        init_ns: init,
                    };
                    let waited = self.now - of.at;
                    let paid = self.setting.tariff.call(&billing);
                    self.account.call(of.function, met, waited, waited.saturating_add(run), paid);
                }
                Decision::Remove { instance } => {
                    self.inits.remove(&instance);
                }
                Decision::Throttle { call, .. } => {
                    if let Some(of) = self.setting.trace.calls.get(call.0 as usize) {
                        self.account.throttled(of.function);
                    }
                }
            }
        }
    }
}

fn run_of(setting: &Setting, call: &TraceCall, number: u64) -> u64 {
    match setting.runs {
        Runs::Trace => call.run,
        Runs::Measured => {
            let measured = &setting.measured.functions[setting.mapping[call.function as usize]];
            let thing = u64::MAX - u64::from(call.function);
            drawn(&measured.warm, setting.seed, thing, number).unwrap_or(call.run)
        }
    }
}
