//! One invocation as the platform saw it.

use super::Target;
use crate::clock::Clock;
use crate::runtime_api::RuntimeApi;
use crate::sample::{Mark, Marks, Outcome, Proof, Temperature};

/// What one invocation met and what came of it: a sample without its place in
/// the plan.
#[derive(Debug)]
pub struct Visit {
    /// How it found its instance.
    pub temperature: Temperature,
    /// The engine's id of the instance, its first twelve characters.
    pub instance: Option<String>,
    /// The evidence for the temperature.
    pub proof: Option<Proof>,
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
        Self { temperature, instance: None, proof: None, marks, dropped_marks: 0, outcome }
    }

    /// When the target's time limit ends, counted from the dispatch.
    pub(super) fn deadline(&self, target: &Target) -> u64 {
        let limit = u64::try_from(target.function.timeout.as_nanos()).unwrap_or(u64::MAX / 2);
        self.marks.get(Mark::Dispatched).unwrap_or(0).saturating_add(limit)
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
