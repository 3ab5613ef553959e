//! Two runs -> verdicts: did what was measured get slower, and where?
//!
//! Pure. Runs are joined by [`Cell`]; the unit of inference is the round, because rows of one
//! round are not independent. Must not know how the two were measured, nor how it is shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::sample::{self, Temperature};
use crate::spec::control::Floor;
use crate::spec::factor::Combination;
use crate::spec::tolerance::{Judged, Margin, Margins, Metric};
use crate::stats::hodges_lehmann::{self, Estimate};
use crate::stats::proportions;

mod attribution;
pub mod budget;
mod case;
mod comparability;
mod error_rates;
mod explained;
mod judge;
mod missing;
mod reason;
mod row;
mod side_data;
mod side_info;
pub mod sight;
mod simulate;
mod two_sample;
pub(crate) mod variants;

pub use budget::{BudgetReason, BudgetRow, BudgetVerdict};
pub use error_rates::{Head, Rate, Rates, Reliability};
pub use explained::ExplainedAlarm;
pub use missing::Missing;
pub use reason::{Caveat, Difference, Failing, Reason};
pub use row::{Detectable, Part, PartChange, PhaseGroup, Row, Values, Verdict};
pub use side_data::{Round, Rounds, SideData};
pub use side_info::{Asked, FunctionFacts, SideInfo};
pub use simulate::{NullModel, SimulationConfig};
pub use variants::{Pair, PairOutcome, Variants};

use case::Case;
use two_sample::TwoSample;

/// What both sides have in common: a cell, without the factors that were left open. Two
/// sides whose function has another limit, or whose engine another default, are compared,
/// and the difference is told.
pub type Cell = sample::Cell<Combination>;

/// One of the two that are compared.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, strum::Display,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Side {
    /// What it was.
    Base,
    /// What it is to become.
    Head,
}

/// A start, for the picture of the order in which all were measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Start {
    /// When, in nanoseconds since the side's epoch; interleaved sides share one.
    pub at: u64,
    /// Round, from 1.
    pub round: u32,
    /// Headline latency in nanoseconds; none for a failure.
    pub latency: Option<u64>,
}

/// What becomes of a gate.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum GateOutcome {
    /// No gated row is worse.
    Passed,
    /// Some gated row could not be told from the margin.
    Inconclusive,
    /// Some gated row could not be judged.
    Invalid,
    /// Some gated row is worse, a cell is gone, or a budget is exceeded.
    Regressed,
}

impl GateOutcome {
    /// Its word in tables and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Two runs, compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What it was.
    pub base: SideInfo,
    /// What it is to become.
    pub head: SideInfo,
    /// What decides the outcome.
    pub gated: Vec<Metric>,
    /// The false-alarm rate over all gated rows that is kept.
    pub alpha: f64,
    /// Whether the two were measured in one run, in mirrored order; of a run and itself in an
    /// order shuffled by its seed.
    pub interleaved: bool,
    /// Every row, in the order of cells and metrics.
    pub rows: Vec<Row>,
    /// Cells on one side only.
    pub missing: Vec<Missing>,
    /// The budgets of head, judged; nothing where its scenario has none.
    pub budgets: Vec<BudgetRow>,
    /// Why the outcome is advisory and fails no build: machines or engines differ, or
    /// nothing shows that they were the same. Empty when it does.
    pub advisory: Vec<Caveat>,
    /// What a reader must know besides: bases that differ, a dirty tree, sides that
    /// were measured one after the other.
    pub notes: Vec<Caveat>,
    /// Cold starts in the order of time, by cell: base, head. No controls.
    pub order: BTreeMap<Cell, [Vec<Start>; 2]>,
    /// What becomes of it.
    pub outcome: GateOutcome,
    /// Why what alarmed did, where it was looked at after the verdict.
    pub explained: Vec<ExplainedAlarm>,
}

impl Comparison {
    /// The rows from worst to best: by verdict, gated before advisory, then by the
    /// size of the change.
    #[must_use]
    pub fn worst_first(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        let size = |row: &Row| row.ratio.map_or(f64::NEG_INFINITY, |ratio| ratio.value);
        rows.sort_by(|a, b| {
            (!a.gated, a.verdict).cmp(&(!b.gated, b.verdict)).then(size(b).total_cmp(&size(a)))
        });
        rows
    }

    /// Both sides, base first.
    #[must_use]
    pub fn sides(&self) -> [(Side, &SideInfo); 2] {
        [(Side::Base, &self.base), (Side::Head, &self.head)]
    }

    /// Whether its figures are made up.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.base.simulated || self.head.simulated
    }
}

