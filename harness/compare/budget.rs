//! Budgets: whether what was measured of one side keeps to absolute limits.
//!
//! Judged by the 95 % interval of the median over rounds: over where all of it lies above
//! the limit, under where none of it does, else unclear. Of each function, under each
//! combination of factors, the cell that answers the question counts: a single cold call
//! before a burst, a steady warm caller before a burst.
//!
//! Why: decision 0085.

use std::collections::BTreeSet;

use super::{Cell, Round, Rounds, SideData};
use crate::cost::{Question, billed_mib};
use crate::sample::Temperature;
use crate::spec::budget::{self, Budget, Limited};
use crate::spec::factor::Combination;
use crate::spec::scenario::LoadShape;
use crate::stats::{LatencySummary, RankedValue, least_rows};
use crate::store::Run;

/// One budget of one function under some factors, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct BudgetRow {
    /// Name of the function.
    pub function: String,
    /// The cell that was judged; none for a function as a whole, or where nothing was
    /// measured.
    pub cell: Option<Cell>,
    /// What is limited.
    pub metric: Limited,
    /// Whether more than that was judged: of an init that is not told apart from its boot.
    pub whole: bool,
    /// The most, in the unit of the metric.
    pub limit: f64,
    /// Rounds that gave a value, failures included.
    pub n: usize,
    /// Those whose typical row is a failure.
    pub failed: usize,
    /// Median over the rounds; none of no value, or where it is a failure.
    pub value: Option<f64>,
    /// Its 95 % interval; an end among the failures is none.
    pub interval: Option<(f64, Option<f64>)>,
    /// What is said of it.
    pub verdict: BudgetVerdict,
    /// Why.
    pub reason: Option<BudgetReason>,
}

/// What is said of a budget.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::IntoStaticStr,
)]
#[strum(serialize_all = "lowercase")]
pub enum BudgetVerdict {
    /// The interval lies above the limit, or nothing succeeded.
    Over,
    /// The interval has the limit in it, or there is none.
    Unclear,
    /// The interval does not reach beyond the limit.
    Under,
}

impl BudgetVerdict {
    /// Its word in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Why a budget is over or unclear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BudgetReason {
    /// Nothing succeeded; why the first failed.
    Failed(Option<String>),
    /// Too few rounds for an interval.
    TooFew {
        /// Rounds that there are.
        rounds: usize,
        /// Rounds that it takes, the first not counted.
        needed: usize,
    },
    /// It was not measured.
    Unknown,
}

/// The budgets of a run's own scenario, judged; nothing where it has none.
#[must_use]
pub fn of_run(run: &Run) -> Vec<BudgetRow> {
    if run.record.scenario.budgets.is_empty() {
        return Vec::new();
    }
    judge(&SideData::of(run, String::new()))
}

/// The budgets of a side, judged, in the order of its functions.
#[must_use]
pub fn judge(side: &SideData) -> Vec<BudgetRow> {
    let mut functions: Vec<_> = side.party.functions.iter().collect();
    functions.sort_by_key(|(name, facts)| (facts.position, *name));
    let rows = functions.into_iter().flat_map(|(name, facts)| {
        let budgets = budget::of(&side.budgets, name);
        budgets.into_iter().flat_map(move |budget| match budget.metric {
            Limited::Size => vec![of_a_size(name, budget, facts.size as f64)],
            _ => of_a_function(side, name, budget),
        })
    });
    rows.collect()
}

/// What is exactly known.
fn of_a_size(function: &str, budget: &Budget, bytes: f64) -> BudgetRow {
    let verdict = if bytes > budget.limit { BudgetVerdict::Over } else { BudgetVerdict::Under };
    BudgetRow { n: 1, value: Some(bytes), verdict, ..unknown(function, budget) }
}

fn unknown(function: &str, budget: &Budget) -> BudgetRow {
    BudgetRow {
        function: function.to_owned(),
        cell: None,
        metric: budget.metric,
        whole: false,
        limit: budget.limit,
        n: 0,
        failed: 0,
        value: None,
        interval: None,
        verdict: BudgetVerdict::Unclear,
        reason: None,
    }
}

/// A row for each combination of factors.
fn of_a_function(side: &SideData, name: &str, budget: &Budget) -> Vec<BudgetRow> {
    let own = || side.cells.iter().filter(|(c, _)| c.control.is_none() && c.function == name);
    let temperature = match budget.metric {
        Limited::Warm => Temperature::Warm,
        _ => Temperature::Cold,
    };
    let factors: BTreeSet<_> = own().map(|(cell, _)| &cell.factors).collect();
    let row = |under: &Combination| {
        let of = |temperature| {
            let alike = own().filter(|(c, _)| c.factors == *under && c.temperature == temperature);
            headline(side, alike)
        };
        let judged = of(temperature);
        let values = judged.map(|(_, rounds)| values(side, budget.metric, rounds, of));
        let mut row = unknown(name, budget);
        row.cell = judged.map(|(cell, _)| cell.clone());
        let (values, whole) = values.unwrap_or_default();
        row.whole = whole;
        row.judged(&values, judged.map(|(_, rounds)| rounds));
        if row.value.is_none() && nothing_succeeded(own().filter(|(c, _)| c.factors == *under)) {
            let cause = own().find_map(|(_, rounds)| rounds.cause.clone());
            row.verdict = BudgetVerdict::Over;
            row.reason = Some(BudgetReason::Failed(cause));
        }
        row
    };
    let rows: Vec<BudgetRow> = factors.into_iter().map(row).collect();
    if rows.is_empty() {
        let reason = Some(BudgetReason::Unknown);
        return vec![BudgetRow { reason, ..unknown(name, budget) }];
    }
    rows
}

