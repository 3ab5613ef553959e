//! Many gates -> how often they alarm: the reliability of the gate itself.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Comparison, GateOutcome, Verdict};
use crate::spec::tolerance::{Margin, Metric};
use crate::stats::proportions;

/// So often, of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    /// How often.
    pub hits: u64,
    /// Of how many.
    pub of: u64,
}

impl Rate {
    fn count(&mut self, hit: bool) {
        self.hits += u64::from(hit);
        self.of += 1;
    }

    /// The share, from 0 to 1; none of nothing.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }

    /// Clopper & Pearson's 95 % interval of the share.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        proportions::interval(self.hits, self.of)
    }
}

/// How the gates of one kind of head came out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rates {
    /// Gates that alarmed; invalid ones are in no rate.
    pub gates: Rate,
    /// Gates that could not be judged.
    pub invalid: u64,
    /// By function: gates in which any of its gated rows alarmed.
    pub functions: BTreeMap<String, Rate>,
    /// By function and metric, gated or not: gates in which the row alarmed.
    pub rows: BTreeMap<(String, Metric), Rate>,
    /// By function and gated metric: by what they were judged, the widest of several.
    pub margins: BTreeMap<(String, Metric), Margin>,
    /// By function: medians of the smallest detectable changes of its total and its
    /// own part, in nanoseconds.
    detectable: BTreeMap<(String, Metric), Vec<f64>>,
    /// For each judged total: the margin within which it would have been unchanged.
    needed: Vec<f64>,
}

impl Rates {
    /// Adds a gate.
    pub fn add(&mut self, gate: &Comparison) {
        if gate.outcome == GateOutcome::Invalid {
            self.invalid += 1;
            return;
        }
        self.gates.count(gate.outcome == GateOutcome::Regressed);
        let mut functions: BTreeMap<&str, bool> = BTreeMap::new();
        for row in gate.rows.iter().filter(|row| row.cell.is_some()) {
            let alarms = row.verdict == Verdict::Regressed;
            let key = (row.function.clone(), row.metric);
            self.rows.entry(key.clone()).or_default().count(alarms);
            if row.gated {
                *functions.entry(&row.function).or_default() |= alarms;
                let widest = self.margins.entry(key.clone()).or_insert(row.margin);
                if row.margin.share > widest.share {
                    *widest = row.margin;
                }
            }
            if let Some(least) = row.detectable.filter(|_| row.metric.is_time()) {
                self.detectable.entry(key).or_default().push(least.amount);
            }
            let interval = row.ratio.and_then(|ratio| ratio.interval);
            if let Some((low, high)) = interval.filter(|_| row.metric == Metric::Total) {
                // Beyond every margin there is: a ratio to no time at all.
                let needed = (high - 1.0).max(1.0 / low - 1.0);
                self.needed.extend(needed.is_finite().then_some(needed));
            }
        }
        for (name, alarms) in functions {
            self.functions.entry(name.to_owned()).or_default().count(alarms);
        }
    }

    /// Median of what a row's gates could have detected, in nanoseconds.
    #[must_use]
    pub fn detectable(&self, function: &str, metric: Metric) -> Option<f64> {
        let all = self.detectable.get(&(function.to_owned(), metric))?;
        super::side_data::median(all.clone())
    }

    /// The smallest whole percent within which 95 % of the totals would have been
    /// called unchanged: a margin with which a pass of unchanged code means something
    /// on this host. Of heads that are not slower only.
    #[must_use]
    pub fn suggested_margin(&self) -> Option<f64> {
        let mut needed = self.needed.clone();
        needed.sort_by(f64::total_cmp);
        let at = (needed.len() as f64 * 0.95).ceil() as usize;
        let share = needed.get(at.checked_sub(1)?)?;
        Some((share * 100.0).ceil() / 100.0)
    }
}

/// Many gates, and how they were made.
#[derive(Debug, Clone)]
pub struct Reliability {
    /// The command that repeats it.
    pub command: String,
    /// Where the starts come from: the machine, or the run that they were drawn from.
    pub source: String,
    /// Whether starts were drawn or scripted instead of measured.
    pub simulated: bool,
    /// Rounds a side, the first included.
    pub rounds: u32,
    /// The margin as a share, of what is not judged by another.
    pub margin: f64,
    /// Whether alarms were measured again.
    pub confirm: bool,
    /// How long it took.
    pub elapsed: Duration,
    /// What each kind of head did.
    pub heads: Vec<Head>,
}

/// One kind of head.
#[derive(Debug, Clone)]
pub struct Head {
    /// As typed: `10ms`, `5%`; none for the same code.
    pub injected: Option<String>,
    /// Milliseconds that each function slept in its init.
    pub sleeps: BTreeMap<String, u32>,
    /// Whether it worked for so long instead.
    pub works: bool,
    /// How its gates came out.
    pub rates: Rates,
}
