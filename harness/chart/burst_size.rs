//! What a cold start costs when several come at once.

use super::kit::axis::{Axis, Frame, Scale};
use super::kit::canvas::Canvas;
use super::kit::colour::Colour;
use super::kit::legend::{LegendEntry, Symbol};
use super::kit::mark;
use super::kit::plot::{Edge, Name, Plot};
use super::{
    ChartContext, ChartSpec, Data, failed, groups, maximum, members, plain, position, quantile,
    rows,
};
use crate::sample::Temperature;
use crate::spec::scenario::LoadShape;
use crate::stats::{Summary, ratio};
use crate::text::units::NS_PER_MS;

pub(crate) const HOW_TO_READ: &str =
    "Starts of one burst share the machine and the engine, and wait for each other.";

/// The height of the field, in pixels.
const FIELD: f64 = 298.0;

/// A function, with its cold cell of every size of burst that was answered.
struct Line<'a> {
    name: String,
    position: usize,
    /// By size, which is positive; each has a median.
    dots: Vec<(u32, &'a Summary)>,
}

impl Line<'_> {
    /// How many times as long the largest burst takes as the smallest, at the median;
    /// none of a single size, or where that takes no time.
    fn factor(&self) -> Option<f64> {
        let [(_, first), .., (_, last)] = self.dots.as_slice() else { return None };
        ratio(last.median()?, first.median()?)
    }

    fn label(&self) -> String {
        let factor = self.factor().map(|factor| format!(" {factor:.2}×"));
        format!("{}{}", self.name, factor.unwrap_or_default())
    }
}

/// Composes the chart; none without two sizes of burst that have a median.
pub(crate) fn compose(context: &ChartContext) -> Option<ChartSpec> {
    let lines = lines(context, context.summaries);
    let mut sizes: Vec<u32> = lines.iter().flat_map(|l| &l.dots).map(|(size, _)| *size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let [least, .., most] = sizes[..] else { return None };
    let y = Scale::log_about(lines.iter().flat_map(values))?;
    let air = (f64::from(most) / f64::from(least)).powf(0.1);
    let x = Scale::Log { min: f64::from(least) / air, max: f64::from(most) * air };
    let sizes = sizes.iter().map(|size| (f64::from(*size), size.to_string())).collect();
    let title = context.title("Cold starts that come at once");
    let plot = Plot {
        title: title.clone(),
        subtitle: subtitle(context, &lines),
        legend: legend(),
        names: lines.iter().map(|l| Name { position: l.position, text: l.label() }).collect(),
        note: "",
        edge: Edge::Right,
        x: Axis::new(x, "starts at one instant (log)").with(sizes),
        fields: vec![(Axis::new(y, "latency, ms (log)"), FIELD)],
    };
    let mut plot = plot.draw(context.layout, |_, _| ());
    let frame = plot.frame();
    let of = lines.len();
    let each = lines.iter().enumerate();
    let ends: Vec<(f64, f64)> =
        each.map(|(i, line)| draw(&mut plot.canvas, &frame, line, mark::beside(i, of))).collect();
    let canvas = plot.named(&ends);
    let caption = caption(&lines, (least, most));
    Some(ChartSpec { title, caption, data: data(&lines), canvas })
}

/// Per function, of each size the cell of most rows.
fn lines<'a>(context: &ChartContext, summaries: &'a [Summary]) -> Vec<Line<'a>> {
    let line = |group: &(String, crate::spec::factor::Factors)| {
        let mut dots: Vec<(u32, &Summary)> = Vec::new();
        for summary in members(summaries, group) {
            let LoadShape::Burst(size) = summary.cell.act else { continue };
            if summary.cell.temperature != Temperature::Cold || summary.median().is_none() {
                continue;
            }
            match dots.iter_mut().find(|(of, _)| *of == size) {
                Some((_, kept)) if kept.latency.n < summary.latency.n => *kept = summary,
                Some(_) => {}
                None => dots.push((size, summary)),
            }
        }
        dots.sort_by_key(|(size, _)| *size);
        let (name, position) = (plain(&group.0), position(context.run, &group.0));
        (!dots.is_empty()).then_some(Line { name, position, dots })
    };
    groups(context.run, summaries).iter().filter_map(line).collect()
}

