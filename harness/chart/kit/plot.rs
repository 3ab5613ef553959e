//! The layout of every chart with axes both ways, at any width: heading, legend, fields
//! above each other on one horizontal axis, and the names of functions.
//!
//! Names stand where the lines end, if they have room there; else in the legend.

use super::axis::{Axis, Frame, left_of_field};
use super::canvas::Canvas;
use super::colour::Colour;
use super::declutter::declutter;
use super::legend::{self, LegendEntry};
use super::mark;
use super::text::Text;
use crate::chart::Layout;

/// Between the fields, and below the last: ticks and the name of the axis.
const BETWEEN: f64 = 46.0;
const BELOW: f64 = 52.0;
/// Names wider than this leave too little of the width to the field.
const WIDEST: f64 = 200.0;
/// What a name needs beside its text: the tie to its line, the marker.
const TIE: f64 = 44.0;
/// From name to name: below each other, and side by side.
const PITCH: f64 = 17.0;
const APART: f64 = 34.0;

/// The edge of the field at which lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    Right,
    Top,
}

/// A function on a plot.
pub(crate) struct Name {
    pub(crate) position: usize,
    pub(crate) text: String,
}

/// What is plotted.
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) legend: Vec<LegendEntry>,
    pub(crate) names: Vec<Name>,
    /// What the names say beside a name; empty where that is all.
    pub(crate) note: &'static str,
    pub(crate) edge: Edge,
    pub(crate) x: Axis,
    /// The vertical axis of each field, and its height in pixels.
    pub(crate) fields: Vec<(Axis, f64)>,
}

/// A plot of which all but the contents of the fields is drawn, the grid first.
pub(crate) struct Drawn {
    pub(crate) canvas: Canvas,
    /// Its fields, from above.
    pub(crate) frames: Vec<Frame>,
    plot: Plot,
    /// Names stand at their lines.
    direct: bool,
}

impl Plot {
    /// Heading, legend and fields. `behind` draws what is behind the grid.
    pub(crate) fn draw(self, layout: Layout, behind: impl FnOnce(&mut Canvas, &[Frame])) -> Drawn {
        let mut canvas = Canvas::new(layout);
        let direct = self.has_room_at_lines(&canvas);
        let top = canvas.heading(&self.title, &self.subtitle) + 6.0;
        let top = self.legend(&mut canvas, direct, top) + 14.0;
        let frames = self.frames(&canvas, direct, top);
        canvas.height = frames.last().map_or(top, |frame| frame.bottom + BELOW);
        behind(&mut canvas, &frames);
        for (i, (frame, (y, _))) in frames.iter().zip(&self.fields).enumerate() {
            let name = if i + 1 == frames.len() { &*self.x.name } else { "" };
            frame.x_axis(&mut canvas, &self.x.ticks, name);
            frame.y_axis(&mut canvas, &y.ticks, &y.name);
        }
        Drawn { canvas, frames, plot: self, direct }
    }

    fn widths(&self) -> Vec<f64> {
        self.names.iter().map(|name| Text::new(&name.text).bold().width()).collect()
    }

    fn has_room_at_lines(&self, canvas: &Canvas) -> bool {
        let (widths, height) = (self.widths(), self.fields.last().map_or(0.0, |field| field.1));
        let (left, right) = canvas.edges();
        !canvas.is_narrow()
            && match self.edge {
                Edge::Right => {
                    let fit = widths.iter().all(|width| *width <= WIDEST);
                    fit && widths.len() as f64 * PITCH <= height
                }
                Edge::Top => {
                    let note = Text::new(self.note).width();
                    widths.iter().map(|w| w + APART).sum::<f64>() + note <= right - left
                }
            }
    }

    /// Where it ends; room for names above the field is part of it.
    fn legend(&self, canvas: &mut Canvas, direct: bool, top: f64) -> f64 {
        let note = (!self.note.is_empty() && !direct).then(|| LegendEntry::note(self.note));
        let names = self.names.iter().filter(|_| !direct);
        let names = names.map(|name| LegendEntry::name(name.position, &name.text));
        let mut top = legend::draw(canvas, &self.legend, top);
        top = legend::draw(canvas, &note.into_iter().chain(names).collect::<Vec<_>>(), top);
        top + if direct && self.edge == Edge::Top { 20.0 } else { 0.0 }
    }

    fn frames(&self, canvas: &Canvas, direct: bool, mut top: f64) -> Vec<Frame> {
        let left = left_of_field(canvas, self.fields.iter().flat_map(|(y, _)| &y.ticks));
        let widest = self.widths().into_iter().fold(0.0, f64::max);
        let right = match self.edge {
            Edge::Right if direct && widest > 0.0 => canvas.width - TIE - widest,
            _ => canvas.edges().1 - 8.0,
        };
        let mut frames = Vec::new();
        for (y, height) in &self.fields {
            let (x, y) = (self.x.scale, y.scale);
            frames.push(Frame { left, right, top, bottom: top + height, x, y });
            top += height + BETWEEN;
        }
        frames
    }
}

impl Drawn {
    /// The last of the fields, or the only one.
    pub(crate) fn frame(&self) -> Frame {
        self.frames[self.frames.len() - 1]
    }

    /// The names, each tied to where its line ends, if that is where they stand; the
    /// ends are in the order of the names. Gives the drawing.
    pub(crate) fn named(mut self, ends: &[(f64, f64)]) -> Canvas {
        if self.direct {
            let places = self.places(ends);
            // The ties first: no name has a line through it.
            for ((name, end), (x, y)) in self.plot.names.iter().zip(ends).zip(&places) {
                let tie = match self.plot.edge {
                    Edge::Right => (x - 6.0, *y),
                    Edge::Top => (x + self.width(name) / 2.0, y + 8.0),
                };
                self.canvas.line(vec![tie, *end], Colour::tint(name.position, 0.6), 1.0);
            }
            for (name, (x, y)) in self.plot.names.iter().zip(places) {
                mark::marker(&mut self.canvas, name.position, (x, y), 4.5, true);
                self.canvas.text(Text::new(&name.text).at(x + 10.0, y).bold());
            }
        }
        self.canvas
    }

    fn width(&self, name: &Name) -> f64 {
        Text::new(&name.text).bold().width()
    }

    /// Where the marker of each name stands.
    fn places(&mut self, ends: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let frame = self.frame();
        match self.plot.edge {
            Edge::Right => {
                let heights: Vec<f64> = ends.iter().map(|end| end.1).collect();
                let sizes = vec![PITCH; ends.len()];
                let placed = declutter(&heights, &sizes, frame.top, frame.bottom);
                placed.into_iter().map(|y| (frame.right + 14.0, y)).collect()
            }
            Edge::Top => {
                let y = frame.top - 24.0;
                let (left, right) = self.canvas.edges();
                let note = Text::new(self.plot.note).at(left, y).grey();
                let left = left + note.width();
                self.canvas.text(note);
                let centres: Vec<f64> = ends.iter().map(|end| end.0).collect();
                let sizes: Vec<f64> = self.plot.widths().iter().map(|w| w + APART).collect();
                let placed = declutter(&centres, &sizes, left, right);
                placed.iter().zip(&sizes).map(|(x, size)| (x - size / 2.0 + 13.0, y)).collect()
            }
        }
    }
}