fn nothing_succeeded<'a>(cells: impl Iterator<Item = (&'a Cell, &'a Rounds)>) -> bool {
    let mut rounds = cells.flat_map(|(_, rounds)| &rounds.rounds).peekable();
    rounds.peek().is_some() && rounds.all(|round| round.total.is_infinite())
}

/// The cell that answers the question, of those that were met regularly.
fn headline<'a>(
    side: &SideData,
    cells: impl Iterator<Item = (&'a Cell, &'a Rounds)>,
) -> Option<(&'a Cell, &'a Rounds)> {
    let regular: BTreeSet<&Cell> = side.regular().collect();
    let size = |cell: &Cell| match (cell.act, cell.temperature) {
        (LoadShape::Burst(n), Temperature::Cold) => (0, n),
        (LoadShape::Burst(n), Temperature::Warm) => (1, n),
        (LoadShape::Sequence(_) | LoadShape::Arrivals, Temperature::Warm) => (0, 0),
        (LoadShape::Parallel { workers, .. }, _) => (2, workers),
        (LoadShape::Sequence(n), Temperature::Cold) => (3, n),
        (LoadShape::Arrivals, Temperature::Cold) => (4, 0),
    };
    cells.filter(|(cell, _)| regular.contains(cell)).min_by_key(|(cell, _)| size(cell))
}

/// A value a round, infinite for a failure; and whether it is more than was asked for.
fn values<'a>(
    side: &SideData,
    metric: Limited,
    rounds: &Rounds,
    of: impl Fn(Temperature) -> Option<(&'a Cell, &'a Rounds)>,
) -> (Vec<f64>, bool) {
    let each = |value: &dyn Fn(&Round) -> Option<f64>| -> Vec<f64> {
        let value = |round: &Round| {
            if round.total.is_infinite() { Some(f64::INFINITY) } else { value(round) }
        };
        rounds.rounds.iter().filter_map(value).collect()
    };
    let from_main = rounds.mostly_know(|round| round.init);
    match metric {
        Limited::Total | Limited::Warm => (each(&|round| Some(round.total)), false),
        Limited::Init if from_main => (each(&|round| round.init), false),
        Limited::Own if !rounds.mostly_know(|round| round.boot_and_init) => {
            (each(&|round| round.init), false)
        }
        Limited::Own => (each(&|round| round.boot_and_init), false),
        Limited::Init => (each(&|round| round.boot_and_init), true),
        Limited::Memory => (each(&|round| round.memory), false),
        Limited::Cost => (costs(side, rounds, of), false),
        // Known without rounds.
        Limited::Size => (Vec::new(), false),
    }
}

/// The price of a million calls, by the cold and the warm calls of each round.
fn costs<'a>(
    side: &SideData,
    cold: &Rounds,
    of: impl Fn(Temperature) -> Option<(&'a Cell, &'a Rounds)>,
) -> Vec<f64> {
    let Some((question, (cell, warm))) = side.cost.as_ref().zip(of(Temperature::Warm)) else {
        return Vec::new();
    };
    let memory = cell
        .factors
        .memory
        .or_else(|| Some(side.party.functions.get(&cell.function)?.limits.memory));
    let Some(memory) = memory.map(billed_mib) else { return Vec::new() };
    let Question { prices, architecture, cold_share, .. } = question;
    let price = |cold: &Round| {
        let warm = warm.rounds.iter().find(|round| round.number == cold.number)?;
        if cold.total.is_infinite() || warm.total.is_infinite() {
            return Some(f64::INFINITY);
        }
        let (warm, cold) = (warm.billed? as u64, cold.billed? as u64);
        Some(prices.per_million(*architecture, memory, warm, (cold, 0), *cold_share))
    };
    cold.rounds.iter().filter_map(price).collect()
}

/// Finer than any value is judged: what whole numbers stand for a price.
const PARTS: f64 = 1e9;

impl BudgetRow {
    /// Judges values against the limit.
    fn judged(&mut self, values: &[f64], rounds: Option<&Rounds>) {
        let scale = if self.metric == Limited::Cost { PARTS } else { 1.0 };
        let whole = |value: &f64| value.is_finite().then(|| (value * scale).round() as u64);
        let successes: Vec<u64> = values.iter().filter_map(whole).collect();
        self.n = values.len();
        self.failed = values.len() - successes.len();
        let median = LatencySummary::new(successes, self.failed).p50;
        let real = |of: RankedValue| of.ns().map(|value| value / scale);
        self.value = median.value.and_then(real);
        if self.n == 0 {
            self.reason = Some(BudgetReason::Unknown);
            return;
        }
        if self.failed == self.n {
            self.verdict = BudgetVerdict::Over;
            let cause = rounds.and_then(|rounds| rounds.cause.clone());
            self.reason = Some(BudgetReason::Failed(cause));
            return;
        }
        let Some(interval) = median.interval else {
            let needed = least_rows(0.5);
            self.reason = Some(BudgetReason::TooFew { rounds: self.n, needed });
            return;
        };
        let (low, high) = (real(interval.low), real(interval.high));
        self.interval = low.map(|low| (low, high));
        self.verdict = match (low, high) {
            (Some(low), _) if low > self.limit => BudgetVerdict::Over,
            (None, _) => BudgetVerdict::Over,
            (_, Some(high)) if high <= self.limit => BudgetVerdict::Under,
            _ => BudgetVerdict::Unclear,
        };
    }
}
