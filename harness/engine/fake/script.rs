//! How long a simulated function takes, and what it does wrong.

use std::time::Duration;

use super::Fault;
use crate::spec::factor::{CpuBandwidth, Factors};

/// Latencies of one simulated function. Each start draws a factor from a
/// log-normal distribution with the given spread.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    /// Start call to main.
    pub engine: Duration,
    /// Main to the first `next`.
    pub init: Duration,
    /// Event to reply.
    pub invoke: Duration,
    /// Standard deviation of ln(latency).
    pub spread: f64,
    /// What goes wrong.
    pub fault: Fault,
}

impl Default for Script {
    fn default() -> Self {
        let ms = Duration::from_millis;
        let invoke = Duration::from_micros(200);
        Self { engine: ms(150), init: ms(30), invoke, spread: 0.08, fault: Fault::None }
    }
}

impl Script {
    /// All that a function does is work: where processor time follows from memory it takes
    /// longer with less than a processor.
    pub(super) fn throttled(self, factors: &Factors) -> Self {
        let slower = |time: Option<CpuBandwidth>| time.map_or(1.0, |time| time.cores().min(1.0));
        let (always, later) = (factors.throttled_from_start(), factors.throttled_when_ready());
        let init = self.init.div_f64(slower(always));
        Self { init, invoke: self.invoke.div_f64(slower(always.or(later))), ..self }
    }
}
