//! Where the time of a typical cold start goes.

use std::collections::BTreeSet;

use anyhow::Result;

use super::kit::axis::{Frame, Scale, labelled};
use super::kit::canvas::{Align, Canvas, Colour, FAINT, GREY, Text, WHITE, width};
use super::kit::text_layout::{self, LegendEntry};
use super::kit::time_unit::TimeUnit;
use super::phase_names::{self, Heights, Part};
use super::{ChartContext, ChartSpec, Data, Layout, Series};
use crate::report::words::DASH;
use crate::sample::{Phase, Phases, Sample};

const BAR: f64 = 20.0;
/// A line of a name above a bar, and what separates the last from the bar.
const NAME: [f64; 2] = [16.0, 5.0];
/// The leaders and two lines of text below a bar.
const NAMED: f64 = 41.0;
/// Between two functions.
const GAP: f64 = 14.0;
/// The widest name beside a bar: others stand above.
const BESIDE: f64 = 220.0;
/// Room for the total right of the longest bar.
const TOTAL: f64 = 74.0;

const ENGINE: Phases = Phases { first: Phase::Create, last: Phase::Create };
const OWN: Phases = Phases { first: Phase::Boot, last: Phase::Boot };
const MIXED: Phases = Phases { first: Phase::Daemon, last: Phase::Boot };

/// A function with the row that is drawn for it.
struct Bar<'a> {
    series: &'a Series<'a>,
    phases: Vec<(Phases, u64)>,
    total: u64,
}

/// How a chart is laid out.
struct Geometry {
    clock: TimeUnit,
    /// Only its horizontal part is used.
    frame: Frame,
    /// Names stand above the bars.
    above: bool,
}

/// Composes the chart; none without a typical row.
pub(crate) fn compose(context: &ChartContext, series: &[Series]) -> Result<Option<ChartSpec>> {
    let bars: Vec<Bar> = series.iter().filter_map(|s| bar(context, s)).collect();
    if bars.is_empty() {
        return Ok(None);
    }
    let title = context.title("Where a cold start goes");
    let mut canvas = Canvas::new(context.layout.width(), 0.0);
    let geometry = geometry(context.layout, &canvas, &bars);
    let subtitle = format!("the row nearest the median; {}", context.subtitle(series));
    let top = text_layout::heading(&mut canvas, &title, &subtitle);
    let mut top = key(&mut canvas, &bars, geometry.clock, top + 8.0) + GAP;
    for bar in &bars {
        top = draw(&mut canvas, &geometry, top, bar) + GAP;
    }
    axis(&mut canvas, &geometry, top);
    canvas.height = top + 52.0;
    let (caption, data) = (caption(&bars), data(&bars, geometry.clock));
    Ok(Some(ChartSpec { name: "phases", title, caption, data, canvas }))
}

fn bar<'a>(context: &ChartContext, series: &'a Series<'a>) -> Option<Bar<'a>> {
    let sample: &Sample = context.run.samples.get(series.summary.typical?)?;
    let phases = sample.phases();
    let total = phases.iter().map(|(_, ns)| ns).sum();
    Some(Bar { series, phases, total })
}

fn geometry(layout: Layout, canvas: &Canvas, bars: &[Bar]) -> Geometry {
    let clock = TimeUnit::of(bars.iter().map(|b| b.total as f64));
    let names = bars.iter().map(|b| width(&b.series.name, 13.0, true)).fold(0.0, f64::max);
    let above = layout == Layout::Narrow || names > BESIDE;
    let (left, right) = text_layout::edges(canvas);
    let (left, right) = match above {
        true => (left, right - 12.0),
        false => (left + names + 12.0, right - TOTAL),
    };
    let none = Scale::Linear { min: 0.0, max: 1.0 };
    let x = Scale::from_nought(bars.iter().map(|b| b.total as f64 / clock.ns())).unwrap_or(none);
    let frame = Frame { left, right, top: 0.0, bottom: 0.0, x, y: none };
    Geometry { clock, frame, above }
}

/// What grey and colours mean, as far as they are there.
fn key(canvas: &mut Canvas, bars: &[Bar], clock: TimeUnit, top: f64) -> f64 {
    let spans = || bars.iter().flat_map(|bar| bar.phases.iter().map(|(span, _)| *span));
    let own = spans().any(|span| span.first >= Phase::Boot);
    let mixed = spans().any(|span| span.first < Phase::Boot && span.last >= Phase::Boot);
    let positions: BTreeSet<usize> = bars.iter().map(|bar| bar.series.position % 4).collect();
    let of = |span| positions.iter().map(|p| phase_names::colour(*p, span, 0)).collect::<Vec<_>>();
    let engine = [0, 1].map(|turn| phase_names::colour(0, ENGINE, turn)).to_vec();
    let mut signs = vec![squares(engine, "waiting and the engine")];
    if own {
        signs.push(squares(of(OWN), "the function's own: boot, init, invoke"));
    }
    if mixed {
        signs.push(squares(of(MIXED), "engine and function, not told apart"));
    }
    signs.push(LegendEntry::new(0.0, format!("figures: {}", clock.name()), |_, _, _| {}));
    text_layout::key(canvas, &signs, top)
}

