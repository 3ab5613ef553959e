//! One field of the picture of the run's order: starts at their time and latency.

use super::FIRST;
use super::cell::{Dot, Panel};
use crate::chart::kit::axis::Frame;
use crate::chart::kit::canvas::{Align, Canvas, Colour, GREY, Text, WHITE};
use crate::chart::kit::declutter::declutter;
use crate::chart::kit::palette;

/// Round 1, medians and starts of some sides.
pub(crate) fn draw(
    canvas: &mut Canvas,
    frame: &Frame,
    panel: &Panel,
    sides: &[usize],
    step: usize,
) {
    if let Some(end) = panel.first_round_ends(sides) {
        let to = frame.x_of(end).clamp(frame.left, frame.right);
        canvas.rectangle((frame.left, frame.top), (to, frame.bottom), FIRST);
    }
    let colour = palette::colour(panel.position);
    for &side in sides {
        if let Some(median) = panel.medians[side] {
            let y = height(frame, median);
            canvas.line(vec![(frame.left, y), (frame.right, y)], colour, 1.0);
        }
    }
    for &side in sides {
        for dot in panel.sides[side].iter().step_by(step) {
            let colour = if panel.is_left_out(dot) { GREY } else { colour };
            put(canvas, frame, dot, side == 1, colour);
        }
    }
    if sides.iter().all(|side| panel.sides[*side].iter().all(|dot| dot.latency.is_none())) {
        nothing(canvas, frame, sides.iter().all(|side| panel.sides[*side].is_empty()));
    }
}

/// What stands in a field without a latency.
fn nothing(canvas: &mut Canvas, frame: &Frame, unstarted: bool) {
    let text = if unstarted { "no start" } else { "no answer" };
    let (x, y) = (f64::midpoint(frame.left, frame.right), f64::midpoint(frame.top, frame.bottom));
    let words = Text::new(text, (x, y), Align::Centre).colour(GREY);
    let half = words.width() / 2.0 + 4.0;
    // Keeps the grid out of the text.
    canvas.rectangle((x - half, y - 9.0), (x + half, y + 9.0), WHITE);
    canvas.text(words);
}

/// A start: in the field, on its edge with an arrow, or on the line of failures.
fn put(canvas: &mut Canvas, frame: &Frame, dot: &Dot, head: bool, colour: Colour) {
    let x = frame.x_of(dot.seconds).clamp(frame.left, frame.right);
    let Some(latency) = dot.latency else {
        palette::side(canvas, colour, head, (x, frame.top - 17.0), 3.5);
        return;
    };
    let y = height(frame, latency);
    let inset = 9.0 * f64::from(frame.y.beyond(latency));
    palette::side(canvas, colour, head, (x, y + inset), 3.5);
    if inset != 0.0 {
        let back = y + inset / 2.0;
        canvas.area(vec![(x, y), (x - 3.5, back), (x + 3.5, back)], colour);
    }
}

/// Where a value stands: on an edge when it is beyond it.
fn height(frame: &Frame, ms: f64) -> f64 {
    frame.y_of(ms).clamp(frame.top, frame.bottom)
}

/// A marker of its side at the end of each median, beside the field; the side and the
/// height of each.
pub(crate) fn ends(
    canvas: &mut Canvas,
    frame: &Frame,
    panel: &Panel,
    sides: &[usize],
) -> Vec<(usize, f64)> {
    let held: Vec<(usize, f64)> =
        sides.iter().filter_map(|s| Some((*s, height(frame, panel.medians[*s]?)))).collect();
    let lines: Vec<f64> = held.iter().map(|(_, y)| *y).collect();
    let placed = declutter(&lines, &vec![16.0; lines.len()], frame.top, frame.bottom);
    let colour = palette::colour(panel.position);
    for ((side, line), y) in held.iter().zip(&placed) {
        let x = frame.right;
        canvas.line(vec![(x, *line), (x + 10.0, *y)], colour, 1.0);
        palette::side(canvas, colour, *side == 1, (x + 16.0, *y), 3.5);
    }
    held.into_iter().zip(placed).map(|((side, _), y)| (side, y)).collect()
}

/// What the line of failures is, left of it.
pub(crate) fn failed(canvas: &mut Canvas, frame: &Frame) {
    let at = (frame.left - 8.0, frame.top - 17.0);
    canvas.text(Text::new("failed", at, Align::Right).colour(GREY));
}
