//! Names, figures and reasons in words, the same on every chart and page. Sentences that
//! stand on pages alone are the report's.

use crate::sample::Cell;
use crate::spec::scenario::LoadShape;
use crate::stats::{Quantile, RankedValue, Summary};
use crate::store::Run;
use crate::text::units::format_ms;

mod fleet;
mod money;
mod reasons;

pub(crate) use crate::analysis::{
    conditions, conditions_in_a_name, groups, headline, is_simulated, is_valid, members, position,
};
pub(crate) use crate::text::sanitize::{plain, shortened};

pub(crate) use fleet::shortfall;
pub(crate) use money::{money, nines, percent, rate};
pub(crate) use reasons::{changed, fault, faults, invalid, reason};

/// In place of a number that cannot be given.
pub(crate) const DASH: &str = "—";

/// Put before every title of an invalid or simulated run; empty for a good one.
pub(crate) fn warning(run: &Run) -> &'static str {
    warned(is_valid(run), is_simulated(run))
}

/// The same of what is known of one.
pub(crate) fn warned(is_valid: bool, is_simulated: bool) -> &'static str {
    match (is_valid, is_simulated) {
        (true, false) => "",
        (true, true) => "SIMULATED: ",
        (false, false) => "INVALID: ",
        (false, true) => "INVALID: SIMULATED: ",
    }
}

/// `1 round`, `20 rounds`.
pub(crate) fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// `surge/out`.
pub(crate) fn step<F>(cell: &Cell<F>) -> String {
    plain(&format!("{}/{}", cell.pattern, cell.step))
}

/// `name bridge surge/out`, or which control.
pub(crate) fn cell_name(run: &Run, cell: &Cell) -> String {
    let conditions = conditions(run, &cell.factors);
    match cell.control {
        Some(control) => format!("{control}, {conditions}"),
        None => format!("{} {conditions} {}", plain(&cell.function), step(cell)),
    }
}

/// A function, and its factors where the run has several combinations.
pub(crate) fn subject(run: &Run, cell: &Cell) -> String {
    let name = plain(&cell.function);
    if run.record.scenario.factors.combinations().len() == 1 {
        return name;
    }
    format!("{name} ({})", conditions(run, &cell.factors))
}

/// `burst 4` or `seq 200`.
pub(crate) fn act(act: LoadShape) -> String {
    match act {
        LoadShape::Burst(n) => format!("burst {n}"),
        LoadShape::Sequence(n) => format!("seq {n}"),
        LoadShape::Parallel { workers, .. } => format!("{workers} at a time"),
        LoadShape::Arrivals => "as they come".to_owned(),
    }
}

/// Milliseconds, or what stands for a failure.
pub(crate) fn level(level: RankedValue) -> String {
    level.ns().map_or_else(|| "failed".to_owned(), format_ms)
}

/// `224 (210–240)` in milliseconds; the interval as far as there is one.
pub(crate) fn quantile(quantile: &Quantile) -> String {
    let Some(value) = quantile.value else { return DASH.to_owned() };
    match quantile.interval {
        Some(i) => format!("{} ({}–{})", level(value), level(i.low), level(i.high)),
        None => level(value),
    }
}

/// Milliseconds of a maximum.
pub(crate) fn maximum(ns: Option<u64>) -> String {
    ns.map_or_else(|| DASH.to_owned(), |ns| format_ms(ns as f64))
}

/// `412x`, `1.6x`.
pub(crate) fn times(ratio: f64) -> String {
    if ratio >= 9.95 { format!("{ratio:.0}x") } else { format!("{ratio:.1}x") }
}

/// How many times the warm median a cold one is.
pub(crate) fn ratio(summary: &Summary) -> Option<f64> {
    summary.cold_to_warm.as_ref().map(|r| r.ratio)
}
