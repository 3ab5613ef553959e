//! A value with its interval, and several of them side by side. Must not know what is
//! measured.

use super::axis::Frame;
use super::palette;
use super::sheet::{Colour, Sheet};
use crate::stats::Interval;
use crate::text::units::NS_PER_MS;

/// Half the width of a cap, in pixels.
const CAP: f64 = 3.0;

/// An upright line between two values, with caps.
pub(super) fn draw(sheet: &mut Sheet, frame: &Frame, x: f64, ends: (f64, f64), colour: Colour) {
    let (low, high) = (frame.y_of(ends.0), frame.y_of(ends.1));
    sheet.line(vec![(x, low), (x, high)], colour, 1.5);
    for y in [low, high] {
        sheet.line(vec![(x - CAP, y), (x + CAP, y)], colour, 1.5);
    }
}

/// The interval of a latency on an axis of milliseconds; one that reaches into the
/// failures points beyond the field.
pub(super) fn latency(
    sheet: &mut Sheet,
    frame: &Frame,
    x: f64,
    interval: &Interval,
    colour: Colour,
) {
    let Some(low) = interval.low.ns() else { return };
    match interval.high.ns() {
        Some(high) => draw(sheet, frame, x, (low / NS_PER_MS, high / NS_PER_MS), colour),
        None => {
            let low = frame.y_of(low / NS_PER_MS);
            sheet.line(vec![(x, low), (x, frame.top + 6.0)], colour, 1.5);
            let point = palette::triangle((0.0, 0.0), 6.0);
            let upright = point.into_iter().map(|(along, across)| (x + across, frame.top - along));
            sheet.area(upright.collect(), colour);
        }
    }
}

/// How far from its place the `index`th of `of` is moved, so that they stand side by
/// side: pixels.
pub(super) fn beside(index: usize, of: usize) -> f64 {
    let step = (28.0 / of.max(1) as f64).min(7.0);
    (index as f64 - (of.max(1) - 1) as f64 / 2.0) * step
}
