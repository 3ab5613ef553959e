//! What the forest plot draws, in figures. The metrics of its rows differ, and so do
//! their units: each value carries its own.

use super::line::{self, Line, metric_name};
use super::unit;
use crate::chart::Data;
use crate::chart::cell_labels::Differing;
use crate::chart::{DASH, plain};
use crate::compare::Row;
use crate::stats::hodges_lehmann::Estimate;

const COLUMNS: [&str; 10] = [
    "function",
    "what",
    "base, median",
    "head, median",
    "change",
    "95 % interval, low",
    "95 % interval, high",
    "margin",
    "p (adjusted)",
    "verdict",
];

/// Every row that decides or has an interval, the worst first, be it drawn or not.
pub(crate) fn data(rows: &[&Row], differing: &Differing) -> Data {
    Data {
        columns: COLUMNS.map(str::to_owned).to_vec(),
        rows: rows.iter().map(|row| figures(rows, row, differing)).collect(),
    }
}

fn figures(rows: &[&Row], row: &Row, differing: &Differing) -> Vec<String> {
    let (clock, unit) = (line::clock(rows, row.metric), unit(row.metric));
    let mut what = vec![metric_name(row.metric).to_owned()];
    what.extend(row.cell.iter().flat_map(|cell| differing.of(cell)));
    let line = Line::new(row, unit, 0, String::new(), clock);
    let text = |value: f64| format!("{} {}", unit.text(value), unit.name());
    let of = |part: &dyn Fn(Estimate) -> Option<f64>| {
        line.change.and_then(part).map_or_else(|| DASH.to_owned(), text)
    };
    let margin = unit.margin(row).map(|margin| text(unit.zero() + margin));
    vec![
        plain(&row.function),
        what.join(" · "),
        line::median(row, &row.base, clock),
        line::median(row, &row.head, clock),
        of(&|change| Some(change.value)),
        of(&|change| change.interval.map(|(low, _)| low)),
        of(&|change| change.interval.map(|(_, high)| high)),
        margin.map_or_else(|| DASH.to_owned(), |m| m.trim_start_matches('+').to_owned()),
        p(row.adjusted_p.or(row.p)),
        line.verdict().to_owned(),
    ]
}

/// `0.0310`, `<0.0001`.
fn p(value: Option<f64>) -> String {
    match value {
        Some(p) if p < 0.0001 => "<0.0001".to_owned(),
        Some(p) if p.is_finite() => format!("{p:.4}"),
        _ => DASH.to_owned(),
    }
}
