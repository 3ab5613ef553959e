//! Where the time of a typical cold start goes.

use std::collections::BTreeSet;

use super::kit::axis::{Axis, Frame, Scale};
use super::kit::canvas::Canvas;
use super::kit::colour::PAGE;
use super::kit::legend::{self, LegendEntry, Symbol};
use super::kit::rows::{self, Row, RowPlot};
use super::kit::text::Text;
use super::kit::time_unit::TimeUnit;
use super::phase_names::{self, Heights, Part};
use super::{ChartContext, ChartSpec, DASH, Data, Series};
use crate::sample::{Phase, Phases, Sample};

pub(crate) const HOW_TO_READ: &str = "Phases of one real row add up; medians of phases do not.";

const BAR: f64 = 20.0;
/// The leaders and two lines of text below a bar.
const NAMED: f64 = 41.0;
/// Between two functions.
const GAP: f64 = 14.0;
/// The least of the width that bars have beside their names.
const LEAST: f64 = 480.0;

const ENGINE: Phases = Phases { first: Phase::Create, last: Phase::Create };
const OWN: Phases = Phases { first: Phase::Boot, last: Phase::Boot };
const MIXED: Phases = Phases { first: Phase::Daemon, last: Phase::Boot };

/// A function with the row that is drawn for it.
struct Bar<'a> {
    series: &'a Series<'a>,
    phases: Vec<(Phases, u64)>,
    total: u64,
}

/// Composes the chart; none without a typical row.
pub(crate) fn compose(context: &ChartContext) -> Option<ChartSpec> {
    let series = context.cold();
    let bars: Vec<Bar> = series.iter().filter_map(|s| bar(context, s)).collect();
    let unit = TimeUnit::of(bars.iter().map(|b| b.total as f64));
    let x = Scale::from_nought(bars.iter().map(|b| b.total as f64 / unit.ns()))?;
    let x = Axis::new(x, format!("{} since the intended instant", unit.name()));
    let title = context.title("Where a cold start goes");
    let mut canvas = Canvas::new(context.layout);
    let subtitle = format!("the row nearest the median; {}", context.subtitle(&series));
    let top = canvas.heading(&title, &subtitle) + 6.0;
    let mut top = legend::draw(&mut canvas, &legend(&bars, unit), top) + GAP;
    let texts: Vec<Row> = bars.iter().map(|bar| texts(bar, unit)).collect();
    let layout = RowPlot::new(&canvas, &texts, LEAST);
    let frame = layout.frame(x.scale);
    for (bar, texts) in bars.iter().zip(&texts) {
        let end = frame.x_of(bar.total as f64 / unit.ns());
        let grid = |canvas: &mut Canvas, top| {
            rows::grid(canvas, &frame, &x, (top - 3.0, top + BAR + 4.0));
        };
        top = layout.texts(&mut canvas, texts, (top, BAR), Some(end), grid);
        let parts = draw(&mut canvas, &frame, (bar, unit), top);
        top = below(&mut canvas, &frame, &parts, top + BAR) + GAP;
    }
    canvas.height = rows::axis(&mut canvas, &frame, &x, top);
    let (caption, data) = (caption(&bars), data(&bars, unit));
    Some(ChartSpec { title, caption, data, canvas })
}

fn bar<'a>(context: &ChartContext, series: &'a Series<'a>) -> Option<Bar<'a>> {
    let sample: &Sample = context.run.samples.get(series.summary.typical?)?;
    let phases = sample.phases();
    let total = phases.iter().map(|(_, ns)| ns).sum();
    Some(Bar { series, phases, total })
}

fn texts(bar: &Bar, unit: TimeUnit) -> Row {
    let total = format!("{} {}", unit.text(bar.total as f64), unit.name());
    let name = Text::new(&bar.series.name).bold();
    Row { after: vec![Text::new(total).bold()], ..Row::new(name) }
}

