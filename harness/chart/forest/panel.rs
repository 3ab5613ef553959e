//! The rows of the forest plot: axes, margins, intervals, and their texts.

use super::line::{Line, Unit};
use super::{Panel, change_scale};
use crate::chart::kit::axis::{Axis, Frame};
use crate::chart::kit::canvas::Canvas;
use crate::chart::kit::colour::{BAND, Colour, GREY};
use crate::chart::kit::mark;
use crate::chart::kit::rows::{self, Row as Texts, RowPlot};
use crate::chart::kit::text::Text;
use crate::chart::words;

/// Where an interval is drawn, and between two rows.
const STRIP: f64 = 18.0;
const GAP: f64 = 5.0;
/// Between a panel's axis and the next.
const APART: f64 = 10.0;
/// The least of the width that intervals have beside their texts.
const LEAST: f64 = 220.0;
const MARKER: f64 = 4.5;

/// Draws all panels below `top`; where they end.
pub(super) fn draw(canvas: &mut Canvas, panels: &[Panel], top: f64) -> f64 {
    let texts: Vec<Texts> = panels.iter().flat_map(|p| &p.lines).map(texts).collect();
    let layout = RowPlot::new(canvas, &texts, LEAST);
    panels.iter().fold(top, |top, panel| draw_panel(canvas, &layout, panel, top))
}

fn draw_panel(canvas: &mut Canvas, layout: &RowPlot, panel: &Panel, top: f64) -> f64 {
    let (left, right) = canvas.edges();
    let mut top = canvas.lines(&panel.title().at(left, top + 8.0), right - left, 3) + 8.0;
    let scale = change_scale::scale(panel.unit, panel.lines.iter().map(|line| line.row));
    let frame = layout.frame(scale);
    let ticks = change_scale::ticks(&scale, panel.unit);
    let x = Axis::new(scale, format!("change, {}", panel.unit.name())).with(ticks);
    for line in &panel.lines {
        let behind = |canvas: &mut Canvas, top| {
            if line.change.is_some() {
                let strip = (top - GAP / 2.0, top + STRIP + GAP / 2.0);
                band(canvas, &frame, line, panel.unit, strip);
                rows::grid(canvas, &frame, &x, strip);
                let zero = frame.x_of(panel.unit.zero());
                canvas.line(vec![(zero, strip.0), (zero, strip.1)], GREY, 1.0);
            }
        };
        let begins = layout.texts(canvas, &texts(line), (top, STRIP), None, behind);
        interval(canvas, &frame, line, begins + STRIP / 2.0);
        top = begins + STRIP + GAP;
        if line.change.is_none() {
            reason(canvas, &frame, line, begins);
        }
    }
    if panel.lines.iter().all(|line| line.change.is_none()) {
        return top + APART;
    }
    rows::axis(canvas, &frame, &x, top - GAP / 2.0) + APART
}

impl Panel<'_> {
    /// What it shows.
    fn title(&self) -> Text {
        match self.gated {
            true => Text::new(&self.heading).bold(),
            false => Text::new(format!("{}: informational, not gated", self.heading)).grey(),
        }
    }
}

fn texts(line: &Line) -> Texts {
    let emphasis = |text: Text| if line.stands_out() { text.bold() } else { text.grey() };
    let mut after = vec![emphasis(Text::new(line.verdict()))];
    if line.change.is_some() {
        after.insert(0, emphasis(Text::new(&line.figures)));
    } else {
        after.insert(0, Text::new(""));
    }
    Texts {
        note: Some(Text::note(&line.context)),
        before: Some(Text::new(&line.medians)),
        after,
        ..Texts::new(Text::new(&line.name).bold())
    }
}

/// What a row may change by, as far as the axis goes.
fn band(canvas: &mut Canvas, frame: &Frame, line: &Line, unit: Unit, y: (f64, f64)) {
    let Some((from, to)) = unit.band(line.row) else { return };
    canvas.rectangle((frame.x_within(from), y.0), (frame.x_within(to), y.1), BAND);
}

/// Interval and estimate; where they leave the axis, an arrow.
fn interval(canvas: &mut Canvas, frame: &Frame, line: &Line, y: f64) {
    let Some(change) = line.change else { return };
    let colour = Colour::function(line.position);
    let (low, high) = change.interval.unwrap_or((change.value, change.value));
    let x = |v: f64| frame.x_within(v);
    // An interval that lies wholly beyond still needs a line to its arrow.
    let (from, to) = (x(low).min(frame.right - 14.0), x(high).max(frame.left + 14.0));
    canvas.line(vec![(from, y), (to, y)], colour, 2.0);
    let caps = to - from > 2.0 * MARKER + 4.0;
    for (end, outwards) in [(low, -1), (high, 1)] {
        match frame.x.beyond(end) {
            side if side == outwards => {
                canvas.area(mark::triangle((x(end), y), 7.0 * f64::from(side)), colour);
            }
            0 if caps => canvas.line(vec![(x(end), y - 4.0), (x(end), y + 4.0)], colour, 2.0),
            _ => {}
        }
    }
    if frame.x.beyond(change.value) == 0 {
        mark::marker(canvas, line.position, (x(change.value), y), MARKER, true);
    }
}

/// Why there is nothing to draw, as much of it as has room.
fn reason(canvas: &mut Canvas, frame: &Frame, line: &Line, top: f64) {
    let text = Text::note(line.row.reason.as_ref().map(words::reason).unwrap_or_default());
    let text = text.cut(frame.right - frame.left - 8.0);
    canvas.text(text.at(frame.left + 4.0, top + STRIP / 2.0));
}
