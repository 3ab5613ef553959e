//! What share of cold starts was answered within a time.

use super::kit::axis::{Axis, Frame, Scale};
use super::kit::canvas::Canvas;
use super::kit::colour::Colour;
use super::kit::mark;
use super::kit::plot::{Edge, Name, Plot};
use super::{ChartContext, ChartSpec, Series, data_table};
use crate::sample::Temperature;
use crate::spec::scenario::LoadShape;
use crate::stats;
use crate::text::units::{NS_PER_MS, format_ms};

pub(crate) const HOW_TO_READ: &str = "A line further left is faster, a steeper one is steadier.";

/// The height of the field, in pixels.
const FIELD: f64 = 312.0;

/// Of the cold cells that answer the question.
pub(crate) fn single(context: &ChartContext) -> Option<ChartSpec> {
    compose(context, context.cold())
}

/// Of each function's largest burst of more than one.
pub(crate) fn burst(context: &ChartContext) -> Option<ChartSpec> {
    let size = |s: &stats::Summary| match s.cell.act {
        LoadShape::Burst(n) if n > 1 && s.cell.temperature == Temperature::Cold => Some(n.into()),
        _ => None,
    };
    compose(context, context.best(size))
}

/// Composes the chart; none without a success.
fn compose(context: &ChartContext, series: Vec<Series>) -> Option<ChartSpec> {
    let x = Scale::log_about(series.iter().flat_map(Series::sorted_ms))?;
    let title = context.title(&format!("Cold start of {}", what(&series)));
    // The fastest first, as on the axis.
    let mut drawn: Vec<&Series> =
        series.iter().filter(|s| s.summary.latency.min.is_some()).collect();
    let rank = |s: &Series| s.summary.median().unwrap_or(f64::INFINITY);
    drawn.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
    let percents = [0.0, 25.0, 50.0, 75.0, 100.0].map(|p| (p, format!("{p} %")));
    let y = Axis::new(Scale::Linear { min: 0.0, max: 100.0 }, "share answered");
    let plot = Plot {
        title: title.clone(),
        subtitle: context.subtitle(&series),
        legend: Vec::new(),
        names: drawn.iter().map(|s| Name { position: s.position, text: text(s) }).collect(),
        note: "p50, ms:",
        edge: Edge::Top,
        x: Axis::new(x, "latency from the intended instant, ms (log)"),
        fields: vec![(y.with(percents.to_vec()), FIELD)],
    };
    let mut plot = plot.draw(context.layout, |_, _| ());
    let frame = plot.frame();
    let ends: Vec<(f64, f64)> = drawn.iter().map(|s| curve(&mut plot.canvas, &frame, s)).collect();
    let canvas = plot.named(&ends);
    let caption = caption(&series);
    Some(ChartSpec { title, caption, data: data_table::latencies(&series), canvas })
}

/// A name with its median, ms.
fn text(series: &Series) -> String {
    match series.summary.median() {
        Some(ns) => format!("{} {}", series.name, format_ms(ns)),
        None => series.name.clone(),
    }
}

/// `one call` or `a burst of 4`.
fn what(series: &[Series]) -> String {
    match series.first().map(|s| s.summary.cell.act) {
        Some(LoadShape::Burst(n)) if n > 1 => format!("a burst of {n}"),
        _ => "one call".to_owned(),
    }
}

/// The steps of one function, which has a success; gives where they end.
fn curve(canvas: &mut Canvas, frame: &Frame, series: &Series) -> (f64, f64) {
    let sorted = series.sorted_ms();
    // Failures count: a line that stops short of 100 % shows them.
    let share = |answered: usize| 100.0 * answered as f64 / series.summary.latency.n as f64;
    let mut points: Vec<(f64, f64)> =
        sorted.first().map(|ms| frame.point(*ms, 0.0)).into_iter().collect();
    for (answered, ms) in sorted.iter().enumerate() {
        points.push(frame.point(*ms, share(answered)));
        points.push(frame.point(*ms, share(answered + 1)));
    }
    mark::dashed_line(canvas, series.position, &points);
    if let Some(median) = series.summary.median() {
        let at = frame.point(median / NS_PER_MS, 50.0);
        let colour = Colour::function(series.position);
        canvas.line(vec![(at.0, frame.bottom), (at.0, frame.bottom - 8.0)], colour, 2.0);
        mark::marker(canvas, series.position, at, 5.0, true);
    }
    points.last().copied().unwrap_or((frame.right, frame.top))
}

fn caption(series: &[Series]) -> String {
    let mut medians: Vec<(&Series, f64)> =
        series.iter().filter_map(|s| Some((s, s.summary.latency.p50.value?.ns()?))).collect();
    medians.sort_by(|a, b| a.1.total_cmp(&b.1));
    let of = |s: &Series| {
        format!("{} {} ms", s.name, s.summary.median().map(format_ms).unwrap_or_default())
    };
    match medians.as_slice() {
        [] => "No median: most rows failed.".to_owned(),
        [(only, _)] => format!("Median {}.", of(only)),
        [(fast, a), .., (slow, b)] => {
            let times = stats::ratio(*b, *a);
            let times = times.map_or_else(String::new, |t| format!(": {t:.2} times as long"));
            format!("Fastest at the median is {}, slowest {}{times}.", of(fast), of(slow))
        }
    }
}
