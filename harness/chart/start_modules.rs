//! What a runtime loaded, as a flame graph that hangs: below each module what it loaded.

use super::flame_graph::{FlameGraph, Part};
use super::kit::canvas::Canvas;
use super::{ChartSpec, Data, Layout, counted, plain};
use crate::explain::{Explained, ModuleTree, ModuleUse};
use crate::text::units::{NS_PER_MS, format_ms};

pub(crate) const HOW_TO_READ: &str = "Each box is as wide as a module took with all that it \
    loaded, which hangs below it; side by side in the order in which they were begun.";

/// Levels that are drawn.
const LEVELS: u32 = 12;
/// What the axis counts.
const AXIS: &str = "ms, by the runtime's own clock";
/// Rows of the table of figures.
const ROWS: usize = 40;

/// Composes the chart; none where the runtime told nothing.
pub(crate) fn compose(found: &Explained, layout: Layout) -> Option<ChartSpec> {
    let tree = found.modules.as_ref()?;
    let graph = FlameGraph::of(tree.modules.iter().map(part));
    let all = graph.all;
    if all == 0 {
        return None;
    }
    let title = format!("What {} loads: {}", plain(&found.function), plain(&tree.profiler));
    let mut canvas = Canvas::new(layout);
    let modules = counted(tree.modules.len() as u64, "module");
    let top =
        canvas.heading(&title, &format!("{modules}, {} ms in all", format_ms(all as f64))) + 8.0;
    graph.draw(&mut canvas, top, LEVELS, (all as f64 / NS_PER_MS, AXIS));
    canvas.zoom =
        (layout == Layout::Wide).then(|| graph.zoom(all as f64, AXIS, ["module", "modules"]));
    Some(ChartSpec { title, caption: caption(tree, all), data: data(tree), canvas })
}

fn part(module: &ModuleUse) -> Part<'_> {
    let ModuleUse { name, depth, cumulative, .. } = module;
    Part { name, depth: *depth, cumulative: *cumulative, is_pale: false }
}

fn largest(tree: &ModuleTree) -> Vec<&ModuleUse> {
    let mut top: Vec<&ModuleUse> = tree.modules.iter().filter(|m| m.depth == 0).collect();
    top.sort_by_key(|module| std::cmp::Reverse(module.cumulative));
    top
}

fn caption(tree: &ModuleTree, all: u64) -> String {
    let told = largest(tree).into_iter().take(3).filter(|m| m.cumulative * 20 >= all);
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