/// What grey and colours mean, as far as they are there.
fn legend(bars: &[Bar], unit: TimeUnit) -> Vec<LegendEntry> {
    let spans = || bars.iter().flat_map(|bar| bar.phases.iter().map(|(span, _)| *span));
    let own = spans().any(|span| span.first >= Phase::Boot);
    let mixed = spans().any(|span| span.first < Phase::Boot && span.last >= Phase::Boot);
    let positions: BTreeSet<usize> = bars.iter().map(|bar| bar.series.position % 4).collect();
    let of = |span| positions.iter().map(|p| phase_names::colour(*p, span, 0)).collect();
    let squares = |colours, text: &str| LegendEntry::meaning(Symbol::Squares(colours), text);
    let engine = [0, 1].map(|turn| phase_names::colour(0, ENGINE, turn)).to_vec();
    let mut legend = vec![squares(engine, "waiting and the engine")];
    if own {
        legend.push(squares(of(OWN), "the function's own: boot, init, invoke"));
    }
    if mixed {
        legend.push(squares(of(MIXED), "engine and function, not told apart"));
    }
    legend.push(LegendEntry::note(format!("figures: {}", unit.name())));
    legend
}

/// The phases of a function, from `top` on.
fn draw(canvas: &mut Canvas, frame: &Frame, (bar, unit): (&Bar, TimeUnit), top: f64) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut from = 0.0;
    for (turn, (span, ns)) in bar.phases.iter().enumerate() {
        let to = from + *ns as f64 / unit.ns();
        let (x0, x1) = (frame.x_of(from), frame.x_of(to));
        let colour = phase_names::colour(bar.series.position, *span, turn);
        canvas.rectangle((x0, top), (x1, top + BAR), colour);
        // A hair of the page between neighbours.
        if x1 - x0 > 2.0 {
            canvas.line(vec![(x1, top), (x1, top + BAR)], PAGE, 1.0);
        }
        let figure = unit.text(*ns as f64);
        parts.push(Part { name: span.to_string(), figure, from: x0, to: x1 });
        from = to;
    }
    parts
}

/// Names and figures of a bar that ends at a height; where they end.
fn below(canvas: &mut Canvas, frame: &Frame, parts: &[Part], bottom: f64) -> f64 {
    let heights = Heights {
        bar: bottom + 1.0,
        bend: bottom + 12.0,
        name: bottom + 20.0,
        figure: bottom + 34.0,
    };
    let extent = (frame.left, canvas.edges().1);
    let rest = phase_names::put(canvas, parts, extent, heights);
    phase_names::told(canvas, &rest, extent, bottom + NAMED)
}

/// Every phase that any function has, in their order.
fn data(bars: &[Bar], unit: TimeUnit) -> Data {
    let spans: BTreeSet<Phases> =
        bars.iter().flat_map(|bar| bar.phases.iter().map(|(span, _)| *span)).collect();
    let phases = spans.iter().map(|span| format!("{span}, {}", unit.name()));
    let columns = std::iter::once("function".to_owned()).chain(phases);
    let row = |bar: &Bar| {
        let of = |span: &Phases| bar.phases.iter().find(|(held, _)| held == span);
        let value = |span| of(span).map_or(DASH.to_owned(), |(_, ns)| unit.exact(*ns as f64));
        let mut row = vec![bar.series.name.clone()];
        row.extend(spans.iter().map(value));
        row.push(unit.exact(bar.total as f64));
        row
    };
    Data {
        columns: columns.chain([format!("total, {}", unit.name())]).collect(),
        rows: bars.iter().map(row).collect(),
    }
}

fn caption(bars: &[Bar]) -> String {
    let largest: Vec<String> = bars
        .iter()
        .filter_map(|bar| {
            let (span, ns) = bar.phases.iter().max_by_key(|(_, ns)| *ns)?;
            let percent = 100.0 * *ns as f64 / bar.total.max(1) as f64;
            Some(format!("{} {span} {percent:.0} %", bar.series.name))
        })
        .collect();
    format!("Largest phase: {}.", largest.join(", "))
}

#[cfg(test)]
mod tests;
