//! What a pool is told, and what follows from it.

use super::claims::{Claim, Waiting, Wave};
use super::instance::State;
use super::policy::Idle;
use super::timers::Timer;
use super::{CallId, Decision, FunctionIndex, InstanceKey, Met, Pool, Reason, Why};

impl Pool {
    /// Starts the instances that there always are. Told once, before anything else.
    pub fn begin(&mut self, at: u64, out: &mut Vec<Decision>) {
        for function in (0..self.functions.len()).map(FunctionIndex) {
            self.restore(at, function, out);
        }
    }

    /// A call came.
    pub fn arrives(
        &mut self,
        at: u64,
        function: FunctionIndex,
        call: CallId,
        out: &mut Vec<Decision>,
    ) {
        self.policy.arrived(function, at);
        let of = &mut self.functions[function.0];
        of.arrivals += 1;
        of.frequency += 1;
        if self.draining {
            self.throttle(at, function, call, Reason::Draining, out);
            return;
        }
        let version = self.functions[function.0].version;
        let waiting = Waiting { call, at, version, claim: Claim::Nothing };
        self.enqueue(function, waiting);
        if self.queued == 1 {
            // Nobody waits before it: as most calls find it.
            let place = self.functions[function.0].waiting.len() - 1;
            let _ = self.secure(at, function, place, out);
        } else {
            self.admit(at, out);
        }
        self.turn_away(at, function, call, out);
    }

    /// A started instance can take a call.
    pub fn ready(&mut self, at: u64, instance: InstanceKey, out: &mut Vec<Decision>) {
        let Some(of) = self.instances.get(&instance).filter(|of| of.state == State::Starting)
        else {
            return;
        };
        let (function, version, took) = (of.function, of.version, at.saturating_sub(of.since));
        let state = &mut self.functions[function.0];
        state.start_time.add(took);
        let wave = state.wave(version);
        wave.starting = wave.starting.saturating_sub(1);
        self.free(at, instance, out);
        self.admit(at, out);
    }

    /// The call of an instance is over.
    pub fn done(&mut self, at: u64, instance: InstanceKey, out: &mut Vec<Decision>) {
        let Some(of) = self.instances.get(&instance) else { return };
        let State::Busy(_) = of.state else { return };
        let (function, took) = (of.function, at.saturating_sub(of.since));
        self.functions[function.0].run_time.add(took);
        self.over(at, function);
        self.free(at, instance, out);
        self.expect(at, function);
        self.hurry(at, function, out);
        self.admit(at, out);
    }

    /// An instance ended by itself, or its start failed. The call that fails with it is
    /// returned: the one that it had, or of a start the oldest that waits for one and has none
    /// left.
    pub fn gone(
        &mut self,
        at: u64,
        instance: InstanceKey,
        out: &mut Vec<Decision>,
    ) -> Option<CallId> {
        let of = self.instances.get(&instance)?;
        let (function, version, state) = (of.function, of.version, of.state);
        self.counters.gone += 1;
        let lost = match state {
            State::Busy(call) => {
                self.over(at, function);
                Some(call)
            }
            State::Starting => {
                let wave = self.functions[function.0].wave(version);
                wave.starting = wave.starting.saturating_sub(1);
                let lost =
                    if wave.claimed > wave.starting { self.fail(function, version) } else { None };
                if lost.is_some() {
                    self.released(function);
                    self.policy.ended(function, at);
                }
                lost
            }
            State::Idle => {
                self.functions[function.0].idle.retain(|key| *key != instance);
                None
            }
        };
        self.forget(at, instance);
        // What cannot be started is not started again and again.
        if state != State::Starting {
            self.restore(at, function, out);
        }
        self.hurry(at, function, out);
        self.admit(at, out);
        lost
    }

    /// An instant came that [`Pool::next_due`] told.
    pub fn due(&mut self, at: u64, out: &mut Vec<Decision>) {
        while let Some((_, timer)) = self.timers.first().filter(|(when, _)| *when <= at) {
            self.timers.pop();
            if !self.is_void(&timer) {
                self.happen(at, timer, out);
            }
        }
        self.admit(at, out);
    }

