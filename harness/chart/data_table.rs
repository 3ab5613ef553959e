//! What a chart draws, as a table for those who cannot see it or want the figures: no
//! more than the rows can speak of.

use super::{DASH, Series, level, maximum};
use crate::stats;

/// The figures of a chart.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Data {
    /// Headings, with units.
    pub(crate) columns: Vec<String>,
    /// As many values a row as there are columns.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Data {
    /// With headings.
    pub(crate) fn new<T: Into<String>>(columns: impl IntoIterator<Item = T>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row, of as many values as there are columns.
    pub(crate) fn row(&mut self, row: Vec<String>) {
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows.push(row);
    }
}

/// What is before the figures of a function's latencies: its name, rows and failures.
pub(crate) fn counts(series: &Series) -> Vec<String> {
    let latency = &series.summary.latency;
    vec![series.name.clone(), latency.n.to_string(), latency.failed.to_string()]
}

/// How each function's latencies are spread. A quantile that the rows do not support
/// is a dash; one among the failures says so.
pub(crate) fn latencies(series: &[Series]) -> Data {
    const QUANTILES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];
    let quantiles = QUANTILES.map(|q| format!("p{:.0}, ms", 100.0 * q));
    let ends = ["function", "n", "failed", "min, ms"].map(str::to_owned);
    let mut data = Data::new(ends.into_iter().chain(quantiles).chain(["max, ms".to_owned()]));
    for s in series {
        let latency = &s.summary.latency;
        let sorted = s.sorted_ns();
        let quantile = |q| stats::quantile(&sorted, latency.failed, q).map_or(DASH.into(), level);
        let mut row = counts(s);
        row.push(maximum(latency.min));
        row.extend(QUANTILES.map(quantile));
        row.push(maximum(latency.max));
        data.row(row);
    }
    data
}
