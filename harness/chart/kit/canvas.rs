//! A drawing as a list of strokes, and the two ways to put it on layout.
//!
//! Coordinates are CSS pixels from the top left. PNGs are drawn at twice the
//! size. Text is measured with the embedded font, which is one of the widest:
//! what fits with it fits with a reader's own.

use std::sync::Once;

use anyhow::{Context, Result, anyhow};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{self, PathElement, Polygon};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color as _, FontDesc, FontFamily, FontStyle, FontTransform, IntoTextStyle, RGBColor,
    register_font,
};

pub(crate) use plotters::style::RGBColor as Colour;

use super::theme;
use crate::report::words::shortened;

/// Text and axes.
pub(crate) const INK: Colour = RGBColor(0x22, 0x22, 0x22);
/// Secondary text: 5.7:1 on white.
pub(crate) const GREY: Colour = RGBColor(0x66, 0x66, 0x66);
/// Grid lines.
pub(crate) const FAINT: Colour = RGBColor(0xe3, 0xe3, 0xe3);
/// The page.
pub(crate) const WHITE: Colour = RGBColor(0xff, 0xff, 0xff);

/// Where the given point is, relative to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

/// A line of text. Its point is at half its height.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) at: (f64, f64),
    pub(crate) align: Align,
    /// Height of an em, in pixels.
    pub(crate) size: f64,
    pub(crate) bold: bool,
    /// Reads upwards.
    pub(crate) upright: bool,
    pub(crate) colour: Colour,
}

impl Text {
    /// Plain text of 12 pixels.
    pub(crate) fn new(text: impl Into<String>, at: (f64, f64), align: Align) -> Self {
        let text = text.into();
        Self { text, at, align, size: 12.0, bold: false, upright: false, colour: INK }
    }

    pub(crate) fn colour(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    pub(crate) fn size(self, size: f64) -> Self {
        Self { size, ..self }
    }

    pub(crate) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(crate) fn upright(self) -> Self {
        Self { upright: true, ..self }
    }

    /// Width in pixels.
    pub(crate) fn width(&self) -> f64 {
        width(&self.text, self.size, self.bold)
    }

    /// As much of it as has room, in pixels.
    pub(crate) fn cut(mut self, room: f64) -> Self {
        let mut kept = self.text.chars().count();
        while self.width() > room && kept > 0 {
            kept -= 1;
            self.text = shortened(self.text.trim_end_matches('…'), kept);
        }
        // There is no room for the sign of what was cut either.
        if self.width() > room {
            self.text.clear();
        }
        self
    }

    /// In lines that have room, in pixels, broken between words; what is left after
    /// `most` lines is cut off. At least one line.
    pub(crate) fn wrapped(&self, room: f64, most: usize) -> Vec<String> {
        let of = |text: String| Text { text, ..self.clone() };
        let mut lines = vec![String::new()];
        for word in self.text.split(' ') {
            let last = lines.len() - 1;
            let longer = if lines[last].is_empty() {
                word.to_owned()
            } else {
                format!("{} {word}", lines[last])
            };
            if lines[last].is_empty() || lines.len() == most || of(longer.clone()).width() <= room {
                lines[last] = longer;
            } else {
                lines.push(word.to_owned());
            }
        }
        lines.into_iter().map(|line| of(line).cut(room).text).collect()
    }
}

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
    /// How far what is drawn after a heading of several lines moves down for it.
    lowered: f64,
}

