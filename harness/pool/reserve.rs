//! How many calls at a time are a function's own, changed while it is called.

use super::{Decision, FunctionIndex, Pool};

impl Pool {
    /// So many calls of a function at a time are its own from now on; none: it shares what
    /// others leave. Calls that have an instance, or for which one is on its way, go on: where
    /// they are more than may be now, the next one is taken when enough of them are over. Calls
    /// that wait, and could now wait forever, are refused.
    ///
    /// # Errors
    /// How many could be its own at most: others have the rest, and nothing is changed.
    pub fn reserve(
        &mut self,
        at: u64,
        function: FunctionIndex,
        reserved: Option<u32>,
        out: &mut Vec<Decision>,
    ) -> Result<(), u32> {
        let own = self.functions[function.0].of.reserved;
        let others = self.functions.iter().enumerate().filter(|(place, _)| *place != function.0);
        let others = others.filter_map(|(_, of)| of.of.reserved).fold(0, u32::saturating_add);
        let left = self.limits.account.saturating_sub(others);
        let Some(shared) = left.checked_sub(reserved.unwrap_or(0)) else { return Err(left) };
        self.shared = shared;
        let of = &mut self.functions[function.0];
        of.of.reserved = reserved;
        match (own, reserved) {
            (None, Some(_)) => self.shared_flight -= of.flight,
            (Some(_), None) => self.shared_flight += of.flight,
            (None, None) | (Some(_), Some(_)) => {}
        }
        self.refuse_hopeless(at, out);
        self.admit(at, out);
        Ok(())
    }

    /// Refuses calls beyond a limit that would wait forever.
    fn refuse_hopeless(&mut self, at: u64, out: &mut Vec<Decision>) {
        for function in (0..self.functions.len()).map(FunctionIndex) {
            if self.functions[function.0].queued == 0 || !self.is_hopeless(function) {
                continue;
            }
            let reason = self.stands_before(at, function);
            let of = &mut self.functions[function.0];
            let first = of.waiting.len() - of.queued as usize;
            let calls: Vec<_> = of.waiting.drain(first..).map(|waiting| waiting.call).collect();
            self.queued -= of.queued;
            of.queued = 0;
            for call in calls {
                self.throttle(at, function, call, reason, out);
            }
        }
    }
}
