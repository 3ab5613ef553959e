//! The strokes of the forest plot, the same on both papers: axes, margins, intervals.

use super::line::{Line, Unit};
use super::{BAND, Panel, change_scale};
use crate::chart::kit::axis::{Frame, Scale};
use crate::chart::kit::canvas::{Canvas, FAINT, GREY};
use crate::chart::kit::palette;
use crate::chart::kit::text_layout::within;

const MARKER: f64 = 4.5;

/// The field of a panel.
pub(crate) fn frame(panel: &Panel, (left, right): (f64, f64), (top, bottom): (f64, f64)) -> Frame {
    let x = change_scale::scale(panel.unit, panel.lines.iter().map(|line| line.row));
    Frame { left, right, top, bottom, x, y: Scale::Linear { min: 0.0, max: 1.0 } }
}

/// What a row may change by, as far as the axis goes.
pub(crate) fn band(canvas: &mut Canvas, frame: &Frame, line: &Line, unit: Unit, y: (f64, f64)) {
    let Some((from, to)) = unit.band(line.row) else { return };
    let x = |v: f64| frame.x_of(v).clamp(frame.left, frame.right);
    canvas.rectangle((x(from), y.0), (x(to), y.1), BAND);
}

/// The lines of the ticks, and of no change.
pub(crate) fn grid(canvas: &mut Canvas, frame: &Frame, unit: Unit, (top, bottom): (f64, f64)) {
    for (value, _) in change_scale::ticks(&frame.x, unit) {
        let x = frame.x_of(value);
        canvas.line(vec![(x, top), (x, bottom)], FAINT, 1.0);
    }
    let zero = frame.x_of(unit.zero());
    canvas.line(vec![(zero, top), (zero, bottom)], GREY, 1.0);
}

/// Ticks with their texts, and the name of the axis.
pub(crate) fn axis(canvas: &mut Canvas, frame: &Frame, unit: Unit) {
    let ticks = within(canvas, frame, change_scale::ticks(&frame.x, unit));
    frame.x_axis(canvas, &ticks, &format!("change, {}", unit.name()));
}

/// Interval and estimate; where they leave the axis, an arrow.
pub(crate) fn whisker(canvas: &mut Canvas, frame: &Frame, line: &Line, y: f64) {
    let Some(change) = line.change else { return };
    let colour = palette::colour(line.position);
    let (low, high) = change.interval.unwrap_or((change.value, change.value));
    let x = |v: f64| frame.x_of(v).clamp(frame.left, frame.right);
    // An interval that lies wholly beyond still needs a line to its arrow.
    let (from, to) = (x(low).min(frame.right - 14.0), x(high).max(frame.left + 14.0));
    canvas.line(vec![(from, y), (to, y)], colour, 2.0);
    let caps = to - from > 2.0 * MARKER + 4.0;
    for (end, outwards) in [(low, -1), (high, 1)] {
        match frame.x.beyond(end) {
            side if side == outwards => {
                canvas.area(palette::triangle((x(end), y), 7.0 * f64::from(side)), colour);
            }
            0 if caps => canvas.line(vec![(x(end), y - 4.0), (x(end), y + 4.0)], colour, 2.0),
            _ => {}
        }
    }
    if frame.x.beyond(change.value) == 0 {
        palette::marker(canvas, line.position, (x(change.value), y), MARKER, true);
    }
}
