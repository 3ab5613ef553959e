//! Draws one start: the phases as a ruler, and below it a bar for each process. On
//! narrow paper the names stand above their bars.

use super::{OTHER, Row, Start};
use crate::report::charts::axis::{Frame, Scale, labelled};
use crate::report::charts::palette;
use crate::report::charts::phases::clock::Clock;
use crate::report::charts::phases::lines;
use crate::report::charts::phases::named::{self, Heights, Part};
use crate::report::charts::sheet::{Align, Colour, FAINT, GREY, Sheet, WHITE, Words, width};
use crate::sample::Phase;
use crate::text::units::NS_PER_MS;

/// Names and figures of the phases, with their leaders.
const NAMED: f64 = 48.0;
/// The bar of phases, and what separates it from the rows.
const RULER: f64 = 7.0;
const BELOW: f64 = 5.0;
/// Room right of the bars for what they took.
const RIGHT: f64 = 84.0;
/// The widest name beside a bar, in pixels.
const NAME: f64 = 220.0;
/// A phase that is a smaller share of the whole is not named.
const LEAST_NAMED: f64 = 0.005;

/// How a chart is laid out.
struct Layout<'a> {
    start: &'a Start<'a>,
    clock: Clock,
    frame: Frame,
    /// Names stand above the bars.
    narrow: bool,
    /// From one row to the next.
    pitch: f64,
    bar: f64,
}

/// Draws all below the heading, which ends at `top`, and gives the sheet its height.
pub(super) fn draw(sheet: &mut Sheet, start: &Start, rows: &[Row], clock: Clock, top: f64) {
    let narrow = sheet.is_narrow();
    let (pitch, bar) = if narrow { (32.0, 10.0) } else { (19.0, 12.0) };
    // On narrow paper a line says what the figures are.
    let top = top + NAMED + RULER + BELOW + if narrow { 20.0 } else { 0.0 };
    let widest = rows.iter().map(|r| width(&r.name, 12.0, r.own)).fold(0.0, f64::max);
    let (left, right) = lines::edges(sheet);
    let (left, right) = match narrow {
        true => (left, right - 8.0),
        false => (left + 6.0 + widest.clamp(60.0, NAME), sheet.width - RIGHT),
    };
    let frame = Frame {
        left,
        right,
        top,
        bottom: top + pitch * rows.len() as f64,
        x: Scale::Linear { min: 0.0, max: start.end },
        y: Scale::Linear { min: 0.0, max: 1.0 },
    };
    let layout = Layout { start, clock, frame, narrow, pitch, bar };
    let unnamed = ruler(sheet, &layout);
    for (i, row) in rows.iter().enumerate() {
        put(sheet, &layout, row, top + pitch * i as f64);
    }
    axis(sheet, &layout);
    let foot = layout.frame.bottom + 52.0;
    sheet.height = named::told(sheet, &unnamed, lines::edges(sheet), foot) + 8.0;
}

/// The phases above the rows, and where they meet as lines through the rows; those
/// that have no room for a name.
fn ruler(sheet: &mut Sheet, layout: &Layout) -> Vec<Part> {
    let Layout { start, clock, frame, .. } = layout;
    let (top, bottom) = (frame.top - BELOW - RULER, frame.top - BELOW);
    let x = |ms: f64| frame.x_of(ms.min(start.end));
    let mut parts = Vec::new();
    for (turn, span) in start.spans.iter().enumerate() {
        let (from, to) = (x(span.from), x(span.to));
        let colour = named::colour(start.position, span.phases, turn);
        sheet.rectangle((from, top), (to, bottom), colour);
        sheet.line(vec![(to, bottom), (to, frame.bottom)], FAINT, 1.0);
        if span.length() > start.responded * LEAST_NAMED {
            let figure = clock.text(span.length() * NS_PER_MS);
            parts.push(Part { name: span.phases.to_string(), figure, from, to });
        }
    }
    let note = format!("phase, {}", clock.name());
    let note = match layout.narrow {
        true => Words::new(note, (lines::edges(sheet).0, top - 52.0), Align::Left),
        false => Words::new(note, (frame.left - 8.0, top - 18.0), Align::Right),
    };
    sheet.words(note.size(11.0).colour(GREY));
    let heights = Heights { bar: top, bend: top - 10.0, name: top - 32.0, figure: top - 18.0 };
    let edges = lines::edges(sheet);
    let left = if layout.narrow { edges.0 } else { frame.left };
    named::put(sheet, &parts, (left, edges.1), heights)
}

