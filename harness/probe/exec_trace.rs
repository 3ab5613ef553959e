//! Kernel exec events: what ran while an instance started, and when.
//!
//! The engine does not tell when it ran what. The kernel does, to anyone who
//! listens, so nothing is traced, slowed or changed: [`netlink`] speaks to the
//! kernel's process connector, [`ExecTrace`] keeps what it says, [`join()`] tells
//! which of it belongs to one start. It knows nothing of the engine's own calls.
//!
//! Why they are received live and joined later: decision 0015.

mod firewall;
mod join;
pub mod netlink;
mod recorder;
mod runtime;

#[cfg(test)]
mod tests;

use crate::probe::cgroup::CpuUse;
pub use firewall::firewall_calls;
pub use join::{Start, Traced, join};
pub use netlink::Unavailable;
pub use recorder::ExecTrace;
pub(super) use recorder::arguments_of;
pub use runtime::oci_runtimes;

/// What the kernel told of a process, with what could still be read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A process became another program.
    Exec {
        /// When: nanoseconds since the run's epoch.
        at: u64,
        /// The process, as the host counts.
        pid: u32,
        /// The program that made it, itself or by forks that became none, and that may
        /// have ended; none when that is not known.
        parent: Option<u32>,
        /// Its first arguments as they came, untamed; none when the process was
        /// gone before they were read.
        argv: Vec<String>,
        /// What its container had used by then; none of what is in none.
        used: Option<CpuUse>,
    },
    /// A process ended.
    Exit {
        /// When: nanoseconds since the run's epoch.
        at: u64,
        /// The process, as the host counts.
        pid: u32,
    },
}

impl Event {
    /// When it was: nanoseconds since the run's epoch.
    #[must_use]
    pub fn at(&self) -> u64 {
        match self {
            Event::Exec { at, .. } | Event::Exit { at, .. } => *at,
        }
    }
}

/// What the containers have used by now in which anything was executed: each once.
#[must_use]
pub fn used_until_now(events: &[Event]) -> Vec<CpuUse> {
    let mut all: Vec<CpuUse> = Vec::new();
    for event in events {
        let Event::Exec { used: Some(used), .. } = event else { continue };
        if !all.iter().any(|one| one.is_of(used)) {
            all.extend(used.now());
        }
    }
    all
}
