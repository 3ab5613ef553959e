//! The colours of a canvas on a dark page, as a style canvas within the SVG. Must not
//! know what is drawn.
//!
//! A drawing has one set of strokes; a reader whose screen is dark gets other colours
//! for them. Printed, they are as drawn: the rules are for screens only.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::canvas::{Canvas, Colour, INK, Stroke, WHITE};
use super::palette::{self, COLOURS};

/// On the root of every chart. The rules begin with it, so that those of a chart that
/// is part of a page leave the page alone. One colour has one dark form, so the rules
/// of several charts on a page agree.
pub(crate) const CLASS: &str = "coldstart-chart";

/// In place of white.
const PAGE: Colour = Colour(0x16, 0x18, 0x1d);
/// In place of [`INK`].
const LIGHT: Colour = Colour(0xe2, 0xe4, 0xe8);
/// In place of [`COLOURS`].
const BRIGHT: [Colour; 4] = [
    Colour(0x4f, 0xa8, 0xe8),
    Colour(0xee, 0x80, 0x38),
    Colour(0x2b, 0xbd, 0x92),
    Colour(0xe3, 0x9c, 0xc4),
];
/// Share of the bright colour in the palest tint, and in the fullest: the one is seen
/// on the page, on the other light text is read.
const DEPTHS: (f64, f64) = (0.15, 0.53);

/// The rules for all that a canvas has.
pub(crate) fn style(canvas: &Canvas) -> String {
    let (mut fills, mut strokes) = (BTreeSet::from([key(WHITE)]), BTreeSet::new());
    for stroke in &canvas.strokes {
        match stroke {
            Stroke::Line { colour, .. } => strokes.insert(key(*colour)),
            Stroke::Area { colour, .. } => fills.insert(key(*colour)),
            Stroke::Text(words) => fills.insert(key(words.colour)),
        };
    }
    let mut rules = String::new();
    for (attribute, colours) in [("fill", fills), ("stroke", strokes)] {
        for (r, g, b) in colours {
            let (from, to) = (hex(Colour(r, g, b)), hex(dark(Colour(r, g, b))));
            let _ = writeln!(rules, ".{CLASS} [{attribute}=\"{from}\"]{{{attribute}:{to}}}");
        }
    }
    format!("<style>\n@media screen and (prefers-color-scheme: dark){{\n{rules}}}\n</style>\n")
}

/// A colour as the plotting crate writes it: attribute selectors tell cases apart.
fn hex(Colour(r, g, b): Colour) -> String {
    format!("#{r:02X}{g:02X}{b:02X}")
}

fn key(Colour(r, g, b): Colour) -> (u8, u8, u8) {
    (r, g, b)
}

/// What a colour is on the dark page: as far from the page as it was from white.
pub(crate) fn dark(colour: Colour) -> Colour {
    if let Some((position, share)) = function(colour) {
        let bright = BRIGHT[position];
        let depth = DEPTHS.0 + (DEPTHS.1 - DEPTHS.0) * share;
        return if share > 0.99 { bright } else { palette::mix(PAGE, bright, depth) };
    }
    let Colour(r, g, b) = colour;
    // Only neutral colours come here; of any other, its lightness is what is kept.
    let lightness = (f64::from(r) + f64::from(g) + f64::from(b)) / 3.0;
    let share = (255.0 - lightness) / (255.0 - f64::from(INK.0));
    palette::mix(PAGE, LIGHT, share.min(1.0))
}

/// Of which function's colour this is a tint, and what share of it.
fn function(colour: Colour) -> Option<(usize, f64)> {
    let tinted = |full: Colour| {
        // From the channel that has moved most: it is the finest measure.
        let channels = [(colour.0, full.0), (colour.1, full.1), (colour.2, full.2)];
        let (now, end) = channels.into_iter().min_by_key(|(_, end)| *end)?;
        let share = (255.0 - f64::from(now)) / (255.0 - f64::from(end));
        let Colour(r, g, b) = palette::mix(WHITE, full, share.min(1.0));
        let near = |a: u8, b: u8| a.abs_diff(b) <= 1;
        let same = near(r, colour.0) && near(g, colour.1) && near(b, colour.2);
        (same && share > 0.0).then_some(share)
    };
    COLOURS.into_iter().enumerate().find_map(|(i, full)| Some((i, tinted(full)?)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::chart::kit::canvas::{FAINT, GREY};

    /// WCAG 2.2, contrast ratio: 1 to 21.
    pub(crate) fn contrast(a: Colour, b: Colour) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let luminance =
            |Colour(r, g, b)| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn text_and_marks_stand_out_on_either_page() {
        for text in [INK, GREY] {
            assert!(contrast(text, WHITE) >= 4.5);
            assert!(contrast(dark(text), PAGE) >= 4.5);
        }
        for mark in COLOURS {
            assert!(contrast(mark, WHITE) >= 3.0, "{mark:?}");
            assert!(contrast(dark(mark), PAGE) >= 4.5, "{mark:?}");
        }
        // A grid is seen, and no more than that.
        for (line, page) in [(FAINT, WHITE), (dark(FAINT), PAGE)] {
            assert!((1.15..2.0).contains(&contrast(line, page)));
        }
    }

    #[test]
    fn the_page_and_the_colours_of_functions_have_their_own() {
        assert_eq!((dark(WHITE), dark(INK)), (PAGE, LIGHT));
        for (position, bright) in BRIGHT.into_iter().enumerate() {
            assert_eq!(dark(palette::colour(position)), bright);
            for share in [0.05, 0.25, 0.3, 0.6, 0.8, 0.9] {
                let (found, of) = function(palette::tint(position, share)).unwrap();
                assert!(found == position && (of - share).abs() < 0.01, "{position} {share} {of}");
            }
        }
    }

    #[test]
    fn light_text_stands_out_on_dark_tints() {
        for tint in (0..4).flat_map(|p| [0.25, 0.4, 0.6, 0.8, 0.9].map(|s| palette::tint(p, s))) {
            assert!(contrast(dark(INK), dark(tint)) >= 4.5, "{tint:?}");
        }
    }

    #[test]
    fn every_colour_of_a_sheet_has_a_rule() {
        let mut canvas = Canvas::new(100.0, 50.0);
        canvas.heading("A title", "and what it counts");
        palette::marker(&mut canvas, 1, (10.0, 40.0), 4.0, true);
        palette::stroke(&mut canvas, 2, &[(0.0, 0.0), (30.0, 30.0)]);
        canvas.rectangle((0.0, 0.0), (5.0, 5.0), palette::tint(3, 0.4));
        let svg = canvas.svg("t", "d").unwrap();
        let (rules, drawn) = svg.split_once("</style>").unwrap();
        for attribute in ["fill", "stroke"] {
            for used in drawn.split(&format!("{attribute}=\"#")).skip(1) {
                let selector = format!(".coldstart-chart [{attribute}=\"#{}\"]", &used[..6]);
                assert!(rules.contains(&selector), "{selector} in {rules}");
            }
        }
        assert!(rules.contains("@media screen and (prefers-color-scheme: dark)"));
        assert!(rules.contains("class=\"coldstart-chart\""));
    }
}
