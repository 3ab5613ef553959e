//! What is to happen by itself, in the order of time. What was planned for something that has
//! changed for good is void, and found out when its time comes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::instance::State;
use super::{CallId, FunctionIndex, InstanceKey, Pool};

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// An instance that has been idle since an instant is kept no longer.
    Expire(InstanceKey, u64),
    /// An instance is started for a call that is expected, if none came since: so many had
    /// come by then.
    Prewarm(FunctionIndex, u64),
    /// A call waits no longer for a busy instance.
    Patience(FunctionIndex, CallId),
    /// The scaling limit of a function allows a start again.
    Scaling(FunctionIndex),
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(u64, Timer)>>,
}

impl Timers {
    pub(super) fn set(&mut self, at: u64, timer: Timer) {
        self.heap.push(Reverse((at, timer)));
    }

    pub(super) fn first(&self) -> Option<(u64, Timer)> {
        self.heap.peek().map(|Reverse(first)| *first)
    }

    pub(super) fn pop(&mut self) -> Option<(u64, Timer)> {
        self.heap.pop().map(|Reverse(first)| first)
    }
}

impl Pool {
    /// Whether what was planned can never matter any more. What may matter again before its
    /// time comes is kept until then: nobody plans it a second time.
    pub(super) fn is_void(&self, timer: &Timer) -> bool {
        match *timer {
            Timer::Expire(key, since) => self
                .instances
                .get(&key)
                .is_none_or(|instance| instance.state != State::Idle || instance.since != since),
            Timer::Prewarm(function, arrivals) => {
                self.draining || self.functions[function.0].arrivals != arrivals
            }
            Timer::Patience(function, call) => {
                let of = &self.functions[function.0];
                !of.waiting.iter().any(|waiting| waiting.call == call && waiting.is_patient())
            }
            Timer::Scaling(_) => false,
        }
    }
}
