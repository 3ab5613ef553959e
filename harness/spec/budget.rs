//! Budgets: what a function may take at most, whatever it took before. Pure.
//!
//! Must not know how a value is measured, nor how it is judged.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::text::units::{parse_duration, parse_size};

/// What stands for every function.
pub const EVERY: &str = "*";

/// What a budget limits.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Limited {
    /// Headline latency of the cold call, in nanoseconds.
    Total,
    /// The function's own part of a cold start, boot + init, in nanoseconds.
    Own,
    /// Its init, main to ready, in nanoseconds; of a function that does not tell of its main
    /// its own part, which is more.
    Init,
    /// Headline latency of the warm call, in nanoseconds.
    Warm,
    /// The most memory that an instance of the cold call held, in bytes.
    Memory,
    /// Bytes of the image on disk.
    Size,
    /// What a million calls would cost, in the currency of the prices.
    Cost,
}

/// What is written after the number of a budget of cost.
const PER_MILLION: &str = "per million";

impl Limited {
    /// Its name in tables, files and flags.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The unit of its values in files.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Total | Self::Own | Self::Init | Self::Warm => "ns",
            Self::Memory | Self::Size => "bytes",
            Self::Cost => "per million",
        }
    }

    /// Reads a limit.
    ///
    /// # Errors
    /// Says how one is written.
    pub fn limit(self, text: &str) -> Result<f64, String> {
        let limit = match self.unit() {
            "ns" => parse_duration(text).map(|time| time.as_nanos() as f64),
            "bytes" => parse_size(text).map(|bytes| bytes as f64),
            _ => cost(text),
        };
        match limit {
            Ok(limit) if limit > 0.0 => Ok(limit),
            Ok(_) => Err(format!("the budget of `{self}` is nothing: no function keeps to it")),
            Err(reason) => Err(format!("the budget of `{self}`: {reason}")),
        }
    }
}

/// `1.10 per million`.
fn cost(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix(PER_MILLION).map(str::trim);
    let number = number.map(|number| number.strip_prefix('$').unwrap_or(number));
    let cost = number.and_then(|number| number.parse::<f64>().ok());
    cost.filter(|cost| (0.0..=1e9).contains(cost))
        .ok_or_else(|| format!("`{text}` is no price of calls: write it as `1.10 per million`"))
}

/// What one function, or every one, may take at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Name of the function, or [`EVERY`].
    pub function: String,
    /// What is limited.
    pub metric: Limited,
    /// The most, in the unit of the metric.
    pub limit: f64,
}

/// The budgets of one function, in the order of what they limit: its own before those of
/// every function.
#[must_use]
pub fn of<'a>(budgets: &'a [Budget], function: &str) -> Vec<&'a Budget> {
    let find = |metric: &Limited| {
        let named = |name: &str| budgets.iter().find(|b| b.metric == *metric && b.function == name);
        named(function).or_else(|| named(EVERY))
    };
    Limited::VARIANTS.iter().filter_map(find).collect()
}

/// Whether any of them needs prices.
#[must_use]
pub fn need_prices(budgets: &[Budget]) -> bool {
    budgets.iter().any(|budget| budget.metric == Limited::Cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_has_the_unit_of_what_it_limits() {
        let check = |metric: Limited, text: &str, limit: f64| {
            assert_eq!(metric.limit(text), Ok(limit), "{text}");
        };
        check(Limited::Init, "250ms", 250e6);
        check(Limited::Size, "150MiB", 157_286_400.0);
        check(Limited::Cost, "1.10 per million", 1.1);
        check(Limited::Cost, "$1.10 per million", 1.1);
        let wrong = |metric: Limited, text: &str, told: &str| {
            let message = metric.limit(text).unwrap_err();
            assert!(message.contains(told), "{message}");
        };
        wrong(Limited::Total, "250", "the budget of `total`: `250` has no unit");
        wrong(Limited::Memory, "250ms", "use B, KiB, MiB or GiB");
        for text in ["1.10", "nan per million", "-1 per million", "1e99 per million", "x"] {
            wrong(Limited::Cost, text, "write it as `1.10 per million`");
        }
        wrong(Limited::Total, "0ms", "the budget of `total` is nothing");
    }

    #[test]
    fn a_functions_own_budget_comes_before_that_of_every_one() {
        let budget =
            |function: &str, metric, limit| Budget { function: function.to_owned(), metric, limit };
        let budgets = [
            budget(EVERY, Limited::Warm, 1.0),
            budget(EVERY, Limited::Total, 2.0),
            budget("a", Limited::Total, 3.0),
        ];
        let limits =
            |of_: &str| -> Vec<f64> { of(&budgets, of_).into_iter().map(|b| b.limit).collect() };
        assert_eq!((limits("a"), limits("b")), (vec![3.0, 1.0], vec![2.0, 1.0]));
    }
}
