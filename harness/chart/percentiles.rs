//! The tail of warm calls, on an axis that gives every nine the same room.

use super::kit::axis::{Axis, Frame, Scale};
use super::kit::canvas::Canvas;
use super::kit::mark;
use super::kit::plot::{Edge, Name, Plot};
use super::{ChartContext, ChartSpec, DASH, Data, Layout, Series, data_table};
use crate::sample::Temperature;
use crate::spec::scenario::LoadShape;
use crate::stats::{Quantile, RankedValue};
use crate::text::units::{NS_PER_MS, format_ms};

pub(crate) const HOW_TO_READ: &str = "";

const NS_PER_US: f64 = 1e3;

/// The height of the field, in pixels.
const FIELD: f64 = 322.0;

/// Composes the chart; none without two warm successes of one function.
pub(crate) fn compose(context: &ChartContext) -> Option<ChartSpec> {
    // The steady caller's cell before a burst's, then the one of most rows.
    let series = context.best(|s| {
        let steady = u64::from(matches!(s.cell.act, LoadShape::Sequence(_)));
        (s.cell.temperature == Temperature::Warm).then_some(steady << 40 | s.latency.n as u64)
    });
    let curves: Vec<(&Series, Vec<f64>)> =
        series.iter().map(|s| (s, sorted_us(s))).filter(|(_, us)| !us.is_empty()).collect();
    let y = Scale::log_about(curves.iter().flat_map(|(_, us)| us.iter().copied()))?;
    // 1 - 1/n is the last quantile that n rows can speak of.
    let most = curves.iter().map(|(s, _)| s.summary.latency.n).max().filter(|n| *n >= 2)?;
    let title = context.title("Warm latency, out to the tail");
    let x = Axis::new(
        Scale::Log { min: 1.0, max: most as f64 },
        "percentile (each nine takes the same room)",
    );
    let name = |(s, _): &(&Series, _)| Name { position: s.position, text: s.name.clone() };
    let plot = Plot {
        title: title.clone(),
        subtitle: format!("{}; each line ends at 1 - 1/n", context.subtitle(&series)),
        legend: Vec::new(),
        names: curves.iter().map(name).collect(),
        note: "",
        edge: Edge::Right,
        x: x.with(percents(most, context.layout)),
        fields: vec![(Axis::new(y, "latency, us (log)"), FIELD)],
    };
    let mut plot = plot.draw(context.layout, |_, _| ());
    let frame = plot.frame();
    let ends: Vec<(f64, f64)> =
        curves.iter().map(|(s, us)| curve(&mut plot.canvas, &frame, s, us)).collect();
    for ((series, _), end) in curves.iter().zip(&ends) {
        mark::marker(&mut plot.canvas, series.position, *end, 4.0, true);
    }
    let canvas = plot.named(&ends);
    Some(ChartSpec { title, caption: caption(&series), data: data(&series), canvas })
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
        let mut row = data_table::counts(s);
        row.extend(s.summary.latency.quantiles().iter().map(quantile));
        row.push(maximum(s.summary.latency.max));
        data.row(row);
    }
    data
}

/// The values at 1/(1-q): 1, 2, 10, 100 ... as percentiles. Nought gives way to the
/// median where both have no room.
fn percents(n: usize, layout: Layout) -> Vec<(f64, String)> {
    let fits = if layout == Layout::Wide { 500_000 } else { 100 };
    let nought = if n > fits { String::new() } else { "0 %".to_owned() };
    let mut ticks = vec![(1.0, nought), (2.0, "50 %".to_owned())];
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
fn curve(canvas: &mut Canvas, frame: &Frame, series: &Series, us: &[f64]) -> (f64, f64) {
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
    mark::dashed_line(canvas, series.position, &points);
    points.last().copied().unwrap_or((frame.right, frame.bottom))
}

fn moved(from: (f64, f64), to: (f64, f64)) -> f64 {
    (to.0 - from.0).abs().max((to.1 - from.1).abs())
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
