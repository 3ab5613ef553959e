//! Lines of text: how wide they are, and how they are cut and wrapped.
//!
//! Text is measured with the embedded font, which is one of the widest: what fits with
//! it fits with a reader's own.

use std::sync::Once;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

use super::colour::{Colour, GREY, INK};

/// From one line of small text to the next.
pub(crate) const LINE: f64 = 15.0;

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
    /// Plain text of 12 pixels, which begins at its point.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        let (at, align, colour) = ((0.0, 0.0), Align::Left, INK);
        Self { text: text.into(), at, align, size: 12.0, bold: false, upright: false, colour }
    }

    /// Small and grey: what only adds to another text.
    pub(crate) fn note(text: impl Into<String>) -> Self {
        Self { size: 11.0, ..Self::new(text).grey() }
    }

    pub(crate) fn at(self, x: f64, y: f64) -> Self {
        Self { at: (x, y), ..self }
    }

    /// About its point.
    pub(crate) fn centred(self) -> Self {
        Self { align: Align::Centre, ..self }
    }

    /// Up to its point.
    pub(crate) fn right(self) -> Self {
        Self { align: Align::Right, ..self }
    }

    pub(crate) fn grey(self) -> Self {
        Self { colour: GREY, ..self }
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
        fonts();
        // Measured large, since the crate rounds to whole pixels.
        let measured = font(self.size * 10.0, self.bold).box_size(&self.text);
        f64::from(measured.map_or(0, |(width, _)| width)) / 10.0
    }

    fn with(&self, text: String) -> Self {
        Self { text, ..self.clone() }
    }

    /// As much of it as has room, in pixels.
    pub(crate) fn cut(mut self, room: f64) -> Self {
        let mut kept = self.text.chars().count();
        while self.width() > room && kept > 0 {
            kept -= 1;
            let begin: String = self.text.trim_end_matches('…').chars().take(kept).collect();
            self.text = format!("{begin}…");
        }
        // There is no room for the sign of what was cut either.
        if self.width() > room {
            self.text.clear();
        }
        self
    }

    /// Broken at its spaces, and within a word that has no room, into at most so many
    /// lines; the last is cut where there is more.
    pub(crate) fn wrapped(&self, room: f64, most: usize) -> Vec<Text> {
        let fits = |line: &str| self.with(line.to_owned()).width() <= room;
        let mut lines: Vec<String> = Vec::new();
        for word in self.text.split(' ').filter(|word| !word.is_empty()) {
            let longer = lines.last().map(|last| format!("{last} {word}"));
            match longer.filter(|line| fits(line)) {
                Some(longer) => {
                    lines.pop();
                    lines.push(longer);
                }
                None => lines.extend(pieces(word, &fits)),
            }
        }
        if lines.len() > most {
            let rest = lines.split_off(most.saturating_sub(1)).join(" ");
            lines.push(rest);
        }
        lines.into_iter().map(|text| self.with(text).cut(room)).collect()
    }
}

/// A word that has no room on a line, in pieces that do.
fn pieces(word: &str, fits: &impl Fn(&str) -> bool) -> Vec<String> {
    if fits(word) {
        return vec![word.to_owned()];
    }
    let mut pieces = vec![String::new()];
    for letter in word.chars() {
        let last = pieces.last().map_or("", String::as_str);
        let longer = format!("{last}{letter}");
        if last.is_empty() || fits(&longer) {
            pieces.pop();
            pieces.push(longer);
        } else {
            pieces.push(letter.to_string());
        }
    }
    pieces
}

/// The crate wants the height of a line, which it takes for 1.24 em.
pub(crate) fn font(size: f64, bold: bool) -> FontDesc<'static> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::SansSerif, size * 1.24, style)
}

/// Without this the crate has no font at all, not even for SVG.
pub(crate) fn fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let normal = include_bytes!("../font/sans.ttf");
        let bold = include_bytes!("../font/sans-bold.ttf");
        // A font that is refused shows as an error of the first text drawn.
        let _ = register_font("sans-serif", FontStyle::Normal, normal);
        let _ = register_font("sans-serif", FontStyle::Bold, bold);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, room: f64, most: usize) -> Vec<String> {
        Text::new(text).wrapped(room, most).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(lines("one two three", 60.0, 9), ["one two", "three"]);
        assert_eq!(lines("one two three", 60.0, 1), ["one tw…"]);
        assert_eq!(lines("iiiiiiiiiiiiiiii", 30.0, 9).concat(), "i".repeat(16));
        assert_eq!(lines("", 60.0, 9), Vec::<String>::new());
        // Room for nothing is no endless loop.
        assert_eq!(lines("one two", 0.0, 2).len(), 2);
    }
}
