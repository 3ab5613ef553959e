//! One metric of one cell, compared: its values, its verdict, where its change sits.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Cell, Reason};
use crate::spec::tolerance::{Margin, Metric};
use crate::stats::hodges_lehmann::Estimate;

/// One metric of one cell, compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name of the function.
    pub function: String,
    /// Which cell; none for what belongs to a function as a whole (its image).
    pub cell: Option<Cell>,
    /// What is compared.
    pub metric: Metric,
    /// Whether it decides the outcome; else it is told only.
    pub gated: bool,
    /// What is said of it.
    pub verdict: Verdict,
    /// Why it is invalid or inconclusive, what failed.
    pub reason: Option<Reason>,
    /// Base.
    pub base: Values,
    /// Head.
    pub head: Values,
    /// Head over base, Hodges & Lehmann.
    pub ratio: Option<Estimate>,
    /// Head less base, Hodges & Lehmann, in the unit of the metric.
    pub difference: Option<Estimate>,
    /// Head over base of the 0.9-quantile, by resampling rounds; times of at least 36
    /// rounds a side only. Told, never judged.
    pub p90: Option<Estimate>,
    /// One-sided: that head is worse by more than the margin.
    pub p: Option<f64>,
    /// The same adjusted: by Holm over the gated rows, by Benjamini & Hochberg over
    /// the others.
    pub adjusted_p: Option<f64>,
    /// How large a change must be to matter.
    pub margin: Margin,
    /// What would have been found.
    pub detectable: Option<Detectable>,
    /// Where the change sits, cold cells only: every part that the metric consists
    /// of, in order.
    pub parts: Vec<PartChange>,
    /// Whether it was measured again because it alarmed at first.
    pub again: bool,
}

impl Row {
    /// `+24 ms in init`'s parts: those that explain the change, largest first.
    #[must_use]
    pub fn explained_by(&self) -> Vec<&PartChange> {
        let mut found: Vec<&PartChange> = self.parts.iter().filter(|p| p.explains).collect();
        found.sort_by(|a, b| b.change.value.abs().total_cmp(&a.change.value.abs()));
        found
    }
}

/// What a row says of a change.
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
    strum::Display,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Verdict {
    /// Head is worse by more than the margin, beyond chance.
    Regressed,
    /// It could not be judged.
    Invalid,
    /// The interval reaches beyond the margin: neither can be claimed.
    Inconclusive,
    /// Head is better by more than the margin, beyond chance.
    Improved,
    /// The interval lies within the margin.
    Unchanged,
}

impl Verdict {
    /// Its word in tables and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The values of one side of a row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Values {
    /// Rounds that gave a value, failures included: the n of every test.
    pub n: usize,
    /// Rounds whose typical row is a failure.
    pub failed: usize,
    /// Median of the rounds' values; none of no value, or where it is a failure.
    pub median: Option<f64>,
}

/// A slowdown that would be found four times in five.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detectable {
    /// As a share of the base's median.
    pub share: f64,
    /// In the unit of the metric.
    pub amount: f64,
}

/// A stretch of a cold start that a change can sit in. A missing mark merges
/// neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    /// First of the span.
    pub first: PhaseGroup,
    /// Last of the span; the same when nothing is merged.
    pub last: PhaseGroup,
}

/// The four stretches of a cold start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum PhaseGroup {
    /// Intended to the function's exec: driver, daemon, shim, OCI runtime, network.
    Engine,
    /// Exec to main: the language runtime.
    Boot,
    /// Main to ready: the function's own start-up.
    Init,
    /// Ready to responded.
    Invoke,
}

impl PhaseGroup {
    /// Every stretch, in order.
    pub const ALL: [PhaseGroup; 4] =
        [PhaseGroup::Engine, PhaseGroup::Boot, PhaseGroup::Init, PhaseGroup::Invoke];

    /// Its word in tables and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = PhaseGroup::ALL.into_iter().filter(|s| (self.first..=self.last).contains(s));
        f.pad(&held.map(PhaseGroup::name).collect::<Vec<_>>().join("+"))
    }
}

/// The change of one part of a cold start.
#[derive(Debug, Clone, PartialEq)]
pub struct PartChange {
    /// Which part.
    pub part: Part,
    /// Head less base, in nanoseconds.
    pub change: Estimate,
    /// Two-sided, adjusted over all parts of the comparison (Benjamini & Hochberg).
    pub p: f64,
    /// Whether it is beyond chance and carries a good share of the total's change.
    pub explains: bool,
}
