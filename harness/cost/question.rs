//! What is asked of a bill: which share of calls is cold, on which processors, at which
//! prices.

use super::{Architecture, Prices};

/// The share of calls that are cold where nobody says another: AWS saw fewer in its
/// production workloads when it announced that initialisations are billed.
pub const COLD_SHARE: f64 = 0.01;

/// What is to be billed, and at which prices.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The share of calls that are cold, from 0 to 1.
    pub cold_share: f64,
    /// What processors it would run on.
    pub architecture: Architecture,
    /// What it costs there.
    pub prices: Prices,
    /// The prices as they are written in their file.
    pub text: String,
}
