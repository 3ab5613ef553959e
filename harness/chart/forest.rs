//! The change of every row with its interval, against the margin that it has: what
//! became slower, by how much, and how sure that is.

use super::cell_labels::{Differing, position, title};
use super::kit::canvas::{Align, Canvas, Colour, GREY, INK, Text};
use super::kit::palette;
use super::kit::text_layout::{self, LegendEntry};
use super::{ChartSpec, Layout};
use crate::compare::{Comparison, Row};
use crate::sample::Cell;
use crate::spec::tolerance::Metric;

use line::{Line, Unit, metric_name};

mod caption;
mod change_scale;
mod data_table;
mod line;
mod narrow;
mod strokes;
mod wide;

/// More than other charts on wide layout: its figures stand beside it.
const WIDTH: f64 = 940.0;
/// Rows that are drawn at most.
const MOST: usize = 40;
/// What a row may change by.
const BAND: Colour = Colour(0xec, 0xec, 0xec);
/// What the columns of text are called.
const MEDIANS: &str = "median: base → head";
const FIGURES: &str = "change [95 % interval]";

/// Rows that share an axis.
struct Panel<'a> {
    unit: Unit,
    gated: bool,
    heading: String,
    lines: Vec<Line<'a>>,
}

impl Panel<'_> {
    /// What it shows, at a place.
    fn title(&self, at: (f64, f64)) -> Text {
        let words = |note: &str| Text::new(format!("{}{note}", self.heading), at, Align::Left);
        match self.gated {
            true => words("").bold().colour(INK),
            false => words(": told only, decides nothing").colour(GREY),
        }
    }
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
    let mut canvas = Canvas::new(if layout == Layout::Wide { WIDTH } else { layout.width() }, 0.0);
    let top = text_layout::heading(&mut canvas, &title, &caption::subtitle(c, &all, network));
    let top = text_layout::key(&mut canvas, &key(), top + 6.0);
    let mut bottom = match layout {
        Layout::Wide => wide::draw(&mut canvas, &panels, top),
        Layout::Narrow => narrow::draw(&mut canvas, &panels, top),
    };
    let left_out = caption::left_out(beyond, c.rows.len() - all.len());
    if !left_out.is_empty() {
        let (left, right) = text_layout::edges(&canvas);
        let words = Text::new(left_out, (left, bottom + 8.0), Align::Left).colour(GREY);
        bottom = text_layout::put(&mut canvas, &words, right - left, 4);
    }
    canvas.height = bottom + 10.0;
    let data = data_table::data(&all, &differing);
    Some(ChartSpec {
        name: "compare-forest",
        title,
        caption: caption::caption(c, &all),
        data,
        canvas,
    })
}

fn has_interval(row: &Row) -> bool {
    unit(row.metric).change(row).is_some_and(|change| change.interval.is_some())
}

fn unit(metric: Metric) -> Unit {
    if metric == Metric::Own { Unit::Ms } else { Unit::Percent }
}

/// Rows by what decides, then by axis: totals, own parts, everything else.
fn panels<'a>(c: &Comparison, rows: &[&'a Row], differing: &Differing) -> Vec<Panel<'a>> {
    let mut panels = Vec::new();
    for gated in [true, false] {
        for metrics in [&Metric::ALL[..1], &Metric::ALL[1..2], &Metric::ALL[2..]] {
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
        Metric::Own => "Boot + init, the function's own part of it",
        _ => "What else was compared",
    };
    let step = differing.common_step(&cells).map(|step| format!(", {step}")).unwrap_or_default();
    Panel { unit: unit(rows[0].metric), gated, heading: format!("{what}{step}"), lines }
}

/// What the strokes mean.
fn key() -> [LegendEntry<'static>; 3] {
    let interval = |canvas: &mut Canvas, x: f64, y: f64| {
        canvas.line(vec![(x, y), (x + 28.0, y)], GREY, 2.0);
        canvas.area(palette::triangle((x + 28.0, y), 5.0), GREY);
    };
    let estimates = |canvas: &mut Canvas, x: f64, y: f64| {
        for position in 0..4 {
            let x = x + 5.0 + 12.0 * position as f64;
            palette::marker(canvas, position, (x, y), 4.0, true);
        }
    };
    let margin = |canvas: &mut Canvas, x: f64, y: f64| {
        canvas.rectangle((x, y - 7.0), (x + 24.0, y + 7.0), BAND);
    };
    [
        LegendEntry::new(34.0, "95 % interval; arrow: beyond the axis", interval),
        LegendEntry::new(46.0, "estimate (Hodges & Lehmann)", estimates),
        LegendEntry::new(24.0, "margin: too small to matter", margin),
    ]
}

#[cfg(test)]
mod tests;
