//! The change of every row with its interval, against the margin that it has: what
//! became slower, by how much, and how sure that is.

use super::cell_labels::{Differing, position, title};
use super::kit::canvas::Canvas;
use super::kit::colour::GREY;
use super::kit::legend::{self, LegendEntry, Symbol};
use super::kit::mark;
use super::kit::text::Text;
use super::{ChartSpec, Layout};
use crate::compare::Cell;
use crate::compare::{Comparison, Row};
use crate::spec::tolerance::Metric;

use line::{Line, Unit, metric_name};

mod caption;
mod change_scale;
mod data_table;
mod line;
mod panel;

pub(crate) const HOW_TO_READ: &str =
    "Grey is the margin of a row: a change within it does not matter.";

/// Rows that are drawn at most.
const MOST: usize = 40;

/// Rows that share an axis.
struct Panel<'a> {
    unit: Unit,
    gated: bool,
    heading: String,
    lines: Vec<Line<'a>>,
}

/// Composes the chart; none without a row that can be drawn.
pub(crate) fn compose(c: &Comparison, layout: Layout) -> Option<ChartSpec> {
    let all: Vec<&Row> =
        c.worst_first().into_iter().filter(|row| row.gated || has_interval(row)).collect();
    let (drawn, beyond) = all.split_at(all.len().min(MOST));
    if drawn.is_empty() {
        return None;
    }
    let cells: Vec<&Cell> = c.rows.iter().filter_map(|row| row.cell.as_ref()).collect();
    let differing = Differing::among(&cells);
    let panels = panels(c, drawn, &differing);
    let title = title(c, |base, head| format!("Change from {base} to {head}"));
    let network = differing.common_network(&cells);
    let mut canvas = Canvas::new(layout);
    let top = canvas.heading(&title, &caption::subtitle(c, &all, network)) + 6.0;
    let top = legend::draw(&mut canvas, &legend(), top) + 12.0;
    let mut bottom = panel::draw(&mut canvas, &panels, top);
    let left_out = caption::left_out(beyond, c.rows.len() - all.len());
    if !left_out.is_empty() {
        let (left, right) = canvas.edges();
        let text = Text::new(left_out).grey().at(left, bottom + 8.0);
        bottom = canvas.lines(&text, right - left, 4);
    }
    canvas.height = bottom + 10.0;
    let (caption, data) = (caption::caption(c, &all), data_table::data(&all, &differing));
    Some(ChartSpec { title, caption, data, canvas })
}

fn has_interval(row: &Row) -> bool {
    unit(row.metric).change(row).is_some_and(|change| change.interval.is_some())
}

fn unit(metric: Metric) -> Unit {
    if metric.is_told_by_difference() { Unit::Ms } else { Unit::Percent }
}

/// Rows by what decides, then by axis: totals, own parts, CPU time, everything else.
fn panels<'a>(c: &Comparison, rows: &[&'a Row], differing: &Differing) -> Vec<Panel<'a>> {
    let mut panels = Vec::new();
    for gated in [true, false] {
        for metrics in
            [&Metric::ALL[..1], &Metric::ALL[1..2], &Metric::ALL[2..3], &Metric::ALL[3..]]
        {
            let fits = |row: &&&Row| row.gated == gated && metrics.contains(&row.metric);
            let mut held: Vec<&Row> = rows.iter().filter(fits).copied().collect();
            // Like beside like, where the verdict is the same.
            held.sort_by_key(|row| (row.verdict, row.metric));
            if !held.is_empty() {
                panels.push(panel(c, &held, differing, gated));
            }
        }
    }
    panels
}

fn panel<'a>(c: &Comparison, rows: &[&'a Row], differing: &Differing, gated: bool) -> Panel<'a> {
    let cells: Vec<&Cell> = rows.iter().filter_map(|row| row.cell.as_ref()).collect();
    let differing = differing.with_steps_of(&cells);
    let mixed = matches!(rows[0].metric, Metric::Warm | Metric::Memory | Metric::Size);
    let line = |row: &&'a Row| {
        let mut parts: Vec<String> = Vec::new();
        parts.extend(mixed.then(|| metric_name(row.metric).to_owned()));
        parts.extend(row.cell.iter().flat_map(|cell| differing.of(cell)));
        let clock = line::clock(rows, row.metric);
        Line::new(row, unit(row.metric), position(c, &row.function), parts.join(" · "), clock)
    };
    let lines: Vec<Line> = rows.iter().map(line).collect();
    let what = match rows[0].metric {
        Metric::Total => "Whole cold start",
        Metric::Own => "boot+init, the function's own part of it",
        Metric::Cpu => "CPU time from its exec, whatever it waited for",
        _ => "What else was compared",
    };
    let step = differing.common_step(&cells).map(|step| format!(", {step}")).unwrap_or_default();
    Panel { unit: unit(rows[0].metric), gated, heading: format!("{what}{step}"), lines }
}

/// What the strokes and the columns mean.
fn legend() -> [LegendEntry; 4] {
    let interval = Symbol::Drawn(34.0, |canvas, (x, y)| {
        canvas.line(vec![(x, y), (x + 28.0, y)], GREY, 2.0);
        canvas.area(mark::triangle((x + 34.0, y), 7.0), GREY);
    });
    [
        LegendEntry::meaning(interval, "95 % interval; arrow: beyond the axis"),
        LegendEntry::meaning(Symbol::Every(true), "estimate (Hodges & Lehmann)"),
        LegendEntry::meaning(Symbol::Band, "margin: too small to matter"),
        LegendEntry::note("median: base → head, change [95 % interval]"),
    ]
}

#[cfg(test)]
mod tests;
