//! One trial as it was: when, and what the machine did meanwhile.

use serde::{Deserialize, Serialize};

use super::{HostInterval, Residency};

/// The record of one trial, beside its samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialRecord {
    /// Number within the run, from 1.
    pub trial: u32,
    /// Round, from 1.
    pub round: u32,
    /// When its first step was about to begin: nanoseconds since the run's epoch.
    pub began: u64,
    /// When its last step had been looked at.
    pub ended: u64,
    /// What the machine did meanwhile.
    pub machine: HostInterval,
    /// What of the image was in memory when it began; none where nothing was
    /// driven out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident: Option<Residency>,
}
