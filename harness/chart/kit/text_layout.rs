//! Text in lines of a given width: headings and keys that wrap, on both papers.
//! Knows nothing of what stands below them.

use crate::chart::kit::axis::Frame;
use crate::chart::kit::canvas::{Align, Canvas, GREY, Text, width};

/// From one line of small text to the next.
pub(crate) const LINE: f64 = 15.0;
/// Between a sign and its words, and between two entries of a key.
const GAPS: [f64; 2] = [6.0, 20.0];

/// The left and the right edge of a paper's text, in pixels.
pub(crate) fn edges(canvas: &Canvas) -> (f64, f64) {
    (canvas.margin(), canvas.width - canvas.margin())
}

/// A text broken at its spaces, and within a word that has no room, into at most so
/// many lines; the last is cut where there is more.
pub(crate) fn wrapped(words: &Text, room: f64, most: usize) -> Vec<Text> {
    let fits = |line: &str| width(line, words.size, words.bold) <= room;
    let mut lines: Vec<String> = Vec::new();
    for word in words.text.split(' ').filter(|word| !word.is_empty()) {
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
    lines.into_iter().map(|text| Text { text, ..words.clone() }.cut(room)).collect()
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

/// Puts lines below each other, the first at the place of the words; where they end.
pub(crate) fn put(canvas: &mut Canvas, words: &Text, room: f64, most: usize) -> f64 {
    let pitch = words.size * 1.3;
    let (x, mut y) = words.at;
    for line in wrapped(words, room, most) {
        canvas.text(Text { at: (x, y), ..line });
        y += pitch;
    }
    y - pitch + words.size * 0.7
}

/// A title and a line below it, at the top left; where they end.
pub(crate) fn heading(canvas: &mut Canvas, title: &str, subtitle: &str) -> f64 {
    let (left, right) = edges(canvas);
    let (size, most) = if canvas.is_narrow() { (14.0, 4) } else { (15.0, 2) };
    let title = Text::new(title, (left, 20.0), Align::Left).size(size).bold();
    let below = put(canvas, &title, right - left, most);
    let subtitle = Text::new(subtitle, (left, below + 10.0), Align::Left).colour(GREY);
    put(canvas, &subtitle, right - left, most)
}

/// Ticks without those texts that would leave the canvas.
pub(crate) fn within(
    canvas: &Canvas,
    frame: &Frame,
    mut ticks: Vec<(f64, String)>,
) -> Vec<(f64, String)> {
    for (value, text) in &mut ticks {
        let (x, half) = (frame.x_of(*value), width(text, 12.0, false) / 2.0);
        if x - half < 0.0 || x + half > canvas.width {
            text.clear();
        }
    }
    ticks
}

/// Draws a sign with its left end, and its height at half, at a place.
type Draw<'a> = Box<dyn Fn(&mut Canvas, f64, f64) + 'a>;

/// An entry of a key: how wide its sign is, how to draw it with its left end at a
/// place, and what it means.
pub(crate) struct LegendEntry<'a> {
    pub(crate) width: f64,
    pub(crate) draw: Draw<'a>,
    pub(crate) text: String,
}

impl<'a> LegendEntry<'a> {
    pub(crate) fn new(
        width: f64,
        text: impl Into<String>,
        draw: impl Fn(&mut Canvas, f64, f64) + 'a,
    ) -> Self {
        Self { width, draw: Box::new(draw), text: text.into() }
    }
}

/// What the strokes mean, from a height on, in as many lines as it needs; where it
/// ends.
pub(crate) fn key(canvas: &mut Canvas, signs: &[LegendEntry], top: f64) -> f64 {
    let (left, right) = edges(canvas);
    let (mut x, mut y) = (left, top + LINE / 2.0);
    for sign in signs {
        let at = sign.width + if sign.width > 0.0 { GAPS[0] } else { 0.0 };
        let words = Text::new(&sign.text, (0.0, 0.0), Align::Left).size(11.0).colour(GREY);
        if x > left && x + at + words.width() > right {
            (x, y) = (left, y + LINE + 2.0);
        }
        (sign.draw)(canvas, x, y);
        let mut end = x;
        for (i, line) in wrapped(&words, right - x - at, 3).into_iter().enumerate() {
            if i > 0 {
                y += LINE;
            }
            end = end.max(x + at + line.width());
            canvas.text(Text { at: (x + at, y), ..line });
        }
        x = end + GAPS[1];
    }
    y + LINE / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, room: f64, most: usize) -> Vec<String> {
        let words = Text::new(text, (0.0, 0.0), Align::Left);
        wrapped(&words, room, most).into_iter().map(|line| line.text).collect()
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
