//! What happened in a pool, counted.

use std::collections::BTreeMap;

use super::instance::{Instance, State};
use super::{Met, Reason, Why};

/// What happened in a pool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Instances started, by what for.
    pub starts: BTreeMap<Why, u64>,
    /// Those of them that never served, though they were there until they were removed.
    pub unused: BTreeMap<Why, u64>,
    /// Calls that met an instance, by how.
    pub calls: BTreeMap<Met, u64>,
    /// Those of the warm ones that waited for their instance to be free.
    pub delayed: u64,
    /// Calls refused, by the limit.
    pub throttled: BTreeMap<Reason, u64>,
    /// Idle instances removed before their time, for another's memory.
    pub evictions: u64,
    /// Instances that ended by themselves, or never began.
    pub gone: u64,
    /// Memory times how long instances were starting, in byte-nanoseconds.
    pub starting: u128,
    /// The same of those that had a call.
    pub busy: u128,
    /// The same of those that had none: what a policy wastes.
    pub idle: u128,
}

impl Counters {
    /// Instances started, whatever for.
    #[must_use]
    pub fn all_starts(&self) -> u64 {
        self.starts.values().sum()
    }

    /// Instances that never served, whatever they were started for.
    #[must_use]
    pub fn all_unused(&self) -> u64 {
        self.unused.values().sum()
    }

    /// Calls that met an instance.
    #[must_use]
    pub fn all_calls(&self) -> u64 {
        self.calls.values().sum()
    }

    /// Calls that met an instance in a way.
    #[must_use]
    pub fn met(&self, met: Met) -> u64 {
        self.calls.get(&met).copied().unwrap_or(0)
    }

    /// Calls refused, whatever the limit.
    #[must_use]
    pub fn all_throttled(&self) -> u64 {
        self.throttled.values().sum()
    }

    /// Counts what an instance has taken in its state until an instant.
    pub(super) fn spend(&mut self, instance: &Instance, at: u64) {
        let taken = u128::from(instance.memory) * u128::from(at.saturating_sub(instance.since));
        let of = match instance.state {
            State::Starting => &mut self.starting,
            State::Busy(_) => &mut self.busy,
            State::Idle => &mut self.idle,
        };
        *of = of.saturating_add(taken);
    }

    /// Counts an instance that is no more.
    pub(super) fn ended(&mut self, instance: &Instance, at: u64) {
        self.spend(instance, at);
        if instance.served == 0 && instance.state != State::Starting {
            *self.unused.entry(instance.why).or_default() += 1;
        }
    }
}
