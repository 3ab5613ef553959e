//! Where the time of a typical cold start goes.

use std::collections::BTreeSet;

use anyhow::Result;

use super::axis::{Frame, Scale, labelled};
use super::sheet::{Align, Colour, FAINT, GREY, Sheet, WHITE, Words, width};
use super::{Composed, Data, Paper, Place, Series};
use crate::report::words::DASH;
use crate::sample::{Phase, Phases, Sample};

use clock::Clock;
use lines::Sign;
use named::{Heights, Part};

pub(super) mod clock;
pub(super) mod lines;
pub(super) mod named;

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
struct Layout {
    clock: Clock,
    /// Only its horizontal part is used.
    frame: Frame,
    /// Names stand above the bars.
    above: bool,
}

/// Composes the chart; none without a typical row.
pub(super) fn compose(place: &Place, series: &[Series]) -> Result<Option<Composed>> {
    let bars: Vec<Bar> = series.iter().filter_map(|s| bar(place, s)).collect();
    if bars.is_empty() {
        return Ok(None);
    }
    let title = place.title("Where a cold start goes");
    let mut sheet = Sheet::new(place.paper.width(), 0.0);
    let layout = layout(place.paper, &sheet, &bars);
    let subtitle = format!("the row nearest the median; {}", place.subtitle(series));
    let top = lines::heading(&mut sheet, &title, &subtitle);
    let mut top = key(&mut sheet, &bars, layout.clock, top + 8.0) + GAP;
    for bar in &bars {
        top = draw(&mut sheet, &layout, top, bar) + GAP;
    }
    axis(&mut sheet, &layout, top);
    sheet.height = top + 52.0;
    let (caption, data) = (caption(&bars), data(&bars, layout.clock));
    Ok(Some(Composed { name: "phases", title, caption, data, sheet }))
}

fn bar<'a>(place: &Place, series: &'a Series<'a>) -> Option<Bar<'a>> {
    let sample: &Sample = place.run.samples.get(series.summary.typical?)?;
    let phases = sample.phases();
    let total = phases.iter().map(|(_, ns)| ns).sum();
    Some(Bar { series, phases, total })
}

fn layout(paper: Paper, sheet: &Sheet, bars: &[Bar]) -> Layout {
    let clock = Clock::of(bars.iter().map(|b| b.total as f64));
    let names = bars.iter().map(|b| width(&b.series.name, 13.0, true)).fold(0.0, f64::max);
    let above = paper == Paper::Narrow || names > BESIDE;
    let (left, right) = lines::edges(sheet);
    let (left, right) = match above {
        true => (left, right - 12.0),
        false => (left + names + 12.0, right - TOTAL),
    };
    let none = Scale::Linear { min: 0.0, max: 1.0 };
    let x = Scale::from_nought(bars.iter().map(|b| b.total as f64 / clock.ns())).unwrap_or(none);
    let frame = Frame { left, right, top: 0.0, bottom: 0.0, x, y: none };
    Layout { clock, frame, above }
}

/// What grey and colours mean, as far as they are there.
fn key(sheet: &mut Sheet, bars: &[Bar], clock: Clock, top: f64) -> f64 {
    let spans = || bars.iter().flat_map(|bar| bar.phases.iter().map(|(span, _)| *span));
    let own = spans().any(|span| span.first >= Phase::Boot);
    let mixed = spans().any(|span| span.first < Phase::Boot && span.last >= Phase::Boot);
    let positions: BTreeSet<usize> = bars.iter().map(|bar| bar.series.position % 4).collect();
    let of = |span| positions.iter().map(|p| named::colour(*p, span, 0)).collect::<Vec<_>>();
    let engine = [0, 1].map(|turn| named::colour(0, ENGINE, turn)).to_vec();
    let mut signs = vec![squares(engine, "waiting and the engine")];
    if own {
        signs.push(squares(of(OWN), "the function's own: boot, init, invoke"));
    }
    if mixed {
        signs.push(squares(of(MIXED), "engine and function, not told apart"));
    }
    signs.push(Sign::new(0.0, format!("figures: {}", clock.name()), |_, _, _| {}));
    lines::key(sheet, &signs, top)
}

