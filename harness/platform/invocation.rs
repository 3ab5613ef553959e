//! One invocation: what is asked for, and what the platform saw of it.

use std::ops::RangeInclusive;

use bytes::Bytes;
use uuid::Uuid;

use super::Target;
use crate::adapter::{Asked, Client, Event, MAX_REPLY, Reply, Stamps};
use crate::clock::Clock;
use crate::engine::{Evidence, InstanceId};
use crate::sample::{Mark, Marks, Outcome, Proof, Readiness, Temperature};

/// An event for a target. What a plan asks for is [`Target::invocation`]; another event
/// takes its place by `Invocation { event, ..target.invocation(now) }`.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// What is invoked.
    pub target: &'a Target,
    /// When it is due, in nanoseconds since the run's epoch: latency counts from here.
    pub intended: u64,
    /// What is sent.
    pub event: &'a Event,
    /// Bytes of the reply that are given back, from its beginning: [`MAX_REPLY`] at most.
    /// With any of them also what an instance wrote that is not used again.
    pub keep: usize,
    /// What it is known by to who asked for it; none where nobody knows it.
    pub request: Option<Uuid>,
    /// Who asked for it, where that is somebody outside.
    pub client: Option<&'a Client>,
}

impl<'a> Invocation<'a> {
    /// The same, with so many bytes of the reply given back.
    #[must_use]
    pub fn keeping(self, keep: usize) -> Self {
        Self { keep, ..self }
    }

    /// Whether an instance was asked for something else than an event.
    pub(super) fn is_a_request(&self) -> bool {
        self.client.is_some_and(|client| client.request.is_some())
            && self.target.function.adapter.listens()
    }

    /// What is asked of an instance. Of a reply as much is kept as is looked at, or is to
    /// be given back.
    pub(super) fn asked(&self) -> Asked<'a> {
        let Self { target, event, keep, request, client, .. } = *self;
        let keep = keep.max(target.function.reply.looked_at(event.size())).min(MAX_REPLY);
        let limit = target.function.timeout;
        Asked { function: &target.function.name, event, limit, keep, request, client }
    }
}

/// What one invocation met and what came of it: a sample without its place in
/// the plan.
#[derive(Debug)]
pub struct Visit {
    /// How it found its instance.
    pub temperature: Temperature,
    /// The instance; none when none could be had.
    pub id: Option<InstanceId>,
    /// Why the instance was not used that it might have found; none where there was none.
    pub why_cold: Option<String>,
    /// The evidence for the temperature.
    pub proof: Option<Proof>,
    /// Who had a part in the answer: to be compared with the instance.
    pub callers: Vec<Evidence>,
    /// When what happened.
    pub marks: Marks,
    /// How well it is known when it listened; none where it asks.
    pub readiness: Option<Readiness>,
    /// Marks of the function's own that could not be believed.
    pub dropped_marks: u8,
    /// The reply, as much of it as was to be given back.
    pub reply: Bytes,
    /// All its bytes, given back or not.
    pub replied_bytes: usize,
    /// The last that an instance wrote which is not used again, where that was to be given
    /// back and no cause says it.
    pub output: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Visit {
    pub(super) fn new(temperature: Temperature, marks: Marks) -> Self {
        let (id, why_cold, proof, callers, readiness) = Default::default();
        let (dropped_marks, reply, replied_bytes, output) = Default::default();
        Self {
            temperature,
            id,
            why_cold,
            proof,
            callers,
            marks,
            readiness,
            dropped_marks,
            reply,
            replied_bytes,
            output,
            outcome: Outcome::Ok,
        }
    }

    /// Visits that were planned for an instant and never begun, and why.
    #[must_use]
    pub fn not_begun(visits: u32, at: u64, outcome: &Outcome) -> Vec<Self> {
        let one = |_| {
            let marks = [(Mark::Intended, at)].into_iter().collect();
            Self { outcome: outcome.clone(), ..Self::new(Temperature::Cold, marks) }
        };
        (0..visits).map(one).collect()
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
    pub(super) fn take_end(&mut self, reply: &Reply, clock: Clock) {
        self.marks.set(Mark::Responded, reply.responded);
        if let Some(at) = reply.first_byte {
            self.marks.set(Mark::FirstByte, at);
        }
        let after = self.marks.get(Mark::Dispatched).unwrap_or(0);
        self.take_own(Mark::Replied, reply.replied, after..=reply.responded, clock);
    }

    /// Takes over the stamps of how an instance was spoken to.
    pub(super) fn take_stamps(&mut self, stamps: Stamps, clock: Clock) {
        if let Some(sent) = stamps.sent {
            self.marks.set(Mark::Sent, sent);
        }
        let (Temperature::Cold, Some(ready)) = (self.temperature, stamps.ready) else { return };
        let mark = if ready.readiness.is_some() { Mark::Listening } else { Mark::Ready };
        self.marks.set(mark, ready.at);
        if let Some(throttled) = stamps.throttled {
            self.marks.set(Mark::Throttled, throttled);
        }
        self.readiness = ready.readiness;
        let started = self.marks.get(Mark::StartCalled).unwrap_or(0);
        let main = self.take_own(Mark::Main, ready.main, started..=ready.at, clock);
        let after = main.unwrap_or(started);
        self.take_own(Mark::ReadySelf, ready.ready_self, after..=ready.at, clock);
    }

    /// Takes over a stamp of the function itself only where it lies between its
    /// neighbours, as it may come from another clock.
    fn take_own(
        &mut self,
        mark: Mark,
        stamp: Option<u64>,
        between: RangeInclusive<u64>,
        clock: Clock,
    ) -> Option<u64> {
        let at = clock.since_epoch(stamp?).filter(|at| between.contains(at));
        match at {
            Some(at) => self.marks.set(mark, at),
            None => self.dropped_marks += 1,
        }
        at
    }
}