/// Ticks without a grid: the lines through the rows are the phases'.
fn axis(sheet: &mut Sheet, layout: &Layout) {
    let Frame { left, right, bottom, x, y, .. } = layout.frame;
    let below = Frame { left, right, top: bottom, bottom: bottom + 5.0, x, y };
    // The rows are in milliseconds, whatever they are told in.
    let unit = layout.clock.ns() / NS_PER_MS;
    let told = Scale::Linear { min: 0.0, max: layout.start.end / unit };
    let ticks: Vec<(f64, String)> =
        labelled(&told).into_iter().map(|(value, text)| (value * unit, text)).collect();
    let name = format!("{} since the intended instant", layout.clock.name());
    let ticks = lines::within(sheet, &below, ticks);
    below.x_axis(sheet, &ticks, &name);
    sheet.line(vec![(left, bottom), (right, bottom)], OTHER, 1.0);
}

/// A row from `top` on.
fn put(sheet: &mut Sheet, layout: &Layout, row: &Row, top: f64) {
    let Layout { start, frame, .. } = layout;
    let bottom = if layout.narrow { top + layout.pitch - 4.0 } else { top + layout.pitch - 3.5 };
    let (from, to) = (frame.x_of(row.from), frame.x_of(row.to));
    // What took no time is still to be seen.
    let to = to.max(from + 1.5);
    let (top, middle) = (bottom - layout.bar, bottom - layout.bar / 2.0);
    let colour = if row.own { palette::tint(start.position, 0.3) } else { row.colour };
    if row.lasted.is_some() {
        sheet.rectangle((from, top), (to, bottom), colour);
    } else {
        // A point beyond the edge: it goes on.
        let tip = (to + 6.0, middle);
        sheet.area(vec![(from, top), (to, top), tip, (to, bottom), (from, bottom)], colour);
    }
    if row.own {
        shades(sheet, layout, row, (top, bottom));
    }
    if layout.narrow {
        name_above(sheet, layout, row, from, top - 8.0);
    } else {
        name_beside(sheet, layout, row, to, middle);
    }
}

fn name(row: &Row, at: (f64, f64), align: Align) -> Words {
    let mut name = Words::new(&row.name, at, align);
    name.bold = row.own;
    name
}

/// What it took.
fn took(layout: &Layout, row: &Row) -> String {
    let text = |ms: f64| format!("{} {}", layout.clock.text(ms * NS_PER_MS), layout.clock.name());
    row.lasted.map_or_else(|| "goes on".to_owned(), text)
}

fn name_beside(sheet: &mut Sheet, layout: &Layout, row: &Row, end: f64, middle: f64) {
    sheet.words(name(row, (layout.frame.left - 8.0, middle), Align::Right).cut(NAME));
    let at = (end + 9.0, middle);
    let took = Words::new(took(layout, row), at, Align::Left).size(11.0).colour(GREY);
    let took = took.cut(sheet.width - 4.0 - at.0);
    // Keeps the lines out of the text.
    let (x, half) = (at.0 + took.width() + 2.0, layout.bar / 2.0 + 1.0);
    sheet.rectangle((at.0 - 2.0, middle - half), (x, middle + half), WHITE);
    sheet.words(took);
}

/// Name and length where the bar begins, or as far left as they need.
fn name_above(sheet: &mut Sheet, layout: &Layout, row: &Row, from: f64, y: f64) {
    let (left, right) = lines::edges(sheet);
    let took = Words::new(took(layout, row), (0.0, y), Align::Left).size(11.0).colour(GREY);
    let name = name(row, (0.0, y), Align::Left).cut(right - left - took.width() - 8.0);
    let both = name.width() + 8.0 + took.width();
    let x = from.min(right - both).max(left);
    sheet.rectangle((x - 1.0, y - 7.0), (x + both + 1.0, y + 7.0), WHITE);
    let at = (x + name.width() + 8.0, y);
    sheet.words(Words { at: (x, y), ..name });
    sheet.words(Words { at, ..took });
}

/// The phases of the function's own process, within its bar.
fn shades(sheet: &mut Sheet, layout: &Layout, row: &Row, (top, bottom): (f64, f64)) {
    let start = layout.start;
    for span in start.spans.iter().filter(|s| s.phases.first >= Phase::Boot) {
        let within = |ms: f64| layout.frame.x_of(ms.clamp(row.from, row.to));
        let colour: Colour = named::colour(start.position, span.phases, 0);
        sheet.rectangle((within(span.from), top), (within(span.to), bottom), colour);
    }
}
