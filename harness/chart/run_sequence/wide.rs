//! The picture of the run's order on wide paper: medians beside the fields, and a
//! column a side where they have no common clock.

use super::cell::Panel;
use super::{Drawing, WIDTH, field};
use crate::chart::kit::axis::{Frame, Scale, labelled};
use crate::chart::kit::canvas::{Align, Canvas, GREY, Text, width};

/// A panel: its heading, the line of failures, the field, and the gap below.
const HEADING: f64 = 30.0;
const FAILED: f64 = 22.0;
const FIELD: f64 = 96.0;
const BELOW: f64 = 12.0;
/// Ticks and name of the axis of time.
const AXIS: f64 = 50.0;
/// Left of the first field.
const LEFT: f64 = 84.0;
/// From the edges to text.
const EDGE: f64 = 16.0;

/// A field's extent with the sides in it.
struct Column {
    left: f64,
    right: f64,
    sides: Vec<usize>,
    x: Scale,
}

/// Draws all panels below `top`; where they end.
pub(crate) fn draw(canvas: &mut Canvas, drawing: &Drawing, top: f64) -> f64 {
    let Drawing { panels, interleaved, failures, step } = *drawing;
    let columns = columns(interleaved, panels);
    let strip = if failures { FAILED } else { 0.0 };
    let pitch = HEADING + strip + FIELD + BELOW;
    for (i, panel) in panels.iter().enumerate() {
        let top = top + pitch * i as f64 + HEADING + strip;
        heading(canvas, panel, top - strip - 17.0);
        for (nth, column) in columns.iter().enumerate() {
            let frame = frame(panel, column, top);
            let mut y = panel.y_ticks();
            if nth > 0 {
                y.iter_mut().for_each(|(_, text)| text.clear());
            }
            let last = i + 1 == panels.len();
            axes(canvas, &frame, interleaved, column, (&y, panel.clock.name()), last);
            field::draw(canvas, &frame, panel, &column.sides, step);
            label(canvas, &frame, panel, &column.sides);
            if nth == 0 && failures {
                field::failed(canvas, &frame);
            }
        }
    }
    top + pitch * panels.len() as f64 + AXIS
}

/// One field where both share a clock, else one a side.
fn columns(interleaved: bool, panels: &[Panel]) -> Vec<Column> {
    let label = |p: &Panel| (0..2).map(|s| width(&p.label(s), 12.0, true)).fold(40.0, f64::max);
    let labels = panels.iter().map(label).fold(0.0, f64::max) + 40.0;
    let x = |sides: &[usize]| {
        let dots = panels.iter().flat_map(|p| sides.iter().flat_map(|s| &p.sides[*s]));
        Scale::from_nought(dots.map(|dot| dot.seconds))
    };
    let none = Scale::Linear { min: 0.0, max: 1.0 };
    if interleaved {
        let x = x(&[0, 1]).unwrap_or(none);
        return vec![Column { left: LEFT, right: WIDTH - labels, sides: vec![0, 1], x }];
    }
    let half = (WIDTH - LEFT - 2.0 * labels - 24.0) / 2.0;
    let column = |side: usize| {
        let left = LEFT + (half + labels + 24.0) * side as f64;
        let x = x(&[side]).unwrap_or(none);
        Column { left, right: left + half, sides: vec![side], x }
    };
    vec![column(0), column(1)]
}

fn frame(panel: &Panel, column: &Column, top: f64) -> Frame {
    let Column { left, right, x, .. } = *column;
    Frame { left, right, top, bottom: top + FIELD, x, y: panel.y }
}

/// Name and drift above a field.
fn heading(canvas: &mut Canvas, panel: &Panel, y: f64) {
    let room = WIDTH - 2.0 * EDGE;
    let drift = Text::new(panel.drift_text(), (WIDTH - 16.0, y), Align::Right).size(11.0);
    let room = room - drift.width() - 24.0;
    canvas.text(drift.colour(GREY));
    let name = Text::new(&panel.name, (16.0, y), Align::Left).bold().cut(room);
    let at = (16.0 + name.width() + 10.0, y);
    let context = Text::new(&panel.context, at, Align::Left).size(11.0).colour(GREY);
    let room = room - name.width() - 10.0;
    canvas.text(name);
    canvas.text(context.cut(room));
}

fn axes(
    canvas: &mut Canvas,
    frame: &Frame,
    interleaved: bool,
    column: &Column,
    (y, unit): (&[(f64, String)], &str),
    last: bool,
) {
    let mut x = labelled(&frame.x);
    if !last {
        x.iter_mut().for_each(|(_, text)| text.clear());
    }
    let name = match (last, interleaved, column.sides.as_slice()) {
        (false, ..) => "",
        (_, true, _) => "s since the first start, both sides on one clock",
        (_, _, [0]) => "base: s since its first start",
        _ => "head, measured at another time: s since its first start",
    };
    frame.x_axis(canvas, &x, name);
    let named = y.iter().any(|(_, text)| !text.is_empty());
    let unit = format!("{unit} (log)");
    frame.y_axis(canvas, y, if named { &unit } else { "" });
}

/// `base 163 ms` at the end of each median.
fn label(canvas: &mut Canvas, frame: &Frame, panel: &Panel, sides: &[usize]) {
    for (side, y) in field::ends(canvas, frame, panel, sides) {
        let at = (frame.right + 25.0, y);
        canvas.text(Text::new(panel.label(side), at, Align::Left).bold());
    }
}
