//! A flame graph that hangs: below each box what it called, as wide as it took.

use super::kit::axis::{Axis, Scale};
use super::kit::canvas::Canvas;
use super::kit::colour::{Colour, FAINT};
use super::kit::rows;
use super::kit::text::Text;
use super::kit::zoom::{Piece, Zoom};
use super::{plain, shortened};

const HEIGHT: f64 = 18.0;
/// The narrowest box, in pixels.
const LEAST: f64 = 1.2;
/// Levels that can be zoomed into.
const ZOOM_LEVELS: usize = 40;
/// The longest name, in characters.
const LONGEST: usize = 60;
/// How strong every other level is, and of what is pale.
const SHARES: [[f64; 2]; 2] = [[0.45, 0.25], [0.16, 0.1]];

/// Something that took a while, with all that it called, which follows it.
pub(super) struct Part<'a> {
    pub(super) name: &'a str,
    /// How deep it stands: 0 at the top.
    pub(super) depth: u32,
    pub(super) cumulative: u64,
    /// Whether it stands back.
    pub(super) is_pale: bool,
}

struct Box {
    from: u64,
    size: u64,
    depth: u32,
    name: String,
    is_pale: bool,
}

/// Boxes, side by side in the order in which they are told.
pub(super) struct FlameGraph {
    boxes: Vec<Box>,
    /// The size of all.
    pub(super) all: u64,
}

impl FlameGraph {
    /// Of parts, each behind what called it: one begins where that before it ended, or its
    /// caller began.
    pub(super) fn of<'a>(parts: impl Iterator<Item = Part<'a>>) -> Self {
        let (mut free, mut boxes): (Vec<u64>, Vec<Box>) = (vec![0], Vec::new());
        for Part { name, depth, cumulative, is_pale } in parts {
            let at = (depth as usize).min(free.len() - 1);
            free.truncate(at + 1);
            let from = free[at];
            free[at] = from.saturating_add(cumulative);
            free.push(from);
            let name = shortened(&plain(name), LONGEST);
            boxes.push(Box { from, size: cumulative, depth, name, is_pale });
        }
        let all = boxes.iter().filter(|each| each.depth == 0).map(|each| each.size).sum();
        Self { boxes, all }
    }

    /// Draws so many levels, from `top` on, with an axis that ends at `end` below them: it
    /// ends the canvas.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas,
        top: f64,
        levels: u32,
        (end, what): (f64, &str),
    ) {
        let (left, right) = canvas.edges();
        let width = |size: u64| (right - left) * size as f64 / self.all as f64;
        let seen = || self.boxes.iter().filter(|each| width(each.size) >= LEAST);
        let deepest = seen().map(|each| each.depth).max().unwrap_or(0);
        for each in seen().filter(|each| each.depth < levels) {
            let (x, y) = (left + width(each.from), top + HEIGHT * f64::from(each.depth));
            let end = x + width(each.size);
            let share = SHARES[usize::from(each.is_pale)][(each.depth % 2) as usize];
            canvas.rectangle((x, y), (end - 0.6, y + HEIGHT - 1.0), Colour::tint(0, share));
            // A few letters of a name say nothing.
            if end - x > 34.0 {
                let text = Text::new(each.name.as_str()).size(11.0).cut(end - x - 6.0);
                canvas.text(text.at(x + 3.0, y + HEIGHT / 2.0));
            }
        }
        let bottom = top + HEIGHT * f64::from(deepest.min(levels - 1) + 1) + 6.0;
        canvas.line(vec![(left, bottom), (right, bottom)], FAINT, 1.0);
        let scale = Scale::Linear { min: 0.0, max: end };
        let frame = rows::RowPlot::above(canvas).frame(scale);
        canvas.height = rows::axis(canvas, &frame, &Axis::new(scale, what), bottom) + 8.0;
    }
    /// The levels as lanes: deeper ones than are drawn, and the narrow boxes too. All of them
    /// take so many nanoseconds.
    pub(super) fn zoom(self, ns: f64, axis: &'static str, what: [&'static str; 2]) -> Zoom {
        let scale = ns / self.all as f64;
        let scaled = |size: u64| (size as f64 * scale) as u64;
        let deepest = self.boxes.iter().map(|each| each.depth as usize).max().unwrap_or(0);
        let levels = (deepest + 1).min(ZOOM_LEVELS);
        let kept = self.boxes.into_iter().filter(|each| (each.depth as usize) < levels);
        let piece = |of: Box| {
            let (from, ns) = (scaled(of.from), scaled(of.size));
            Piece { lane: of.depth as usize, from, ns, name: of.name }
        };
        let (marks, lanes) = (Vec::new(), vec![String::new(); levels]);
        Zoom { axis, what, end: scaled(self.all), marks, lanes, pieces: kept.map(piece).collect() }
    }
}
