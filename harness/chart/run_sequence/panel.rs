//! The panels of a run's sequence, a cell each: a field of starts at their time and
//! latency, or one a side where the sides have no common clock; beside each other where
//! there is room.

use super::cell::{Dot, Panel};
use super::{MOST_POINTS, NAMES};
use crate::chart::kit::axis::{Frame, Scale, labelled, left_of_field};
use crate::chart::kit::canvas::Canvas;
use crate::chart::kit::colour::{BAND, Colour, GREY};
use crate::chart::kit::declutter::declutter;
use crate::chart::kit::mark;
use crate::chart::kit::text::{LINE, Text};

/// The line of failures above a field, and the field.
const FAILED: f64 = 26.0;
const FIELD: f64 = 96.0;
/// Above a field, between panels, and between fields beside each other.
const ABOVE: f64 = 8.0;
const GAP: f64 = 20.0;
/// Ticks and name of the axis of time.
const AXIS: f64 = 50.0;
/// The ends of the medians, right of a field.
const ENDS: f64 = 22.0;

/// Draws all panels below `top`; where they end.
pub(super) fn draw_all(canvas: &mut Canvas, panels: &[Panel], interleaved: bool, top: f64) -> f64 {
    let fields = Fields::new(canvas, panels, interleaved);
    let mut y = top;
    for (i, panel) in panels.iter().enumerate() {
        let last = i + 1 == panels.len();
        y = heading(canvas, panel, y) + ABOVE;
        y = fields.draw(canvas, panel, y, last) + if last { AXIS } else { GAP };
    }
    y
}

/// Which fields every panel has.
struct Fields {
    /// The sides in each, and their time since the first start.
    sides: Vec<(Vec<usize>, Scale)>,
    /// They are beside each other.
    beside: bool,
    /// From the left edge of the first to the right edge of the last.
    extent: (f64, f64),
    /// There is a line of failures.
    failures: bool,
    /// Of so many starts one is drawn.
    step: usize,
}

impl Fields {
    fn new(canvas: &Canvas, panels: &[Panel], interleaved: bool) -> Self {
        let together = if interleaved { vec![vec![0, 1]] } else { vec![vec![0], vec![1]] };
        let with_time = |sides: Vec<usize>| {
            let dots = panels.iter().flat_map(|p| sides.iter().flat_map(|s| &p.sides[*s]));
            let x = Scale::from_nought(dots.map(|dot| dot.seconds)).unwrap_or(Scale::UNIT);
            (sides, x)
        };
        let failures = panels.iter().any(Panel::has_failures);
        let mut ticks: Vec<(f64, String)> = panels.iter().flat_map(Panel::y_ticks).collect();
        ticks.extend(failures.then(|| (0.0, "failed".to_owned())));
        let starts: usize = panels.iter().map(Panel::len).sum();
        Self {
            sides: together.into_iter().map(with_time).collect(),
            beside: !canvas.is_narrow(),
            extent: (left_of_field(canvas, ticks.iter()) - 18.0, canvas.edges().1),
            failures,
            step: starts.div_ceil(MOST_POINTS).max(1),
        }
    }

    /// The fields of a panel from a height on; where they end.
    fn draw(&self, canvas: &mut Canvas, panel: &Panel, top: f64, last: bool) -> f64 {
        let columns = if self.beside { self.sides.len() } else { 1 };
        let width = (self.extent.1 - self.extent.0) / columns as f64;
        let mut bottom = top;
        for (i, (sides, x)) in self.sides.iter().enumerate() {
            let (column, row) = if self.beside { (i, 0) } else { (0, i) };
            let left = self.extent.0 + width * column as f64;
            let right = left + width - ENDS - if column + 1 < columns { GAP } else { 0.0 };
            let from = if row == 0 { top } else { bottom + ABOVE };
            let top = medians(canvas, panel, sides, (left, from)) + self.strip();
            let frame = Frame { left, right, top, bottom: top + FIELD, x: *x, y: panel.y };
            bottom = frame.bottom;
            let named = last && (self.beside || i + 1 == self.sides.len());
            self.axes(canvas, &frame, panel, (column, named.then_some(sides.as_slice())));
            self.starts(canvas, &frame, panel, sides);
            ends(canvas, &frame, panel, sides);
        }
        bottom
    }

    fn strip(&self) -> f64 {
        if self.failures { FAILED } else { ABOVE }
    }

