//! A trace of calls, as a platform recorded it, played against policies: who would have met a
//! cold start, what would have stood idle, what it would have cost.
//!
//! [`trace`] reads and makes traces, [`measured`] takes from a run what starts and calls take,
//! [`virtual_clock`] drives a [`crate::pool`] through all of it in no time at all, and
//! [`played`] is what came of it. [`real`] makes the same calls of a [`crate::serve::Platform`],
//! at their instants. Must not know how it is shown.

pub mod measured;
pub mod played;
pub mod real;
pub mod trace;
pub mod virtual_clock;

pub use measured::Measured;
pub use played::{Played, Quantiles, Replay};
pub use trace::Trace;

#[cfg(test)]
mod tests;
