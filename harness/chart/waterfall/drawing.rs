//! Draws one start: the phases as a ruler, and below it a bar for each process.

use super::{Row, Start};
use crate::chart::kit::axis::{Axis, Frame, Scale};
use crate::chart::kit::canvas::Canvas;
use crate::chart::kit::colour::{Colour, FAINT};
use crate::chart::kit::rows::{self, Row as Texts, RowPlot};
use crate::chart::kit::text::Text;
use crate::chart::kit::time_unit::TimeUnit;
use crate::chart::phase_names::{self, Heights, Part};
use crate::sample::Phase;
use crate::text::units::NS_PER_MS;

/// What the figures are, and names and figures of the phases, with their leaders.
const NOTE: f64 = 20.0;
const NAMED: f64 = 48.0;
/// The bar of phases, and what separates it from the rows.
const RULER: f64 = 7.0;
const BELOW: f64 = 5.0;
/// The bar of a process, and what separates it from the next.
const BAR: f64 = 12.0;
const GAP: f64 = 7.0;
/// The least of the width that bars have beside their names.
const LEAST: f64 = 440.0;
/// A phase that is a smaller share of the whole is not named.
const LEAST_NAMED: f64 = 0.005;

/// Draws all below the heading, which ends at `top`, and gives the canvas its height.
pub(super) fn draw(canvas: &mut Canvas, start: &Start, rows: &[Row], unit: TimeUnit, top: f64) {
    let texts: Vec<Texts> = rows.iter().map(|row| texts(row, unit)).collect();
    let layout = RowPlot::new(canvas, &texts, LEAST);
    let frame = layout.frame(Scale::Linear { min: 0.0, max: start.end });
    let (unnamed, mut top) = ruler(canvas, &frame, start, unit, top);
    for (row, texts) in rows.iter().zip(&texts) {
        let (from, to) = (frame.x_of(row.from), frame.x_of(row.to));
        // What took no time is still to be seen.
        let ends = (from, to.max(from + 1.5));
        let beyond = if row.lasted.is_none() { 6.0 } else { 0.0 };
        let meetings = |canvas: &mut Canvas, top| meetings(canvas, &frame, start, top);
        let begins = layout.texts(canvas, texts, (top, BAR), Some(ends.1 + beyond), meetings);
        bar(canvas, &frame, start, row, (ends, begins));
        top = begins + BAR + GAP;
    }
    let foot = rows::axis(canvas, &frame, &axis(start, unit), top);
    canvas.height = phase_names::told(canvas, &unnamed, canvas.edges(), foot) + 8.0;
}

fn texts(row: &Row, unit: TimeUnit) -> Texts {
    let took = |ms: f64| format!("{} {}", unit.text(ms * NS_PER_MS), unit.name());
    let took = row.lasted.map_or_else(|| "goes on".to_owned(), took);
    let name = Text { bold: row.own, ..Text::new(&row.name) };
    Texts { after: vec![Text::note(took)], ..Texts::new(name) }
}

/// Where phases meet, as lines through the row of the bar that begins at `top`.
fn meetings(canvas: &mut Canvas, frame: &Frame, start: &Start, top: f64) {
    for span in &start.spans {
        let x = frame.x_of(span.to.min(start.end));
        canvas.line(vec![(x, top - 3.5), (x, top + BAR + GAP - 3.5)], FAINT, 1.0);
    }
}

/// The phases above the rows; those that have no room for a name, and where it ends.
fn ruler(
    canvas: &mut Canvas,
    frame: &Frame,
    start: &Start,
    unit: TimeUnit,
    top: f64,
) -> (Vec<Part>, f64) {
    let edges = canvas.edges();
    canvas.text(Text::note(format!("phases, {}:", unit.name())).at(edges.0, top + NOTE / 2.0));
    let top = top + NOTE + NAMED;
    let x = |ms: f64| frame.x_of(ms.min(start.end));
    let mut parts = Vec::new();
    for (turn, span) in start.spans.iter().enumerate() {
        let (from, to) = (x(span.from), x(span.to));
        let colour = phase_names::colour(start.position, span.phases, turn);
        canvas.rectangle((from, top), (to, top + RULER), colour);
        if span.length() > start.responded * LEAST_NAMED {
            let figure = unit.text(span.length() * NS_PER_MS);
            parts.push(Part { name: span.phases.to_string(), figure, from, to });
        }
    }
    let heights = Heights { bar: top, bend: top - 10.0, name: top - 32.0, figure: top - 18.0 };
    let unnamed = phase_names::put(canvas, &parts, (frame.left, edges.1), heights);
    (unnamed, top + RULER + BELOW)
}

/// The rows are in milliseconds, whatever they are told in.
fn axis(start: &Start, unit: TimeUnit) -> Axis {
    let ms = unit.ns() / NS_PER_MS;
    let told = Scale::Linear { min: 0.0, max: start.end / ms };
    let Axis { ticks, name, .. } =
        Axis::new(told, format!("{} since the intended instant", unit.name()));
    let ticks = ticks.into_iter().map(|(value, text)| (value * ms, text)).collect();
    Axis { scale: Scale::Linear { min: 0.0, max: start.end }, ticks, name }
}

/// The bar of a row, between two ends and from a height on.
fn bar(
    canvas: &mut Canvas,
    frame: &Frame,
    start: &Start,
    row: &Row,
    ((from, to), top): ((f64, f64), f64),
) {
    let bottom = top + BAR;
    let colour = if row.own { Colour::tint(start.position, 0.3) } else { row.colour };
    if row.lasted.is_some() {
        canvas.rectangle((from, top), (to, bottom), colour);
    } else {
        // A point beyond the edge: it goes on.
        let tip = (to + 6.0, top + BAR / 2.0);
        canvas.area(vec![(from, top), (to, top), tip, (to, bottom), (from, bottom)], colour);
    }
    // The phases of the function's own process, within its bar.
    let own = start.spans.iter().filter(|s| row.own && s.phases.first >= Phase::Boot);
    for span in own {
        let within = |ms: f64| frame.x_of(ms.clamp(row.from, row.to));
        let colour = phase_names::colour(start.position, span.phases, 0);
        canvas.rectangle((within(span.from), top), (within(span.to), bottom), colour);
    }
}
