//! How the cold starts of a function are spread: every one of them, and where they
//! gather.

use super::kit::axis::{Axis, Frame, Scale};
use super::kit::canvas::Canvas;
use super::kit::colour::{Colour, INK};
use super::kit::legend::{self, LegendEntry, Symbol};
use super::kit::mark;
use super::kit::rows::{self, Row as Texts, RowPlot};
use super::kit::text::Text;
use super::{ChartContext, ChartSpec, DASH, Data, Series, data_table, level};
use crate::stats::{self, density};
use crate::text::units::{NS_PER_MS, format_ms};

pub(crate) const HOW_TO_READ: &str = "Each curve is as high as its own peak; whether a second \
                                      hump is more than chance is not tested.";

/// Of a function: its curve, its starts and the gap to the next.
const CURVE: f64 = 38.0;
/// Where no function has a curve.
const NO_CURVE: f64 = 10.0;
/// Where the starts lie, below the base of the curve.
const STRIP: f64 = 22.0;
const GAP: f64 = 12.0;
/// Starts that are drawn of a function, about; more are thinned out evenly.
const MOST_MARKS: usize = 400;
/// Starts that a curve is drawn from, about.
const MOST_VALUES: usize = 2_000;
/// Places at which a curve is known.
const STEPS: usize = 160;

/// A function and what is drawn of it; milliseconds.
struct Row<'a> {
    series: &'a Series<'a>,
    sorted: Vec<f64>,
    /// p25, p50, p75; none where there are too few starts, or they failed.
    quarters: Option<[f64; 3]>,
}

impl Row<'_> {
    /// The middle half, as a share of the median.
    fn width(&self) -> Option<f64> {
        self.quarters.and_then(|[low, median, high]| stats::ratio(high - low, median))
    }
    /// Its name, and its figures.
    fn texts(&self) -> Texts {
        let median = self.series.summary.median().map(|ns| format!("p50 {} ms", format_ms(ns)));
        let half =
            self.quarters.map(|[low, _, high]| format!("middle half {} to {}", of(low), of(high)));
        let figures: Vec<String> = median.into_iter().chain(half).collect();
        let mut texts = Texts::new(Text::new(&self.series.name).bold());
        texts.note = Some(Text::note(figures.join(", ")));
        texts
    }
}

/// Composes the chart; none without a success.
pub(crate) fn compose(context: &ChartContext) -> Option<ChartSpec> {
    let series = context.cold();
    let rows: Vec<Row> = series.iter().map(row).filter(|row| !row.sorted.is_empty()).collect();
    let x = Scale::log_about(rows.iter().flat_map(|row| row.sorted.iter().copied()))?;
    let x = Axis::new(x, "latency from the intended instant, ms (log)");
    let title = context.title("Cold starts, every one");
    let mut canvas = Canvas::new(context.layout);
    let top = canvas.heading(&title, &subtitle(context, &series, &rows)) + 6.0;
    let mut top = legend::draw(&mut canvas, &legend(), top) + 12.0;
    let curved = rows.iter().any(|row| row.quarters.is_some());
    let height = if curved { CURVE } else { NO_CURVE };
    let layout = RowPlot::above(&canvas);
    let frame = layout.frame(x.scale);
    for row in &rows {
        let grid = |canvas: &mut Canvas, top| {
            rows::grid(canvas, &frame, &x, (top, top + height + STRIP));
        };
        let begins = layout.texts(&mut canvas, &row.texts(), (top, height), None, grid);
        let base = begins + height;
        top = base + STRIP;
        draw(&mut canvas, &frame, row, base);
        top += GAP;
    }
    canvas.height = rows::axis(&mut canvas, &frame, &x, top);
    Some(ChartSpec { title, caption: caption(&rows), data: data(&rows), canvas })
}

fn row<'a>(series: &'a Series<'a>) -> Row<'a> {
    let ns = series.sorted_ns();
    let failed = series.summary.latency.failed;
    let at = |q: f64| Some(stats::quantile(&ns, failed, q)?.ns()? / NS_PER_MS);
    let quarters = || Some([at(0.25)?, at(0.5)?, at(0.75)?]);
    Row { series, sorted: series.sorted_ms(), quarters: quarters() }
}

fn legend() -> Vec<LegendEntry> {
    let start = Symbol::Drawn(8.0, |canvas, (x, y)| start(canvas, (x + 4.0, y), 0));
    vec![
        LegendEntry::meaning(start, "one start"),
        LegendEntry::meaning(Symbol::Line(INK, 4.0), "middle half"),
        LegendEntry::meaning(Symbol::Every(true), "median"),
    ]
}

/// A start: narrow, for they lie close.
fn start(canvas: &mut Canvas, (x, y): (f64, f64), position: usize) {
    canvas.line(vec![(x, y - 3.5), (x, y + 3.5)], Colour::function(position), 1.5);
}

