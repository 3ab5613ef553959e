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
    /// Times that the kernel killed in it when memory ran out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oom_kills: Option<u64>,
    /// Nanoseconds of CPU time of its processes, all together, from the function's exec to the
    /// end of its step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<u64>,
    /// Of these in the kernel; it may know that to a tick only, some milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_system_ns: Option<u64>,
}

/// How much of some folders' files is in the page cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residency {
    /// Regular files; one with many names counts once.
    pub files: u64,
    /// Their lengths in bytes, holes included.
    pub bytes: u64,
    /// Bytes of them that are in memory.
    pub resident: u64,
}

impl Residency {
    /// What may stay in memory of an image that counts as cold, as a share of its
    /// bytes.
    const MOST: f64 = 0.01;

    /// Whether the image counts as cold. Nothing is known of one without files.
    #[must_use]
    pub fn is_cold(&self) -> bool {
        self.bytes > 0 && self.share() <= Self::MOST
    }

    /// The share that is in memory, from 0 to 1; 0 of nothing.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.bytes == 0 { 0.0 } else { self.resident as f64 / self.bytes as f64 }
    }
}

/// What the machine did between two readings. None where the kernel does not tell,
/// where a counter went backwards, or where no time passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostInterval {
    /// Share of the processors' time that the hypervisor gave to others, from 0 to
    /// 1. It is counted in ticks: over less than a second it is coarse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steal: Option<f64>,
    /// Share of the time in which some task waited for a processor, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_pressure: Option<f64>,
    /// Share of the time in which some task waited for memory, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_pressure: Option<f64>,
    /// Share of the time in which some task waited for a disk, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io_pressure: Option<f64>,
    /// Load average over one minute, at the later reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
}

/// How well it is known when an instance began to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readiness {
    /// Who saw it.
    pub source: ReadinessSource,
    /// How long before it may have been so already, in nanoseconds: none of it for the
    /// kernel's own stamp.
    pub resolution_ns: u64,
    /// Requests that were answered with 503, not yet, before the one that counts.
    #[serde(default, skip_serializing_if = "is_none_of_them")]
    pub not_yet: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none_of_them(n: &u32) -> bool {
    *n == 0
}

/// Who saw that an instance began to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadinessSource {
    /// The kernel stamped it.
    Kernel,
    /// A connection of the driver's was taken, where the one before was not.
    Connect,
}
