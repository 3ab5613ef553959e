//! The controls of a run: starts whose truth is known, so that the figures of
//! all others can be believed. Pure.
//!
//! The null function does nothing but answer. As a plain process it shows the
//! driver's own floor, in an empty container the engine's; told to sleep a known
//! time before it is ready, it calibrates the driver.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The known sleeps of the calibration series, in milliseconds. The first is the
/// null process and the null container.
pub const SERIES: [u32; 5] = [0, 1, 5, 20, 100];

/// One control: the null function, sleeping so many milliseconds in its init.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// As a process of the host. Without a sleep: the null process.
    Process(u32),
    /// In a container from an empty image. Without a sleep: the null container.
    Container(u32),
}

impl Control {
    /// The known sleep in milliseconds.
    #[must_use]
    pub fn sleep_ms(self) -> u32 {
        match self {
            Control::Process(ms) | Control::Container(ms) => ms,
        }
    }
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Control::Process(0) => f.pad("null process"),
            Control::Container(0) => f.pad("null container"),
            Control::Process(ms) => write!(f, "process sleeping {ms} ms"),
            Control::Container(ms) => write!(f, "container sleeping {ms} ms"),
        }
    }
}
