//! The change of every row with its interval, against the margin that it has: what
//! became slower, by how much, and how sure that is.

use super::compared::{Differing, position, title};
use super::palette;
use super::phases::lines::{self, Sign};
use super::sheet::{Align, Colour, GREY, INK, Sheet, Words};
use super::{Composed, Paper};
use crate::compare::{Comparison, Row};
use crate::sample::Cell;
use crate::spec::tolerance::Metric;

use line::{Line, Unit, metric_name};

mod figures;
mod finding;
mod line;
mod narrow;
mod reach;
mod strokes;
mod wide;

/// More than other charts on wide paper: its figures stand beside it.
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
    fn title(&self, at: (f64, f64)) -> Words {
        let words = |note: &str| Words::new(format!("{}{note}", self.heading), at, Align::Left);
        match self.gated {
            true => words("").bold().colour(INK),
            false => words(": told only, decides nothing").colour(GREY),
        }
    }
}

/// Composes the chart; none without a row that can be drawn.
pub(super) fn compose(c: &Comparison, paper: Paper) -> Option<Composed> {
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
    let mut sheet = Sheet::new(if paper == Paper::Wide { WIDTH } else { paper.width() }, 0.0);
    let top = lines::heading(&mut sheet, &title, &finding::subtitle(c, &all, network));
    let top = lines::key(&mut sheet, &key(), top + 6.0);
    let mut bottom = match paper {
        Paper::Wide => wide::draw(&mut sheet, &panels, top),
        Paper::Narrow => narrow::draw(&mut sheet, &panels, top),
    };
    let left_out = finding::left_out(beyond, c.rows.len() - all.len());
    if !left_out.is_empty() {
        let (left, right) = lines::edges(&sheet);
        let words = Words::new(left_out, (left, bottom + 8.0), Align::Left).colour(GREY);
        bottom = lines::put(&mut sheet, &words, right - left, 4);
    }
    sheet.height = bottom + 10.0;
    let data = figures::data(&all, &differing);
    Some(Composed {
        name: "compare-forest",
        title,
        caption: finding::caption(c, &all),
        data,
        sheet,
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
fn key() -> [Sign<'static>; 3] {
    let interval = |sheet: &mut Sheet, x: f64, y: f64| {
        sheet.line(vec![(x, y), (x + 28.0, y)], GREY, 2.0);
        sheet.area(palette::triangle((x + 28.0, y), 5.0), GREY);
    };
    let estimates = |sheet: &mut Sheet, x: f64, y: f64| {
        for position in 0..4 {
            let x = x + 5.0 + 12.0 * position as f64;
            palette::marker(sheet, position, (x, y), 4.0, true);
        }
    };
    let margin = |sheet: &mut Sheet, x: f64, y: f64| {
        sheet.rectangle((x, y - 7.0), (x + 24.0, y + 7.0), BAND);
    };
    [
        Sign::new(34.0, "95 % interval; arrow: beyond the axis", interval),
        Sign::new(46.0, "estimate (Hodges & Lehmann)", estimates),
        Sign::new(24.0, "margin: too small to matter", margin),
    ]
}

#[cfg(test)]
mod tests;
