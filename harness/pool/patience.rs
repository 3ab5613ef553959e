//! Calls that wait for a busy instance, until they do no longer; and instances that there
//! always are.

use super::claims::{Claim, Waiting};
use super::{CallId, Decision, FunctionIndex, Pool, Why};

impl Pool {
    /// How many instances of a function there always are.
    pub(super) fn floor(&self, function: FunctionIndex) -> u32 {
        self.functions[function.0].of.provisioned.max(self.policy.provisioned())
    }

    /// Whether no instance of a function may go.
    pub(super) fn is_needed(&self, function: FunctionIndex) -> bool {
        !self.draining && self.functions[function.0].live <= self.floor(function)
    }

    /// Starts what is missing of those that there always are, as far as there is room.
    pub(super) fn restore(&mut self, at: u64, function: FunctionIndex, out: &mut Vec<Decision>) {
        while !self.draining && self.functions[function.0].live < self.floor(function) {
            if self.start(at, function, Why::Provisioned, out).is_err() {
                return;
            }
        }
    }

    /// A call has waited for a busy instance for as long as it would.
    pub(super) fn impatient(
        &mut self,
        at: u64,
        function: FunctionIndex,
        call: CallId,
        out: &mut Vec<Decision>,
    ) {
        let waiting = &self.functions[function.0].waiting;
        let found = waiting.iter().position(|waiting| waiting.call == call && waiting.is_patient());
        if let Some(place) = found {
            self.lose_patience(at, function, place, out);
        }
    }

    fn lose_patience(
        &mut self,
        at: u64,
        function: FunctionIndex,
        place: usize,
        out: &mut Vec<Decision>,
    ) {
        self.functions[function.0].waiting[place].claim = Claim::Overdue;
        self.overdue += 1;
        self.insist(at, function, place, out);
    }

    /// Calls do not wait for busy instances where there are none: those that chose to, and those
    /// whose start an older call was given.
    pub(super) fn hurry(&mut self, at: u64, function: FunctionIndex, out: &mut Vec<Decision>) {
        if self.functions[function.0].busy > 0 {
            return;
        }
        while let Some(place) =
            self.functions[function.0].waiting.iter().position(Waiting::is_patient)
        {
            self.lose_patience(at, function, place, out);
        }
        while let Some((place, version)) = self.robbed(function) {
            self.functions[function.0].wave(version).claimed -= 1;
            self.lose_patience(at, function, place, out);
        }
    }

    /// The youngest call that waits for a start where more do than there are starts.
    fn robbed(&self, function: FunctionIndex) -> Option<(usize, u32)> {
        let of = &self.functions[function.0];
        let waits = |waiting: &Waiting| {
            let wave = if waiting.version == of.version { of.current } else { of.former };
            waiting.claim == Claim::Start && wave.claimed > wave.starting
        };
        let place = of.waiting.iter().rposition(waits)?;
        Some((place, of.waiting[place].version))
    }

    /// Tries once more to start something for those who wait no longer.
    pub(super) fn retry_overdue(&mut self, at: u64, out: &mut Vec<Decision>) {
        for function in (0..self.functions.len()).map(FunctionIndex) {
            let overdue = |of: &Waiting| of.claim == Claim::Overdue;
            while let Some(place) = self.functions[function.0].waiting.iter().position(overdue) {
                if !self.insist(at, function, place, out) {
                    break;
                }
            }
        }
    }

    /// Starts an instance for a call whose patience is over. Whether it could.
    fn insist(
        &mut self,
        at: u64,
        function: FunctionIndex,
        place: usize,
        out: &mut Vec<Decision>,
    ) -> bool {
        let surplus = self.functions[function.0].current.has_surplus();
        if !surplus && self.start(at, function, Why::Call, out).is_err() {
            return false;
        }
        let of = &mut self.functions[function.0];
        of.current.claimed += 1;
        let version = of.version;
        let waiting = &mut of.waiting[place];
        waiting.claim = Claim::Start;
        waiting.version = version;
        self.overdue -= 1;
        true
    }
}