fn squares(colours: Vec<Colour>, text: &str) -> Sign<'static> {
    let width = 12.0 * colours.len() as f64 - 1.0;
    Sign::new(width, text, move |sheet, x, y| {
        for (i, colour) in colours.iter().enumerate() {
            let x = x + 12.0 * i as f64;
            sheet.rectangle((x, y - 5.0), (x + 11.0, y + 5.0), *colour);
        }
    })
}

/// A function from `top` on; where it ends.
fn draw(sheet: &mut Sheet, layout: &Layout, top: f64, bar: &Bar) -> f64 {
    let frame = &layout.frame;
    let end = frame.x_of(bar.total as f64 / layout.clock.ns());
    let top = if layout.above {
        name_above(sheet, layout, bar, top)
    } else {
        name_beside(sheet, layout, bar, end, top + BAR / 2.0);
        top
    };
    let bottom = top + BAR;
    for (value, _) in labelled(&frame.x) {
        let x = frame.x_of(value);
        sheet.line(vec![(x, top - 4.0), (x, bottom + 4.0)], FAINT, 1.0);
    }
    let mut parts = Vec::new();
    let mut from = 0.0;
    for (turn, (span, ns)) in bar.phases.iter().enumerate() {
        let to = from + *ns as f64 / layout.clock.ns();
        let (x0, x1) = (frame.x_of(from), frame.x_of(to));
        let colour = named::colour(bar.series.position, *span, turn);
        sheet.rectangle((x0, top), (x1, bottom), colour);
        // A hair of the page between neighbours.
        if x1 - x0 > 2.0 {
            sheet.line(vec![(x1, top), (x1, bottom)], WHITE, 1.0);
        }
        let figure = layout.clock.text(*ns as f64);
        parts.push(Part { name: span.to_string(), figure, from: x0, to: x1 });
        from = to;
    }
    below(sheet, frame, &parts, bottom)
}

/// Names and figures of a bar that ends at a height; where they end.
fn below(sheet: &mut Sheet, frame: &Frame, parts: &[Part], bottom: f64) -> f64 {
    let heights = Heights {
        bar: bottom + 1.0,
        bend: bottom + 12.0,
        name: bottom + 20.0,
        figure: bottom + 34.0,
    };
    let right = lines::edges(sheet).1;
    let rest = named::put(sheet, parts, (frame.left, right), heights);
    named::told(sheet, &rest, (frame.left, right), bottom + NAMED)
}

fn name(bar: &Bar, at: (f64, f64), align: Align) -> Words {
    Words::new(&bar.series.name, at, align).size(13.0).bold()
}

fn total(layout: &Layout, bar: &Bar, at: (f64, f64), align: Align) -> Words {
    let total = format!("{} {}", layout.clock.text(bar.total as f64), layout.clock.name());
    Words::new(total, at, align).bold()
}

fn name_beside(sheet: &mut Sheet, layout: &Layout, bar: &Bar, end: f64, y: f64) {
    sheet.words(name(bar, (layout.frame.left - 10.0, y), Align::Right).cut(BESIDE));
    sheet.words(total(layout, bar, (end + 8.0, y), Align::Left));
}

/// The name, in two lines if need be, and the total beside the last; where the bar
/// begins.
fn name_above(sheet: &mut Sheet, layout: &Layout, bar: &Bar, top: f64) -> f64 {
    let Frame { left, right, .. } = layout.frame;
    let total = total(layout, bar, (right, 0.0), Align::Right);
    let room = right - left - total.width() - 10.0;
    let mut y = top;
    for line in lines::wrapped(&name(bar, (left, 0.0), Align::Left), room, 2) {
        sheet.words(Words { at: (left, y + NAME[0] / 2.0), ..line });
        y += NAME[0];
    }
    sheet.words(Words { at: (right, y - NAME[0] / 2.0), ..total });
    y + NAME[1]
}

fn axis(sheet: &mut Sheet, layout: &Layout, top: f64) {
    let Frame { left, right, x, y, .. } = layout.frame;
    let frame = Frame { left, right, top, bottom: top + 5.0, x, y };
    let name = format!("{} since the intended instant", layout.clock.name());
    let ticks = lines::within(sheet, &frame, labelled(&x));
    frame.x_axis(sheet, &ticks, &name);
    sheet.line(vec![(left, top), (right, top)], GREY, 1.0);
}

/// Every phase that any function has, in their order.
fn data(bars: &[Bar], clock: Clock) -> Data {
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
pub(super) mod tests;
