//! The instances of a platform as a pure machine: what comes in is told with its instant, what
//! is to be done comes out. Who drives it has the clock and makes the instances: real ones
//! behind `serve`, none at all on the virtual clock of `replay`, and both do the same.
//!
//! A call takes an idle instance, the most recently used one first; where there is none, one is
//! started for it, and it takes whichever becomes free first (*late binding*): the one that was
//! started or another. What differs between policies is in [`Policy`] and nowhere else. Must
//! not know what a function is, nor what time it is.

use std::collections::{BTreeMap, VecDeque};

mod admit;
mod claims;
mod counters;
mod inputs;
mod instance;
mod patience;
pub mod policy;
mod recent;
mod reserve;
mod timers;

pub use counters::Counters;
pub use policy::{Candidate, Idle, Patience, Policy, PolicyChoice};

use claims::{Waiting, Wave};
use instance::Instance;
use recent::{Mean, Recent};
use timers::Timers;

/// A call, as whoever drives the pool numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// An instance, as the pool numbers it: no number is used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceKey(pub u64);

/// A function, by its place in the list that the pool was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionIndex(pub usize);

/// What a pool has to know of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolFunction {
    /// What an instance of it takes, in bytes.
    pub memory: u64,
    /// Calls of it at a time, which are its own: other functions have that many less.
    pub reserved: Option<u32>,
    /// Instances that there always are.
    pub provisioned: u32,
}

/// What a platform allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls at a time, of all functions.
    pub account: u32,
    /// How many instances of a function are started in so long.
    pub scaling: Option<Scaling>,
    /// What all instances may take together, in bytes.
    pub memory: Option<u64>,
    /// What becomes of a call that meets a limit.
    pub queue: Queue,
}

/// At most so many starts of a function in any time so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scaling {
    /// Starts.
    pub starts: u32,
    /// In so many nanoseconds.
    pub within: u64,
}

impl Scaling {
    /// AWS Lambda's: 1,000 in 10 seconds, and what was not used is not saved up
    /// (docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html).
    pub const LAMBDA: Self = Self { starts: 1_000, within: 10_000_000_000 };
}

impl Limits {
    /// AWS Lambda's, of an account that nobody raised them for.
    pub const LAMBDA: Self =
        Self { account: 1_000, scaling: Some(Scaling::LAMBDA), memory: None, queue: Queue::Never };
}

/// What becomes of a call that meets a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// It is refused.
    Never,
    /// It waits, while fewer than so many of all functions do.
    UpTo(u32),
}

/// What is to be done, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Start an instance; tell [`Pool::ready`] when it can take a call, [`Pool::gone`] when it
    /// never will.
    Start {
        /// What it is known by from now on.
        instance: InstanceKey,
        /// Of which function.
        function: FunctionIndex,
        /// What for.
        why: Why,
    },
    /// Hand a call to an instance; tell [`Pool::done`] when it is over.
    Dispatch {
        /// Which call.
        call: CallId,
        /// To which instance.
        instance: InstanceKey,
        /// How they meet.
        met: Met,
    },
    /// Remove an instance. It is known no more: nothing is to be told of it.
    Remove {
        /// Which.
        instance: InstanceKey,
    },
    /// Refuse a call.
    Throttle {
        /// Which call.
        call: CallId,
        /// Which limit it met.
        reason: Reason,
    },
}

/// What an instance is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::VariantArray)]
pub enum Why {
    /// A call that found none.
    Call,
    /// So many are always to be there.
    Provisioned,
    /// The policy expects a call.
    Prewarm,
}

/// How a call meets its instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::VariantArray)]
pub enum Met {
    /// It waited until this one was started.
    Cold,
    /// This one was ready before the call came, and has never served any.
    Fresh,
    /// It has served before.
    Warm,
}

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::VariantArray)]
pub enum Reason {
    /// Calls at a time, of all functions.
    Account,
    /// Calls at a time, of this function.
    Function,
    /// Starts in so long, of this function.
    Scaling,
    /// What instances may take together.
    Memory,
    /// The pool takes no more calls.
    Draining,
}

