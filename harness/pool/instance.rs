//! An instance, and what it does.

use super::{CallId, FunctionIndex, Why};

/// An instance that the pool knows.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) function: FunctionIndex,
    /// Of which version of the function.
    pub(super) version: u32,
    pub(super) why: Why,
    /// In bytes.
    pub(super) memory: u64,
    /// Calls it was given.
    pub(super) served: u64,
    /// What the policy noted when it was last given one.
    pub(super) stamp: f64,
    pub(super) state: State,
    /// Since when it does that.
    pub(super) since: u64,
}

/// What an instance does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Starting,
    Busy(CallId),
    Idle,
}
