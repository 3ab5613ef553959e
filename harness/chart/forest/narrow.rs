//! The forest plot on narrow paper: name and figures of a row above its interval.

use super::line::Line;
use super::strokes::{axis, band, frame, grid, whisker};
use super::{FIGURES, MEDIANS, Panel};
use crate::chart::kit::axis::Frame;
use crate::chart::kit::canvas::{Align, Canvas, GREY, Text};
use crate::chart::kit::text_layout::{LINE, edges, put, wrapped};
use crate::report::words::plain;

/// Where an interval is drawn.
const STRIP: f64 = 18.0;
/// Between two rows.
const GAP: f64 = 10.0;
/// Ticks and name of an axis with what separates it from the next panel.
const AXIS: f64 = 62.0;
/// Between two texts on a line.
const APART: f64 = 10.0;

/// Draws all panels below `top`; where they end.
pub(crate) fn draw(canvas: &mut Canvas, panels: &[Panel], top: f64) -> f64 {
    let (left, right) = edges(canvas);
    let legend = format!("{MEDIANS}, {FIGURES}");
    let legend = Text::new(legend, (left, top + 12.0), Align::Left).size(11.0).colour(GREY);
    let top = put(canvas, &legend, right - left, 2);
    panels.iter().fold(top + 14.0, |top, panel| draw_panel(canvas, panel, top))
}

fn draw_panel(canvas: &mut Canvas, panel: &Panel, top: f64) -> f64 {
    let (left, right) = edges(canvas);
    let mut y = put(canvas, &panel.title((left, top + 8.0)), right - left, 3) + 8.0;
    let frame = frame(panel, (left, right), (0.0, 0.0));
    for line in &panel.lines {
        y = texts(canvas, line, y);
        if line.change.is_some() {
            let strip = (y, y + STRIP);
            band(canvas, &frame, line, panel.unit, strip);
            grid(canvas, &frame, panel.unit, strip);
            whisker(canvas, &frame, line, y + STRIP / 2.0);
            y += STRIP;
        }
        y += GAP;
    }
    if panel.lines.iter().all(|line| line.change.is_none()) {
        return y + GAP;
    }
    let frame = Frame { top: y - GAP, bottom: y - GAP + 4.0, ..frame };
    axis(canvas, &frame, panel.unit);
    frame.bottom + AXIS
}

/// The words of a row from a height on; where they end.
fn texts(canvas: &mut Canvas, line: &Line, top: f64) -> f64 {
    let (left, right) = edges(canvas);
    let top = name(canvas, line, top);
    let y = top + LINE / 2.0;
    let medians = Text::new(&line.medians, (left, y), Align::Left).cut(right - left);
    let end = medians.at.0 + medians.width() + APART;
    canvas.text(medians);
    if line.change.is_none() {
        return reason(canvas, line, top + LINE);
    }
    let figures = Text::new(&line.figures, (right, y), Align::Right);
    let figures = if line.stands_out() { figures.bold() } else { figures.colour(GREY) };
    let figures = figures.cut(right - left);
    let lines = if end + figures.width() <= right { 0.0 } else { LINE };
    canvas.text(Text { at: (right, y + lines), ..figures });
    top + lines + LINE + 2.0
}

/// Name and verdict, and what tells the row from others: beside the name, or below.
fn name(canvas: &mut Canvas, line: &Line, top: f64) -> f64 {
    let (left, right) = edges(canvas);
    let verdict = Text::new(line.verdict(), (right, top + LINE / 2.0), Align::Right);
    let verdict = if line.stands_out() { verdict.bold() } else { verdict.colour(GREY) };
    let room = right - left - verdict.width() - APART;
    canvas.text(verdict);
    let name = Text::new(&line.name, (left, 0.0), Align::Left).bold();
    let context = Text::new(&line.context, (left, 0.0), Align::Left).size(11.0).colour(GREY);
    let named = wrapped(&name, room, 2);
    let end = named.last().map_or(0.0, Text::width) + APART;
    let mut y = below(canvas, named, top);
    if end + context.width() <= room {
        canvas.text(Text { at: (left + end, y - LINE / 2.0), ..context });
    } else {
        y = below(canvas, wrapped(&context, right - left, 2), y);
    }
    y
}

/// Lines of text from a height on; where they end.
fn below(canvas: &mut Canvas, lines: Vec<Text>, mut y: f64) -> f64 {
    for words in lines {
        canvas.text(Text { at: (words.at.0, y + LINE / 2.0), ..words });
        y += LINE;
    }
    y
}

/// Why there is nothing to draw.
fn reason(canvas: &mut Canvas, line: &Line, top: f64) -> f64 {
    let (left, right) = edges(canvas);
    let text = line.row.reason.as_deref().map(plain).unwrap_or_default();
    let words = Text::new(text, (left, 0.0), Align::Left).size(11.0).colour(GREY);
    below(canvas, wrapped(&words, right - left, 4), top)
}
