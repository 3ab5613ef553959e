//! Which call gets an instance, and where it comes from: limits, starts, room for them.

use super::claims::{Claim, Waiting};
use super::instance::{Instance, State};
use super::policy::{Candidate, Patience};
use super::timers::Timer;
use super::{
    CallId, Decision, FunctionIndex, FunctionState, InstanceKey, Met, Pool, Queue, Reason, Why,
};

impl Pool {
    /// The limit of calls at a time that another call of a function would meet.
    pub(super) fn refusal(&self, function: FunctionIndex) -> Option<Reason> {
        let of = &self.functions[function.0];
        match of.of.reserved {
            Some(reserved) => (of.flight >= reserved).then_some(Reason::Function),
            None => (self.shared_flight >= self.shared).then_some(Reason::Account),
        }
    }

    fn admitted(&mut self, function: FunctionIndex) {
        let of = &mut self.functions[function.0];
        of.flight += 1;
        of.queued -= 1;
        self.queued -= 1;
        self.shared_flight += u32::from(of.of.reserved.is_none());
    }

    pub(super) fn released(&mut self, function: FunctionIndex) {
        let of = &mut self.functions[function.0];
        of.flight -= 1;
        self.shared_flight -= u32::from(of.of.reserved.is_none());
    }

    pub(super) fn enqueue(&mut self, function: FunctionIndex, waiting: Waiting) {
        let of = &mut self.functions[function.0];
        of.waiting.push_back(waiting);
        of.queued += 1;
        self.queued += 1;
    }

    /// Gives calls that wait beyond a limit what they wait for, the oldest of all functions
    /// first, until limits stand before all of them.
    pub(super) fn admit(&mut self, at: u64, out: &mut Vec<Decision>) {
        if self.overdue > 0 {
            self.retry_overdue(at, out);
        }
        // Functions of which no more can be admitted now.
        let mut blocked: Vec<FunctionIndex> = Vec::new();
        while self.queued > 0 {
            let all = self.functions.iter().enumerate().filter(|(_, of)| of.queued > 0);
            let all = all.map(|(at, of)| (of, FunctionIndex(at)));
            let open = all.filter(|(_, function)| !blocked.contains(function));
            let first = open.filter_map(|(of, function)| {
                let place = of.waiting.len() - of.queued as usize;
                Some((of.waiting.get(place)?.at, function, place))
            });
            let Some((_, function, place)) = first.min() else { return };
            if self.secure(at, function, place, out).is_err() {
                blocked.push(function);
            }
        }
    }

    /// Refuses a call that just came and still stands before a limit, where it may not wait.
    pub(super) fn turn_away(
        &mut self,
        at: u64,
        function: FunctionIndex,
        call: CallId,
        out: &mut Vec<Decision>,
    ) {
        let of = &self.functions[function.0];
        let Some(last) = of.waiting.back() else { return };
        if last.call != call || last.claim != Claim::Nothing {
            return;
        }
        if let Queue::UpTo(most) = self.limits.queue
            && self.queued <= most
            && !self.is_hopeless(function)
        {
            return;
        }
        let reason = self.stands_before(at, function);
        let of = &mut self.functions[function.0];
        of.waiting.pop_back();
        of.queued -= 1;
        self.queued -= 1;
        self.throttle(at, function, call, reason, out);
    }

    /// What stands before a call of a function that gets nothing.
    pub(super) fn stands_before(&mut self, at: u64, function: FunctionIndex) -> Reason {
        let reason = self.refusal(function).or_else(|| self.no_start(at, function));
        reason.unwrap_or(Reason::Memory)
    }

    /// Whether no call of a function ever gets an instance, however long it waits.
    pub(super) fn is_hopeless(&self, function: FunctionIndex) -> bool {
        let of = &self.functions[function.0].of;
        of.reserved.unwrap_or(self.shared) == 0
            || self.limits.scaling.is_some_and(|scaling| scaling.starts == 0)
            || self.limits.memory.is_some_and(|most| self.never_fits(function, most))
    }

    /// Whether there is no instance of a function, and never room for one beside those of others
    /// that there always are.
    fn never_fits(&self, function: FunctionIndex, most: u64) -> bool {
        let needed = self.functions[function.0].of.memory;
        let always = |(at, of): (usize, &FunctionState)| {
            let instances = u64::from(self.floor(FunctionIndex(at)));
            instances.saturating_mul(of.of.memory)
        };
        let is_there = self.functions[function.0].live > 0 || self.floor(function) > 0;
        let others = self.functions.iter().enumerate().map(always).fold(0, u64::saturating_add);
        needed > most || (!is_there && others.saturating_add(needed) > most)
    }