fn squares(colours: Vec<Colour>, text: &str) -> LegendEntry<'static> {
    let width = 12.0 * colours.len() as f64 - 1.0;
    LegendEntry::new(width, text, move |canvas, x, y| {
        for (i, colour) in colours.iter().enumerate() {
            let x = x + 12.0 * i as f64;
            canvas.rectangle((x, y - 5.0), (x + 11.0, y + 5.0), *colour);
        }
    })
}

/// A function from `top` on; where it ends.
fn draw(canvas: &mut Canvas, geometry: &Geometry, top: f64, bar: &Bar) -> f64 {
    let frame = &geometry.frame;
    let end = frame.x_of(bar.total as f64 / geometry.clock.ns());
    let top = if geometry.above {
        name_above(canvas, geometry, bar, top)
    } else {
        name_beside(canvas, geometry, bar, end, top + BAR / 2.0);
        top
    };
    let bottom = top + BAR;
    for (value, _) in labelled(&frame.x) {
        let x = frame.x_of(value);
        canvas.line(vec![(x, top - 4.0), (x, bottom + 4.0)], FAINT, 1.0);
    }
    let mut parts = Vec::new();
    let mut from = 0.0;
    for (turn, (span, ns)) in bar.phases.iter().enumerate() {
        let to = from + *ns as f64 / geometry.clock.ns();
        let (x0, x1) = (frame.x_of(from), frame.x_of(to));
        let colour = phase_names::colour(bar.series.position, *span, turn);
        canvas.rectangle((x0, top), (x1, bottom), colour);
        // A hair of the page between neighbours.
        if x1 - x0 > 2.0 {
            canvas.line(vec![(x1, top), (x1, bottom)], WHITE, 1.0);
        }
        let figure = geometry.clock.text(*ns as f64);
        parts.push(Part { name: span.to_string(), figure, from: x0, to: x1 });
        from = to;
    }
    below(canvas, frame, &parts, bottom)
}

/// Names and figures of a bar that ends at a height; where they end.
fn below(canvas: &mut Canvas, frame: &Frame, parts: &[Part], bottom: f64) -> f64 {
    let heights = Heights {
        bar: bottom + 1.0,
        bend: bottom + 12.0,
        name: bottom + 20.0,
        figure: bottom + 34.0,
    };
    let right = text_layout::edges(canvas).1;
    let rest = phase_names::put(canvas, parts, (frame.left, right), heights);
    phase_names::told(canvas, &rest, (frame.left, right), bottom + NAMED)
}

fn name(bar: &Bar, at: (f64, f64), align: Align) -> Text {
    Text::new(&bar.series.name, at, align).size(13.0).bold()
}

fn total(geometry: &Geometry, bar: &Bar, at: (f64, f64), align: Align) -> Text {
    let total = format!("{} {}", geometry.clock.text(bar.total as f64), geometry.clock.name());
    Text::new(total, at, align).bold()
}

fn name_beside(canvas: &mut Canvas, geometry: &Geometry, bar: &Bar, end: f64, y: f64) {
    canvas.text(name(bar, (geometry.frame.left - 10.0, y), Align::Right).cut(BESIDE));
    canvas.text(total(geometry, bar, (end + 8.0, y), Align::Left));
}

/// The name, in two lines if need be, and the total beside the last; where the bar
/// begins.
fn name_above(canvas: &mut Canvas, geometry: &Geometry, bar: &Bar, top: f64) -> f64 {
    let Frame { left, right, .. } = geometry.frame;
    let total = total(geometry, bar, (right, 0.0), Align::Right);
    let room = right - left - total.width() - 10.0;
    let mut y = top;
    for line in text_layout::wrapped(&name(bar, (left, 0.0), Align::Left), room, 2) {
        canvas.text(Text { at: (left, y + NAME[0] / 2.0), ..line });
        y += NAME[0];
    }
    canvas.text(Text { at: (right, y - NAME[0] / 2.0), ..total });
    y + NAME[1]
}

fn axis(canvas: &mut Canvas, geometry: &Geometry, top: f64) {
    let Frame { left, right, x, y, .. } = geometry.frame;
    let frame = Frame { left, right, top, bottom: top + 5.0, x, y };
    let name = format!("{} since the intended instant", geometry.clock.name());
    let ticks = text_layout::within(canvas, &frame, labelled(&x));
    frame.x_axis(canvas, &ticks, &name);
    canvas.line(vec![(left, top), (right, top)], GREY, 1.0);
}

/// Every phase that any function has, in their order.
fn data(bars: &[Bar], clock: TimeUnit) -> Data {
    let spans: BTreeSet<Phases> =
        bars.iter().flat_map(|bar| bar.phases.iter().map(|(span, _)| *span)).collect();
    let unit = clock.name();
    let phases = spans.iter().map(|span| format!("{span}, {unit}"));
    let columns = std::iter::once("function".to_owned()).chain(phases);
    let row = |bar: &Bar| {
        let of = |span: &Phases| bar.phases.iter().find(|(held, _)| held == span);
        let value = |span| of(span).map_or(DASH.to_owned(), |(_, ns)| clock.exact(*ns as f64));
        let mut row = vec![bar.series.name.clone()];
        row.extend(spans.iter().map(value));
        row.push(clock.exact(bar.total as f64));
        row
    };
    Data {
        columns: columns.chain([format!("total, {unit}")]).collect(),
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
    format!(
        "Largest phase: {}. Phases of one real row add up; medians of phases do not.",
        largest.join(", ")
    )
}

#[cfg(test)]
pub(crate) mod tests;
