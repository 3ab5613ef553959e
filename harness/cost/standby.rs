//! What it costs to have an instance stand by, for each cold start that this avoids.

use std::time::Duration;

use super::{Architecture, Billing, Prices, billed_ms, gb_seconds};

/// Hours of a month of 30 days.
pub const HOURS_A_MONTH: f64 = 720.0;
/// How often an instance is called that nobody needs, so that it is kept.
pub const PING_EVERY: Duration = Duration::from_secs(300);

/// A way to have one instance stand by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Standby {
    /// It is called every [`PING_EVERY`].
    Pings,
    /// It is provisioned: paid while it waits, and for less while it works.
    Provisioned,
}

/// What one instance is called for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// Calls a month that would be cold where nothing stands by.
    pub cold: f64,
    /// The share of all calls that they are.
    pub share: f64,
}

impl Traffic {
    fn calls(self) -> f64 {
        self.cold / self.share
    }
}

impl Prices {
    /// What an instance that stands by costs a month, before anybody calls it.
    #[must_use]
    pub fn standby_a_month(
        &self,
        architecture: Architecture,
        warm: &Billing,
        standby: Standby,
    ) -> f64 {
        let seconds = HOURS_A_MONTH * 3_600.0;
        match standby {
            Standby::Pings => {
                seconds / PING_EVERY.as_secs_f64() * self.per_call(architecture, warm)
            }
            Standby::Provisioned => {
                let rate = self.lambda.rates(architecture).provisioned_idle;
                rate * f64::from(warm.memory_mib) / 1024.0 * seconds
            }
        }
    }

    /// What is paid for each cold start that an instance avoids which stands by: all calls
    /// with it less all calls without, over the cold ones. Negative where it saves money, as
    /// a cold start is billed too. None where no call is cold.
    #[must_use]
    pub fn per_cold_start_avoided(
        &self,
        architecture: Architecture,
        warm: &Billing,
        cold: &Billing,
        standby: Standby,
        traffic: Traffic,
    ) -> Option<f64> {
        let cold_more = self.per_call(architecture, cold) - self.per_call(architecture, warm);
        // A provisioned instance works for less.
        let ms = billed_ms(warm.handler_ns, warm.init_ns);
        let rates = self.lambda.rates(architecture);
        let cheaper = match standby {
            Standby::Pings => 0.0,
            Standby::Provisioned => {
                (rates.gb_second - rates.provisioned_running) * gb_seconds(warm.memory_mib, ms)
            }
        };
        let kept = self.standby_a_month(architecture, warm, standby);
        let paid = (kept - cheaper * traffic.calls()) / traffic.cold - cold_more;
        paid.is_finite().then_some(paid)
    }
}
