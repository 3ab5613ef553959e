//! What a runtime loaded, as a flame graph that hangs: below each module what it loaded.

use super::kit::axis::{Axis, Scale};
use super::kit::canvas::Canvas;
use super::kit::colour::{Colour, FAINT};
use super::kit::rows;
use super::kit::text::Text;
use super::kit::zoom::{Piece, Zoom};
use super::{ChartSpec, Data, Layout, counted, plain, shortened};
use crate::explain::{Explained, ModuleTree, ModuleUse};
use crate::text::units::{NS_PER_MS, format_ms};

pub(crate) const HOW_TO_READ: &str = "Each box is as wide as a module took with all that it \
    loaded, which hangs below it; side by side in the order in which they were begun.";

/// Levels that are drawn.
const LEVELS: u32 = 12;
const HEIGHT: f64 = 18.0;
/// The narrowest box, in pixels.
const LEAST: f64 = 1.2;
/// Rows of the table of figures.
const ROWS: usize = 40;

/// What the axis counts.
const AXIS: &str = "ms, by the runtime's own clock";
/// Levels that can be zoomed into.
const ZOOM_LEVELS: usize = 40;

/// A box: where it begins and how long it is, in nanoseconds.
struct Box {
    from: u64,
    ns: u64,
    depth: u32,
    name: String,
}

/// Composes the chart; none where the runtime told nothing.
pub(crate) fn compose(found: &Explained, layout: Layout) -> Option<ChartSpec> {
    let tree = found.modules.as_ref()?;
    let (boxes, all) = boxes(tree);
    if all == 0 {
        return None;
    }
    let title = format!("What {} loads: {}", plain(&found.function), plain(&tree.profiler));
    let mut canvas = Canvas::new(layout);
    let modules = counted(tree.modules.len() as u64, "module");
    let top =
        canvas.heading(&title, &format!("{modules}, {} ms in all", format_ms(all as f64))) + 8.0;
    let (left, right) = canvas.edges();
    let width = |ns: u64| (right - left) * ns as f64 / all as f64;
    let deepest = boxes.iter().filter(|b| width(b.ns) >= LEAST).map(|b| b.depth).max().unwrap_or(0);
    for each in boxes.iter().filter(|each| each.depth < LEVELS && width(each.ns) >= LEAST) {
        let (x, y) = (left + width(each.from), top + HEIGHT * f64::from(each.depth));
        let end = x + width(each.ns);
        let share = [0.45, 0.25][(each.depth % 2) as usize];
        canvas.rectangle((x, y), (end - 0.6, y + HEIGHT - 1.0), Colour::tint(0, share));
        // A few letters of a name say nothing.
        if end - x > 34.0 {
            let text = Text::new(each.name.as_str()).size(11.0).cut(end - x - 6.0);
            canvas.text(text.at(x + 3.0, y + HEIGHT / 2.0));
        }
    }
    let bottom = top + HEIGHT * f64::from(deepest.min(LEVELS - 1) + 1) + 6.0;
    canvas.line(vec![(left, bottom), (right, bottom)], FAINT, 1.0);
    let scale = Scale::Linear { min: 0.0, max: all as f64 / NS_PER_MS };
    let frame = rows::RowPlot::above(&canvas).frame(scale);
    let axis = Axis::new(scale, AXIS);
    canvas.height = rows::axis(&mut canvas, &frame, &axis, bottom) + 8.0;
    canvas.zoom = (layout == Layout::Wide).then(|| zoom(boxes, all));
    Some(ChartSpec { title, caption: caption(tree, all), data: data(tree), canvas })
}

/// The levels as lanes: deeper ones than are drawn, and the narrow boxes too.
fn zoom(boxes: Vec<Box>, end: u64) -> Zoom {
    let deepest = boxes.iter().map(|each| each.depth as usize).max().unwrap_or(0);
    let levels = (deepest + 1).min(ZOOM_LEVELS);
    let pieces = boxes.into_iter().filter(|each| (each.depth as usize) < levels).map(|each| {
        Piece { lane: each.depth as usize, from: each.from, ns: each.ns, name: each.name }
    });
    Zoom {
        axis: AXIS,
        what: ["module", "modules"],
        end,
        marks: Vec::new(),
        lanes: vec![String::new(); levels],
        pieces: pieces.collect(),
    }
}

/// Every module with where it begins, and the length of all: a child begins where the child
/// before it ended, or its parent began.
fn boxes(tree: &ModuleTree) -> (Vec<Box>, u64) {
    let (mut free, mut boxes): (Vec<u64>, Vec<Box>) = (vec![0], Vec::new());
    for module in &tree.modules {
        let depth = (module.depth as usize).min(free.len() - 1);
        free.truncate(depth + 1);
        let from = free[depth];
        free[depth] = from.saturating_add(module.cumulative);
        free.push(from);
        let name = shortened(&plain(&module.name), 60);
        boxes.push(Box { from, ns: module.cumulative, depth: module.depth, name });
    }
    let tops = tree.modules.iter().filter(|m| m.depth == 0);
    let all = tops.fold(0_u64, |sum, module| sum.saturating_add(module.cumulative));
    (boxes, all)
}

fn largest(tree: &ModuleTree) -> Vec<&ModuleUse> {
    let mut top: Vec<&ModuleUse> = tree.modules.iter().filter(|m| m.depth == 0).collect();
    top.sort_by_key(|module| std::cmp::Reverse(module.cumulative));
    top
}

fn caption(tree: &ModuleTree, all: u64) -> String {
    let told = largest(tree).into_iter().take(3).filter(|m| m.cumulative >= all / 20);
    let part = |m: &ModuleUse| format!("{} {} ms", plain(&m.name), format_ms(m.cumulative as f64));
    format!("Largest: {}.", told.map(part).collect::<Vec<_>>().join(", "))
}

fn data(tree: &ModuleTree) -> Data {
    let mut data = Data::new(["module", "with all it loaded, ms", "own, ms"]);
    for module in largest(tree).into_iter().take(ROWS) {
        let ms = |ns: u64| format_ms(ns as f64);
        data.row(vec![plain(&module.name), ms(module.cumulative), ms(module.own)]);
    }
    data
}
