//! How large a change must be to matter: what a team puts up with. Pure.
//!
//! A change matters when it exceeds both a share of the base's value and an
//! absolute floor. Must not know how a change is measured.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr, VariantArray};

use crate::text::diagnostic::did_you_mean;

/// What is compared between two sides.
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
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Metric {
    /// Headline latency of a cold cell, in nanoseconds.
    Total,
    /// The function's own part of a cold start, boot + init: from its exec to its
    /// readiness, in nanoseconds. Free of the engine's noise.
    Own,
    /// CPU time of a cold instance, from its exec to the end of its step, in nanoseconds.
    /// Free of what waits for a processor.
    Cpu,
    /// Headline latency of a warm cell, in nanoseconds.
    Warm,
    /// The most memory that an instance held during its step, in bytes.
    Memory,
    /// Bytes of the image on disk.
    Size,
}

impl Metric {
    /// Every metric, in order.
    pub const ALL: &'static [Metric] = Self::VARIANTS;

    /// What a gate looks at unless it is told otherwise.
    pub const GATED: [Metric; 3] = [Metric::Total, Metric::Own, Metric::Cpu];

    /// Its name in tables, files and flags.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether its values are nanoseconds; else they are bytes.
    #[must_use]
    pub fn is_time(self) -> bool {
        matches!(self, Metric::Total | Metric::Own | Metric::Cpu | Metric::Warm)
    }

    /// Whether it may be so small without any change that only differences say something.
    #[must_use]
    pub fn is_told_by_difference(self) -> bool {
        matches!(self, Metric::Own | Metric::Cpu)
    }

    /// Whether it is of cold starts.
    #[must_use]
    pub fn is_of_cold_starts(self) -> bool {
        matches!(self, Metric::Total | Metric::Own | Metric::Cpu)
    }
}

impl std::str::FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        let found = Metric::ALL.iter().copied().find(|metric| metric.name() == text);
        found.ok_or_else(|| {
            let (known, meant) = (names.join(", "), did_you_mean(text, &names));
            format!("`{text}` is nothing that is compared: use {known}{meant}")
        })
    }
}

/// How large a change of one value must be to matter: larger than both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Margin {
    /// Share of the base's value: 0.05 for 5 %.
    pub share: f64,
    /// In the unit of the value: nanoseconds or bytes.
    pub floor: f64,
}

/// The margins of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Margins {
    /// Share of the base's value, for every metric that has none of its own.
    pub share: f64,
    /// Shares of some metrics' own: what has less noise may be judged by less.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shares: BTreeMap<Metric, f64>,
    /// Absolute floors, in the unit of each metric.
    pub floors: BTreeMap<Metric, f64>,
    /// What holds in place of these for instances that no daemon makes.
    #[serde(default, skip_serializing_if = "WithoutDaemon::is_empty")]
    pub without_daemon: WithoutDaemon,
    /// Exceptions; the last that fits a cell holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
}

/// Other margins for instances that no daemon makes: what is not the function's own of such a
/// start is short, and varies as little.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WithoutDaemon {
    /// Shares of the base's value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shares: BTreeMap<Metric, f64>,
    /// Absolute floors, in the unit of each metric.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub floors: BTreeMap<Metric, f64>,
}

impl WithoutDaemon {
    fn is_empty(&self) -> bool {
        self.shares.is_empty() && self.floors.is_empty()
    }
}

/// Which value is judged, and of what.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// Which value.
    pub metric: Metric,
    /// Name of the function.
    pub function: &'a str,
    /// Names of the pattern and of the step; none for what belongs to a function as a whole.
    pub place: Option<(&'a str, &'a str)>,
    /// Whether a daemon makes the instances, or may.
    pub has_daemon: bool,
}

/// Rounds a side that a gate goes on to at most where nobody says.
pub const MOST_ROUNDS: u32 = 800;

/// What a gate must be able to see: it goes on with a function until it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    /// A slowdown of a function's own part, or of its CPU time, that is to be found four
    /// times in five.
    pub sees: Duration,
    /// The most rounds a side, whatever is seen by then.
    pub most_rounds: u32,
}

/// Other margins for some cells. What is none fits every cell, or changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Exception {
    /// Name of the function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Name of the pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Name of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Which value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    /// Share of the base's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Absolute floor, in the unit of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
}

impl Default for Margins {
    fn default() -> Self {
        let mib = f64::from(1 << 20);
        let floors = [
            (Metric::Total, 5e6),
            (Metric::Own, 2e6),
            (Metric::Cpu, 2e6),
            (Metric::Warm, 0.1e6),
            (Metric::Memory, mib),
            (Metric::Size, mib),
        ];
        let shares = [(Metric::Own, 0.02), (Metric::Cpu, 0.02)];
        let without_daemon = WithoutDaemon {
            shares: [(Metric::Total, 0.02)].into(),
            floors: [(Metric::Total, 2e6)].into(),
        };
        let (floors, shares) = (floors.into(), shares.into());
        Self { share: 0.05, shares, floors, without_daemon, exceptions: Vec::new() }
    }
}

