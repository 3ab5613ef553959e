//! A drawing as a list of strokes, and how it becomes an SVG document: alone in the
//! program, this file draws with the plotting crate.
//!
//! Coordinates are CSS pixels from the top left.

use std::collections::BTreeSet;

use anyhow::{Context, Result, anyhow};
use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{self, PathElement, Polygon};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontTransform, IntoTextStyle};

use super::colour::{self, Colour, PAGE};
use super::text::{Align, Text, font, fonts};
use super::zoom::Zoom;
use crate::chart::Layout;

/// The crate has whole pixels only: a finer grid, shown smaller.
const SCALE: f64 = 4.0;

/// One stroke.
#[derive(Debug, Clone)]
pub(crate) enum Stroke {
    Line { points: Vec<(f64, f64)>, colour: Colour, width: f64 },
    Area { points: Vec<(f64, f64)>, colour: Colour },
    Text(Text),
}

/// A drawing, composed and not yet drawn.
#[derive(Debug, Clone)]
pub(crate) struct Canvas {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) strokes: Vec<Stroke>,
    /// What it can be zoomed into on a page.
    pub(crate) zoom: Option<Zoom>,
}

impl Canvas {
    /// As wide as a layout; its height is set when all is drawn.
    pub(crate) fn new(layout: Layout) -> Self {
        Self { width: layout.width(), height: 0.0, strokes: Vec::new(), zoom: None }
    }

    /// Whether it is for a narrow page.
    pub(crate) fn is_narrow(&self) -> bool {
        self.width <= Layout::Narrow.width()
    }

    /// The left and the right edge of text, in pixels.
    pub(crate) fn edges(&self) -> (f64, f64) {
        let margin = if self.is_narrow() { 12.0 } else { 16.0 };
        (margin, self.width - margin)
    }

    pub(crate) fn line(&mut self, points: Vec<(f64, f64)>, colour: Colour, width: f64) {
        self.strokes.push(Stroke::Line { points, colour, width });
    }

    pub(crate) fn area(&mut self, points: Vec<(f64, f64)>, colour: Colour) {
        self.strokes.push(Stroke::Area { points, colour });
    }

    pub(crate) fn rectangle(&mut self, from: (f64, f64), to: (f64, f64), colour: Colour) {
        self.area(vec![from, (to.0, from.1), to, (from.0, to.1)], colour);
    }

    pub(crate) fn text(&mut self, text: Text) {
        if !text.text.is_empty() {
            self.strokes.push(Stroke::Text(text));
        }
    }

    /// A text on a piece of the page, which keeps what is drawn already out of it.
    pub(crate) fn text_on_page(&mut self, text: Text) {
        if text.text.is_empty() {
            return;
        }
        let ((x, y), width) = (text.at, text.width());
        let left = match text.align {
            Align::Left => x,
            Align::Centre => x - width / 2.0,
            Align::Right => x - width,
        };
        self.rectangle((left - 2.0, y - 7.0), (left + width + 2.0, y + 7.0), PAGE);
        self.text(text);
    }

    /// A text in lines below each other, the first at its point; where they end.
    pub(crate) fn lines(&mut self, text: &Text, room: f64, most: usize) -> f64 {
        let pitch = text.size * 1.3;
        let (x, mut y) = text.at;
        for line in text.wrapped(room, most) {
            self.text(line.at(x, y));
            y += pitch;
        }
        y - pitch + text.size * 0.7
    }

    /// A title and what it counts, at the top left; where they end.
    pub(crate) fn heading(&mut self, title: &str, subtitle: &str) -> f64 {
        /// Lines of either, at most.
        const MOST: usize = 8;
        let size = if self.is_narrow() { 14.0 } else { 15.0 };
        let (left, right) = self.edges();
        let title = Text::new(title).at(left, 20.0).size(size).bold();
        let below = self.lines(&title, right - left, MOST);
        let subtitle = Text::new(subtitle).at(left, below + 10.0).grey();
        self.lines(&subtitle, right - left, MOST)
    }

