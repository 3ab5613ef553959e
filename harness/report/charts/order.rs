//! Every start of both sides, when it was made: that base and head took turns, and
//! what drifted meanwhile.

use super::axis::{Frame, Scale, labelled};
use super::compared::{Differing, position, title};
use super::labels::spread;
use super::palette;
use super::sheet::{Align, Colour, GREY, Sheet, Words, width};
use super::{Composed, Data, Paper};
use crate::compare::{Comparison, Start};
use crate::report::words::plain;
use crate::sample::Cell;

use cell::{Dot, Panel};

mod cell;
mod finding;

const WIDTH: f64 = 940.0;
/// Cells that are drawn at most.
const MOST: usize = 8;
/// More points than this are thinned out evenly: no eye tells them apart.
const MOST_POINTS: usize = 6_000;
/// Where the first panel begins.
const TOP: f64 = 84.0;
/// A panel: its heading, the line of failures, the field, and the gap below.
const HEADING: f64 = 30.0;
const FAILED: f64 = 22.0;
const FIELD: f64 = 96.0;
const BELOW: f64 = 12.0;
/// Ticks and name of the axis of time.
const AXIS: f64 = 50.0;
/// Left of the first field.
const LEFT: f64 = 84.0;
/// What is left out of inference.
const FIRST: Colour = Colour(0xf2, 0xf2, 0xf2);
const NAMES: [&str; 2] = ["base", "head"];

/// A field's extent with the sides in it.
struct Column {
    left: f64,
    right: f64,
    sides: Vec<usize>,
    x: Scale,
}

/// Composes the chart; none without a start.
pub(super) fn compose(c: &Comparison, _paper: Paper) -> Option<Composed> {
    let (cells, left_out) = cells(c);
    let epochs = epochs(c, &cells);
    let differing = Differing::among(&cells.iter().map(|(cell, _)| *cell).collect::<Vec<_>>());
    let panels: Vec<Panel> = cells
        .iter()
        .map(|(cell, starts)| {
            let mut names = vec![plain(&cell.function)];
            names.extend(differing.of(cell));
            Panel::new(names, position(c, &cell.function), starts, epochs)
        })
        .collect();
    if panels.is_empty() {
        return None;
    }
    let failures = panels.iter().any(Panel::has_failures);
    let strip = if failures { FAILED } else { 0.0 };
    let pitch = HEADING + strip + FIELD + BELOW;
    let height = TOP + pitch * panels.len() as f64 + AXIS;
    let title =
        title(c, |base, head| format!("Every cold start in time: base {base}, head {head}"));
    let mut sheet = Sheet::new(WIDTH, height);
    sheet.heading(&title, &finding::subtitle(c, &panels, left_out));
    key(&mut sheet, failures, panels.iter().any(Panel::leaves_out));
    let columns = columns(c, &panels);
    let step = panels.iter().map(Panel::len).sum::<usize>().div_ceil(MOST_POINTS).max(1);
    for (i, panel) in panels.iter().enumerate() {
        let top = TOP + pitch * i as f64 + HEADING + strip;
        heading(&mut sheet, panel, top - strip - 17.0);
        for (nth, column) in columns.iter().enumerate() {
            let frame = frame(panel, column, top);
            let last = i + 1 == panels.len();
            let mut y = panel.y_ticks();
            if nth > 0 {
                y.iter_mut().for_each(|(_, text)| text.clear());
            }
            axes(&mut sheet, &frame, c, column, &y, last);
            panel_of(&mut sheet, &frame, panel, column, step);
            if nth == 0 && failures {
                let words = Words::new("failed", (LEFT - 8.0, top - 17.0), Align::Right);
                sheet.words(words.colour(GREY));
            }
        }
    }
    Some(Composed {
        name: "compare-order",
        title,
        caption: finding::caption(c, &panels),
        data: Data::default(),
        sheet,
    })
}

type Starts<'a> = (&'a Cell, &'a [Vec<Start>; 2]);