    /// The axis of time has a name in the last fields, those of some sides.
    fn axes(
        &self,
        canvas: &mut Canvas,
        frame: &Frame,
        panel: &Panel,
        (column, named): (usize, Option<&[usize]>),
    ) {
        let (mut x, mut y) = (labelled(&frame.x), panel.y_ticks());
        if named.is_none() {
            x.iter_mut().for_each(|(_, text)| text.clear());
        }
        if column > 0 {
            y.iter_mut().for_each(|(_, text)| text.clear());
        } else if self.failures {
            let failed = Text::new("failed").grey().right();
            canvas.text(failed.at(frame.left - 8.0, frame.top - 17.0));
        }
        let name = match named {
            None => "",
            Some([0, 1]) => "s since the first start, both sides on one clock",
            Some(_) if !self.beside => "s since the first start of each side",
            Some([0]) => "base: s since its first start",
            Some(_) => "head, measured at another time: s since its first start",
        };
        frame.x_axis(canvas, &x, name);
        frame.y_axis(canvas, &y, "");
    }

    /// Round 1, medians and starts of some sides.
    fn starts(&self, canvas: &mut Canvas, frame: &Frame, panel: &Panel, sides: &[usize]) {
        if let Some(end) = panel.first_round_ends(sides) {
            let to = frame.x_within(end);
            canvas.rectangle((frame.left, frame.top), (to, frame.bottom), BAND);
        }
        let colour = Colour::function(panel.position);
        for median in sides.iter().filter_map(|side| panel.medians[*side]) {
            let y = frame.y_within(median);
            canvas.line(vec![(frame.left, y), (frame.right, y)], colour, 1.0);
        }
        for &side in sides {
            for dot in panel.sides[side].iter().step_by(self.step) {
                let colour = if panel.is_left_out(dot) { GREY } else { colour };
                put(canvas, frame, dot, side == 1, colour);
            }
        }
        let dots = || sides.iter().flat_map(|side| &panel.sides[*side]);
        if dots().all(|dot| dot.latency.is_none()) {
            let text = if dots().next().is_none() { "no start" } else { "no answer" };
            let (x, y) = (frame.left + frame.right, frame.top + frame.bottom);
            canvas.text_on_page(Text::new(text).grey().centred().at(x / 2.0, y / 2.0));
        }
    }
}

/// A start: in the field, on its edge with an arrow, or on the line of failures.
fn put(canvas: &mut Canvas, frame: &Frame, dot: &Dot, head: bool, colour: Colour) {
    let x = frame.x_within(dot.seconds);
    let Some(latency) = dot.latency else {
        mark::side(canvas, colour, head, (x, frame.top - 17.0), 3.5);
        return;
    };
    let y = frame.y_within(latency);
    let inset = 9.0 * f64::from(frame.y.beyond(latency));
    mark::side(canvas, colour, head, (x, y + inset), 3.5);
    if inset != 0.0 {
        let back = y + inset / 2.0;
        canvas.area(vec![(x, y), (x - 3.5, back), (x + 3.5, back)], colour);
    }
}

/// A marker of its side at the end of each median, beside the field.
fn ends(canvas: &mut Canvas, frame: &Frame, panel: &Panel, sides: &[usize]) {
    let median = |side: &usize| Some((*side, frame.y_within(panel.medians[*side]?)));
    let held: Vec<(usize, f64)> = sides.iter().filter_map(median).collect();
    let lines: Vec<f64> = held.iter().map(|(_, y)| *y).collect();
    let placed = declutter(&lines, &vec![12.0; lines.len()], frame.top, frame.bottom);
    let colour = Colour::function(panel.position);
    for ((side, line), y) in held.iter().zip(&placed) {
        let x = frame.right;
        canvas.line(vec![(x, *line), (x + 10.0, *y)], colour, 1.0);
        mark::side(canvas, colour, *side == 1, (x + 15.0, *y), 3.5);
    }
}

/// The medians of some sides with their markers, from a place on; where they end.
fn medians(canvas: &mut Canvas, panel: &Panel, sides: &[usize], (left, top): (f64, f64)) -> f64 {
    let (mut x, y) = (left, top + LINE / 2.0);
    for &side in sides {
        let colour = Colour::function(panel.position);
        mark::side(canvas, colour, side == 1, (x + 4.5, y), 4.0);
        let label = panel.medians[side].map(|median| {
            let unit = panel.unit;
            format!("{} {} {}", NAMES[side], unit.text(median * unit.ns()), unit.name())
        });
        let text = Text::new(label.unwrap_or_else(|| NAMES[side].to_owned())).at(x + 14.0, y);
        x += 14.0 + text.width() + 18.0;
        canvas.text(text);
    }
    y + LINE / 2.0
}

/// Name and drift, from a height on; where they end.
fn heading(canvas: &mut Canvas, panel: &Panel, top: f64) -> f64 {
    let (left, right) = canvas.edges();
    let name = Text::new(&panel.name).bold().at(left, top + LINE / 2.0);
    let mut bottom = canvas.lines(&name, right - left, 2);
    let about = [panel.context.clone(), panel.drift_text()];
    let about = about.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
    if !about.is_empty() {
        let text = Text::note(about).at(left, bottom + LINE / 2.0);
        bottom = canvas.lines(&text, right - left, 3);
    }
    bottom
}
