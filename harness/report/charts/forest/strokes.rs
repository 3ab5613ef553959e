//! The strokes of the forest plot, the same on both papers: axes, margins, intervals.

use super::line::{Line, Unit};
use super::{BAND, Panel, reach};
use crate::report::charts::axis::{Frame, Scale};
use crate::report::charts::palette;
use crate::report::charts::phases::lines::within;
use crate::report::charts::sheet::{FAINT, GREY, Sheet};

const MARKER: f64 = 4.5;

/// The field of a panel.
pub(super) fn frame(panel: &Panel, (left, right): (f64, f64), (top, bottom): (f64, f64)) -> Frame {
    let x = reach::scale(panel.unit, panel.lines.iter().map(|line| line.row));
    Frame { left, right, top, bottom, x, y: Scale::Linear { min: 0.0, max: 1.0 } }
}

/// What a row may change by, as far as the axis goes.
pub(super) fn band(sheet: &mut Sheet, frame: &Frame, line: &Line, unit: Unit, y: (f64, f64)) {
    let Some((from, to)) = unit.band(line.row) else { return };
    let x = |v: f64| frame.x_of(v).clamp(frame.left, frame.right);
    sheet.rectangle((x(from), y.0), (x(to), y.1), BAND);
}

/// The lines of the ticks, and of no change.
pub(super) fn grid(sheet: &mut Sheet, frame: &Frame, unit: Unit, (top, bottom): (f64, f64)) {
    for (value, _) in reach::ticks(&frame.x, unit) {
        let x = frame.x_of(value);
        sheet.line(vec![(x, top), (x, bottom)], FAINT, 1.0);
    }
    let zero = frame.x_of(unit.zero());
    sheet.line(vec![(zero, top), (zero, bottom)], GREY, 1.0);
}

/// Ticks with their texts, and the name of the axis.
pub(super) fn axis(sheet: &mut Sheet, frame: &Frame, unit: Unit) {
    let ticks = within(sheet, frame, reach::ticks(&frame.x, unit));
    frame.x_axis(sheet, &ticks, &format!("change, {}", unit.name()));
}

/// Interval and estimate; where they leave the axis, an arrow.
pub(super) fn whisker(sheet: &mut Sheet, frame: &Frame, line: &Line, y: f64) {
    let Some(change) = line.change else { return };
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