/// The cells that decide, in order, the worst of them when they are too many; how
/// many were left out.
fn cells(c: &Comparison) -> (Vec<Starts<'_>>, usize) {
    let started = |cell: &&Cell| c.order.get(cell).is_some_and(|s| s.iter().any(|s| !s.is_empty()));
    let mut found: Vec<&Cell> = Vec::new();
    for row in c.worst_first().into_iter().filter(|row| row.gated) {
        let cell = row.cell.as_ref().filter(started).filter(|cell| !found.contains(cell));
        found.extend(cell);
    }
    // A gate that looks at no cold start still had an order.
    if found.is_empty() {
        found = c.order.keys().filter(started).collect();
    }
    let left_out = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    found.sort_by_key(|cell| (position(c, &cell.function), *cell));
    (found.into_iter().filter_map(|cell| c.order.get_key_value(cell)).collect(), left_out)
}

/// When the first start of each side was made; the same when they share a clock.
fn epochs(c: &Comparison, cells: &[Starts]) -> [u64; 2] {
    let first = |side: usize| cells.iter().flat_map(|(_, s)| &s[side]).map(|s| s.at).min();
    let [base, head] = [first(0), first(1)];
    match c.interleaved {
        true => [base.into_iter().chain(head).min().unwrap_or(0); 2],
        false => [base.unwrap_or(0), head.unwrap_or(0)],
    }
}