    pub(super) fn throttle(
        &mut self,
        at: u64,
        function: FunctionIndex,
        call: CallId,
        reason: Reason,
        out: &mut Vec<Decision>,
    ) {
        *self.counters.throttled.entry(reason).or_default() += 1;
        self.policy.ended(function, at);
        out.push(Decision::Throttle { call, reason });
    }

    /// Gives a call that waits an idle instance, or something that it can wait for.
    pub(super) fn secure(
        &mut self,
        at: u64,
        function: FunctionIndex,
        place: usize,
        out: &mut Vec<Decision>,
    ) -> Result<(), Reason> {
        if let Some(reason) = self.refusal(function) {
            return Err(reason);
        }
        let of = &self.functions[function.0];
        let call = of.waiting[place].call;
        if let Some(instance) = of.idle.back().copied() {
            let of = &mut self.functions[function.0];
            of.idle.pop_back();
            let fresh = self.instances.get(&instance).is_some_and(|one| one.served == 0);
            let met = if fresh { Met::Fresh } else { Met::Warm };
            self.dispatch(at, function, instance, met, place, out);
            return Ok(());
        }
        let mut claim = Claim::Start;
        // Those of before an update wait for new instances, too.
        if !of.current.has_surplus() {
            match self.patience(function, place) {
                Some(time) => {
                    claim = Claim::Busy;
                    let timer = Timer::Patience(function, call);
                    self.timers.set(at.saturating_add(time), timer);
                }
                None => self.start(at, function, Why::Call, out)?,
            }
        }
        self.admitted(function);
        let of = &mut self.functions[function.0];
        of.current.claimed += u32::from(claim == Claim::Start);
        let now = of.version;
        let waiting = &mut of.waiting[place];
        waiting.claim = claim;
        if claim == Claim::Start {
            // Of this version, whichever it called.
            waiting.version = now;
        }
        Ok(())
    }

    fn patience(&self, function: FunctionIndex, place: usize) -> Option<u64> {
        let of = &self.functions[function.0];
        let ahead = u32::try_from(place).unwrap_or(u32::MAX);
        let (start, run) = (of.start_time.value(), of.run_time.value());
        let waits = Patience { function, busy: of.busy, ahead, start, run };
        if of.busy == 0 { None } else { self.policy.patience(&waits) }
    }

    /// Hands a waiting call to an instance that has none.
    pub(super) fn dispatch(
        &mut self,
        at: u64,
        function: FunctionIndex,
        instance: InstanceKey,
        met: Met,
        place: usize,
        out: &mut Vec<Decision>,
    ) {
        let of = &mut self.functions[function.0];
        let Some(waiting) = of.waiting.remove(place) else { return };
        of.busy += 1;
        match waiting.claim {
            Claim::Nothing => self.admitted(function),
            Claim::Start => of.wave(waiting.version).claimed -= 1,
            Claim::Busy => {}
            Claim::Overdue => self.overdue -= 1,
        }
        let stamp = self.policy.stamp();
        self.turn(at, instance, State::Busy(waiting.call));
        if let Some(of) = self.instances.get_mut(&instance) {
            of.served += 1;
            of.stamp = stamp;
        }
        *self.counters.calls.entry(met).or_default() += 1;
        out.push(Decision::Dispatch { call: waiting.call, instance, met });
    }

    /// An instance does something else from now on.
    pub(super) fn turn(&mut self, at: u64, instance: InstanceKey, state: State) {
        if let Some(of) = self.instances.get_mut(&instance) {
            self.counters.spend(of, at);
            of.state = state;
            of.since = at;
        }
    }

    /// What stands before a start of a function.
    fn no_start(&mut self, at: u64, function: FunctionIndex) -> Option<Reason> {
        let needed = self.functions[function.0].of.memory;
        if self.scaling_until(at, function).is_some() {
            return Some(Reason::Scaling);
        }
        (!self.has_room(needed)).then_some(Reason::Memory)
    }

