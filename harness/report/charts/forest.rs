//! The change of every row with its interval, against the margin that it has: what
//! became slower, by how much, and how sure that is.

use super::axis::{Frame, Scale};
use super::compared::{Differing, position, title};
use super::palette;
use super::sheet::{Align, Colour, GREY, INK, Sheet, WHITE, Words, width};
use super::{Composed, Data, Paper};
use crate::compare::{Comparison, Row};
use crate::margins::Metric;
use crate::report::words::plain;
use crate::sample::Cell;

use line::{Line, Unit, metric_name};

mod finding;
mod line;
mod reach;

const WIDTH: f64 = 940.0;
/// Rows that are drawn at most.
const MOST: usize = 40;
/// Where the first panel begins.
const TOP: f64 = 112.0;
/// A panel's heading, and its axis with what separates it from the next.
const HEADING: f64 = 26.0;
const AXIS: f64 = 62.0;
/// From one row to the next: of one line, of two.
const ROW: f64 = 23.0;
const TALL_ROW: f64 = 40.0;
/// The widest that a column may be, in pixels: names, medians, figures.
const COLUMNS: [f64; 3] = [300.0, 130.0, 230.0];
/// Room between columns, and at the edges.
const GAP: f64 = 16.0;
const MARKER: f64 = 4.5;
/// What the columns of text are called.
const MEDIANS: &str = "median: base → head";
const FIGURES: &str = "change [95 % interval]";
/// What a row may change by.
const BAND: Colour = Colour(0xec, 0xec, 0xec);

/// Rows that share an axis.
struct Panel<'a> {
    unit: Unit,
    gated: bool,
    heading: String,
    lines: Vec<Line<'a>>,
    /// Whether what tells rows apart has no room beside the names.
    tall: bool,
}

impl Panel<'_> {
    fn row_height(&self) -> f64 {
        if self.tall { TALL_ROW } else { ROW }
    }

    fn height(&self) -> f64 {
        HEADING + self.row_height() * self.lines.len() as f64 + AXIS
    }
}

/// Left ends of medians, field, figures and verdicts.
struct Columns {
    /// Room for names.
    names: f64,
    medians: f64,
    field: (f64, f64),
    figures: f64,
    verdicts: f64,
}