/// What decides the outcome of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// What is gated; the rest is told.
    pub gated: Vec<Metric>,
    /// How large a change must be to matter.
    pub margins: Margins,
    /// The chance of any false alarm over all gated rows.
    pub alpha: f64,
}

/// The chance of any false alarm that a gate keeps.
pub const ALPHA: f64 = 0.05;

impl Default for Rules {
    fn default() -> Self {
        Self { gated: Metric::GATED.to_vec(), margins: Margins::default(), alpha: ALPHA }
    }
}

impl Rules {
    fn margin(&self, metric: Metric, case: &Case) -> Margin {
        let cell = case.cell.as_ref();
        let place = cell.map(|cell| (cell.pattern.as_str(), cell.step.as_str()));
        let has_daemon = !cell.is_some_and(|cell| cell.factors.is_without_daemon());
        self.margins.of(Judged { metric, function: &case.function, place, has_daemon })
    }
}

/// Compares two runs. `again` are the functions that were measured again because
/// they alarmed at first.
#[must_use]
pub fn compare(
    base: &SideData,
    head: &SideData,
    rules: &Rules,
    again: &BTreeSet<String>,
) -> Comparison {
    let mut rows = rows(base, head, rules, again);
    confirm(&mut rows, again);
    let missing = missing::missing(base, head);
    let interleaved = are_in_turns(base, head);
    let mut advisory = if interleaved { Vec::new() } else { comparability::unlike(base, head) };
    let mut notes = comparability::changed(base, head);
    // A gate is there to judge what a change does, whatever it changed.
    let otherwise = comparability::asked_otherwise(base, head);
    if interleaved { &mut notes } else { &mut advisory }.extend(otherwise);
    notes.extend(comparability::remarks(base, head));
    notes.extend(comparability::moved_otherwise(base, head).filter(|_| !interleaved));
    advisory.extend(comparability::salvaged(base, head));
    let mut comparison = Comparison {
        base: base.party.clone(),
        head: head.party.clone(),
        gated: rules.gated.clone(),
        alpha: rules.alpha,
        interleaved,
        rows,
        missing,
        budgets: budget::judge(head),
        advisory,
        notes,
        order: order(base, head),
        outcome: GateOutcome::Passed,
        explained: Vec::new(),
    };
    if !comparison.rows.iter().any(|row| row.cell.is_some()) {
        comparison.notes.push(Caveat::NothingInCommon);
    }
    if !interleaved {
        comparison.distrust(base, head, rules);
    }
    comparison.outcome = comparison.judged();
    comparison
}

/// Whether the two were measured in turns, in one measurement.
fn are_in_turns(base: &SideData, head: &SideData) -> bool {
    base.interleaved.is_some() && base.interleaved == head.interleaved
}

/// Cells that both sides have, with the rounds of each. No controls, and none that is
/// rare on both sides: a stray cold start of a warm step is too seldom to be judged.
fn shared<'a>(
    base: &'a SideData,
    head: &'a SideData,
) -> impl Iterator<Item = (&'a Cell, &'a Rounds, &'a Rounds)> {
    let regular: BTreeSet<&Cell> = base.regular().chain(head.regular()).collect();
    let measured = base.cells.iter().filter(move |(cell, _)| regular.contains(cell));
    measured.filter_map(|(cell, was)| Some((cell, was, head.cells.get(cell)?)))
}

fn rows(base: &SideData, head: &SideData, rules: &Rules, again: &BTreeSet<String>) -> Vec<Row> {
    let in_turns = are_in_turns(base, head);
    let mut changes: Vec<Vec<PartChange>> =
        shared(base, head).map(|(_, was, is)| attribution::changes(was, is, in_turns)).collect();
    attribution::adjust(changes.iter_mut().flatten());
    let mut cases = Vec::new();
    for ((cell, was, is), parts) in shared(base, head).zip(changes) {
        let again = again.contains(&cell.function);
        cases.extend(side_data::cases(cell, [was, is], &parts, in_turns, again));
    }
    for (name, was) in &base.party.functions {
        if let Some(is) = head.party.functions.get(name) {
            let evidence = TwoSample::Apart([vec![was.size as f64], vec![is.size as f64]]);
            let case = Case { function: name.clone(), evidence, ..Case::default() };
            cases.push((Metric::Size, case));
        }
    }
    judge::judge(cases, rules)
}

/// An alarm needs both looks. What did not alarm at first was not measured again, and may
/// only look worse beside what was.
fn confirm(rows: &mut [Row], again: &BTreeSet<String>) {
    let is_new = |row: &&mut Row| row.gated && !again.is_empty() && !again.contains(&row.function);
    for row in rows.iter_mut().filter(is_new).filter(|row| row.verdict == Verdict::Regressed) {
        row.verdict = Verdict::Inconclusive;
        row.reason = Some(Reason::NoAlarmBefore);
    }
}

