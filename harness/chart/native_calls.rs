//! What the processors executed until a function was ready, as a flame graph that hangs.

use super::flame_graph::{FlameGraph, Part};
use super::kit::canvas::Canvas;
use super::{ChartSpec, Data, Layout, counted, plain};
use crate::explain::{Call, Explained, Frame, Native};
use crate::text::units::{NS_PER_MS, format_ms};

pub(crate) const HOW_TO_READ: &str = "Each box is as wide as the CPU time of a function with all \
    that it called, which hangs below it, the largest first: no course of time. What is pale is \
    the kernel's.";

/// Levels that are drawn.
const LEVELS: u32 = 32;
/// What the axis counts.
const AXIS: &str = "ms of CPU time, of one start";
/// Rows of the table of figures.
const ROWS: usize = 40;

/// Composes the chart; none where nothing was sampled.
pub(crate) fn compose(found: &Explained, layout: Layout) -> Option<ChartSpec> {
    let native = found.native.as_ref().filter(|native| native.samples > 0)?;
    let graph = FlameGraph::of(native.calls.iter().filter_map(|call| part(native, call)));
    if graph.all == 0 {
        return None;
    }
    let title = format!("What {} executes until it is ready", plain(&found.function));
    let mut canvas = Canvas::new(layout);
    let all = native.ns(graph.all);
    let of = format!(
        "{} of {}, {} ms of CPU time each",
        counted(native.samples, "sample"),
        counted(u64::from(native.starts), "start"),
        format_ms(all)
    );
    let top = canvas.heading(&title, &of) + 8.0;
    graph.draw(&mut canvas, top, LEVELS, (all / NS_PER_MS, AXIS));
    canvas.zoom = (layout == Layout::Wide).then(|| graph.zoom(all, AXIS, ["call", "calls"]));
    Some(ChartSpec { title, caption: caption(native), data: data(native), canvas })
}

fn part<'a>(native: &'a Native, call: &Call) -> Option<Part<'a>> {
    let Frame { name, file, .. } = native.frames.get(call.frame)?;
    let (depth, cumulative) = (call.depth, call.cumulative);
    Some(Part { name, depth, cumulative, is_pale: file == Frame::KERNEL })
}

fn caption(native: &Native) -> String {
    let told = native.frames.iter().take(3).filter(|frame| frame.own * 20 >= native.samples);
    let part = |f: &Frame| format!("{} {} ms", plain(&f.name), format_ms(native.ns(f.own)));
    let parts: Vec<String> = told.map(part).collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!("Most was executed in {} itself.", parts.join(", ")),
    }
}

fn data(native: &Native) -> Data {
    let mut data = Data::new(["function", "in", "itself, ms", "with all it called, ms"]);
    for frame in native.frames.iter().take(ROWS) {
        let ms = |samples: u64| format_ms(native.ns(samples));
        let (own, inclusive) = (ms(frame.own), ms(frame.inclusive));
        data.row(vec![plain(&frame.name), plain(&frame.file), own, inclusive]);
    }
    data
}
