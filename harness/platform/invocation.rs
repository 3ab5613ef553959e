//! One invocation as the platform saw it.

use super::Target;
use crate::adapter::runtime_api::RuntimeApi;
use crate::clock::Clock;
use crate::engine::{Evidence, InstanceId};
use crate::sample::{Mark, Marks, Outcome, Proof, Temperature};

/// What one invocation met and what came of it: a sample without its place in
/// the plan.
#[derive(Debug)]
pub struct Visit {
    /// How it found its instance.
    pub temperature: Temperature,
    /// The instance; none when none could be had.
    pub id: Option<InstanceId>,
    /// The evidence for the temperature.
    pub proof: Option<Proof>,
    /// Who had a part in the answer: to be compared with the instance.
    pub callers: Vec<Evidence>,
    /// When what happened.
    pub marks: Marks,
    /// Marks of the function's own that could not be believed.
    pub dropped_marks: u8,
    /// What became of it.
    pub outcome: Outcome,
}

impl Visit {
    pub(super) fn new(temperature: Temperature, marks: Marks) -> Self {
        let outcome = Outcome::Ok;
        let callers = Vec::new();
        Self { temperature, id: None, proof: None, callers, marks, dropped_marks: 0, outcome }
    }

    /// The visits of an act that could not be begun: each a failure.
    #[must_use]
    pub fn refused(invocations: u32, at: u64, cause: &str) -> Vec<Self> {
        Self::none(invocations, at, &Outcome::NotCold { cause: cause.to_owned() })
    }

    /// The visits that were planned and left out, as nothing answers.
    #[must_use]
    pub fn not_tried(invocations: u32, at: u64, cause: &str) -> Vec<Self> {
        Self::none(invocations, at, &Outcome::NotTried { cause: cause.to_owned() })
    }

    /// Visits that were never begun.
    fn none(invocations: u32, at: u64, outcome: &Outcome) -> Vec<Self> {
        let one = |_| {
            let marks = [(Mark::Intended, at)].into_iter().collect();
            Self { outcome: outcome.clone(), ..Self::new(Temperature::Cold, marks) }
        };
        (0..invocations).map(one).collect()
    }

    /// Whether the instance was removed within the act.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.marks.get(Mark::Removed).is_some()
    }

    /// When the target's time limit ends, counted from the dispatch.
    pub(super) fn deadline(&self, target: &Target) -> u64 {
        let limit = u64::try_from(target.function.timeout.as_nanos()).unwrap_or(u64::MAX / 2);
        self.marks.get(Mark::Dispatched).unwrap_or(0).saturating_add(limit)
    }

    /// Takes over the end of an invocation, and the function's own stamp of it only
    /// where it can be true.
    pub(super) fn take_end(&mut self, responded: u64, replied: Option<u64>, clock: Clock) {
        self.marks.set(Mark::Responded, responded);
        let after = self.marks.get(Mark::Dispatched).unwrap_or(0);
        match replied.map(|stamp| clock.since_epoch(stamp)) {
            None => {}
            Some(Some(at)) if (after..=responded).contains(&at) => {
                self.marks.set(Mark::Replied, at);
            }
            Some(_) => self.dropped_marks += 1,
        }
    }

    /// Takes over the stamps of the Runtime API; those of the function itself
    /// only where they lie between their neighbours, as they may come from
    /// another clock.
    pub(super) fn take_stamps(&mut self, api: &RuntimeApi, clock: Clock) {
        if let Some(sent) = api.sent() {
            self.marks.set(Mark::Sent, sent);
        }
        let (Temperature::Cold, Some(ready)) = (self.temperature, api.ready()) else { return };
        self.marks.set(Mark::Ready, ready.at);
        let mut after = self.marks.get(Mark::StartCalled).unwrap_or(0);
        for (mark, stamp) in [(Mark::Main, ready.main), (Mark::ReadySelf, ready.ready_self)] {
            let Some(stamp) = stamp else { continue };
            match clock.since_epoch(stamp) {
                Some(at) if (after..=ready.at).contains(&at) => {
                    self.marks.set(mark, at);
                    after = at;
                }
                _ => self.dropped_marks += 1,
            }
        }
    }
}
