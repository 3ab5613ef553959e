//! Marks of functions and of sides, and what stands about them. Colour by position, and
//! a dash and a form beside it, so that nothing rests on colour alone.

use super::axis::Frame;
use super::canvas::Canvas;
use super::colour::{Colour, PAGE};
use crate::stats::Interval;
use crate::text::units::NS_PER_MS;

/// Lengths of stroke and gap in turn, in pixels; empty for a whole line.
const DASHES: [&[f64]; 6] = [
    &[],
    &[9.0, 4.0],
    &[2.5, 3.0],
    &[10.0, 3.0, 2.5, 3.0],
    &[18.0, 5.0],
    &[9.0, 3.0, 2.5, 3.0, 2.5, 3.0],
];

/// Shapes of markers.
const SHAPES: usize = 8;
/// What may be cut out of each. A hole would make a full marker look like an outline.
const CUTS: [Cut; 3] = [Cut::Nothing, Cut::Across, Cut::Upright];

/// The stripe that is cut out of a marker, or drawn into an outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    Nothing,
    Across,
    Upright,
}

/// The dash: it and the colour are those of one function of 24, as colours and dashes
/// change in step and a dash is left out after twelve.
fn dash(position: usize) -> usize {
    position.wrapping_add(position / 12) % DASHES.len()
}

/// Shape and cut: those of one function of 24, whatever its colour.
fn form(position: usize) -> (usize, Cut) {
    (position % SHAPES, CUTS[position / SHAPES % CUTS.len()])
}

/// A line in a function's colour and dash.
pub(crate) fn dashed_line(canvas: &mut Canvas, position: usize, points: &[(f64, f64)]) {
    for piece in dashed(points, DASHES[dash(position)]) {
        canvas.line(piece, Colour::function(position), 2.0);
    }
}

/// A marker in a function's colour and form: full, or an outline.
pub(crate) fn marker(
    canvas: &mut Canvas,
    position: usize,
    at: (f64, f64),
    radius: f64,
    full: bool,
) {
    let (form, cut) = form(position);
    let mut outline = shape(form, at, radius);
    if full {
        canvas.area(outline, Colour::function(position));
    } else {
        outline.extend(outline.first().copied());
        canvas.line(outline, Colour::function(position), 1.0);
    }
    let inner = if full { PAGE } else { Colour::function(position) };
    let (x, y) = at;
    let rectangle = |canvas: &mut Canvas, width: f64, height: f64| {
        canvas.rectangle((x - width, y - height), (x + width, y + height), inner);
    };
    match cut {
        Cut::Nothing => {}
        Cut::Across => rectangle(canvas, radius * 1.4, radius * 0.22),
        Cut::Upright => rectangle(canvas, radius * 0.22, radius * 1.4),
    }
}

/// A marker of one of two sides: an empty circle, or a full diamond.
pub(crate) fn side(canvas: &mut Canvas, colour: Colour, head: bool, at: (f64, f64), radius: f64) {
    if head {
        canvas.area(shape(3, at, radius), colour);
    } else {
        // About as large as the diamond.
        canvas.area(shape(0, at, radius * 1.15), colour);
        canvas.area(shape(0, at, radius * 1.15 - 1.5), PAGE);
    }
}

/// An arrow head with its point at a place; a negative length points left.
pub(crate) fn triangle((x, y): (f64, f64), length: f64) -> Vec<(f64, f64)> {
    let half = length.abs() * 0.8;
    vec![(x, y), (x - length, y - half), (x - length, y + half)]
}

/// A cross, for a failure.
pub(crate) fn cross(canvas: &mut Canvas, (x, y): (f64, f64), colour: Colour) {
    let arm = 4.0;
    canvas.line(vec![(x - arm, y - arm), (x + arm, y + arm)], colour, 1.5);
    canvas.line(vec![(x - arm, y + arm), (x + arm, y - arm)], colour, 1.5);
}

/// A ring around a marker.
pub(crate) fn ring(canvas: &mut Canvas, at: (f64, f64), colour: Colour) {
    let mut outline = shape(0, at, 6.0);
    outline.extend(outline.first().copied());
    canvas.line(outline, colour, 1.0);
}

/// An upright line between two values, with caps.
pub(crate) fn error_bar(
    canvas: &mut Canvas,
    frame: &Frame,
    x: f64,
    ends: (f64, f64),
    colour: Colour,
) {
    const CAP: f64 = 3.0;
    let (low, high) = (frame.y_of(ends.0), frame.y_of(ends.1));
    canvas.line(vec![(x, low), (x, high)], colour, 1.5);
    for y in [low, high] {
        canvas.line(vec![(x - CAP, y), (x + CAP, y)], colour, 1.5);
    }
}

/// The interval of a latency on an axis of milliseconds; one that reaches into the
/// failures points beyond the field.
pub(crate) fn latency_bar(
    canvas: &mut Canvas,
    frame: &Frame,
    x: f64,
    interval: &Interval,
    colour: Colour,
) {
    let Some(low) = interval.low.ns() else { return };
    match interval.high.ns() {
        Some(high) => {
            error_bar(canvas, frame, x, (low / NS_PER_MS, high / NS_PER_MS), colour);
        }
        None => {
            let low = frame.y_of(low / NS_PER_MS);
            canvas.line(vec![(x, low), (x, frame.top + 6.0)], colour, 1.5);
            let point = triangle((0.0, 0.0), 6.0);
            let upright = point.into_iter().map(|(along, across)| (x + across, frame.top - along));
            canvas.area(upright.collect(), colour);
        }
    }
}