/// The instances of a platform. Whatever it is told is told in the order of time.
pub struct Pool {
    limits: Limits,
    policy: Box<dyn Policy + Send>,
    functions: Vec<FunctionState>,
    instances: BTreeMap<InstanceKey, Instance>,
    timers: Timers,
    counters: Counters,
    /// Calls at a time that functions without their own share may have.
    shared: u32,
    /// Calls that they have.
    shared_flight: u32,
    /// What all instances take.
    memory: u64,
    /// Calls that wait beyond a limit, of all functions.
    queued: u32,
    /// Calls whose patience is over, and no instance could be started for them.
    overdue: u32,
    next: u64,
    draining: bool,
}

/// What a pool knows of a function.
struct FunctionState {
    of: PoolFunction,
    /// What an update counts.
    version: u32,
    /// The most recently used is the last.
    idle: VecDeque<InstanceKey>,
    /// Instances of this version, whatever they do.
    live: u32,
    /// Instances that have a call.
    busy: u32,
    /// Calls that have an instance, or for which one is on its way.
    flight: u32,
    /// The oldest is the first; those beyond a limit stand last.
    waiting: VecDeque<Waiting>,
    /// How many of them are beyond a limit.
    queued: u32,
    /// Starts and who waits for them: those of this version, and of all before.
    current: Wave,
    former: Wave,
    /// The latest starts, as far as they count against the scaling limit.
    starts: VecDeque<u64>,
    /// When that is looked at again.
    retry: Option<u64>,
    /// Calls since there was last no instance of it.
    frequency: u64,
    /// Calls at all: what was planned before one came is void.
    arrivals: u64,
    start_time: Mean,
    run_time: Recent,
}

impl FunctionState {
    fn new(of: PoolFunction) -> Self {
        Self {
            of,
            version: 1,
            idle: VecDeque::new(),
            live: 0,
            busy: 0,
            flight: 0,
            waiting: VecDeque::new(),
            queued: 0,
            current: Wave::default(),
            former: Wave::default(),
            starts: VecDeque::new(),
            retry: None,
            frequency: 0,
            arrivals: 0,
            start_time: Mean::default(),
            run_time: Recent::default(),
        }
    }

    fn wave(&mut self, version: u32) -> &mut Wave {
        if version == self.version { &mut self.current } else { &mut self.former }
    }
}

impl Pool {
    /// A pool without instances: [`Pool::begin`] starts those that there always are.
    #[must_use]
    pub fn new(
        limits: Limits,
        functions: Vec<PoolFunction>,
        policy: Box<dyn Policy + Send>,
    ) -> Self {
        let reserved = functions.iter().filter_map(|function| function.reserved);
        let reserved = reserved.fold(0, u32::saturating_add);
        Self {
            shared: limits.account.saturating_sub(reserved),
            limits,
            policy,
            functions: functions.into_iter().map(FunctionState::new).collect(),
            instances: BTreeMap::new(),
            timers: Timers::default(),
            counters: Counters::default(),
            shared_flight: 0,
            memory: 0,
            queued: 0,
            overdue: 0,
            next: 0,
            draining: false,
        }
    }

    /// When [`Pool::due`] is to be told next, unless anything else is told before.
    #[must_use]
    pub fn next_due(&mut self) -> Option<u64> {
        while let Some((at, timer)) = self.timers.first() {
            if !self.is_void(&timer) {
                return Some(at);
            }
            self.timers.pop();
        }
        None
    }

    /// What happened until an instant.
    #[must_use]
    pub fn counters(&self, at: u64) -> Counters {
        let mut counters = self.counters.clone();
        for instance in self.instances.values() {
            counters.spend(instance, at);
        }
        counters
    }

    /// Instances there are, whatever they do.
    #[must_use]
    pub fn instances(&self) -> usize {
        self.instances.len()
    }

    /// What they take together, in bytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// Calls that wait for an instance.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.functions.iter().map(|function| function.waiting.len()).sum()
    }

    /// Whether nothing is left to be done: no instance, no call.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.instances.is_empty() && self.waiting() == 0
    }
}

#[cfg(test)]
mod tests;
