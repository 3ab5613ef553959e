//! One invocation as it was seen: its cell, its marks, its outcome.
//!
//! Pure data. A sample is never aggregated away, and a duration is a method,
//! never a stored field. Must not know how a sample is made, kept or shown.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::spec::control::Control;
use crate::spec::factor::Factors;
use crate::spec::function::AdapterKind;
use crate::spec::scenario::LoadShape;

mod marks;
mod outcome;
mod phases;
mod seen;
mod trial;

pub use marks::{Mark, Marks};
pub use outcome::{OUT_OF_MEMORY, Outcome};
pub use phases::{Phase, Phases};
pub use seen::{HostInterval, Process, Readiness, ReadinessSource, Residency, Resources};
pub use trial::TrialRecord;

/// How the invocation found its instance.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, strum::Display,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Temperature {
    /// The instance was started for this invocation.
    Cold,
    /// The instance had answered before and was idle.
    Warm,
}

/// One unique combination of factors: the join key of everything later.
///
/// Its order (function, adapter, factors, control, pattern, step, act, temperature) is
/// total, and is the order of every table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell<F = Factors> {
    /// Name in `functions.toml`.
    pub function: String,
    /// How its instances are spoken to.
    #[serde(default)]
    pub adapter: AdapterKind,
    /// What its instances are started under.
    pub factors: F,
    /// Which control it is; none for what is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// Name of the pattern in the scenario.
    pub pattern: String,
    /// Name of the step in the pattern.
    pub step: String,
    /// What the step does: burst or sequence, and how many.
    pub act: LoadShape,
    /// What the platform did for the invocation, not what the plan hoped for.
    pub temperature: Temperature,
}

impl<F> Cell<F> {
    /// The same under other factors, or under less than all.
    pub(crate) fn under<G>(&self, factors: G) -> Cell<G> {
        let Self { adapter, control, act, temperature, .. } = *self;
        let (function, pattern, step) =
            (self.function.clone(), self.pattern.clone(), self.step.clone());
        Cell { function, adapter, factors, control, pattern, step, act, temperature }
    }
}

impl<F: PartialEq> Cell<F> {
    /// Whether both are of one function under the same factors.
    #[must_use]
    pub fn is_placed_like(&self, other: &Self) -> bool {
        self.function == other.function && self.factors == other.factors
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cell { function, factors, pattern, step, temperature, .. } = self;
        match self.control {
            Some(control) => write!(f, "{control}, {}", factors.network),
            None => write!(f, "{function} {} {pattern}/{step} {temperature}", factors.network),
        }
    }
}

/// What the reply said of its instance: the evidence for the temperature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Random text made once at the instance's boot.
    pub nonce: String,
    /// How many invocations the instance has answered, this one included.
    pub invocation: u64,
}

/// The record of one invocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Which cell it belongs to.
    pub cell: Cell,
    /// Round, from 1. Round 1 is kept apart and is left out of inference.
    pub round: u32,
    /// Trial number within the run, from 1, in the order of execution.
    pub trial: u32,
    /// Position within its step, from 0.
    pub index: u32,
    /// The engine's id of the instance, its first twelve characters; none when
    /// none could be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Why the instance was not used that it might have found, had that not gone or
    /// become unfit; cold samples only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_cold: Option<String>,
    /// The evidence for the temperature; none for a foreign reply or a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// When what happened.
    pub marks: Marks,
    /// How well it is known when the instance listened; cold samples of what listens only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Readiness>,
    /// Marks of the function's own that were not between their neighbours (a
    /// foreign clock) and were dropped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped_marks: u8,
    /// The processes of the instance's start, in the order of their exec, as far
    /// as the kernel told; cold samples only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<Process>,
    /// What the instance had used when its step had ended; cold samples only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// The beginning of the reply, made safe to show; only where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// The last that its instance wrote, likewise: once an instance, with the last of its
    /// rows in a trial, and not where the cause of a failure says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &u8) -> bool {
    *n == 0
}

impl Sample {
    /// The headline: from the *intended* instant to the last byte of a verified
    /// reply, in nanoseconds. None for a failure.
    #[must_use]
    pub fn latency(&self) -> Option<u64> {
        if self.outcome.is_ok() {
            self.marks.between(Mark::Intended, Mark::Responded)
        } else {
            None
        }
    }

    /// From the intended instant of a cold invocation until its instance was ready, in
    /// nanoseconds, whatever became of it then.
    #[must_use]
    pub fn start(&self) -> Option<u64> {
        let is_cold = self.cell.temperature == Temperature::Cold;
        let ready = self.marks.ready().filter(|_| is_cold)?;
        ready.checked_sub(self.marks.get(Mark::Intended)?)
    }

    /// The driver's own lateness: intended to dispatched, in nanoseconds.
    #[must_use]
    pub fn lag(&self) -> Option<u64> {
        self.marks.between(Mark::Intended, Mark::Dispatched)
    }

    /// The phases of a success, in order; they add up to the latency exactly.
    /// Phases between which a mark is missing are merged. Empty for a failure.
    #[must_use]
    pub fn phases(&self) -> Vec<(Phases, u64)> {
        if !self.outcome.is_ok() {
            return Vec::new();
        }
        let ends = Phase::ends(self.cell.temperature, &self.cell.factors, self.cell.adapter);
        let Some(mut from) = self.marks.get(Mark::Intended) else { return Vec::new() };
        let mut phases = Vec::with_capacity(Phase::ALL.len());
        let mut first = None;
        for (phase, end) in ends {
            let first_here = *first.get_or_insert(phase);
            if let Some(at) = self.marks.get(end) {
                phases.push((Phases { first: first_here, last: phase }, at.saturating_sub(from)));
                from = at;
                first = None;
            }
        }
        phases
    }
}

#[cfg(test)]
mod tests;
