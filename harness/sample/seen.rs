//! What the kernel told of an instance's start, beside the marks.

use serde::{Deserialize, Serialize};

/// A process that took part in a start, from its exec to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Its program and, where there is one, the verb it was given: `runc create`.
    /// Tamed: no control characters, at most 40 characters.
    pub name: String,
    /// When it was executed: nanoseconds since the run's epoch.
    pub exec: u64,
    /// When it ended; none when it outlived the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<u64>,
}

/// What an instance had used, read from its cgroup. None where the kernel or the
/// engine does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Periods of its CPU quota in which it was throttled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_periods: Option<u64>,
    /// How long it was throttled in all, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_us: Option<u64>,
    /// The most memory that it held, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
    /// Times that the kernel killed in it for want of memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oom_kills: Option<u64>,
}
