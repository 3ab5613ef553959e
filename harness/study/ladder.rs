//! One function on several rungs, in turns of one run: a bare process of this machine, a container
//! that is always there, one that is there for a call and no longer, and instances of a pool that
//! keeps them for a time. What does a call take on each, and what does an hour cost?

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Met, Seen, call, ns};
use crate::serve::Platform;
use crate::stats::LatencySummary;

mod hour;

pub use hour::{Hour, Question, hours, machine};

/// A way to have a function run.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::Display,
    strum::VariantArray,
    Serialize,
    Deserialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// A process of this machine, in no container, kept while it is called.
    Process,
    /// A container that is started once, before anybody calls, and stays.
    AlwaysOn,
    /// A container for every call.
    ToZero,
    /// A container that is kept for a time after its call.
    Pooled,
}

impl Rung {
    /// What it is called where people read it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Rung::Process => "bare process",
            Rung::AlwaysOn => "always on",
            Rung::ToZero => "for each call",
            Rung::Pooled => "pool",
        }
    }
}

/// What is found of a function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Every call, in the order in which they were made.
    pub shots: Vec<Shot>,
    /// What is not there, and why.
    pub left_out: Vec<LeftOut>,
    /// What an hour costs, rung by rung, at some rates of calls.
    pub hours: Vec<Hour>,
    /// How that is counted.
    pub counted: Counted,
}

/// A rung that the function cannot stand on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which.
    pub rung: Rung,
    /// Why.
    pub why: String,
}

/// By what an hour is counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// What an instance takes, in bytes.
    pub memory: u64,
    /// By which policy a pool keeps instances for an hour.
    pub policy: String,
    /// The machine that the process has to itself; none without one of its size.
    pub machine: Option<String>,
    /// On which processors.
    pub architecture: String,
    /// In which money.
    pub currency: String,
    /// Of which day and region the prices are.
    pub prices: String,
}

/// A call on a rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shot {
    /// Which.
    pub rung: Rung,
    /// Which round.
    pub round: u32,
    /// Whether it met an instance that had never served.
    pub cold: bool,
    /// What it took, from its instant to its answer, in nanoseconds; none of one that failed.
    pub ns: Option<u64>,
    /// What of it the instance took for the event.
    pub handler_ns: Option<u64>,
    /// What the instance took for its init, where it was started for this call.
    pub init_ns: Option<u64>,
    /// Why it failed.
    pub cause: Option<String>,
}

/// How the rungs are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Climb {
    /// How often each.
    pub rounds: u32,
    /// Calls of a round that meet what another has left, where a rung has such.
    pub warm: u32,
    /// Before each rung's turn: longer than anything is kept that does not stay.
    pub pause: Duration,
}

/// From an answer to the next call: what is still looked at of a start is then over.
const GAP: Duration = Duration::from_millis(20);

/// Calls a function on each rung in turns, each round beginning with the next of them, so that
/// none always comes after the same; `rungs` are by what each is called by.
pub async fn climb(
    platform: &impl Platform,
    rungs: &[(Rung, Arc<str>)],
    event: &str,
    asked: Climb,
    told: impl Fn(&Shot),
) -> Vec<Shot> {
    // What is always there was not started for a call: that is no call's, and is not kept.
    for (_, name) in rungs.iter().filter(|(rung, _)| *rung == Rung::AlwaysOn) {
        call(platform, name, event, platform.clock().now()).await;
    }
    let mut shots = Vec::new();
    for round in 1..=asked.rounds {
        let first = (round as usize - 1) % rungs.len().max(1);
        for (rung, name) in rungs[first..].iter().chain(&rungs[..first]) {
            tokio::time::sleep(asked.pause).await;
            let calls = match rung {
                Rung::Process | Rung::Pooled => 1 + asked.warm,
                Rung::AlwaysOn => asked.warm,
                Rung::ToZero => 1,
            };
            for _ in 0..calls {
                let at = platform.clock().now();
                let shot = shot(*rung, round, call(platform, name, event, at).await);
                told(&shot);
                shots.push(shot);
                tokio::time::sleep(GAP).await;
            }
        }
    }
    shots
}

fn shot(rung: Rung, round: u32, seen: Seen) -> Shot {
    let Seen { met, took, ran, .. } = seen;
    let cold = met != Met::Warm;
    let cause = match met {
        Met::Cold | Met::Warm => None,
        Met::Refused => Some("it was refused".to_owned()),
        Met::Failed(why) => Some(why),
    };
    let is_good = cause.is_none();
    let ran = ran.filter(|_| is_good);
    Shot {
        rung,
        round,
        cold,
        ns: is_good.then(|| ns(took)),
        handler_ns: ran.map(|ran| ns(ran.handler)),
        init_ns: ran.and_then(|ran| ran.init).map(ns),
        cause,
    }
}

/// Which calls of a rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that met an instance which had never served.
    Cold,
    /// Those that met one which had.
    Warm,
}

/// What calls of a rung took, each with its round, in nanoseconds. The first round is as good as
/// the others: each is from nothing.
#[must_use]
pub fn taken(shots: &[Shot], rung: Rung, which: Which) -> Vec<(u32, u64)> {
    let is_one = |shot: &&Shot| shot.rung == rung && shot.cold == (which == Which::Cold);
    shots.iter().filter(is_one).filter_map(|shot| Some((shot.round, shot.ns?))).collect()
}

/// The same in figures; none where there was none.
#[must_use]
pub fn summary(shots: &[Shot], rung: Rung, which: Which) -> Option<LatencySummary> {
    super::summed(&taken(shots, rung, which))
}

/// The rungs that were called, the barest first.
#[must_use]
pub fn rungs(shots: &[Shot]) -> Vec<Rung> {
    let mut all: Vec<Rung> = shots.iter().map(|shot| shot.rung).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests;