/// How far from its place the `index`th of `of` is moved, so that they stand side by
/// side: pixels.
pub(crate) fn beside(index: usize, of: usize) -> f64 {
    let step = (28.0 / of.max(1) as f64).min(7.0);
    (index as f64 - (of.max(1) - 1) as f64 / 2.0) * step
}

/// Circle, square, triangle, diamond, triangle upside down, upright cross, lying cross
/// or hourglass, about equal in area.
fn shape(form: usize, (x, y): (f64, f64), radius: f64) -> Vec<(f64, f64)> {
    let (corners, turn, size) = match form {
        0 => (16, 0.0, 1.0),
        1 => (4, 0.125, 1.2),
        2 => (3, 0.75, 1.4),
        3 => (4, 0.0, 1.3),
        4 => (3, 0.25, 1.4),
        5 => return placed(&CROSS, 0.0, (x, y), radius),
        6 => return placed(&CROSS, 0.125, (x, y), radius),
        _ => return placed(&HOURGLASS, 0.0, (x, y), radius),
    };
    (0..corners)
        .map(|corner| {
            let angle = (turn + f64::from(corner) / f64::from(corners)) * std::f64::consts::TAU;
            (x + radius * size * angle.cos(), y + radius * size * angle.sin())
        })
        .collect()
}

/// Corners about a middle, for a radius of 1.
const CROSS: [(f64, f64); 12] = [
    (-0.42, -1.3),
    (0.42, -1.3),
    (0.42, -0.42),
    (1.3, -0.42),
    (1.3, 0.42),
    (0.42, 0.42),
    (0.42, 1.3),
    (-0.42, 1.3),
    (-0.42, 0.42),
    (-1.3, 0.42),
    (-1.3, -0.42),
    (-0.42, -0.42),
];
const HOURGLASS: [(f64, f64); 6] =
    [(-1.1, -1.2), (1.1, -1.2), (0.3, 0.0), (1.1, 1.2), (-1.1, 1.2), (-0.3, 0.0)];

/// Corners turned by a share of a full turn, and put in their place.
fn placed(corners: &[(f64, f64)], turn: f64, (x, y): (f64, f64), radius: f64) -> Vec<(f64, f64)> {
    let (sin, cos) = (turn * std::f64::consts::TAU).sin_cos();
    let at =
        |(a, b): &(f64, f64)| (x + radius * (a * cos - b * sin), y + radius * (a * sin + b * cos));
    corners.iter().map(at).collect()
}

/// Cuts a line into its strokes.
fn dashed(points: &[(f64, f64)], dash: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let Some(&first) = points.first() else { return Vec::new() };
    if dash.is_empty() {
        return vec![points.to_vec()];
    }
    let (mut pieces, mut piece) = (Vec::new(), vec![first]);
    let (mut turn, mut left) = (0, dash[0]);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length <= left {
                left -= length;
                piece.push(to);
                break;
            }
            let share = left / length;
            from = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            piece.push(from);
            if turn % 2 == 0 {
                pieces.push(std::mem::take(&mut piece));
            }
            piece = vec![from];
            turn += 1;
            left = dash[turn % dash.len()];
        }
    }
    if turn % 2 == 0 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::super::canvas::Stroke;
    use super::*;

    #[test]
    fn of_24_functions_no_two_have_one_marker_or_one_line_colour_or_not() {
        use std::collections::BTreeSet;
        let without_colour: BTreeSet<_> = (0..24).map(form).collect();
        assert_eq!(without_colour.len(), 24);
        let lines: BTreeSet<_> = (0..24).map(|p| (p % 4, dash(p))).collect();
        assert_eq!(lines.len(), 24);
        // A function that the record does not know stands at the very end.
        let _ = (dash(usize::MAX), form(usize::MAX));
    }

    #[test]
    fn markers_of_17_functions_are_drawn_each_otherwise_full_and_as_outlines() {
        for full in [true, false] {
            let drawn = |position| {
                let mut canvas = Canvas::new(crate::chart::Layout::Narrow);
                marker(&mut canvas, position, (20.0, 20.0), 4.5, full);
                // Without its colour.
                let grey = |stroke: &Stroke| match stroke {
                    Stroke::Line { points, .. } => format!("line {points:?}"),
                    Stroke::Area { points, .. } => format!("area {points:?}"),
                    Stroke::Text(text) => text.text.clone(),
                };
                canvas.strokes.iter().map(grey).collect::<Vec<_>>().join(";")
            };
            let all: std::collections::BTreeSet<String> = (0..17).map(drawn).collect();
            assert_eq!(all.len(), 17);
        }
    }

    #[test]
    fn dashes_cover_their_share_of_a_line() {
        let pieces = dashed(&[(0.0, 0.0), (50.0, 0.0), (50.0, 80.0)], &[9.0, 4.0]);
        let length = |piece: &Vec<(f64, f64)>| -> f64 {
            piece.windows(2).map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1)).sum()
        };
        let drawn: f64 = pieces.iter().map(length).sum();
        assert!((drawn - 90.0).abs() < 1e-9, "{drawn}");
        assert!(dashed(&[], &[1.0, 1.0]).is_empty());
        // Not a crash nor an endless loop on a line without length.
        assert_eq!(dashed(&[(1.0, 1.0), (1.0, 1.0)], &[1.0, 1.0]).len(), 1);
    }
}
