//! How calls are paid: prices, the share of cold ones, and what of those is billed.

use crate::cost::{Architecture, Billing, Prices, billed_ms, gb_seconds};

/// How calls are paid.
#[derive(Debug, Clone, PartialEq)]
pub struct Bill {
    /// The prices.
    pub prices: Prices,
    /// Of which processors.
    pub architecture: Architecture,
    /// The share of calls that are cold, from 0 to 1.
    pub cold_share: f64,
    /// Whether instances are provisioned: initialised before they are called, and paid while
    /// they wait.
    pub is_provisioned: bool,
}

/// What calls of one size took in a round, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Took {
    /// A warm call.
    pub warm: u64,
    /// The handler of a cold one.
    pub cold: u64,
    /// The initialisation of a cold one.
    pub init: u64,
}

const MILLION: f64 = 1e6;
/// Seconds of a month of 30 days.
const MONTH: f64 = 2_592_000.0;

impl Bill {
    pub(super) fn new(
        prices: Prices,
        architecture: Architecture,
        cold_share: f64,
        is_provisioned: bool,
    ) -> Self {
        Self { prices, architecture, cold_share, is_provisioned }
    }

    /// What a million calls cost of which a share is cold. Of a provisioned instance it is
    /// what they cost beside the instance itself.
    #[must_use]
    pub fn per_million(&self, memory_mib: u32, took: Took, share: f64) -> f64 {
        let Took { warm, cold, init } = took;
        if !self.is_provisioned {
            return self.prices.per_million(
                self.architecture,
                memory_mib,
                warm,
                (cold, init),
                share,
            );
        }
        let rate = self.prices.lambda.rates(self.architecture).provisioned_running;
        let call = |ns| {
            let seconds = gb_seconds(memory_mib, billed_ms(ns, None));
            self.prices.lambda.request + rate * seconds
        };
        MILLION * ((1.0 - share) * call(warm) + share * call(cold))
    }

    /// What a provisioned instance costs a month while it waits; none of one on demand.
    #[must_use]
    pub fn waiting_a_month(&self, memory_mib: u32) -> Option<f64> {
        let rate = self.prices.lambda.rates(self.architecture).provisioned_idle;
        self.is_provisioned.then(|| rate * f64::from(memory_mib) / 1024.0 * MONTH)
    }

    /// What a call takes on the average, in nanoseconds: of a cold one all that the function
    /// does, and nothing of what an engine does.
    #[must_use]
    pub fn average(&self, took: Took) -> f64 {
        let share = self.cold_share;
        let cold =
            if self.is_provisioned { took.cold } else { took.cold.saturating_add(took.init) };
        (1.0 - share) * took.warm as f64 + share * cold as f64
    }

    /// The initialisation of a cold call, where that is billed with it.
    #[must_use]
    pub fn billing(&self, memory_mib: u32, handler_ns: u64, init_ns: u64) -> Billing {
        let init_ns = (!self.is_provisioned).then_some(init_ns);
        Billing { memory_mib, handler_ns, init_ns }
    }
}
