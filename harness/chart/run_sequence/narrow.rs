//! The picture of the run's order on narrow paper: names and medians above the fields,
//! and a field a side below each other where they have no common clock.

use super::cell::Panel;
use super::{Drawing, field};
use crate::chart::kit::axis::{Frame, Scale, labelled};
use crate::chart::kit::canvas::{Align, Canvas, GREY, Text, width};
use crate::chart::kit::palette;
use crate::chart::kit::text_layout::{LINE, edges, put, within};

/// The line of failures above a field.
const FAILED: f64 = 26.0;
const FIELD: f64 = 96.0;
/// Between panels, and between words and a field.
const GAP: f64 = 20.0;
const ABOVE: f64 = 8.0;
/// Ticks and name of the axis of time.
const AXIS: f64 = 50.0;
/// The ends of the medians, right of a field.
const ENDS: f64 = 14.0;

/// Draws all panels below `top`; where they end.
pub(crate) fn draw(canvas: &mut Canvas, drawing: &Drawing, top: f64) -> f64 {
    let none = Scale::Linear { min: 0.0, max: 1.0 };
    let dots = drawing.panels.iter().flat_map(|panel| panel.sides.iter().flatten());
    let x = Scale::from_nought(dots.map(|dot| dot.seconds)).unwrap_or(none);
    let (left, right) = edges(canvas);
    let ticks = drawing.panels.iter().flat_map(Panel::y_ticks);
    let widest = ticks.map(|(_, text)| width(&text, 12.0, false)).fold(0.0, f64::max);
    let failed = if drawing.failures { width("failed", 12.0, false) } else { 0.0 };
    let left = left.min(4.0) + widest.max(failed) + 8.0;
    let mut y = top;
    for (i, panel) in drawing.panels.iter().enumerate() {
        let frame = Frame { left, right: right - ENDS, top: y, bottom: y, x, y: panel.y };
        y = draw_panel(canvas, drawing, panel, frame, i + 1 == drawing.panels.len());
    }
    y
}

/// A panel from the frame's top on; where it ends.
fn draw_panel(canvas: &mut Canvas, drawing: &Drawing, panel: &Panel, at: Frame, last: bool) -> f64 {
    let mut y = heading(canvas, panel, at.top);
    let all: &[&[usize]] = if drawing.interleaved { &[&[0, 1]] } else { &[&[0], &[1]] };
    for (nth, sides) in all.iter().enumerate() {
        y = medians(canvas, panel, sides, y) + ABOVE;
        let top = y + if drawing.failures { FAILED } else { 0.0 };
        let frame = Frame { top, bottom: top + FIELD, ..at };
        axes(canvas, &frame, drawing.interleaved, panel, last && nth + 1 == all.len());
        field::draw(canvas, &frame, panel, sides, drawing.step);
        field::ends(canvas, &frame, panel, sides);
        if drawing.failures {
            field::failed(canvas, &frame);
        }
        y = frame.bottom + ABOVE;
    }
    y + if last { AXIS - ABOVE } else { GAP - ABOVE }
}

/// Name and drift, from a height on; where they end.
fn heading(canvas: &mut Canvas, panel: &Panel, top: f64) -> f64 {
    let (left, right) = edges(canvas);
    let name = Text::new(&panel.name, (left, top + LINE / 2.0), Align::Left).bold();
    let mut bottom = put(canvas, &name, right - left, 2);
    for text in [panel.context.clone(), panel.drift_text()] {
        if !text.is_empty() {
            let at = (left, bottom + LINE / 2.0);
            let words = Text::new(text, at, Align::Left).size(11.0).colour(GREY);
            bottom = put(canvas, &words, right - left, 2);
        }
    }
    bottom
}

/// The medians of some sides with their markers, from a height on; where they end.
fn medians(canvas: &mut Canvas, panel: &Panel, sides: &[usize], top: f64) -> f64 {
    let mut x = edges(canvas).0;
    let y = top + 10.0;
    for &side in sides {
        palette::side(canvas, palette::colour(panel.position), side == 1, (x + 4.5, y), 4.0);
        let words = Text::new(panel.label(side), (x + 14.0, y), Align::Left);
        x += 14.0 + words.width() + 18.0;
        canvas.text(words);
    }
    y + LINE / 2.0
}

fn axes(canvas: &mut Canvas, frame: &Frame, interleaved: bool, panel: &Panel, last: bool) {
    let mut x = within(canvas, frame, labelled(&frame.x));
    if !last {
        x.iter_mut().for_each(|(_, text)| text.clear());
    }
    let name = match (last, interleaved) {
        (false, _) => "",
        (_, true) => "s since the first start",
        (_, false) => "s since the first start of each side",
    };
    frame.x_axis(canvas, &x, name);
    frame.y_axis(canvas, &panel.y_ticks(), "");
}
