//! By which rule an instance gets processor time: the quota that it is asked for, or one that
//! follows from its memory, as on AWS Lambda.
//!
//! What is known of Lambda's rule, and how well: decision 0082.

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::{Capabilities, Combination, Factor, Factors, Open, named};
use crate::spec::function::Limits;

/// Memory that comes with one processor, in MiB: what AWS documents.
const ONE_PROCESSOR: f64 = 1_769.0;
/// Processors that an instance sees, by the most memory in MiB, as was observed.
const VISIBLE: [(u64, usize); 4] = [(3_008, 2), (5_307, 3), (7_076, 4), (8_845, 5)];
/// Those of the largest.
const MOST_VISIBLE: usize = 6;
/// How often the quota is given out anew, in microseconds: as was observed.
const PERIOD: u64 = 20_000;
/// The shortest quota and period that the kernel takes, in microseconds.
const LEAST: u64 = 1_000;
/// Bytes in a MiB.
const MIB: u64 = 1 << 20;

/// By which rule an instance gets processor time.
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
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum CpuRule {
    /// The CPU quota of its own, if it has one, from its start to its end.
    #[default]
    Plain,
    /// As an on-demand instance of AWS Lambda: no quota until it is ready for its first
    /// event, and then the one that its memory gives.
    Lambda,
    /// As one of Lambda's provisioned concurrency: that quota from the start.
    LambdaProvisioned,
}

/// So much processor time in so much time, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuBandwidth {
    /// The time that may be used.
    pub quota: u64,
    /// Of how much time.
    pub period: u64,
}

impl CpuBandwidth {
    /// What Lambda gives to so much memory, in bytes.
    #[must_use]
    pub fn of_lambda(memory: u64) -> Self {
        let cores = (memory as f64 / MIB as f64 / ONE_PROCESSOR).max(1e-6);
        let quota = (cores * PERIOD as f64).round() as u64;
        if quota >= LEAST {
            return Self { quota, period: PERIOD };
        }
        // Less than the kernel can give in a period is given in a longer one: of a second
        // at most.
        let period = ((LEAST as f64 / cores).round() as u64).min(1_000_000);
        Self { quota: LEAST, period }
    }

    /// How many processors that is.
    #[must_use]
    pub fn cores(self) -> f64 {
        self.quota as f64 / self.period as f64
    }
}

/// How many processors an instance of Lambda with so much memory sees, in bytes.
#[must_use]
pub fn visible_processors(memory: u64) -> usize {
    let mib = memory.div_ceil(MIB);
    let found = VISIBLE.iter().find(|(most, _)| mib <= *most);
    found.map_or(MOST_VISIBLE, |(_, processors)| *processors)
}

impl CpuRule {
    /// Whether memory decides.
    #[must_use]
    pub fn is_by_memory(self) -> bool {
        self != Self::Plain
    }
}

impl Factor for CpuRule {
    type Value = Self;
    type Resolved = Option<Self>;
    const KEY: &'static str = "cpu_rule";
    const LIST: &'static str = "cpu-rule";
    const TITLE: &'static str = "CPU rule";
    const NONE: &'static str = "plain cpu";
    const VALUES: &'static str = "RULES";
    const HELP: &'static str = "How processor time is given: plain (by --cpus), lambda (by \
                                memory, once ready), lambda-provisioned (by memory) [default: \
                                plain]";
    const LATER: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        named(text, "CPU rule", Self::VARIANTS)
    }

    fn label(value: &Self) -> String {
        format!("{value} cpu")
    }

    fn is_usual(value: &Self) -> bool {
        !value.is_by_memory()
    }

    fn refuse(value: &Self, offers: &Capabilities) -> Result<(), String> {
        match value.is_by_memory() {
            false => Ok(()),
            true => offers.refuse(Self::KEY, Self::TITLE, &Self::typed(value)),
        }
    }

    fn resolve(asked: Option<&Self>, _: Open<'_>) -> Option<Self> {
        asked.copied()
    }
}

/// Checks the rules with the quotas that are asked for beside them.
pub(super) fn check_with<T>(rules: &[CpuRule], quotas: &[T]) -> Result<(), String> {
    match rules.iter().find(|rule| rule.is_by_memory()) {
        Some(rule) if !quotas.is_empty() => Err(format!(
            "`cpus` and the CPU rule `{rule}` both say how much processor time there is: under \
             `{rule}` it follows from the memory, so leave `cpus` out, or measure `plain`"
        )),
        _ => Ok(()),
    }
}

impl Combination {
    /// What of a function's limits is left to decide: where the quota follows from the memory,
    /// the function's own is of no matter.
    #[must_use]
    pub fn leaves(&self, limits: Limits) -> Limits {
        match self.cpu_rule.unwrap_or_default().is_by_memory() {
            true => Limits { cpus: None, ..limits },
            false => limits,
        }
    }

    /// How many processors it needs, for a function with such limits.
    #[must_use]
    pub fn cores(&self, limits: Limits) -> Option<f64> {
        let rule = self.cpu_rule.unwrap_or_default();
        let memory = self.memory.unwrap_or(limits.memory);
        let by_memory = rule.is_by_memory().then(|| CpuBandwidth::of_lambda(memory).cores());
        by_memory.or_else(|| {
            let own = self.cpus.or(limits.cpus);
            own.map(|cpus| f64::from(cpus.thousandths()) / 1_000.0)
        })
    }
}

impl Factors {
    /// The quota by memory that an instance has from its start; none where there is none.
    #[must_use]
    pub fn throttled_from_start(&self) -> Option<CpuBandwidth> {
        self.under(CpuRule::LambdaProvisioned)
    }

    /// The quota that an instance gets when it is ready; none where there is none.
    #[must_use]
    pub fn throttled_when_ready(&self) -> Option<CpuBandwidth> {
        self.under(CpuRule::Lambda)
    }

    fn under(&self, rule: CpuRule) -> Option<CpuBandwidth> {
        (self.cpu_rule == Some(rule)).then(|| CpuBandwidth::of_lambda(self.memory))
    }

    /// How many processors an instance may see; none for all that there are.
    #[must_use]
    pub fn visible_processors(&self) -> Option<usize> {
        let is_by_memory = self.cpu_rule.unwrap_or_default().is_by_memory();
        is_by_memory.then(|| visible_processors(self.memory))
    }
}

#[cfg(test)]
mod tests;