impl Margins {
    /// Has a share hold for every metric.
    pub fn set_share(&mut self, share: f64) {
        self.share = share;
        self.shares.clear();
        self.without_daemon.shares.clear();
    }

    /// Has a floor hold for a metric, whoever makes instances.
    pub fn set_floor(&mut self, metric: Metric, floor: f64) {
        self.floors.insert(metric, floor);
        self.without_daemon.floors.remove(&metric);
    }

    /// How large a change must be to matter.
    #[must_use]
    pub fn of(&self, judged: Judged<'_>) -> Margin {
        let Judged { metric, function, place, has_daemon } = judged;
        let of = |all: &BTreeMap<Metric, f64>, without: &BTreeMap<Metric, f64>| {
            let other = without.get(&metric).filter(|_| !has_daemon);
            other.or(all.get(&metric)).copied()
        };
        let floor = of(&self.floors, &self.without_daemon.floors).unwrap_or(0.0);
        let share = of(&self.shares, &self.without_daemon.shares).unwrap_or(self.share);
        let mut margin = Margin { share, floor };
        let (pattern, step) = place.unzip();
        let fits = |e: &&Exception| {
            e.function.as_deref().is_none_or(|name| name == function)
                && e.pattern.as_deref().is_none_or(|name| Some(name) == pattern)
                && e.step.as_deref().is_none_or(|name| Some(name) == step)
                && e.metric.is_none_or(|of| of == metric)
        };
        for exception in self.exceptions.iter().filter(fits) {
            margin.share = exception.share.unwrap_or(margin.share);
            margin.floor = exception.floor.unwrap_or(margin.floor);
        }
        margin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(metric: Metric, function: &str) -> Judged<'_> {
        Judged { metric, function, place: None, has_daemon: true }
    }

    #[test]
    fn the_last_exception_that_fits_holds() {
        let of = |function: &str, share| Exception {
            function: Some(function.to_owned()),
            share: Some(share),
            ..Exception::default()
        };
        let slow = Exception {
            step: Some("out".to_owned()),
            metric: Some(Metric::Total),
            floor: Some(9e6),
            ..Exception::default()
        };
        let margins =
            Margins { exceptions: vec![of("a", 0.1), of("a", 0.2), slow], ..Margins::default() };
        let margin = |metric, function| {
            let place = Some(("surge", "out"));
            margins.of(Judged { metric, function, place, has_daemon: true })
        };
        assert_eq!(margin(Metric::Total, "a"), Margin { share: 0.2, floor: 9e6 });
        assert_eq!(margin(Metric::Own, "a"), Margin { share: 0.2, floor: 2e6 });
        assert_eq!(margin(Metric::Total, "b"), Margin { share: 0.05, floor: 9e6 });
        let whole = margins.of(whole(Metric::Size, "b"));
        assert_eq!(whole, Margin { share: 0.05, floor: 1_048_576.0 });
    }

    #[test]
    fn a_share_that_is_asked_for_holds_for_every_metric() {
        let mut margins = Margins::default();
        let share = |of: &Margins, metric| of.of(whole(metric, "a")).share;
        assert_eq!([Metric::Total, Metric::Own].map(|m| share(&margins, m)), [0.05, 0.02]);
        margins.set_share(0.1);
        assert!(Metric::ALL.iter().all(|m| share(&margins, *m) == 0.1));
        let old: Margins = serde_json::from_str(r#"{"share":0.05,"floors":{}}"#).unwrap();
        assert_eq!(share(&old, Metric::Own), 0.05, "as it was judged then");
    }

    #[test]
    fn a_total_without_a_daemon_is_judged_by_less_until_somebody_says_how_much() {
        let without = Judged { has_daemon: false, ..whole(Metric::Total, "a") };
        let mut margins = Margins::default();
        assert_eq!(margins.of(without), Margin { share: 0.02, floor: 2e6 });
        assert_eq!(margins.of(whole(Metric::Total, "a")), Margin { share: 0.05, floor: 5e6 });
        let own = |has_daemon| margins.of(Judged { has_daemon, ..whole(Metric::Own, "a") });
        assert_eq!(own(false), own(true));
        margins.set_floor(Metric::Total, 8e6);
        assert_eq!(margins.of(without), Margin { share: 0.02, floor: 8e6 });
        margins.set_share(0.1);
        assert_eq!(margins.of(without), Margin { share: 0.1, floor: 8e6 });
        let old: Margins =
            serde_json::from_str(r#"{"share":0.05,"floors":{"total":5e6}}"#).unwrap();
        assert_eq!(old.of(without), Margin { share: 0.05, floor: 5e6 }, "as it was judged then");
    }

    #[test]
    fn a_metric_is_what_it_is_called() {
        for &metric in Metric::ALL {
            assert_eq!(metric.name().parse(), Ok(metric));
        }
        assert!("latency".parse::<Metric>().unwrap_err().contains("total, own, cpu, warm"));
    }
}
