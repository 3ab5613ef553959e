//! Paying by use against a machine that costs the same whether or not it is used.

use super::{Billing, Machine, Prices};

/// Seconds of an hour.
const HOUR: f64 = 3_600.0;

/// What an hour costs, on a machine and by use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crossing {
    /// On the machine, used or not.
    pub machine: f64,
    /// By use, where all of the machine would be used.
    pub by_use: f64,
}

impl Crossing {
    /// The utilisation at which both cost the same: a share of 1, or more where use is
    /// always cheaper. None where one of them costs nothing.
    #[must_use]
    pub fn at(&self) -> Option<f64> {
        let at = self.machine / self.by_use;
        (at.is_finite() && at > 0.0).then_some(at)
    }

    /// What is saved by paying by use at a utilisation, as a share of the machine's price;
    /// negative where it is dearer. None of a machine that costs nothing.
    #[must_use]
    pub fn saving(&self, utilisation: f64) -> Option<f64> {
        let saving = 1.0 - self.by_use * utilisation / self.machine;
        saving.is_finite().then_some(saving)
    }
}

/// A function on a machine that is always on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rental {
    /// Calls that fill the machine for an hour.
    pub calls: f64,
    /// What they cost.
    pub crossing: Crossing,
}

impl Rental {
    /// Calls a second from which the machine is cheaper; none where that is more than it
    /// could take, or never.
    #[must_use]
    pub fn calls_a_second(&self) -> Option<f64> {
        let at = self.crossing.at().filter(|at| *at <= 1.0)?;
        Some(at * self.calls / HOUR)
    }
}

impl Prices {
    /// A machine against its vCPUs and memory rented while they are used; none without a
    /// price of them.
    ///
    /// Here the claim holds that is quoted of all paying by use: at half use some 40 %
    /// cheaper, at full use some 20 % dearer.
    #[must_use]
    pub fn against_fargate(&self, machine: &Machine) -> Option<Crossing> {
        let row = self.fargate(machine.architecture)?;
        let by_use = row.vcpu_hour * machine.vcpus + row.gb_hour * machine.memory_gib;
        Some(Crossing { machine: machine.hour, by_use })
    }

    /// A machine against calls that have as many vCPUs, without the fee for requests.
    #[must_use]
    pub fn against_lambda(&self, machine: &Machine) -> Crossing {
        let rate = self.lambda.rates(machine.architecture).gb_second;
        let gib = machine.vcpus * self.lambda.mib_per_vcpu / 1024.0;
        Crossing { machine: machine.hour, by_use: rate * gib * HOUR }
    }

    /// A machine against calls of one function, each at the price of `call_price`. It is full
    /// when as many run at a time as its memory holds, and as its vCPUs would be shared among
    /// by AWS Lambda's rule (memory for memory). None where not one fits, or a call takes no
    /// time.
    #[must_use]
    pub fn against_calls(
        &self,
        machine: &Machine,
        warm: &Billing,
        call_price: f64,
    ) -> Option<Rental> {
        let memory = f64::from(warm.memory_mib);
        let by_cpu = machine.vcpus * self.lambda.mib_per_vcpu / memory;
        let by_memory = machine.memory_gib * 1024.0 / memory;
        let at_a_time = by_cpu.min(by_memory);
        let seconds = warm.handler_ns as f64 / 1e9;
        let calls = at_a_time * HOUR / seconds;
        let by_use = calls * call_price;
        let fits = at_a_time >= 1.0 && by_use.is_finite() && calls > 0.0;
        fits.then_some(Rental { calls, crossing: Crossing { machine: machine.hour, by_use } })
    }
}
