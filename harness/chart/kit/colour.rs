//! Colours, each with a form for a light page and one for a dark page. Must not know
//! what is drawn.
//!
//! A drawing has one set of strokes; a reader whose screen is dark gets the other form
//! by a style sheet within the SVG. Printed, they are light.

use std::collections::BTreeSet;
use std::fmt::Write as _;

pub(crate) use plotters::style::RGBColor as Rgb;

/// On the root of every chart. The rules begin with it, so that those of a chart that
/// is part of a page leave the page alone. One colour has one dark form, so the rules
/// of several charts on a page agree.
pub(crate) const CLASS: &str = "coldstart-chart";

/// Okabe and Ito's, those with at least 3:1 on white; and, for a dark page, brighter.
const FUNCTIONS: [(Rgb, Rgb); 4] = [
    (Rgb(0x00, 0x72, 0xb2), Rgb(0x4f, 0xa8, 0xe8)),
    (Rgb(0xd5, 0x5e, 0x00), Rgb(0xee, 0x80, 0x38)),
    (Rgb(0x00, 0x9e, 0x73), Rgb(0x2b, 0xbd, 0x92)),
    (Rgb(0xcc, 0x79, 0xa7), Rgb(0xe3, 0x9c, 0xc4)),
];
/// The page and its text: light, and dark.
const PAGES: [(Rgb, Rgb); 2] = [
    (Rgb(0xff, 0xff, 0xff), Rgb(0x22, 0x22, 0x22)),
    (Rgb(0x16, 0x18, 0x1d), Rgb(0xe2, 0xe4, 0xe8)),
];
/// Share of the bright colour in the palest tint on the dark page, and in the fullest:
/// the one is seen on the page, on the other light text is read.
const DEPTHS: (f64, f64) = (0.15, 0.53);

/// What something is drawn in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Colour {
    /// Grey, by its lightness on the light page.
    Grey(u8),
    /// So many hundredths of a function's colour on the page.
    Tint(usize, u8),
}

/// Text and axes.
pub(crate) const INK: Colour = Colour::Grey(0x22);
/// Secondary text: 5.7:1 on white.
pub(crate) const GREY: Colour = Colour::Grey(0x66);
/// Grid lines.
pub(crate) const FAINT: Colour = Colour::Grey(0xe3);
/// Bands behind what is measured: what is left out, or within a limit.
pub(crate) const BAND: Colour = Colour::Grey(0xee);
/// The page.
pub(crate) const PAGE: Colour = Colour::Grey(0xff);

impl Colour {
    /// The colour of the function at a position: one of four, in turn.
    pub(crate) fn function(position: usize) -> Self {
        Self::tint(position, 1.0)
    }

    /// A share of that colour, on the page.
    pub(crate) fn tint(position: usize, share: f64) -> Self {
        Colour::Tint(position % FUNCTIONS.len(), (100.0 * share).round() as u8)
    }

    pub(crate) fn light(self) -> Rgb {
        match self {
            Colour::Grey(lightness) => Rgb(lightness, lightness, lightness),
            Colour::Tint(function, percent) => {
                mix(PAGES[0].0, FUNCTIONS[function].0, f64::from(percent) / 100.0)
            }
        }
    }

    /// As far from the dark page as it is from the light one.
    pub(crate) fn dark(self) -> Rgb {
        let (page, text) = PAGES[1];
        match self {
            Colour::Grey(lightness) => {
                let darkest = f64::from(PAGES[0].1.0);
                mix(page, text, ((255.0 - f64::from(lightness)) / (255.0 - darkest)).min(1.0))
            }
            Colour::Tint(function, 100) => FUNCTIONS[function].1,
            Colour::Tint(function, percent) => {
                let depth = DEPTHS.0 + (DEPTHS.1 - DEPTHS.0) * f64::from(percent) / 100.0;
                mix(page, FUNCTIONS[function].1, depth)
            }
        }
    }
}

/// `share` of one colour on another.
fn mix(page: Rgb, colour: Rgb, share: f64) -> Rgb {
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
    Rgb(mix(page.0, colour.0), mix(page.1, colour.1), mix(page.2, colour.2))
}

/// The dark forms of some colours, those of areas and text and those of lines.
pub(crate) fn dark_style(fills: &BTreeSet<Colour>, strokes: &BTreeSet<Colour>) -> String {
    let hex = |Rgb(r, g, b): Rgb| format!("#{r:02x}{g:02x}{b:02x}");
    let mut rules = String::new();
    for (attribute, colours) in [("fill", fills), ("stroke", strokes)] {
        for colour in colours {
            let (light, dark) = (hex(colour.light()), hex(colour.dark()));
            // `i`: how the plotting crate writes its digits does not matter.
            let _ = writeln!(rules, ".{CLASS} [{attribute}=\"{light}\" i]{{{attribute}:{dark}}}");
        }
    }
    format!("<style>\n@media screen and (prefers-color-scheme: dark){{\n{rules}}}\n</style>\n")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// WCAG 2.2, contrast ratio: 1 to 21.
    pub(crate) fn contrast(a: Rgb, b: Rgb) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = |Rgb(r, g, b)| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn text_and_marks_stand_out_on_either_page() {
        for text in [INK, GREY] {
            assert!(contrast(text.light(), PAGE.light()) >= 4.5);
            assert!(contrast(text.dark(), PAGE.dark()) >= 4.5);
        }
        for mark in (0..4).map(Colour::function) {
            assert!(contrast(mark.light(), PAGE.light()) >= 3.0, "{mark:?}");
            assert!(contrast(mark.dark(), PAGE.dark()) >= 4.5, "{mark:?}");
        }
        // A grid is seen, and no more than that.
        let grid = [(FAINT.light(), PAGE.light()), (FAINT.dark(), PAGE.dark())];
        assert!(grid.into_iter().all(|(line, page)| (1.15..2.0).contains(&contrast(line, page))));
    }

    #[test]
    fn the_page_is_dark_and_text_light_on_a_dark_screen() {
        assert_eq!((PAGE.dark(), INK.dark()), PAGES[1]);
        assert_eq!((PAGE.light(), INK.light()), PAGES[0]);
        let _ = Colour::function(usize::MAX).dark();
    }

    #[test]
    fn light_text_stands_out_on_dark_tints() {
        for tint in (0..4).flat_map(|p| [0.25, 0.4, 0.6, 0.8, 0.9].map(|s| Colour::tint(p, s))) {
            assert!(contrast(INK.dark(), tint.dark()) >= 4.5, "{tint:?}");
        }
    }
}
