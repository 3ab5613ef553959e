//! Whether what is drawn can be told from what it is drawn on, on either page.

use super::super::kit::canvas::Stroke;
use super::super::kit::colour::{Colour, GREY, INK, PAGE, tests::contrast};
use super::{ChartSpec, edges};

/// WCAG 2.2: every text at least 4.5:1 on what is behind it, every line and every mark
/// in a function's colour 3:1 on the page; in light and in dark.
pub(crate) fn is_legible(chart: &ChartSpec) {
    let strokes = &chart.canvas.strokes;
    for (i, stroke) in strokes.iter().enumerate() {
        match stroke {
            Stroke::Text(text) => {
                let [left, top, right, bottom] = edges(text);
                let middle = ((left + right) / 2.0, (top + bottom) / 2.0);
                let behind = behind(&strokes[..i], middle);
                stands_out(chart, text.colour, behind, 4.5, &text.text);
            }
            Stroke::Line { colour, .. } | Stroke::Area { colour, .. } if carries(*colour) => {
                stands_out(chart, *colour, PAGE, 3.0, "a mark");
            }
            Stroke::Line { .. } | Stroke::Area { .. } => {}
        }
    }
}

fn carries(colour: Colour) -> bool {
    matches!(colour, Colour::Tint(_, 100)) || [INK, GREY].contains(&colour)
}

fn stands_out(chart: &ChartSpec, colour: Colour, behind: Colour, least: f64, what: &str) {
    for (page, seen, on) in
        [("light", colour.light(), behind.light()), ("dark", colour.dark(), behind.dark())]
    {
        let found = contrast(seen, on);
        assert!(found >= least, "{}: {what} is {found:.2}:1 on the {page} page", chart.title);
    }
}

/// The area that was drawn last at a place; only boxes are looked at, as text stands on
/// nothing else.
fn behind(strokes: &[Stroke], (x, y): (f64, f64)) -> Colour {
    let holds = |points: &[(f64, f64)]| {
        let [(x0, y0), _, (x1, y1), _] = points else { return false };
        (x0.min(*x1)..=x0.max(*x1)).contains(&x) && (y0.min(*y1)..=y0.max(*y1)).contains(&y)
    };
    let colour = |stroke: &Stroke| match stroke {
        Stroke::Area { points, colour } if holds(points) => Some(*colour),
        _ => None,
    };
    strokes.iter().rev().find_map(colour).unwrap_or(PAGE)
}