/// Above and below a base.
fn draw(canvas: &mut Canvas, frame: &Frame, row: &Row, base: f64) {
    let position = row.series.position;
    curve(canvas, frame, row, base);
    let step = step(row);
    for (i, ms) in row.sorted.iter().enumerate().step_by(step) {
        // The golden ratio spreads neighbours evenly, the same ones every time.
        let height = ((i / step) as f64 * 0.618_033_988_75).fract();
        start(canvas, (frame.x_of(*ms), base + 10.0 + (STRIP - 10.0) * height), position);
    }
    canvas.line(vec![(frame.left, base), (frame.right, base)], Colour::tint(position, 0.4), 1.0);
    if let Some([low, _, high]) = row.quarters {
        canvas.line(vec![(frame.x_of(low), base), (frame.x_of(high), base)], INK, 4.0);
    }
    if let Some(median) = row.series.summary.median() {
        let at = (frame.x_of(median / NS_PER_MS), base);
        mark::marker(canvas, position, at, 5.5, true);
    }
}

/// The density of the logarithms, so that its area is even on the axis; as high as the
/// row whatever its peak. Gaussian kernel, bandwidth by [`density::bandwidth`].
fn curve(canvas: &mut Canvas, frame: &Frame, row: &Row, base: f64) {
    // As few starts as have no quartiles have no shape either.
    if row.quarters.is_none() {
        return;
    }
    let logs: Vec<f64> = row.sorted.iter().filter(|ms| **ms > 0.0).map(|ms| ms.ln()).collect();
    let Some(bandwidth) = density::bandwidth(&logs) else { return };
    let Scale::Log { min, max } = frame.x else { return };
    // The values are sorted: an even choice of them has the same shape.
    let logs: Vec<f64> = logs.iter().copied().step_by(logs.len().div_ceil(MOST_VALUES)).collect();
    let place = |i: usize| min * (max / min).powf(i as f64 / STEPS as f64);
    let heights: Vec<(f64, f64)> =
        (0..=STEPS).map(|i| (place(i), density::at(&logs, bandwidth, place(i).ln()))).collect();
    let peak = heights.iter().map(|(_, height)| *height).fold(0.0, f64::max);
    if peak <= 0.0 {
        return;
    }
    let mut outline: Vec<(f64, f64)> = heights
        .into_iter()
        .map(|(ms, height)| (frame.x_of(ms), base - CURVE * height / peak))
        .collect();
    let position = row.series.position;
    let top = outline.clone();
    outline.extend([(frame.right, base), (frame.left, base)]);
    canvas.area(outline, Colour::tint(position, 0.25));
    canvas.line(top, Colour::function(position), 1.5);
}

fn of(ms: f64) -> String {
    format_ms(ms * NS_PER_MS)
}

/// Every how manieth start is drawn.
fn step(row: &Row) -> usize {
    row.sorted.len().div_ceil(MOST_MARKS).max(1)
}

fn subtitle(context: &ChartContext, series: &[Series], rows: &[Row]) -> String {
    let thinned = match rows.iter().map(step).max() {
        Some(step) if step > 1 => format!("; of many starts one in up to {step} is drawn"),
        _ => String::new(),
    };
    format!("{}{thinned}", context.subtitle(series))
}

fn caption(rows: &[Row]) -> String {
    let mut widths: Vec<(&Row, f64)> =
        rows.iter().filter_map(|row| Some((row, row.width()?))).collect();
    widths.sort_by(|a, b| a.1.total_cmp(&b.1));
    let of = |(row, width): &(&Row, f64)| {
        format!("{:.1} % of the median of {}", 100.0 * width, row.series.name)
    };
    let spread = match widths.as_slice() {
        [] if rows.iter().any(|row| row.quarters.is_some()) => {
            return "The medians are no time at all: there is no spread to compare with them."
                .to_owned();
        }
        [] => {
            return "Too few answered starts for quartiles: every mark is one of them.".to_owned();
        }
        [only] => format!("The middle half of the starts spans {}", of(only)),
        [least, .., most] => {
            format!("The middle half of the starts spans from {} to {}", of(least), of(most))
        }
    };
    format!("{spread}.")
}

fn data(rows: &[Row]) -> Data {
    let columns = ["function", "n", "failed", "p25, ms", "p50, ms", "p75, ms"];
    let widths = ["p75 - p25, ms", "p75 - p25, % of p50", "p90 / p50"];
    let mut data = Data::new(columns.into_iter().chain(widths));
    for row in rows {
        let latency = &row.series.summary.latency;
        let [low, middle, high] = row.quarters.map_or_else(
            || [DASH.to_owned(), latency.p50.value.map_or(DASH.to_owned(), level), DASH.to_owned()],
            |quarters| quarters.map(of),
        );
        let half = row.quarters.map(|[low, _, high]| of(high - low));
        let ratio = || stats::ratio(latency.p90.value?.ns()?, latency.p50.value?.ns()?);
        let or_dash = |value: Option<String>| value.unwrap_or(DASH.to_owned());
        let mut figures = data_table::counts(row.series);
        figures.extend([
            low,
            middle,
            high,
            or_dash(half),
            or_dash(row.width().map(|width| format!("{:.1}", 100.0 * width))),
            or_dash(ratio().map(|ratio| format!("{ratio:.2}"))),
        ]);
        data.row(figures);
    }
    data
}

#[cfg(test)]
mod tests;
