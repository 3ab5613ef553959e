//! Every start of both sides, when it was made: that base and head took turns, and
//! what drifted meanwhile.

use super::cell_labels::{Differing, position, title};
use super::kit::canvas::{Canvas, Colour, GREY};
use super::kit::palette;
use super::kit::text_layout::{self, LegendEntry};
use super::kit::time_unit::TimeUnit;
use super::{ChartSpec, Layout};
use crate::compare::{Comparison, Start};
use crate::report::words::plain;
use crate::sample::Cell;

use cell::Panel;

mod caption;
mod cell;
mod field;
mod narrow;
mod wide;

/// More than other charts on wide layout, for the medians beside the fields.
const WIDTH: f64 = 940.0;
/// Cells that are drawn at most.
const MOST: usize = 8;
/// More points than this are thinned out evenly: no eye tells them apart.
const MOST_POINTS: usize = 6_000;
/// What is left out of inference.
const FIRST: Colour = Colour(0xf2, 0xf2, 0xf2);
const NAMES: [&str; 2] = ["base", "head"];

/// What is drawn.
struct Drawing<'a> {
    panels: &'a [Panel],
    /// Both sides share a clock.
    interleaved: bool,
    /// Whether any start failed.
    failures: bool,
    /// Of so many starts one is drawn.
    step: usize,
}

/// Composes the chart; none without a start.
pub(crate) fn compose(c: &Comparison, layout: Layout) -> Option<ChartSpec> {
    let (cells, left_out) = cells(c);
    let panels = panels(c, &cells);
    if panels.is_empty() {
        return None;
    }
    let drawing = Drawing {
        panels: &panels,
        interleaved: c.interleaved,
        failures: panels.iter().any(Panel::has_failures),
        step: panels.iter().map(Panel::len).sum::<usize>().div_ceil(MOST_POINTS).max(1),
    };
    let title =
        title(c, |base, head| format!("Every cold start in time: base {base}, head {head}"));
    let mut canvas = Canvas::new(if layout == Layout::Wide { WIDTH } else { layout.width() }, 0.0);
    let top = text_layout::heading(&mut canvas, &title, &caption::subtitle(c, &panels, left_out));
    let top = text_layout::key(&mut canvas, &key(&drawing, layout), top + 6.0) + 10.0;
    canvas.height = match layout {
        Layout::Wide => wide::draw(&mut canvas, &drawing, top),
        Layout::Narrow => narrow::draw(&mut canvas, &drawing, top),
    };
    let (caption, data) = (caption::caption(c, &panels), cell::data(&panels));
    Some(ChartSpec { name: "compare-order", title, caption, data, canvas })
}

fn panels(c: &Comparison, cells: &[Starts]) -> Vec<Panel> {
    let epochs = epochs(c, cells);
    let differing = Differing::among(&cells.iter().map(|(cell, _)| *cell).collect::<Vec<_>>());
    let starts = cells.iter().flat_map(|(_, sides)| sides.iter().flatten());
    let clock = TimeUnit::of(starts.filter_map(|start| start.latency).map(|ns| ns as f64));
    let panel = |(cell, starts): &Starts| {
        let mut names = vec![plain(&cell.function)];
        names.extend(differing.of(cell));
        Panel::new(names, position(c, &cell.function), starts, epochs, clock)
    };
    cells.iter().map(panel).collect()
}

type Starts<'a> = (&'a Cell, &'a [Vec<Start>; 2]);

/// The cells that decide, in order, the worst of them when they are too many; how
/// many were left out.
fn cells(c: &Comparison) -> (Vec<Starts<'_>>, usize) {
    let started = |cell: &&Cell| c.order.get(cell).is_some_and(|s| s.iter().any(|s| !s.is_empty()));
    let mut found: Vec<&Cell> = Vec::new();
    for row in c.worst_first().into_iter().filter(|row| row.gated) {
        let cell = row.cell.as_ref().filter(started).filter(|cell| !found.contains(cell));
        found.extend(cell);
    }
    // A gate that looks at no cold start still had an order.
    if found.is_empty() {
        found = c.order.keys().filter(started).collect();
    }
    let left_out = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    found.sort_by_key(|cell| (position(c, &cell.function), *cell));
    (found.into_iter().filter_map(|cell| c.order.get_key_value(cell)).collect(), left_out)
}

/// When the first start of each side was made; the same when they share a clock.
fn epochs(c: &Comparison, cells: &[Starts]) -> [u64; 2] {
    let first = |side: usize| cells.iter().flat_map(|(_, s)| &s[side]).map(|s| s.at).min();
    let [base, head] = [first(0), first(1)];
    match c.interleaved {
        true => [base.into_iter().chain(head).min().unwrap_or(0); 2],
        false => [base.unwrap_or(0), head.unwrap_or(0)],
    }
}

/// What the markers mean.
fn key(drawing: &Drawing, layout: Layout) -> Vec<LegendEntry<'static>> {
    let side = |side: usize| {
        LegendEntry::new(9.0, NAMES[side], move |canvas: &mut Canvas, x, y| {
            palette::side(canvas, GREY, side == 1, (x + 4.5, y), 4.0);
        })
    };
    let median = |canvas: &mut Canvas, x: f64, y: f64| {
        canvas.line(vec![(x, y), (x + 18.0, y)], GREY, 1.5);
    };
    let mut signs = vec![side(0), side(1), LegendEntry::new(18.0, "median of a side", median)];
    if drawing.panels.iter().any(Panel::leaves_out) {
        signs.push(LegendEntry::new(30.0, "round 1, left out", |canvas, x, y| {
            canvas.rectangle((x, y - 7.0), (x + 30.0, y + 7.0), FIRST);
            palette::side(canvas, GREY, false, (x + 9.0, y), 4.0);
            palette::side(canvas, GREY, true, (x + 21.0, y), 4.0);
        }));
    }
    if drawing.failures {
        signs.push(LegendEntry::new(0.0, "failures stand above the field", |_, _, _| {}));
    }
    if layout == Layout::Narrow {
        let unit = drawing.panels.first().map_or("ms", |panel| panel.clock.name());
        signs.push(LegendEntry::new(0.0, format!("latency in {unit}, log scale"), |_, _, _| {}));
    }
    signs
}

#[cfg(test)]
mod tests;
