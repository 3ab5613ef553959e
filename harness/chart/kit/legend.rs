//! What markers and lines mean, in as many rows as the canvas needs.

use super::canvas::Canvas;
use super::colour::{BAND, Colour, GREY};
use super::declutter::flow;
use super::mark;
use super::text::Text;

/// From row to row.
const ROW: f64 = 19.0;
/// From a symbol to its text, and from a text to the next symbol.
const GAP: (f64, f64) = (7.0, 18.0);

/// A symbol and its meaning.
pub(crate) struct LegendEntry {
    symbol: Symbol,
    text: Text,
}

/// What stands before a text.
pub(crate) enum Symbol {
    /// A function's marker, full or outlined.
    Marker(usize, bool),
    /// Some markers, in their colours: whatever a function's.
    Every(bool),
    /// The marker of the base or, where true, of the head.
    Side(bool),
    /// A line, so thick.
    Line(Colour, f64),
    /// An area behind what is measured.
    Band,
    /// What a part of a bar is filled with.
    Squares(Vec<Colour>),
    /// Anything else: its width in pixels, and how it is drawn with its left end and
    /// its height at half given.
    Drawn(f64, fn(&mut Canvas, (f64, f64))),
    /// No symbol: a note.
    None,
}

impl Symbol {
    fn width(&self) -> f64 {
        match self {
            Symbol::Marker(..) | Symbol::Side(_) => 10.0,
            Symbol::Every(_) => 50.0,
            Symbol::Line(..) | Symbol::Band => 18.0,
            Symbol::Squares(colours) => 12.0 * colours.len() as f64 - 1.0,
            Symbol::Drawn(width, _) => *width,
            Symbol::None => -GAP.0,
        }
    }

    fn draw(&self, canvas: &mut Canvas, (x, y): (f64, f64)) {
        match self {
            Symbol::Marker(position, full) => {
                mark::marker(canvas, *position, (x + 5.0, y), 4.5, *full);
            }
            Symbol::Every(full) => {
                for position in 0..4 {
                    let at = (x + 5.0 + 13.0 * position as f64, y);
                    mark::marker(canvas, position, at, 3.5, *full);
                }
            }
            Symbol::Side(head) => mark::side(canvas, GREY, *head, (x + 5.0, y), 4.0),
            Symbol::Line(colour, width) => {
                canvas.line(vec![(x, y), (x + 18.0, y)], *colour, *width);
            }
            Symbol::Band => canvas.rectangle((x, y - 6.0), (x + 18.0, y + 6.0), BAND),
            Symbol::Squares(colours) => {
                for (i, colour) in colours.iter().enumerate() {
                    let x = x + 12.0 * i as f64;
                    canvas.rectangle((x, y - 5.0), (x + 11.0, y + 5.0), *colour);
                }
            }
            Symbol::Drawn(_, draw) => draw(canvas, (x, y)),
            Symbol::None => {}
        }
    }
}

impl LegendEntry {
    /// A function.
    pub(crate) fn name(position: usize, text: impl Into<String>) -> Self {
        Self { symbol: Symbol::Marker(position, true), text: Text::new(text).bold() }
    }

    /// What a symbol means.
    pub(crate) fn meaning(symbol: Symbol, text: impl Into<String>) -> Self {
        Self { symbol, text: Text::new(text).grey() }
    }

    /// A note without a symbol.
    pub(crate) fn note(text: impl Into<String>) -> Self {
        Self::meaning(Symbol::None, text)
    }
}

/// Draws the legend from `top` down; where it ends.
pub(crate) fn draw(canvas: &mut Canvas, entries: &[LegendEntry], top: f64) -> f64 {
    let (left, right) = canvas.edges();
    let width = |e: &LegendEntry| e.symbol.width() + GAP.0 + e.text.width() + GAP.1;
    // The gap after the last of a row may leave the canvas.
    let places = flow(&entries.iter().map(width).collect::<Vec<_>>(), left, right + GAP.1);
    let rows = places.last().map_or(0, |(row, _)| row + 1);
    for (LegendEntry { symbol, text }, (row, x)) in entries.iter().zip(places) {
        let y = top + ROW * (row as f64 + 0.5);
        symbol.draw(canvas, (x, y));
        let x = x + symbol.width() + GAP.0;
        canvas.text(text.clone().at(x, y).cut(canvas.width - 4.0 - x));
    }
    top + ROW * rows as f64
}