/// One field where both share a clock, else one a side.
fn columns(c: &Comparison, panels: &[Panel]) -> Vec<Column> {
    let label = |p: &Panel| (0..2).map(|s| width(&p.label(s), 12.0, true)).fold(40.0, f64::max);
    let labels = panels.iter().map(label).fold(0.0, f64::max) + 40.0;
    let x = |sides: &[usize]| {
        let dots = panels.iter().flat_map(|p| sides.iter().flat_map(|s| &p.sides[*s]));
        Scale::from_nought(dots.map(|dot| dot.seconds))
    };
    let none = Scale::Linear { min: 0.0, max: 1.0 };
    if c.interleaved {
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

/// What the markers mean.
fn key(sheet: &mut Sheet, failures: bool, first: bool) {
    let y = 64.0;
    let mut x = 22.0;
    let write = |sheet: &mut Sheet, x: f64, text: &str| {
        let words = Words::new(text, (x, y), Align::Left).colour(GREY);
        let end = x + words.width() + 24.0;
        sheet.words(words);
        end
    };
    for (side, name) in NAMES.into_iter().enumerate() {
        palette::side(sheet, GREY, side == 1, (x, y), 4.0);
        x = write(sheet, x + 10.0, name);
    }
    sheet.line(vec![(x, y), (x + 18.0, y)], GREY, 1.5);
    x = write(sheet, x + 24.0, "median of a side");
    if first {
        sheet.rectangle((x, y - 8.0), (x + 30.0, y + 8.0), FIRST);
        palette::side(sheet, GREY, false, (x + 9.0, y), 4.0);
        palette::side(sheet, GREY, true, (x + 21.0, y), 4.0);
        x = write(sheet, x + 36.0, "round 1, left out");
    }
    if failures {
        write(sheet, x, "failures stand above the field");
    }
}

/// Name and drift above a field.
fn heading(sheet: &mut Sheet, panel: &Panel, y: f64) {
    let room = WIDTH - 32.0;
    let drift = Words::new(panel.drift_text(), (WIDTH - 16.0, y), Align::Right).size(11.0);
    let room = room - drift.width() - 24.0;
    sheet.words(drift.colour(GREY));
    let name = Words::new(&panel.name, (16.0, y), Align::Left).bold().cut(room);
    let at = (16.0 + name.width() + 10.0, y);
    let context = Words::new(&panel.context, at, Align::Left).size(11.0).colour(GREY);
    let room = room - name.width() - 10.0;
    sheet.words(name);
    sheet.words(context.cut(room));
}

fn axes(
    sheet: &mut Sheet,
    frame: &Frame,
    c: &Comparison,
    column: &Column,
    y: &[(f64, String)],
    last: bool,
) {
    let mut x = labelled(&frame.x);
    if !last {
        x.iter_mut().for_each(|(_, text)| text.clear());
    }
    let name = match (last, c.interleaved, column.sides.as_slice()) {
        (false, ..) => "",
        (_, true, _) => "s since the first start, both sides on one clock",
        (_, _, [0]) => "base: s since its first start",
        _ => "head, measured at another time: s since its first start",
    };
    frame.x_axis(sheet, &x, name);
    let named = y.iter().any(|(_, text)| !text.is_empty());
    frame.y_axis(sheet, y, if named { "ms (log)" } else { "" });
}

fn panel_of(sheet: &mut Sheet, frame: &Frame, panel: &Panel, column: &Column, step: usize) {
    if let Some(end) = panel.first_round_ends(&column.sides) {
        let to = frame.x_of(end).clamp(frame.left, frame.right);
        sheet.rectangle((frame.left, frame.top), (to, frame.bottom), FIRST);
    }
    let colour = palette::colour(panel.position);
    for &side in &column.sides {
        if let Some(median) = panel.medians[side] {
            let y = height(frame, median);
            sheet.line(vec![(frame.left, y), (frame.right, y)], colour, 1.0);
        }
    }
    for &side in &column.sides {
        for dot in panel.sides[side].iter().step_by(step) {
            let colour = if panel.is_left_out(dot) { GREY } else { colour };
            put(sheet, frame, dot, side == 1, colour);
        }
    }
    label(sheet, frame, panel, &column.sides);
    if column.sides.iter().all(|side| panel.sides[*side].iter().all(|dot| dot.ms.is_none())) {
        let at = (f64::midpoint(frame.left, frame.right), f64::midpoint(frame.top, frame.bottom));
        sheet.words(Words::new("no answer", at, Align::Centre).colour(GREY));
    }
}

/// A start: in the field, on its edge with an arrow, or on the line of failures.
fn put(sheet: &mut Sheet, frame: &Frame, dot: &Dot, head: bool, colour: Colour) {
    let x = frame.x_of(dot.seconds).clamp(frame.left, frame.right);
    let Some(ms) = dot.ms else {
        palette::side(sheet, colour, head, (x, frame.top - 17.0), 3.5);
        return;
    };
    let y = height(frame, ms);
    let inset = 9.0 * f64::from(frame.y.beyond(ms));
    palette::side(sheet, colour, head, (x, y + inset), 3.5);
    if inset != 0.0 {
        let back = y + inset / 2.0;
        sheet.area(vec![(x, y), (x - 3.5, back), (x + 3.5, back)], colour);
    }
}

/// Where a value stands: on an edge when it is beyond it.
fn height(frame: &Frame, ms: f64) -> f64 {
    frame.y_of(ms).clamp(frame.top, frame.bottom)
}

/// `base 163` at the end of each median.
fn label(sheet: &mut Sheet, frame: &Frame, panel: &Panel, sides: &[usize]) {
    let held: Vec<(usize, f64)> =
        sides.iter().filter_map(|s| Some((*s, height(frame, panel.medians[*s]?)))).collect();
    let lines: Vec<f64> = held.iter().map(|(_, y)| *y).collect();
    let placed = spread(&lines, &vec![16.0; lines.len()], frame.top, frame.bottom);
    let colour = palette::colour(panel.position);
    for ((side, line), y) in held.into_iter().zip(placed) {
        let x = frame.right;
        sheet.line(vec![(x, line), (x + 10.0, y)], colour, 1.0);
        palette::side(sheet, colour, side == 1, (x + 16.0, y), 3.5);
        let words = Words::new(panel.label(side), (x + 25.0, y), Align::Left);
        sheet.words(words.bold());
    }
}

#[cfg(test)]
mod tests;
