//! How far apart what makes instances is, where several do: the nodes of a fleet, the daemons
//! of a run.

use crate::analysis::Analysis;
use crate::report::document::{Cell, Column};
use crate::sample::Cell as Measured;
use crate::spec::factor::Factors;
use crate::stats::hodges_lehmann::{self, Estimate};
use crate::stats::{self, Summary};
use crate::store::Run;
use crate::text::units::format_ns;
use crate::words::{DASH, subject};

/// The columns of such a table; the last says against which one.
pub(super) const fn columns(against: &'static str) -> [Column<'static>; 3] {
    [
        Column::new("function").names(),
        Column::new("p50").ms().interval(crate::report::document::Importance::Key),
        Column::new(against),
    ]
}

/// A row a cold cell of each function under each of several: those are alike whose factors are,
/// but for the one that `but` takes away.
pub(super) fn rows(analysis: &Analysis, but: impl Fn(Factors) -> Factors) -> Vec<Vec<Cell>> {
    let run = analysis.run;
    let all = analysis.headline();
    let alike = |cell: &Measured| (cell.function.clone(), but(cell.factors.clone()));
    let row = |summary: &&Summary| {
        let own = alike(&summary.cell);
        let place = |s: &&&Summary| run.record.scenario.factors.place(&s.cell.factors);
        let first = all.iter().filter(|s| alike(&s.cell) == own).min_by_key(place);
        let is_first = first.is_some_and(|first| first.cell == summary.cell);
        let by = first.filter(|_| !is_first).and_then(|first| {
            hodges_lehmann::difference(&latencies(run, &summary.cell), &latencies(run, &first.cell))
        });
        let told = match (is_first, by) {
            (true, _) => "the first".to_owned(),
            (false, None) => DASH.to_owned(),
            (false, Some(by)) => signed(by),
        };
        vec![
            Cell::Text(subject(run, &summary.cell)),
            Cell::Interval(summary.latency.p50),
            Cell::Figure(told),
        ]
    };
    all.iter().map(row).collect()
}

/// Latencies in nanoseconds of the rows used for inference.
fn latencies(run: &Run, cell: &Measured) -> Vec<f64> {
    let used = stats::used(&run.samples).filter(|sample| sample.cell == *cell);
    used.filter_map(|sample| sample.latency()).map(|ns| ns as f64).collect()
}

/// `+1.20 ms (0.80 ms to 1.60 ms)`.
fn signed(by: Estimate) -> String {
    let of = |ns: f64| match ns < 0.0 {
        true => format!("-{}", format_ns(-ns)),
        false => format!("+{}", format_ns(ns)),
    };
    match by.interval {
        Some((low, high)) => format!("{} ({} to {})", of(by.value), of(low), of(high)),
        None => format!("{} (too few rows for an interval)", of(by.value)),
    }
}