/// All that is drawn of a line, milliseconds.
fn values(line: &Line) -> Vec<f64> {
    let of = |(_, summary): &(u32, &Summary)| {
        let ends = summary.latency.p50.interval.map(|i| [i.low.ns(), i.high.ns()]);
        let max = summary.latency.max.map(|ns| ns as f64);
        [summary.median(), max].into_iter().chain(ends.into_iter().flatten()).flatten()
    };
    line.dots.iter().flat_map(of).map(|ns| ns / NS_PER_MS).collect::<Vec<_>>()
}

fn legend() -> Vec<LegendEntry> {
    vec![
        LegendEntry::meaning(Symbol::Every(true), "median with its 95 % interval"),
        LegendEntry::meaning(Symbol::Every(false), "slowest"),
        LegendEntry::note("×: largest burst over smallest"),
    ]
}

/// One function; gives where its line ends.
fn draw(canvas: &mut Canvas, frame: &Frame, line: &Line, moved: f64) -> (f64, f64) {
    let colour = Colour::function(line.position);
    let at = |size: u32, ns: f64| {
        let (x, y) = frame.point(f64::from(size), ns / NS_PER_MS);
        (x + moved, y)
    };
    let points: Vec<(f64, f64)> =
        line.dots.iter().filter_map(|(size, s)| Some(at(*size, s.median()?))).collect();
    mark::dashed_line(canvas, line.position, &points);
    for ((size, summary), point) in line.dots.iter().zip(&points) {
        if let Some(interval) = &summary.latency.p50.interval {
            mark::latency_bar(canvas, frame, point.0, interval, colour);
        }
        mark::marker(canvas, line.position, *point, 4.5, true);
        if let Some(max) = summary.latency.max {
            mark::marker(canvas, line.position, at(*size, max as f64), 3.5, false);
        }
    }
    points.last().copied().unwrap_or((frame.right, frame.bottom))
}

fn subtitle(context: &ChartContext, lines: &[Line]) -> String {
    let of = || lines.iter().flat_map(|l| &l.dots).map(|(_, s)| &s.latency);
    let (n, failed) = (rows(of().map(|l| l.n)), failed(of().map(|l| l.failed)));
    format!("every start of a burst counts, {n}{failed}, {}", context.rounds())
}

fn caption(lines: &[Line], (least, most): (u32, u32)) -> String {
    let mut factors: Vec<(&Line, f64)> = lines
        .iter()
        .filter(|l| l.dots.first().is_some_and(|(size, _)| *size == least))
        .filter(|l| l.dots.last().is_some_and(|(size, _)| *size == most))
        .filter_map(|l| Some((l, l.factor()?)))
        .collect();
    factors.sort_by(|a, b| a.1.total_cmp(&b.1));
    let of = |(line, factor): &(&Line, f64)| format!("{factor:.2} times ({})", line.name);
    let grown = match factors.as_slice() {
        [] => "no function was answered at both ends".to_owned(),
        [only] => format!("the median takes {} as long", of(only)),
        [first, .., last] => format!("the median takes {} to {} as long", of(first), of(last)),
    };
    format!("From {least} to {most} at once, {grown}.")
}

fn data(lines: &[Line]) -> Data {
    let columns = ["function", "starts at once", "n", "failed", "p50, ms (95 %)", "max, ms"];
    let mut data = Data::new(columns);
    for line in lines {
        for (size, summary) in &line.dots {
            let latency = &summary.latency;
            data.row(vec![
                line.name.clone(),
                size.to_string(),
                latency.n.to_string(),
                latency.failed.to_string(),
                quantile(&latency.p50),
                maximum(latency.max),
            ]);
        }
    }
    data
}

#[cfg(test)]
mod tests;
