//! Every start of both sides, when it was made: that base and head took turns, and
//! what drifted meanwhile.

use super::cell_labels::{Differing, position, title};
use super::kit::canvas::Canvas;
use super::kit::colour::GREY;
use super::kit::legend::{self, LegendEntry, Symbol};
use super::kit::time_unit::TimeUnit;
use super::{ChartSpec, Layout, plain};
use crate::compare::Cell;
use crate::compare::{Comparison, Start};

use cell::Panel;

mod caption;
mod cell;
mod panel;

/// Cells that are drawn at most.
const MOST: usize = 8;
/// More points than this are thinned out evenly: no eye tells them apart.
const MOST_POINTS: usize = 6_000;
const NAMES: [&str; 2] = ["base", "head"];

/// Composes the chart; none without a start.
pub(crate) fn compose(c: &Comparison, layout: Layout) -> Option<ChartSpec> {
    let (cells, left_out) = cells(c);
    let panels = panels(c, &cells);
    if panels.is_empty() {
        return None;
    }
    let title =
        title(c, |base, head| format!("Every cold start in time: base {base}, head {head}"));
    let mut canvas = Canvas::new(layout);
    let top = canvas.heading(&title, &caption::subtitle(c, &panels, left_out)) + 6.0;
    let top = legend::draw(&mut canvas, &legend(&panels), top) + 10.0;
    canvas.height = panel::draw_all(&mut canvas, &panels, c.interleaved, top);
    let (caption, data) = (caption::caption(c, &panels), cell::data(&panels));
    Some(ChartSpec { title, caption, data, canvas })
}

fn panels(c: &Comparison, cells: &[Starts]) -> Vec<Panel> {
    let epochs = epochs(c, cells);
    let differing = Differing::among(&cells.iter().map(|(cell, _)| *cell).collect::<Vec<_>>());
    let starts = cells.iter().flat_map(|(_, sides)| sides.iter().flatten());
    let unit = TimeUnit::of(starts.filter_map(|start| start.latency).map(|ns| ns as f64));
    let panel = |(cell, starts): &Starts| {
        let mut names = vec![plain(&cell.function)];
        names.extend(differing.of(cell));
        Panel::new(names, position(c, &cell.function), starts, epochs, unit)
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
fn legend(panels: &[Panel]) -> Vec<LegendEntry> {
    let unit = panels.first().map_or("ms", |panel| panel.unit.name());
    let mut legend = vec![
        LegendEntry::meaning(Symbol::Side(false), NAMES[0]),
        LegendEntry::meaning(Symbol::Side(true), NAMES[1]),
        LegendEntry::meaning(Symbol::Line(GREY, 1.5), "median of a side"),
    ];
    if panels.iter().any(Panel::leaves_out) {
        legend.push(LegendEntry::meaning(Symbol::Band, "round 1, left out"));
    }
    if panels.iter().any(Panel::has_failures) {
        legend.push(LegendEntry::note("failures stand above the field"));
    }
    legend.push(LegendEntry::note(format!("latency in {unit}, log scale")));
    legend
}

#[cfg(test)]
mod tests;