    /// When the scaling limit of a function allows a start again; none where it does now.
    fn scaling_until(&mut self, at: u64, function: FunctionIndex) -> Option<u64> {
        let scaling = self.limits.scaling?;
        let starts = &mut self.functions[function.0].starts;
        let is_past = |start: &u64| start.saturating_add(scaling.within) <= at;
        while starts.front().is_some_and(is_past) {
            starts.pop_front();
        }
        if starts.len() < scaling.starts as usize {
            return None;
        }
        Some(starts.front().map_or(u64::MAX, |first| first.saturating_add(scaling.within)))
    }

    /// Starts an instance, where limits allow it.
    pub(super) fn start(
        &mut self,
        at: u64,
        function: FunctionIndex,
        why: Why,
        out: &mut Vec<Decision>,
    ) -> Result<(), Reason> {
        if why != Why::Provisioned
            && let Some(until) = self.scaling_until(at, function)
        {
            // Once for all that it stands before.
            let of = &mut self.functions[function.0];
            if of.retry.replace(until) != Some(until) {
                self.timers.set(until, Timer::Scaling(function));
            }
            return Err(Reason::Scaling);
        }
        let memory = self.functions[function.0].of.memory;
        let is_guess = why == Why::Prewarm;
        if !self.fits(memory) && (is_guess || !self.has_room(memory)) {
            return Err(Reason::Memory);
        }
        while !self.fits(memory) {
            let Some(victim) = self.victim() else { return Err(Reason::Memory) };
            self.counters.evictions += 1;
            self.remove_idle(at, victim, out);
        }
        let instance = InstanceKey(self.next);
        self.next += 1;
        self.memory = self.memory.saturating_add(memory);
        let of = &mut self.functions[function.0];
        of.live += 1;
        of.current.starting += 1;
        if self.limits.scaling.is_some() && why != Why::Provisioned {
            of.starts.push_back(at);
        }
        let (version, state) = (of.version, State::Starting);
        let made =
            Instance { function, version, why, memory, served: 0, stamp: 0.0, state, since: at };
        self.instances.insert(instance, made);
        *self.counters.starts.entry(why).or_default() += 1;
        out.push(Decision::Start { instance, function, why });
        Ok(())
    }

    fn fits(&self, memory: u64) -> bool {
        self.limits.memory.is_none_or(|most| self.memory.saturating_add(memory) <= most)
    }

    /// Whether there were room if everything went that may.
    fn has_room(&self, memory: u64) -> bool {
        let Some(most) = self.limits.memory else { return true };
        let free = most.saturating_sub(self.memory);
        free >= memory || {
            let idle = self.evictable().map(|of| of.memory).fold(0, u64::saturating_add);
            free.saturating_add(idle) >= memory
        }
    }

    /// The idle instances that may go for another's memory.
    fn evictable(&self) -> impl Iterator<Item = Candidate> {
        self.functions.iter().enumerate().flat_map(move |(at, of)| {
            let function = FunctionIndex(at);
            let spare = of.live.saturating_sub(self.floor(function)) as usize;
            of.idle.iter().take(spare).filter_map(move |key| {
                let instance = self.instances.get(key)?;
                Some(Candidate {
                    instance: *key,
                    function,
                    memory: instance.memory,
                    idle_since: instance.since,
                    frequency: of.frequency,
                    start: of.start_time.value().unwrap_or(0),
                    alike: of.live,
                    stamp: instance.stamp,
                })
            })
        })
    }

    fn victim(&mut self) -> Option<InstanceKey> {
        let all: Vec<Candidate> = self.evictable().collect();
        if all.is_empty() {
            return None;
        }
        let chosen = self.policy.victim(&all);
        all.get(chosen).or(all.first()).map(|one| one.instance)
    }

    /// Removes an instance that has nothing to do.
    pub(super) fn remove_idle(&mut self, at: u64, instance: InstanceKey, out: &mut Vec<Decision>) {
        let Some(of) = self.instances.get(&instance) else { return };
        let idle = &mut self.functions[of.function.0].idle;
        // Mostly the one that was used least recently.
        if let Some(place) = idle.iter().position(|key| *key == instance) {
            idle.remove(place);
        }
        self.forget(at, instance);
        out.push(Decision::Remove { instance });
    }

    /// An instance is no more.
    pub(super) fn forget(&mut self, at: u64, instance: InstanceKey) {
        let Some(of) = self.instances.remove(&instance) else { return };
        self.counters.ended(&of, at);
        self.memory = self.memory.saturating_sub(of.memory);
        let state = &mut self.functions[of.function.0];
        if of.version == state.version {
            state.live -= 1;
            if state.live == 0 {
                state.frequency = 0;
            }
        }
    }
}
