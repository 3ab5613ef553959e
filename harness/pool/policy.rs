//! What differs between policies, and nothing else: how long an idle instance is kept, which
//! goes first where memory is short, whether one is started before it is called for, and
//! whether a call waits for a busy one.
//!
//! A policy is a file and a line in [`POLICIES`]; [`Each`] is none by itself.

use super::{FunctionIndex, InstanceKey};

mod choice;
mod cidre;
mod each;
mod fixed;
mod greedy_dual;
mod hybrid_histogram;
mod lru;
mod none;
mod provisioned;

pub use choice::{POLICIES, PolicyChoice};
pub use each::Each;

/// A policy. Whatever it is told is told in the order of time.
pub trait Policy {
    /// A call of a function came.
    fn arrived(&mut self, function: FunctionIndex, at: u64) {
        let _ = (function, at);
    }

    /// A call of a function is over: it was answered, or its instance is gone.
    fn ended(&mut self, function: FunctionIndex, at: u64) {
        let _ = (function, at);
    }

    /// Until when an instance is kept that has nothing to do; none: until its memory is
    /// wanted. One that is in the past has it removed at once.
    fn keep(&mut self, idle: &Idle) -> Option<u64>;

    /// When an instance of a function is to be started that has none and is not called; asked
    /// when its last call is over, and void when another comes.
    fn prewarm(&mut self, function: FunctionIndex, at: u64) -> Option<u64> {
        let _ = (function, at);
        None
    }

    /// Which of several idle instances goes where memory is short: its place in the list,
    /// which is never empty.
    fn victim(&mut self, idle: &[Candidate]) -> usize {
        least_recently_used(idle)
    }

    /// A number that is noted at an instance each time it gets a call, and told of it as a
    /// candidate.
    fn stamp(&self) -> f64 {
        0.0
    }

    /// For how long a call waits for a busy instance before one is started for it; none: not at
    /// all.
    fn patience(&self, waits: &Patience) -> Option<u64> {
        let _ = waits;
        None
    }

    /// Instances of each function that there always are.
    fn provisioned(&self) -> u32 {
        0
    }
}

/// An instance that has nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idle {
    /// Of which function.
    pub function: FunctionIndex,
    /// Since when.
    pub at: u64,
    /// Whether it has served.
    pub served: bool,
}

/// An idle instance that may go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Which.
    pub instance: InstanceKey,
    /// Of which function.
    pub function: FunctionIndex,
    /// What it takes, in bytes.
    pub memory: u64,
    /// Since when it has had nothing to do.
    pub idle_since: u64,
    /// Calls of its function since there was last no instance of it.
    pub frequency: u64,
    /// What a start of its function takes, in nanoseconds, as far as is known.
    pub start: u64,
    /// Instances of its function that are there, itself among them.
    pub alike: u32,
    /// What [`Policy::stamp`] was at its last call.
    pub stamp: f64,
}

/// A call that found no idle instance, while there are busy ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Of which function.
    pub function: FunctionIndex,
    /// Instances that have a call.
    pub busy: u32,
    /// Calls that wait before it.
    pub ahead: u32,
    /// What a start takes, in nanoseconds, as far as is known.
    pub start: Option<u64>,
    /// What the latest calls took, on the average.
    pub run: Option<u64>,
}

/// The one that has had nothing to do for longest.
fn least_recently_used(idle: &[Candidate]) -> usize {
    let oldest = idle.iter().enumerate().min_by_key(|(_, one)| (one.idle_since, one.instance));
    oldest.map_or(0, |(at, _)| at)
}

/// The one with the lowest priority; of several the one that was used least recently.
fn lowest(idle: &[Candidate], priority: impl Fn(&Candidate) -> f64) -> (usize, f64) {
    let all = idle.iter().enumerate().map(|(at, one)| (at, priority(one), one));
    let order = |a: &(usize, f64, &Candidate), b: &(usize, f64, &Candidate)| {
        let used = |one: &Candidate| (one.idle_since, one.instance);
        a.1.total_cmp(&b.1).then(used(a.2).cmp(&used(b.2)))
    };
    all.min_by(order).map_or((0, 0.0), |(at, priority, _)| (at, priority))
}

/// A function's own state, made when it is first wanted.
fn of<T: Default>(all: &mut Vec<T>, function: FunctionIndex) -> &mut T {
    if all.len() <= function.0 {
        all.resize_with(function.0 + 1, T::default);
    }
    &mut all[function.0]
}

#[cfg(test)]
mod tests;
