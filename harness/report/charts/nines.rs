//! The tail of warm calls, on an axis that gives every nine the same room.

use anyhow::Result;

use super::axis::{Frame, Scale, labelled, left_of_field};
use super::labels::spread;
use super::legend::{self, Entry};
use super::sheet::{Align, Sheet, Words};
use super::{Composed, Data, Paper, Place, Series, palette};
use crate::report::words::DASH;
use crate::stats::{Quantile, RankedValue};
use crate::text::units::{NS_PER_MS, format_ms};

const NS_PER_US: f64 = 1e3;

/// From the top of the field to the lower edge of the paper.
const FIELD: f64 = 374.0;
/// Names wider than this, in pixels, stand above the field.
const WIDEST: f64 = 200.0;

/// Composes the chart; none without two warm successes of one function.
pub(super) fn compose(place: &Place, series: &[Series]) -> Result<Option<Composed>> {
    let curves: Vec<(&Series, Vec<f64>)> =
        series.iter().map(|s| (s, sorted_us(s))).filter(|(_, us)| !us.is_empty()).collect();
    let values = curves.iter().flat_map(|(_, us)| us.iter().copied());
    let Some(y) = Scale::log_about(values) else { return Ok(None) };
    // 1 - 1/n is the last quantile that n rows can speak of.
    let most = curves.iter().map(|(s, _)| s.summary.latency.n).max().unwrap_or(1);
    if most < 2 {
        return Ok(None);
    }
    let title = place.title("Warm latency, out to the tail");
    let mut sheet = Sheet::new(place.paper.width(), 0.0);
    let width = |s: &Series| super::sheet::width(&s.name, 12.0, true);
    let widest = curves.iter().map(|(s, _)| width(s)).fold(0.0, f64::max);
    let beside = place.paper == Paper::Wide && widest <= WIDEST;
    let names: Vec<Entry> = curves.iter().map(|(s, _)| Entry::name(s.position, &s.name)).collect();
    let top = if beside { 66.0 } else { 68.0 + legend::height(&sheet, &names) };
    sheet.height = top + FIELD.max(64.0 + 18.0 * if beside { curves.len() as f64 } else { 0.0 });
    let ticks = labelled(&y);
    let frame = Frame {
        left: left_of_field(place.paper, &ticks),
        right: sheet.width - if beside { 40.0 + widest } else { sheet.margin() + 8.0 },
        top,
        bottom: sheet.height - 52.0,
        x: Scale::Log { min: 1.0, max: most as f64 },
        y,
    };
    sheet.heading(&title, &format!("{}; each line ends at 1 - 1/n", place.subtitle(series)));
    frame.x_axis(&mut sheet, &ticks_of(&frame, most), "percentile (each nine takes the same room)");
    frame.y_axis(&mut sheet, &ticks, "latency, us (log)");
    let ends: Vec<(&Series, (f64, f64))> =
        curves.iter().filter_map(|(s, us)| Some((*s, curve(&mut sheet, &frame, s, us)?))).collect();
    for (series, end) in &ends {
        palette::marker(&mut sheet, series.position, *end, 4.0, true);
    }
    if beside {
        label(&mut sheet, &frame, &ends);
    } else {
        legend::draw(&mut sheet, &names, 54.0);
    }
    let (caption, data) = (caption(series), data(series));
    Ok(Some(Composed { name: "warm", title, caption, data, sheet }))
}

/// A warm call is too short for milliseconds.
fn sorted_us(series: &Series) -> Vec<f64> {
    series.sorted_ns().into_iter().map(|ns| ns as f64 / NS_PER_US).collect()
}

/// Three figures, no unit.
fn us(ns: f64) -> String {
    // The one place that rounds takes a thousand times as much for its unit.
    format_ms(ns * NS_PER_MS / NS_PER_US)
}

fn level(level: RankedValue) -> String {
    level.ns().map_or("failed".to_owned(), us)
}

/// `72.9 (72.5–73.6)`; the interval as far as there is one.
fn quantile(quantile: &Quantile) -> String {
    let Some(value) = quantile.value.map(level) else { return DASH.to_owned() };
    match quantile.interval {
        Some(i) => format!("{value} ({}–{})", level(i.low), level(i.high)),
        None => value,
    }
}

fn maximum(ns: Option<u64>) -> String {
    ns.map_or(DASH.to_owned(), |ns| us(ns as f64))
}

fn data(series: &[Series]) -> Data {
    let columns = ["function", "n", "failed", "p50, us (95 %)", "p90, us (95 %)"];
    let tail = ["p95, us (95 %)", "p99, us (95 %)", "max, us"];
    let mut data = Data::new(columns.into_iter().chain(tail));
    for s in series {
        let latency = &s.summary.latency;
        let mut row = vec![s.name.clone(), latency.n.to_string(), latency.failed.to_string()];
        row.extend(latency.quantiles().iter().map(quantile));
        row.push(maximum(latency.max));
        data.row(row);
    }
    data
}

/// The percentiles; nought gives way to the median where both have no room.
fn ticks_of(frame: &Frame, most: usize) -> Vec<(f64, String)> {
    let mut ticks = percents(most);
    if frame.x_of(2.0) - frame.x_of(1.0) < 40.0 {
        ticks[0].1 = String::new();
    }
    ticks
}

/// The values at 1/(1-q): 1, 2, 10, 100 ... as percentiles.
fn percents(n: usize) -> Vec<(f64, String)> {
    let mut ticks = vec![(1.0, "0 %".to_owned()), (2.0, "50 %".to_owned())];
    let mut inverse = 10_usize;
    while inverse <= n {
        let nines = inverse.ilog10() as usize;
        let text = format!("{:.*} %", nines.saturating_sub(2), 100.0 - 100.0 / inverse as f64);
        ticks.push((inverse as f64, text));
        inverse = inverse.saturating_mul(10);
    }
    ticks
}

/// One function's line; gives where it ends.
fn curve(sheet: &mut Sheet, frame: &Frame, series: &Series, us: &[f64]) -> Option<(f64, f64)> {
    let n = series.summary.latency.n as f64;
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (rank, us) in us.iter().enumerate() {
        let at = frame.point(n / (n - rank as f64), *us);
        // Half a pixel is all that can be seen.
        let last = points.last().copied();
        if rank + 1 == series.rows.len() || last.is_none_or(|l| moved(l, at) >= 0.5) {
            points.push(at);
        }
    }
    palette::stroke(sheet, series.position, &points);
    points.last().copied()
}

fn moved(from: (f64, f64), to: (f64, f64)) -> f64 {
    (to.0 - from.0).abs().max((to.1 - from.1).abs())
}

fn label(sheet: &mut Sheet, frame: &Frame, ends: &[(&Series, (f64, f64))]) {
    let heights: Vec<f64> = ends.iter().map(|(_, at)| at.1).collect();
    let placed = spread(&heights, &vec![17.0; ends.len()], frame.top, frame.bottom);
    for ((series, end), y) in ends.iter().zip(placed) {
        let tint = palette::tint(series.position, 0.6);
        sheet.line(vec![*end, (frame.right + 10.0, y)], tint, 1.0);
        let at = (frame.right + 16.0, y);
        sheet.words(Words::new(&series.name, at, Align::Left).bold());
    }
}

fn caption(series: &[Series]) -> String {
    let parts: Vec<String> = series
        .iter()
        .map(|s| {
            let median = s.summary.median().map_or("failed".to_owned(), us);
            format!("{} {median} at the median, {} at most", s.name, maximum(s.summary.latency.max))
        })
        .collect();
    format!("Warm latency in us: {}.", parts.join("; "))
}