impl Canvas {
    /// The height is that below a heading of one line and a subtitle of one.
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self { width, height, strokes: Vec::new(), lowered: 0.0 }
    }

    /// Whether it is for a narrow page.
    pub(crate) fn is_narrow(&self) -> bool {
        self.width <= crate::chart::Layout::Narrow.width()
    }

    /// From the edges to text.
    pub(crate) fn margin(&self) -> f64 {
        if self.is_narrow() { 12.0 } else { 16.0 }
    }

    fn below_heading(&self, points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
        points.into_iter().map(|(x, y)| (x, y + self.lowered)).collect()
    }

    pub(crate) fn line(&mut self, points: Vec<(f64, f64)>, colour: Colour, width: f64) {
        if points.len() > 1 {
            let points = self.below_heading(points);
            self.strokes.push(Stroke::Line { points, colour, width });
        }
    }

    pub(crate) fn area(&mut self, points: Vec<(f64, f64)>, colour: Colour) {
        let points = self.below_heading(points);
        self.strokes.push(Stroke::Area { points, colour });
    }

    pub(crate) fn rectangle(&mut self, from: (f64, f64), to: (f64, f64), colour: Colour) {
        self.area(vec![from, (to.0, from.1), to, (from.0, to.1)], colour);
    }

    pub(crate) fn text(&mut self, mut words: Text) {
        if !words.text.is_empty() {
            words.at.1 += self.lowered;
            self.strokes.push(Stroke::Text(words));
        }
    }

    /// A title and what it counts, at the top left, before all else: where they need
    /// more than a line each, the canvas grows and the rest moves down.
    pub(crate) fn heading(&mut self, title: &str, subtitle: &str) {
        /// Lines of either, at most.
        const MOST: usize = 8;
        let size = if self.is_narrow() { 14.0 } else { 15.0 };
        let (left, room) = (self.margin(), self.width - 2.0 * self.margin());
        let title = Text::new(title, (left, 20.0), Align::Left).size(size).bold();
        let subtitle = Text::new(subtitle, (left, 40.0), Align::Left).colour(GREY);
        let mut lowered = 0.0;
        for (words, pitch) in [(title, 19.0), (subtitle, 16.0)] {
            for (i, text) in words.wrapped(room, MOST).into_iter().enumerate() {
                lowered += if i > 0 { pitch } else { 0.0 };
                let at = (left, words.at.1 + lowered);
                self.text(Text { text, at, ..words.clone() });
            }
        }
        self.lowered = lowered;
        self.height += lowered;
    }

    /// A whole SVG document with a title and a description for screen readers.
    ///
    /// # Errors
    /// When the plotting crate fails.
    pub(crate) fn svg(&self, title: &str, description: &str) -> Result<String> {
        // The crate has whole pixels only: a finer grid, shown smaller.
        const SCALE: f64 = 4.0;
        let mut svg = String::new();
        let size = ((self.width * SCALE) as u32, (self.height * SCALE) as u32);
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        self.draw(&area, SCALE, 0.0)?;
        drop(area);
        // The crate writes neither; without them a reader hears nothing.
        let (open, rest) = svg.split_once("<svg ").context("no <svg> in an SVG")?;
        let (attributes, body) = rest.split_once('>').context("an unclosed <svg>")?;
        let drawn = format!("width=\"{}\" height=\"{}\"", size.0, size.1);
        let shown = format!("width=\"{}\" height=\"{}\"", self.width as u32, self.height as u32);
        let attributes = attributes.replacen(&drawn, &shown, 1);
        Ok(format!(
            "{open}<svg role=\"img\" class=\"{}\" {attributes}>\n<title>{}</title>\n<desc>{}</desc>\n{}{}",
            theme::CLASS,
            escaped(title),
            escaped(description),
            theme::style(self),
            body.trim_start()
        ))
    }

    /// A PNG image at twice the size.
    ///
    /// # Errors
    /// When the plotting crate or the encoder fails.
    pub(crate) fn png(&self) -> Result<Vec<u8>> {
        const SCALE: f64 = 2.0;
        // The crate centres ascenders here, and the x-height in SVG.
        const SINK: f64 = 0.15;
        let size = ((self.width * SCALE) as u32, (self.height * SCALE) as u32);
        let mut pixels = vec![0; size.0 as usize * size.1 as usize * 3];
        let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        self.draw(&area, SCALE, SINK)?;
        drop(area);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::Default);
        encoder.write_header()?.write_image_data(&pixels)?;
        Ok(bytes)
    }

    /// `sink` lowers text by so many em.
    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: f64,
        sink: f64,
    ) -> Result<()> {
        fonts();
        let result = area.fill(&WHITE).and_then(|()| {
            self.strokes.iter().try_for_each(|stroke| put(stroke, area, scale, sink))?;
            area.present()
        });
        result.map_err(|error| anyhow!("cannot draw: {error}"))
    }
}

type Drawn<B> =
    Result<(), plotters::drawing::DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

fn put<B: DrawingBackend>(
    stroke: &Stroke,
    area: &DrawingArea<B, Shift>,
    scale: f64,
    sink: f64,
) -> Drawn<B> {
    let point = |(x, y): (f64, f64)| ((x * scale).round() as i32, (y * scale).round() as i32);
    match stroke {
        Stroke::Line { points, colour, width } => {
            let points: Vec<_> = points.iter().copied().map(point).collect();
            let width = (width * scale).round().max(1.0) as u32;
            area.draw(&PathElement::new(points, colour.stroke_width(width)))
        }
        Stroke::Area { points, colour } => {
            let points: Vec<_> = points.iter().copied().map(point).collect();
            area.draw(&Polygon::new(points, colour.filled()))
        }
        Stroke::Text(words) => {
            let horizontal = match words.align {
                Align::Left => HPos::Left,
                Align::Centre => HPos::Center,
                Align::Right => HPos::Right,
            };
            let mut font = font(words.size * scale, words.bold);
            if words.upright {
                font = font.transform(FontTransform::Rotate270);
            }
            let style = font.into_text_style(area).color(&words.colour);
            let style = style.pos(Pos::new(horizontal, VPos::Center));
            let (x, y) = words.at;
            let sink = sink * words.size;
            let at = if words.upright { (x + sink, y) } else { (x, y + sink) };
            area.draw(&element::Text::new(words.text.clone(), point(at), style))
        }
    }
}

/// Width of a text in pixels.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    fonts();
    // Measured large, since the crate rounds to whole pixels.
    let measured = font(size * 10.0, bold).box_size(text).map_or(0, |(w, _)| w);
    f64::from(measured) / 10.0
}

/// The crate wants the height of a line, which it takes for 1.24 em.
fn font(size: f64, bold: bool) -> FontDesc<'static> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::SansSerif, size * 1.24, style)
}

/// Without this the crate has no font at all, not even for SVG.
fn fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let normal = include_bytes!("../font/sans.ttf");
        let bold = include_bytes!("../font/sans-bold.ttf");
        // A font that is refused shows as an error of the first text drawn.
        let _ = register_font("sans-serif", FontStyle::Normal, normal);
        let _ = register_font("sans-serif", FontStyle::Bold, bold);
    });
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
