//! One invocation as it was seen: its cell, its marks, its outcome.
//!
//! Pure data. A sample is never aggregated away, and a duration is a method,
//! never a stored field. Must not know how a sample is made, kept or shown.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scenario::{Act, Network};

/// How the invocation found its instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Temperature {
    /// The instance was started for this invocation.
    Cold,
    /// The instance had answered before and was idle.
    Warm,
}

impl fmt::Display for Temperature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Temperature::Cold => "cold",
            Temperature::Warm => "warm",
        })
    }
}

/// One unique combination of factors: the join key of everything later.
///
/// Its order (function, network, pattern, step, act, temperature) is total, and
/// is the order of every table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Name in `functions.toml`.
    pub function: String,
    /// How the container reaches the driver.
    pub network: Network,
    /// Name of the pattern in the scenario.
    pub pattern: String,
    /// Name of the step in the pattern.
    pub step: String,
    /// What the step does: burst or sequence, and how many.
    pub act: Act,
    /// What the platform did for the invocation, not what the plan hoped for.
    pub temperature: Temperature,
}

impl Cell {
    /// A name that is safe in a file name: `python-bridge-surge-out-cold`.
    #[must_use]
    pub fn slug(&self) -> String {
        let Cell { function, network, pattern, step, temperature, .. } = self;
        format!("{function}-{network}-{pattern}-{step}-{temperature}")
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cell { function, network, pattern, step, temperature, .. } = self;
        write!(f, "{function} {network} {pattern}/{step} {temperature}")
    }
}

/// A named instant of a sample. The order is that of a cold start, except that
/// `StartReturned` may come after `Ready`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// The schedule wanted the invocation. Source: plan.
    Intended,
    /// The driver actually began it. Source: driver.
    Dispatched,
    /// The create call is about to be written. Source: driver.
    CreateCalled,
    /// The answer to the create call was read. Source: driver.
    Created,
    /// The start call is about to be written. Source: driver.
    StartCalled,
    /// The function's own binary was executed. Source: kernel; not recorded yet.
    Exec,
    /// First line of main. Source: the function's `Coldstart-Main-Ns` header.
    Main,
    /// The function was about to ask for its first event. Source: the
    /// function's `Coldstart-Ready-Ns` header.
    ReadySelf,
    /// The first `next` was read. Source: driver.
    Ready,
    /// The answer to the start call was read. Source: driver.
    StartReturned,
    /// The event was written to the instance. Source: driver.
    Sent,
    /// The last byte of the reply was read. Source: driver. The reply is
    /// verified after this stamp, so that checking is not charged to the
    /// function; a reply that fails gives an error row.
    Responded,
}

impl Mark {
    /// Every mark, in order.
    pub const ALL: [Mark; 12] = [
        Mark::Intended,
        Mark::Dispatched,
        Mark::CreateCalled,
        Mark::Created,
        Mark::StartCalled,
        Mark::Exec,
        Mark::Main,
        Mark::ReadySelf,
        Mark::Ready,
        Mark::StartReturned,
        Mark::Sent,
        Mark::Responded,
    ];

    /// The name in `samples.jsonl`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mark::Intended => "intended",
            Mark::Dispatched => "dispatched",
            Mark::CreateCalled => "create_called",
            Mark::Created => "created",
            Mark::StartCalled => "start_called",
            Mark::Exec => "exec",
            Mark::Main => "main",
            Mark::ReadySelf => "ready_self",
            Mark::Ready => "ready",
            Mark::StartReturned => "start_returned",
            Mark::Sent => "sent",
            Mark::Responded => "responded",
        }
    }
}

/// The marks of one sample: nanoseconds of CLOCK_MONOTONIC since the run's epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks([Option<u64>; Mark::ALL.len()]);

impl Marks {
    /// The instant of a mark, if it was seen.
    #[must_use]
    pub fn get(&self, mark: Mark) -> Option<u64> {
        self.0[mark as usize]
    }

    /// Records a mark.
    pub fn set(&mut self, mark: Mark, at: u64) {
        self.0[mark as usize] = Some(at);
    }

    /// Nanoseconds from one mark to another; none when either is missing or
    /// they are in the wrong order.
    #[must_use]
    pub fn between(&self, from: Mark, to: Mark) -> Option<u64> {
        self.get(to)?.checked_sub(self.get(from)?)
    }
}

impl FromIterator<(Mark, u64)> for Marks {
    fn from_iter<I: IntoIterator<Item = (Mark, u64)>>(marks: I) -> Self {
        let mut all = Marks::default();
        for (mark, at) in marks {
            all.set(mark, at);
        }
        all
    }
}

