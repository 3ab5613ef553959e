//! Calls that wait, and what each waits for.

use super::CallId;

/// A call that waits for an instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) call: CallId,
    /// When it came.
    pub(super) at: u64,
    /// The version of the function that it called: an older instance may not take it.
    pub(super) version: u32,
    pub(super) claim: Claim,
}

/// What a call waits for. Whatever it is, it takes what is free first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// A limit stands before it.
    Nothing,
    /// A start of its version.
    Start,
    /// A busy instance, for a while.
    Busy,
    /// Anything: its patience is over, and no instance could be started.
    Overdue,
}

impl Waiting {
    pub(super) fn is_patient(&self) -> bool {
        self.claim == Claim::Busy
    }
}

/// Starts that are on their way, and how many calls wait for them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wave {
    pub(super) starting: u32,
    pub(super) claimed: u32,
}

impl Wave {
    /// Whether a start is on its way that nobody waits for.
    pub(super) fn has_surplus(self) -> bool {
        self.starting > self.claimed
    }
}
