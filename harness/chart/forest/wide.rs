//! The forest plot on wide paper: a row a line, its figures in columns.

use super::line::Line;
use super::strokes::{axis, band, frame, grid, whisker};
use super::{FIGURES, MEDIANS, Panel, WIDTH};
use crate::chart::kit::axis::Frame;
use crate::chart::kit::canvas::{Align, Canvas, GREY, Text, WHITE, width};
use crate::report::words::plain;

/// The names of the columns.
const HEADERS: f64 = 34.0;
/// A panel's heading, and its axis with what separates it from the next.
const HEADING: f64 = 26.0;
const AXIS: f64 = 62.0;
/// From one row to the next: of one line, of two.
const ROW: f64 = 23.0;
const TALL_ROW: f64 = 40.0;
/// The widest that a column may be, in pixels: names, medians, figures.
const COLUMNS: [f64; 3] = [300.0, 165.0, 230.0];
/// Room between columns, and at the edges.
const GAP: f64 = 16.0;
/// Left ends of medians, field, figures and verdicts.
struct Columns {
    /// Room for names.
    names: f64,
    medians: f64,
    field: (f64, f64),
    figures: f64,
    verdicts: f64,
}

/// Width of a name with its context on one line.
fn beside(line: &Line) -> f64 {
    let gap = if line.context.is_empty() { 0.0 } else { 8.0 };
    width(&line.name, 12.0, false) + gap + width(&line.context, 11.0, false)
}

fn columns(panels: &[Panel]) -> Columns {
    let widest = |of: &dyn Fn(&Line, bool) -> f64, most: f64| {
        let widths = panels.iter().flat_map(|p| p.lines.iter().map(|l| of(l, is_tall(p))));
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

/// Draws all panels below `top`; where they end.
pub(crate) fn draw(canvas: &mut Canvas, panels: &[Panel], top: f64) -> f64 {
    let columns = columns(panels);
    let headers = [(MEDIANS, columns.medians), (FIGURES, columns.figures)];
    for (text, x) in headers.into_iter().chain([("verdict", columns.verdicts)]) {
        let at = (x, top + HEADERS / 2.0);
        canvas.text(Text::new(text, at, Align::Left).size(11.0).colour(GREY));
    }
    panels.iter().fold(top + HEADERS, |top, panel| draw_panel(canvas, panel, &columns, top))
}

fn draw_panel(canvas: &mut Canvas, panel: &Panel, columns: &Columns, top: f64) -> f64 {
    canvas.text(panel.title((GAP, top + 11.0)).cut(WIDTH - 2.0 * GAP));
    let tall = is_tall(panel);
    let (top, height) = (top + HEADING, if tall { TALL_ROW } else { ROW });
    let bottom = top + height * panel.lines.len() as f64;
    let frame = frame(panel, columns.field, (top, bottom));
    let y = |i: usize| top + height * i as f64;
    for (i, line) in panel.lines.iter().enumerate() {
        band(canvas, &frame, line, panel.unit, (y(i), y(i) + height));
    }
    axis(canvas, &frame, panel.unit);
    grid(canvas, &frame, panel.unit, (top, bottom));
    for (i, line) in panel.lines.iter().enumerate() {
        let y = y(i) + height / 2.0;
        whisker(canvas, &frame, line, y);
        if line.change.is_none() {
            reason(canvas, &frame, line, y);
        }
        texts(canvas, columns, tall, line, y);
    }
    bottom + AXIS
}

/// Whether what tells rows apart has no room beside the names.
fn is_tall(panel: &Panel) -> bool {
    panel.lines.iter().any(|line| !line.context.is_empty() && beside(line) > COLUMNS[0])
}

/// Why there is nothing to draw.
fn reason(canvas: &mut Canvas, frame: &Frame, line: &Line, y: f64) {
    let text = line.row.reason.as_deref().map(plain).unwrap_or_default();
    let words = Text::new(text, (frame.left + 6.0, y), Align::Left).size(11.0).colour(GREY);
    let words = words.cut(frame.right - frame.left - 12.0);
    if !words.text.is_empty() {
        let end = frame.left + 12.0 + words.width();
        canvas.rectangle((frame.left + 1.0, y - 8.0), (end, y + 8.0), WHITE);
    }
    canvas.text(words);
}

fn texts(canvas: &mut Canvas, columns: &Columns, tall: bool, line: &Line, y: f64) {
    let name_y = if tall && !line.context.is_empty() { y - 8.0 } else { y };
    let name = Text::new(&line.name, (GAP, name_y), Align::Left).cut(columns.names);
    let context = match tall {
        true => (GAP, y + 8.0),
        false => (GAP + name.width() + 8.0, y),
    };
    canvas.text(name);
    let room = columns.names + GAP - context.0;
    let context = Text::new(&line.context, context, Align::Left).size(11.0).colour(GREY);
    canvas.text(context.cut(room));
    let room = columns.field.0 - GAP - columns.medians;
    canvas.text(Text::new(&line.medians, (columns.medians, y), Align::Left).cut(room));
    let (changed, verdict) = (line.stands_out(), line.verdict());
    let room = columns.verdicts - GAP - columns.figures;
    let emphasis = |words: Text| if changed { words.bold() } else { words.colour(GREY) };
    let figures = Text::new(&line.figures, (columns.figures, y), Align::Left);
    canvas.text(emphasis(figures).cut(room));
    canvas.text(emphasis(Text::new(verdict, (columns.verdicts, y), Align::Left)));
}