impl Serialize for Marks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_map(Mark::ALL.iter().filter_map(|m| self.get(*m).map(|at| (m.name(), at))))
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = std::collections::BTreeMap::<String, u64>::deserialize(deserializer)?;
        let mut marks = Marks::default();
        for (name, at) in named {
            let mark = Mark::ALL.into_iter().find(|m| m.name() == name).ok_or_else(|| {
                serde::de::Error::custom(format!("unknown mark `{name}`: made by a newer version?"))
            })?;
            marks.set(mark, at);
        }
        Ok(marks)
    }
}

/// The interval between two neighbouring marks of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Intended to dispatched: the driver's own lateness.
    Queue,
    /// Dispatched to the start call: listener armed, container created.
    Create,
    /// Start call to exec: the engine, its shim, its runtime, the network.
    Engine,
    /// Exec to main: the language runtime.
    Boot,
    /// Main to ready: the function's own start-up.
    Init,
    /// Ready (or, warm, dispatched) to responded.
    Invoke,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Phase; 6] =
        [Phase::Queue, Phase::Create, Phase::Engine, Phase::Boot, Phase::Init, Phase::Invoke];

    /// Its name in tables and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Phase::Queue => "queue",
            Phase::Create => "create",
            Phase::Engine => "engine",
            Phase::Boot => "boot",
            Phase::Init => "init",
            Phase::Invoke => "invoke",
        }
    }
}

/// One or more neighbouring phases. More than one where the marks between them
/// are missing: then they are merged, and the name says so (`engine+boot`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phases {
    /// The first phase of the span.
    pub first: Phase,
    /// The last phase of the span; the same as `first` when nothing is merged.
    pub last: Phase,
}

impl fmt::Display for Phases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Phase::ALL
            .into_iter()
            .filter(|p| (self.first..=self.last).contains(p))
            .map(Phase::name)
            .collect();
        f.pad(&names.join("+"))
    }
}

/// What became of an invocation. A failure is a value, with its cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// Answered, verified, and its temperature proved.
    Ok,
    /// No answer within the function's time limit; the instance was killed.
    TimedOut {
        /// What was waited for, and what was seen meanwhile.
        cause: String,
    },
    /// The instance ended before it answered.
    Crashed {
        /// Exit code and the last lines of its output.
        cause: String,
    },
    /// The function reported that it cannot start.
    InitError {
        /// Its own words.
        cause: String,
    },
    /// The reply is not the expected one, or not a reply at all.
    WrongReply {
        /// What was expected and what came.
        cause: String,
    },
    /// The proof of temperature failed.
    NotCold {
        /// Which part of the proof failed.
        cause: String,
    },
    /// The engine refused or failed.
    EngineError {
        /// The engine's words.
        cause: String,
    },
}

impl Outcome {
    /// Whether the invocation succeeded.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self, Outcome::Ok)
    }

    /// The kind as it stands in `samples.jsonl`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::TimedOut { .. } => "timed_out",
            Outcome::Crashed { .. } => "crashed",
            Outcome::InitError { .. } => "init_error",
            Outcome::WrongReply { .. } => "wrong_reply",
            Outcome::NotCold { .. } => "not_cold",
            Outcome::EngineError { .. } => "engine_error",
        }
    }

    /// The cause of a failure.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        match self {
            Outcome::Ok => None,
            Outcome::TimedOut { cause }
            | Outcome::Crashed { cause }
            | Outcome::InitError { cause }
            | Outcome::WrongReply { cause }
            | Outcome::NotCold { cause }
            | Outcome::EngineError { cause } => Some(cause),
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
    /// Round, from 1. Round 1 is "first ever" and is left out of inference.
    pub round: u32,
    /// Trial number within the run, from 1, in the order of execution.
    pub trial: u32,
    /// Position within its step, from 0.
    pub index: u32,
    /// The engine's id of the instance; none when none could be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The evidence for the temperature; none for a foreign reply or a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// When what happened.
    pub marks: Marks,
    /// Marks of the function's own that were not between their neighbours (a
    /// foreign clock) and were dropped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped_marks: u8,
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
        let ends: &[(Phase, Mark)] = match self.cell.temperature {
            Temperature::Cold => &[
                (Phase::Queue, Mark::Dispatched),
                (Phase::Create, Mark::StartCalled),
                (Phase::Engine, Mark::Exec),
                (Phase::Boot, Mark::Main),
                (Phase::Init, Mark::Ready),
                (Phase::Invoke, Mark::Responded),
            ],
            Temperature::Warm => {
                &[(Phase::Queue, Mark::Dispatched), (Phase::Invoke, Mark::Responded)]
            }
        };
        let Some(mut from) = self.marks.get(Mark::Intended) else { return Vec::new() };
        let mut phases = Vec::with_capacity(ends.len());
        let mut first = None;
        for &(phase, end) in ends {
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