    fn happen(&mut self, at: u64, timer: Timer, out: &mut Vec<Decision>) {
        match timer {
            Timer::Expire(instance, _) => {
                let Some(of) = self.instances.get(&instance) else { return };
                let function = of.function;
                // One that is always to be there has no time of its own.
                if !self.is_needed(function) {
                    self.remove_idle(at, instance, out);
                }
            }
            Timer::Prewarm(function, _) => {
                // One that finds no room is none: it was a guess.
                if self.functions[function.0].live == 0 {
                    let _ = self.start(at, function, Why::Prewarm, out);
                }
            }
            Timer::Patience(function, call) => self.impatient(at, function, call, out),
            // Whoever waits for it is admitted after all timers.
            Timer::Scaling(_) => {}
        }
    }

    /// No more calls are taken; those that wait are served, and instances are removed when they
    /// have nothing to do.
    pub fn drain(&mut self, at: u64, out: &mut Vec<Decision>) {
        self.draining = true;
        for function in 0..self.functions.len() {
            while let Some(instance) = self.functions[function].idle.front().copied() {
                self.remove_idle(at, instance, out);
            }
        }
        self.admit(at, out);
    }

    /// A function is another from now on: calls that come get new instances, calls that came
    /// may get old ones.
    pub fn update(&mut self, at: u64, function: FunctionIndex, out: &mut Vec<Decision>) {
        let of = &mut self.functions[function.0];
        of.version += 1;
        of.live = 0;
        let Wave { starting, claimed } = std::mem::take(&mut of.current);
        of.former.starting += starting;
        of.former.claimed += claimed;
        while let Some(instance) = self.functions[function.0].idle.front().copied() {
            self.remove_idle(at, instance, out);
        }
        self.restore(at, function, out);
        self.admit(at, out);
    }

    /// An instance has nothing to do: it takes the oldest call that it may, or it is kept.
    fn free(&mut self, at: u64, instance: InstanceKey, out: &mut Vec<Decision>) {
        let Some(of) = self.instances.get(&instance) else { return };
        let (function, version) = (of.function, of.version);
        let served = of.served > 0;
        let (is_new, state) = (of.state == State::Starting, &self.functions[function.0]);
        let old = version != state.version;
        // Of those beyond a limit the oldest is admitted, if any. One that called a later
        // version may stand before one that this instance may serve.
        let admitted = state.waiting.len() - state.queued as usize;
        let open = admitted + usize::from(self.refusal(function).is_none());
        let may = |waiting: &Waiting| waiting.version <= version;
        if let Some(place) = state.waiting.iter().take(open).position(may) {
            let met = if is_new { Met::Cold } else { Met::Warm };
            self.counters.delayed += u64::from(!is_new);
            self.dispatch(at, function, instance, met, place, out);
            return;
        }
        self.turn(at, instance, State::Idle);
        self.functions[function.0].idle.push_back(instance);
        if old || self.draining {
            self.remove_idle(at, instance, out);
        } else if let Some(until) = self.policy.keep(&Idle { function, at, served })
            && !self.is_needed(function)
        {
            match until <= at {
                true => self.remove_idle(at, instance, out),
                false => self.timers.set(until, Timer::Expire(instance, at)),
            }
        }
    }

    /// Asks the policy when a function is called next that has no call.
    fn expect(&mut self, at: u64, function: FunctionIndex) {
        let of = &self.functions[function.0];
        if of.flight > 0 || !of.waiting.is_empty() || self.draining {
            return;
        }
        let arrivals = of.arrivals;
        if let Some(when) = self.policy.prewarm(function, at) {
            self.timers.set(when.max(at), Timer::Prewarm(function, arrivals));
        }
    }

    /// A call of a function had an instance, and has none any more.
    fn over(&mut self, at: u64, function: FunctionIndex) {
        self.functions[function.0].busy -= 1;
        self.released(function);
        self.policy.ended(function, at);
    }

    /// Takes the oldest call that waits for a start of a version out of those that wait.
    fn fail(&mut self, function: FunctionIndex, version: u32) -> Option<CallId> {
        let state = &mut self.functions[function.0];
        let current = version == state.version;
        let now = state.version;
        let of = |w: &Waiting| w.claim == Claim::Start && (w.version == now) == current;
        let place = state.waiting.iter().position(of)?;
        let lost = state.waiting.remove(place)?;
        state.wave(version).claimed -= 1;
        Some(lost.call)
    }
}