/// Composes the chart; none without a row that can be drawn.
pub(super) fn compose(c: &Comparison, _paper: Paper) -> Option<Composed> {
    let all: Vec<&Row> =
        c.worst_first().into_iter().filter(|row| row.gated || has_interval(row)).collect();
    let (drawn, beyond) = all.split_at(all.len().min(MOST));
    if drawn.is_empty() {
        return None;
    }
    let cells: Vec<&Cell> = c.rows.iter().filter_map(|row| row.cell.as_ref()).collect();
    let panels = panels(c, drawn, &Differing::among(&cells));
    let left_out = finding::left_out(beyond, c.rows.len() - all.len());
    let foot = if left_out.is_empty() { 0.0 } else { 22.0 };
    let height = TOP + panels.iter().map(Panel::height).sum::<f64>() + foot;
    let title = title(c, |base, head| format!("Change from {base} to {head}"));
    let mut sheet = Sheet::new(WIDTH, height);
    let network = Differing::among(&cells).common_network(&cells);
    sheet.heading(&title, &finding::subtitle(c, &all, network));
    key(&mut sheet);
    let columns = columns(&panels);
    let headers = [(MEDIANS, columns.medians), (FIGURES, columns.figures)];
    for (text, x) in headers.into_iter().chain([("verdict", columns.verdicts)]) {
        sheet.words(Words::new(text, (x, TOP - 16.0), Align::Left).size(11.0).colour(GREY));
    }
    let mut top = TOP;
    for panel in &panels {
        draw_panel(&mut sheet, panel, &columns, top);
        top += panel.height();
    }
    let words = Words::new(left_out, (GAP, height - 20.0), Align::Left).colour(GREY);
    sheet.words(words.cut(WIDTH - 2.0 * GAP));
    Some(Composed {
        name: "compare-forest",
        title,
        caption: finding::caption(c, &all),
        data: Data::default(),
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
        Line::new(row, unit(row.metric), position(c, &row.function), parts.join(" · "))
    };
    let lines: Vec<Line> = rows.iter().map(line).collect();
    let tall = lines.iter().any(|l| !l.context.is_empty() && beside(l) > COLUMNS[0]);
    let what = match rows[0].metric {
        Metric::Total => "Whole cold start",
        Metric::Own => "Boot + init, the function's own part of it",
        _ => "What else was compared",
    };
    let step = differing.common_step(&cells).map(|step| format!(", {step}")).unwrap_or_default();
    Panel { unit: unit(rows[0].metric), gated, heading: format!("{what}{step}"), lines, tall }
}

/// Width of a name with its context on one line.
fn beside(line: &Line) -> f64 {
    let gap = if line.context.is_empty() { 0.0 } else { 8.0 };
    width(&line.name, 12.0, false) + gap + width(&line.context, 11.0, false)
}

fn columns(panels: &[Panel]) -> Columns {
    let widest = |of: &dyn Fn(&Line, bool) -> f64, most: f64| {
        let widths = panels.iter().flat_map(|p| p.lines.iter().map(|l| of(l, p.tall)));
        widths.fold(60.0, f64::max).min(most)
    };
    let name = |line: &Line, tall: bool| match tall {
        true => width(&line.name, 12.0, false).max(width(&line.context, 11.0, false)),
        false => beside(line),
    };
    let header = |text: &str| width(text, 11.0, false);
    let names = widest(&name, COLUMNS[0]);
    let medians = widest(&|l, _| width(&l.medians, 12.0, false), COLUMNS[1]).max(header(MEDIANS));
    let figures = widest(&|l, _| width(&l.figures, 12.0, true), COLUMNS[2]).max(header(FIGURES));
    let verdicts = widest(&|l, _| width(l.verdict(), 12.0, true), 120.0);
    let verdicts = WIDTH - GAP - verdicts;
    let figures = verdicts - GAP - figures;
    let medians_at = GAP + names + GAP;
    let field = (medians_at + medians + GAP, figures - GAP);
    Columns { names, medians: medians_at, field, figures, verdicts }
}

/// What the strokes mean.
fn key(sheet: &mut Sheet) {
    let (y, mut x) = (64.0, 18.0);
    let write = |sheet: &mut Sheet, x: f64, text: &str| {
        let words = Words::new(text, (x, y), Align::Left).size(11.0).colour(GREY);
        let end = x + words.width() + 22.0;
        sheet.words(words);
        end
    };
    sheet.line(vec![(x, y), (x + 28.0, y)], GREY, 2.0);
    sheet.area(palette::triangle((x + 28.0, y), 5.0), GREY);
    x = write(sheet, x + 40.0, "95 % interval; an arrow goes on beyond the axis");
    for position in 0..4 {
        palette::marker(sheet, position, (x, y), 4.0, true);
        x += 12.0;
    }
    x = write(sheet, x - 2.0, "estimate (Hodges & Lehmann), by function");
    sheet.rectangle((x, y - 7.0), (x + 24.0, y + 7.0), BAND);
    write(sheet, x + 31.0, "margin: too small to matter");
}

fn draw_panel(sheet: &mut Sheet, panel: &Panel, columns: &Columns, top: f64) {
    let (note, colour) = match panel.gated {
        true => ("", INK),
        false => (": told only, decides nothing", GREY),
    };
    let heading = Words::new(format!("{}{note}", panel.heading), (GAP, top + 11.0), Align::Left);
    let heading = if panel.gated { heading.bold() } else { heading };
    sheet.words(heading.colour(colour).cut(WIDTH - 2.0 * GAP));
    let frame = Frame {
        left: columns.field.0,
        right: columns.field.1,
        top: top + HEADING,
        bottom: top + panel.height() - AXIS,
        x: reach::scale(panel.unit, panel.lines.iter().map(|line| line.row)),
        y: Scale::Linear { min: 0.0, max: 1.0 },
    };
    let y = |i: usize| frame.top + panel.row_height() * (i as f64 + 0.5);
    for (i, line) in panel.lines.iter().enumerate() {
        band(sheet, &frame, panel, line, y(i));
    }
    axis(sheet, &frame, panel.unit);
    for (i, line) in panel.lines.iter().enumerate() {
        whisker(sheet, &frame, line, y(i));
        texts(sheet, columns, panel.tall, line, y(i));
    }
}

/// What a row may change by, as far as the axis goes.
fn band(sheet: &mut Sheet, frame: &Frame, panel: &Panel, line: &Line, y: f64) {
    let Some((from, to)) = panel.unit.band(line.row) else { return };
    let half = panel.row_height() / 2.0;
    let x = |v: f64| frame.x_of(v).clamp(frame.left, frame.right);
    sheet.rectangle((x(from), y - half), (x(to), y + half), BAND);
}

fn axis(sheet: &mut Sheet, frame: &Frame, unit: Unit) {
    frame.x_axis(sheet, &reach::ticks(&frame.x, unit), &format!("change, {}", unit.name()));
    let zero = frame.x_of(unit.zero());
    sheet.line(vec![(zero, frame.top), (zero, frame.bottom)], GREY, 1.0);
}

/// Interval and estimate; where they leave the axis, an arrow.
fn whisker(sheet: &mut Sheet, frame: &Frame, line: &Line, y: f64) {
    let Some(change) = line.change else { return reason(sheet, frame, line, y) };
    let colour = palette::colour(line.position);
    let (low, high) = change.interval.unwrap_or((change.value, change.value));
    let x = |v: f64| frame.x_of(v).clamp(frame.left, frame.right);
    // An interval that lies wholly beyond still needs a line to its arrow.
    let (from, to) = (x(low).min(frame.right - 14.0), x(high).max(frame.left + 14.0));
    sheet.line(vec![(from, y), (to, y)], colour, 2.0);
    let caps = to - from > 2.0 * MARKER + 4.0;
    for (end, outwards) in [(low, -1), (high, 1)] {
        match frame.x.beyond(end) {
            side if side == outwards => {
                sheet.area(palette::triangle((x(end), y), 7.0 * f64::from(side)), colour);
            }
            0 if caps => sheet.line(vec![(x(end), y - 4.0), (x(end), y + 4.0)], colour, 2.0),
            _ => {}
        }
    }
    if frame.x.beyond(change.value) == 0 {
        palette::marker(sheet, line.position, (x(change.value), y), MARKER, true);
    }
}

/// Why there is nothing to draw.
fn reason(sheet: &mut Sheet, frame: &Frame, line: &Line, y: f64) {
    let text = line.row.reason.as_deref().map(plain).unwrap_or_default();
    let words = Words::new(text, (frame.left + 6.0, y), Align::Left).size(11.0).colour(GREY);
    let words = words.cut(frame.right - frame.left - 12.0);
    if !words.text.is_empty() {
        let end = frame.left + 12.0 + words.width();
        sheet.rectangle((frame.left + 1.0, y - 8.0), (end, y + 8.0), WHITE);
    }
    sheet.words(words);
}

fn texts(sheet: &mut Sheet, columns: &Columns, tall: bool, line: &Line, y: f64) {
    let name_y = if tall && !line.context.is_empty() { y - 8.0 } else { y };
    let name = Words::new(&line.name, (GAP, name_y), Align::Left).cut(columns.names);
    let context = match tall {
        true => (GAP, y + 8.0),
        false => (GAP + name.width() + 8.0, y),
    };
    sheet.words(name);
    let room = columns.names + GAP - context.0;
    let context = Words::new(&line.context, context, Align::Left).size(11.0).colour(GREY);
    sheet.words(context.cut(room));
    let room = columns.field.0 - GAP - columns.medians;
    sheet.words(Words::new(&line.medians, (columns.medians, y), Align::Left).cut(room));
    let (changed, verdict) = (line.stands_out(), line.verdict());
    let room = columns.verdicts - GAP - columns.figures;
    let emphasis = |words: Words| if changed { words.bold() } else { words.colour(GREY) };
    let figures = Words::new(&line.figures, (columns.figures, y), Align::Left);
    sheet.words(emphasis(figures).cut(room));
    sheet.words(emphasis(Words::new(verdict, (columns.verdicts, y), Align::Left)));
}

#[cfg(test)]
mod tests;
