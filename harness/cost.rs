//! What calls would have cost: prices as dated data, and the arithmetic of a bill. Pure.
//!
//! A call is billed as AWS Lambda bills it: its duration, the initialisation of a cold one
//! included, rounded up to a millisecond, times its memory, and a fee for the request. Must
//! not know where the durations come from, nor how a sum is shown.

use serde::{Deserialize, Serialize};

mod always_on;
pub mod prices;
mod question;
mod standby;

pub use always_on::{Crossing, Rental};
pub use prices::{Fargate, Lambda, Machine, Prices, Rates};
pub use question::{COLD_SHARE, Question};
pub use standby::{HOURS_A_MONTH, PING_EVERY, Standby, Traffic};

/// What processor an instance runs on: it has its own prices.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Architecture {
    /// x86-64.
    #[default]
    X86,
    /// 64-bit Arm.
    Arm,
}

impl Architecture {
    /// From what a kernel calls its machine: x86, unless it is an Arm.
    #[must_use]
    pub fn of_machine(name: &str) -> Self {
        if name.starts_with("aarch64") || name.starts_with("arm") { Self::Arm } else { Self::X86 }
    }
}

/// What of one call is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Billing {
    /// Memory of the instance, in MiB.
    pub memory_mib: u32,
    /// How long the handler took, in nanoseconds.
    pub handler_ns: u64,
    /// How long the initialisation took, in nanoseconds; none of a warm call.
    pub init_ns: Option<u64>,
}

/// The least memory that is billed, in MiB.
pub const LEAST_MIB: u32 = 128;
/// Nanoseconds of a step of billing.
const STEP_NS: u64 = 1_000_000;
const MIB: u64 = 1 << 20;
const MILLION: f64 = 1e6;

/// Milliseconds that are billed for a call: initialisation and handler together, rounded up
/// to a whole one.
///
/// Of the sum and not of each: published reports of 1,307.68 ms and 1,058.15 ms were billed
/// as 2,366 ms (lucvandonkersgoed.com, 2022-04-09). The initialisation is billed in every
/// configuration since 2025-08-01
/// (aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase).
#[must_use]
pub fn billed_ms(handler_ns: u64, init_ns: Option<u64>) -> u64 {
    handler_ns.saturating_add(init_ns.unwrap_or(0)).div_ceil(STEP_NS).max(1)
}

/// A memory limit in bytes as memory that is billed: whole MiB, and at least
/// [`LEAST_MIB`].
#[must_use]
pub fn billed_mib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(MIB)).unwrap_or(u32::MAX).max(LEAST_MIB)
}

/// Memory times duration of one call, in GB-seconds.
#[must_use]
pub fn gb_seconds(memory_mib: u32, billed_ms: u64) -> f64 {
    f64::from(memory_mib) / 1024.0 * billed_ms as f64 / 1e3
}

impl Prices {
    /// What one call costs: the request, and its GB-seconds
    /// (aws.amazon.com/lambda/pricing).
    #[must_use]
    pub fn per_call(&self, architecture: Architecture, call: &Billing) -> f64 {
        let ms = billed_ms(call.handler_ns, call.init_ns);
        let rate = self.lambda.rates(architecture).gb_second;
        self.lambda.request + rate * gb_seconds(call.memory_mib, ms)
    }

    /// What a million calls cost of which a share is cold: `cold` has the duration of a cold
    /// call's handler and of its initialisation, both in nanoseconds.
    ///
    /// With the built-in prices, 512 MiB, 100 ms, an initialisation of 500 ms and 1 % of cold
    /// calls: $0.20 for requests and $0.875 for GB-seconds.
    ///
    /// ```
    /// # use coldstart::cost::{Architecture, Prices};
    /// let ms = 1_000_000;
    /// let prices = Prices::builtin()?;
    /// let price =
    ///     prices.per_million(Architecture::X86, 512, 100 * ms, (100 * ms, 500 * ms), 0.01);
    /// assert!((price - 1.075).abs() < 0.001);
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    #[must_use]
    pub fn per_million(
        &self,
        architecture: Architecture,
        memory_mib: u32,
        warm_ns: u64,
        cold: (u64, u64),
        cold_share: f64,
    ) -> f64 {
        let warm = Billing { memory_mib, handler_ns: warm_ns, init_ns: None };
        let cold = Billing { memory_mib, handler_ns: cold.0, init_ns: Some(cold.1) };
        let share = cold_share.clamp(0.0, 1.0);
        let per_call = (1.0 - share) * self.per_call(architecture, &warm)
            + share * self.per_call(architecture, &cold);
        MILLION * per_call
    }
}

#[cfg(test)]
mod tests;
