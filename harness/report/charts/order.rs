//! Every start of both sides, when it was made: that base and head took turns, and
//! what drifted meanwhile.

use super::compared::{Differing, position, title};
use super::palette;
use super::phases::clock::Clock;
use super::phases::lines::{self, Sign};
use super::sheet::{Colour, GREY, Sheet};
use super::{Composed, Paper};
use crate::compare::{Comparison, Start};
use crate::report::words::plain;
use crate::sample::Cell;

use cell::Panel;

mod cell;
mod field;
mod finding;
mod narrow;
mod wide;

/// More than other charts on wide paper, for the medians beside the fields.
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
pub(super) fn compose(c: &Comparison, paper: Paper) -> Option<Composed> {
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
    let mut sheet = Sheet::new(if paper == Paper::Wide { WIDTH } else { paper.width() }, 0.0);
    let top = lines::heading(&mut sheet, &title, &finding::subtitle(c, &panels, left_out));
    let top = lines::key(&mut sheet, &key(&drawing, paper), top + 6.0) + 10.0;
    sheet.height = match paper {
        Paper::Wide => wide::draw(&mut sheet, &drawing, top),
        Paper::Narrow => narrow::draw(&mut sheet, &drawing, top),
    };
    let (caption, data) = (finding::caption(c, &panels), cell::data(&panels));
    Some(Composed { name: "compare-order", title, caption, data, sheet })
}

fn panels(c: &Comparison, cells: &[Starts]) -> Vec<Panel> {
    let epochs = epochs(c, cells);
    let differing = Differing::among(&cells.iter().map(|(cell, _)| *cell).collect::<Vec<_>>());
    let starts = cells.iter().flat_map(|(_, sides)| sides.iter().flatten());
    let clock = Clock::of(starts.filter_map(|start| start.latency).map(|ns| ns as f64));
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
fn key(drawing: &Drawing, paper: Paper) -> Vec<Sign<'static>> {
    let side = |side: usize| {
        Sign::new(9.0, NAMES[side], move |sheet: &mut Sheet, x, y| {
            palette::side(sheet, GREY, side == 1, (x + 4.5, y), 4.0);
        })
    };
    let median = |sheet: &mut Sheet, x: f64, y: f64| {
        sheet.line(vec![(x, y), (x + 18.0, y)], GREY, 1.5);
    };
    let mut signs = vec![side(0), side(1), Sign::new(18.0, "median of a side", median)];
    if drawing.panels.iter().any(Panel::leaves_out) {
        signs.push(Sign::new(30.0, "round 1, left out", |sheet, x, y| {
            sheet.rectangle((x, y - 7.0), (x + 30.0, y + 7.0), FIRST);
            palette::side(sheet, GREY, false, (x + 9.0, y), 4.0);
            palette::side(sheet, GREY, true, (x + 21.0, y), 4.0);
        }));
    }
    if drawing.failures {
        signs.push(Sign::new(0.0, "failures stand above the field", |_, _, _| {}));
    }
    if paper == Paper::Narrow {
        let unit = drawing.panels.first().map_or("ms", |panel| panel.clock.name());
        signs.push(Sign::new(0.0, format!("latency in {unit}, log scale"), |_, _, _| {}));
    }
    signs
}

#[cfg(test)]
mod tests;