    /// A whole SVG document with a title and a description for screen readers.
    ///
    /// # Errors
    /// When the plotting crate fails.
    pub(crate) fn svg(&self, title: &str, description: &str) -> Result<String> {
        let mut drawn = String::new();
        let (width, height) = ((self.width * SCALE) as u32, (self.height * SCALE) as u32);
        let area = SVGBackend::with_string(&mut drawn, (width, height)).into_drawing_area();
        self.draw(&area).map_err(|error| anyhow!("cannot draw: {error}"))?;
        drop(area);
        // The crate's own first element has neither a title nor a scale.
        let (_, body) = drawn.split_once('>').context("no <svg> in an SVG")?;
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" class=\"{}\" \
             width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\">\n\
             <title>{}</title>\n<desc>{}</desc>\n{}{}",
            colour::CLASS,
            self.width as u32,
            self.height as u32,
            escaped(title),
            escaped(description),
            self.dark_style(),
            body.trim_start()
        ))
    }

    /// The rules for all that is drawn.
    fn dark_style(&self) -> String {
        let (mut fills, mut strokes) = (BTreeSet::from([PAGE]), BTreeSet::new());
        for stroke in &self.strokes {
            match stroke {
                Stroke::Line { colour, .. } => strokes.insert(*colour),
                Stroke::Area { colour, .. } | Stroke::Text(Text { colour, .. }) => {
                    fills.insert(*colour)
                }
            };
        }
        colour::dark_style(&fills, &strokes)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        fonts();
        area.fill(&PAGE.light())?;
        self.strokes.iter().try_for_each(|stroke| put(stroke, area))?;
        area.present()
    }
}

type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

fn put<B: DrawingBackend>(stroke: &Stroke, area: &DrawingArea<B, Shift>) -> Drawn<B> {
    let point = |(x, y): (f64, f64)| ((x * SCALE).round() as i32, (y * SCALE).round() as i32);
    match stroke {
        Stroke::Line { points, colour, width } => {
            let points: Vec<_> = points.iter().copied().map(point).collect();
            let width = (width * SCALE).round().max(1.0) as u32;
            area.draw(&PathElement::new(points, colour.light().stroke_width(width)))
        }
        Stroke::Area { points, colour } => {
            let points: Vec<_> = points.iter().copied().map(point).collect();
            area.draw(&Polygon::new(points, colour.light().filled()))
        }
        Stroke::Text(text) => {
            let horizontal = match text.align {
                Align::Left => HPos::Left,
                Align::Centre => HPos::Center,
                Align::Right => HPos::Right,
            };
            let mut font = font(text.size * SCALE, text.bold);
            if text.upright {
                font = font.transform(FontTransform::Rotate270);
            }
            let colour = text.colour.light();
            let style = font.into_text_style(area).color(&colour);
            let style = style.pos(Pos::new(horizontal, VPos::Center));
            area.draw(&element::Text::new(text.text.clone(), point(text.at), style))
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::mark;
    use super::*;

    #[test]
    fn every_colour_of_a_canvas_has_a_dark_form() {
        let mut canvas = Canvas::new(Layout::Narrow);
        canvas.heading("A title", "and what it counts");
        mark::marker(&mut canvas, 1, (10.0, 40.0), 4.0, true);
        mark::dashed_line(&mut canvas, 2, &[(0.0, 0.0), (30.0, 30.0)]);
        canvas.rectangle((0.0, 0.0), (5.0, 5.0), Colour::tint(3, 0.4));
        let svg = canvas.svg("t", "d").unwrap();
        let (rules, drawn) = svg.split_once("</style>").unwrap();
        for attribute in ["fill", "stroke"] {
            for used in drawn.split(&format!("{attribute}=\"#")).skip(1) {
                let colour = used[..6].to_lowercase();
                let selector = format!(".coldstart-chart [{attribute}=\"#{colour}\" i]");
                assert!(rules.contains(&selector), "{selector} in {rules}");
            }
        }
        assert!(rules.contains("@media screen and (prefers-color-scheme: dark)"));
        assert!(rules.contains("class=\"coldstart-chart\""));
    }
}
