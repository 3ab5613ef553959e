//! The forest plot on narrow paper: name and figures of a row above its interval.

use super::line::Line;
use super::strokes::{axis, band, frame, grid, whisker};
use super::{FIGURES, MEDIANS, Panel};
use crate::report::charts::axis::Frame;
use crate::report::charts::phases::lines::{LINE, edges, put, wrapped};
use crate::report::charts::sheet::{Align, GREY, Sheet, Words};
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
pub(super) fn draw(sheet: &mut Sheet, panels: &[Panel], top: f64) -> f64 {
    let (left, right) = edges(sheet);
    let legend = format!("{MEDIANS}, {FIGURES}");
    let legend = Words::new(legend, (left, top + 12.0), Align::Left).size(11.0).colour(GREY);
    let top = put(sheet, &legend, right - left, 2);
    panels.iter().fold(top + 14.0, |top, panel| draw_panel(sheet, panel, top))
}

fn draw_panel(sheet: &mut Sheet, panel: &Panel, top: f64) -> f64 {
    let (left, right) = edges(sheet);
    let mut y = put(sheet, &panel.title((left, top + 8.0)), right - left, 3) + 8.0;
    let frame = frame(panel, (left, right), (0.0, 0.0));
    for line in &panel.lines {
        y = texts(sheet, line, y);
        if line.change.is_some() {
            let strip = (y, y + STRIP);
            band(sheet, &frame, line, panel.unit, strip);
            grid(sheet, &frame, panel.unit, strip);
            whisker(sheet, &frame, line, y + STRIP / 2.0);
            y += STRIP;
        }
        y += GAP;
    }
    if panel.lines.iter().all(|line| line.change.is_none()) {
        return y + GAP;
    }
    let frame = Frame { top: y - GAP, bottom: y - GAP + 4.0, ..frame };
    axis(sheet, &frame, panel.unit);
    frame.bottom + AXIS
}

/// The words of a row from a height on; where they end.
fn texts(sheet: &mut Sheet, line: &Line, top: f64) -> f64 {
    let (left, right) = edges(sheet);
    let top = name(sheet, line, top);
    let y = top + LINE / 2.0;
    let medians = Words::new(&line.medians, (left, y), Align::Left).cut(right - left);
    let end = medians.at.0 + medians.width() + APART;
    sheet.words(medians);
    if line.change.is_none() {
        return reason(sheet, line, top + LINE);
    }
    let figures = Words::new(&line.figures, (right, y), Align::Right);
    let figures = if line.stands_out() { figures.bold() } else { figures.colour(GREY) };
    let figures = figures.cut(right - left);
    let lines = if end + figures.width() <= right { 0.0 } else { LINE };
    sheet.words(Words { at: (right, y + lines), ..figures });
    top + lines + LINE + 2.0
}

/// Name and verdict, and what tells the row from others: beside the name, or below.
fn name(sheet: &mut Sheet, line: &Line, top: f64) -> f64 {
    let (left, right) = edges(sheet);
    let verdict = Words::new(line.verdict(), (right, top + LINE / 2.0), Align::Right);
    let verdict = if line.stands_out() { verdict.bold() } else { verdict.colour(GREY) };
    let room = right - left - verdict.width() - APART;
    sheet.words(verdict);
    let name = Words::new(&line.name, (left, 0.0), Align::Left).bold();
    let context = Words::new(&line.context, (left, 0.0), Align::Left).size(11.0).colour(GREY);
    let named = wrapped(&name, room, 2);
    let end = named.last().map_or(0.0, Words::width) + APART;
    let mut y = below(sheet, named, top);
    if end + context.width() <= room {
        sheet.words(Words { at: (left + end, y - LINE / 2.0), ..context });
    } else {
        y = below(sheet, wrapped(&context, right - left, 2), y);
    }
    y
}

/// Lines of text from a height on; where they end.
fn below(sheet: &mut Sheet, lines: Vec<Words>, mut y: f64) -> f64 {
    for words in lines {
        sheet.words(Words { at: (words.at.0, y + LINE / 2.0), ..words });
        y += LINE;
    }
    y
}

/// Why there is nothing to draw.
fn reason(sheet: &mut Sheet, line: &Line, top: f64) -> f64 {
    let (left, right) = edges(sheet);
    let text = line.row.reason.as_deref().map(plain).unwrap_or_default();
    let words = Words::new(text, (left, 0.0), Align::Left).size(11.0).colour(GREY);
    below(sheet, wrapped(&words, right - left, 4), top)
}