fn order(base: &SideData, head: &SideData) -> BTreeMap<Cell, [Vec<Start>; 2]> {
    let cold = shared(base, head).filter(|(cell, ..)| cell.temperature == Temperature::Cold);
    cold.map(|(cell, was, is)| (cell.clone(), [was.starts.clone(), is.starts.clone()])).collect()
}

impl Comparison {
    /// Sides that were measured one after the other met two moods of the machine. The
    /// null container was measured with each: where it changed, a change of a time is
    /// not the function's; where there is none, nobody knows.
    fn distrust(&mut self, base: &SideData, head: &SideData, rules: &Rules) {
        self.notes.push(Caveat::OneAfterTheOther);
        let floors = floors(base, head);
        if floors.is_empty() && self.rows.iter().any(|row| row.metric.is_time()) {
            self.advisory.push(Caveat::NoNullContainer);
        }
        let moved = floors.into_iter().find(|(_, ratio)| {
            let most = 1.0 + rules.margins.share;
            ratio.interval.is_some_and(|(low, high)| low < 1.0 / most || high > most)
        });
        let Some((factors, ratio)) = moved else { return };
        let proved = ratio.interval.is_none_or(|(low, high)| low > 1.0 || 1.0 > high);
        self.notes.push(Caveat::NullContainer { factors, ratio, proved });
        // No mood of the machine makes a function fail.
        let fails = |row: &Row| {
            let failures = |of: &SideData| Some(of.cells.get(row.cell.as_ref()?)?.failures());
            let both = failures(head).zip(failures(base));
            both.is_some_and(|(head, base)| proportions::more_often(head, base) <= rules.alpha)
        };
        let judged = [Verdict::Regressed, Verdict::Improved];
        for row in self.rows.iter_mut().filter(|row| row.metric.is_time()) {
            if judged.contains(&row.verdict) && !fails(row) {
                row.verdict = Verdict::Inconclusive;
                row.reason = Some(Reason::MachineChanged(proved));
            }
        }
    }

    /// Adds functions that one side does not have at all.
    pub fn lack(&mut self, functions: &[String], lacks: Side) {
        let missing =
            |name: &String| Missing { function: name.clone(), cell: None, lacks, why_cold: None };
        self.missing.extend(functions.iter().map(missing));
        self.outcome = self.judged();
    }

    fn judged(&self) -> GateOutcome {
        let any = |verdict: Verdict| self.rows.iter().any(|r| r.gated && r.verdict == verdict);
        let gone = self.missing.iter().any(|missing| missing.lacks == Side::Head);
        let invalid = !self.base.is_valid() || !self.head.is_valid();
        // Two runs that share no cell at all are of different things: nothing is gone.
        let budget = |is| self.budgets.iter().any(|row| row.verdict == is);
        let is_decided = self.rows.iter().any(|row| row.gated)
            || !self.budgets.is_empty() && self.rows.iter().any(|row| row.cell.is_some())
            || gone && self.rows.iter().any(|row| row.cell.is_some());
        if invalid || !is_decided {
            GateOutcome::Invalid
        } else if gone || any(Verdict::Regressed) || budget(BudgetVerdict::Over) {
            GateOutcome::Regressed
        } else if any(Verdict::Invalid) {
            GateOutcome::Invalid
        } else if any(Verdict::Inconclusive) || budget(BudgetVerdict::Unclear) {
            GateOutcome::Inconclusive
        } else {
            GateOutcome::Passed
        }
    }

    /// The functions with a gated row that alarms.
    #[must_use]
    pub fn alarmed(&self) -> BTreeSet<String> {
        let alarmed = self.rows.iter().filter(|r| r.gated && r.verdict == Verdict::Regressed);
        alarmed.map(|row| row.function.clone()).collect()
    }
}

/// The null container of both sides under each combination of factors.
fn floors(base: &SideData, head: &SideData) -> Vec<(Combination, Estimate)> {
    let floor =
        |cell: &&Cell| cell.control.is_some_and(|control| control.is_floor_of(Floor::Engine));
    let shared = base.cells.keys().filter(floor).filter_map(|cell| {
        let values =
            |of: &SideData| Some(of.cells.get(cell)?.rounds.iter().map(|r| r.total).collect());
        let (was, is): (Vec<f64>, Vec<f64>) = (values(base)?, values(head)?);
        Some((cell.factors.clone(), hodges_lehmann::ratio(&is, &was)?))
    });
    shared.collect()
}

#[cfg(test)]
mod tests;
