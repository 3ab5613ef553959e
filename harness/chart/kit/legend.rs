//! What markers and lines mean, in as many rows as the paper needs. Must not know
//! what is drawn with them.

use super::canvas::{Align, Canvas, GREY, INK, Text, width};
use super::declutter::flow;
use super::palette;

/// From row to row.
pub(crate) const ROW: f64 = 19.0;
/// From a sign to its text, and from a text to the next sign.
const GAP: (f64, f64) = (7.0, 18.0);

/// A sign and its meaning.
pub(crate) struct Entry {
    sign: Sign,
    text: String,
    /// Names are bold.
    bold: bool,
}

/// What stands before a text.
pub(crate) enum Sign {
    /// A function's marker, full or outlined.
    Marker(usize, bool),
    /// Some markers, in their colours: whatever a function's.
    Every(bool),
    /// No sign: a note.
    None,
    /// Anything else: its width in pixels, and how it is drawn with its left end and
    /// its height at half given.
    Drawn(f64, fn(&mut Canvas, (f64, f64))),
}

impl Sign {
    fn width(&self) -> f64 {
        match self {
            Sign::Marker(..) => 10.0,
            Sign::Every(_) => 50.0,
            Sign::None => -GAP.0,
            Sign::Drawn(width, _) => *width,
        }
    }

    fn draw(&self, canvas: &mut Canvas, (x, y): (f64, f64)) {
        match self {
            Sign::Marker(position, full) => {
                palette::marker(canvas, *position, (x + 5.0, y), 4.5, *full);
            }
            Sign::Every(full) => {
                for position in 0..4 {
                    let at = (x + 5.0 + 13.0 * position as f64, y);
                    palette::marker(canvas, position, at, 3.5, *full);
                }
            }
            Sign::None => {}
            Sign::Drawn(_, draw) => draw(canvas, (x, y)),
        }
    }
}

impl Entry {
    /// A function.
    pub(crate) fn name(position: usize, text: impl Into<String>) -> Self {
        Self { sign: Sign::Marker(position, true), text: text.into(), bold: true }
    }

    /// What a sign means.
    pub(crate) fn meaning(sign: Sign, text: impl Into<String>) -> Self {
        Self { sign, text: text.into(), bold: false }
    }

    fn width(&self) -> f64 {
        self.sign.width() + GAP.0 + width(&self.text, 12.0, self.bold) + GAP.1
    }
}

/// How high the legend is on a canvas, in pixels.
pub(crate) fn height(canvas: &Canvas, entries: &[Entry]) -> f64 {
    places(canvas, entries).last().map_or(0.0, |(row, _)| ROW * (row + 1) as f64)
}

/// Draws the legend from `top` down.
pub(crate) fn draw(canvas: &mut Canvas, entries: &[Entry], top: f64) {
    let places = places(canvas, entries);
    for (entry, (row, x)) in entries.iter().zip(places) {
        let y = top + ROW * (row as f64 + 0.5);
        entry.sign.draw(canvas, (x, y));
        let at = (x + entry.sign.width() + GAP.0, y);
        let words = Text::new(&entry.text, at, Align::Left);
        let words = if entry.bold { words.bold() } else { words };
        let words = words.colour(if entry.bold { INK } else { GREY });
        canvas.text(words.cut(canvas.width - 4.0 - at.0));
    }
}

fn places(canvas: &Canvas, entries: &[Entry]) -> Vec<(usize, f64)> {
    let widths: Vec<f64> = entries.iter().map(Entry::width).collect();
    // The gap after the last of a row may leave the canvas.
    flow(&widths, canvas.margin(), canvas.width - canvas.margin() + GAP.1)
}
