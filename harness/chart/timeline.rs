//! Every invocation of every burst, at the instant it was wanted.

use super::kit::axis::{Axis, Frame, Scale};
use super::kit::canvas::Canvas;
use super::kit::colour::{BAND, Colour, INK};
use super::kit::legend::{LegendEntry, Symbol};
use super::kit::mark;
use super::kit::plot::{Edge, Name, Plot};
use super::{ChartContext, ChartSpec, DASH, Data, Layout, counted, level, plain, position};
use crate::sample::{Cell, Mark, Sample, Temperature};
use crate::spec::scenario::LoadShape;
use crate::stats::{self, DispatchLag};
use crate::text::units::NS_PER_MS;

pub(crate) const HOW_TO_READ: &str =
    "Functions take turns throughout: a drift of the machine meets all.";

/// The height of the field, in pixels.
const FIELD: f64 = 340.0;

/// More points than this are thinned out evenly: no eye tells them apart, and
/// every one is a shape in the file.
const fn most_points(layout: Layout) -> usize {
    match layout {
        Layout::Wide => 6_000,
        Layout::Narrow => 2_000,
    }
}

/// Rows of the table of figures, about: more rounds than fit are taken together.
const MOST_ROWS: usize = 200;

/// One row that was answered.
struct Point {
    position: usize,
    seconds: f64,
    ms: f64,
    cold: bool,
    /// Of a burst that was not released as it should be.
    invalid: bool,
}

/// Composes the chart; none without an answered row of a burst.
pub(crate) fn compose(context: &ChartContext) -> Option<ChartSpec> {
    let samples = &context.run.samples;
    let of_bursts = |s: &&Sample| matches!(s.cell.act, LoadShape::Burst(_)) && context.holds(s);
    let rows: Vec<&Sample> = samples.iter().filter(of_bursts).collect();
    let invalid = stats::invalid_bursts(samples, context.summaries);
    let is_invalid = |s: &Sample| invalid.contains(&(s.trial, s.cell.step.as_str()));
    let points: Vec<Point> = rows.iter().filter_map(|s| point(context, s, is_invalid(s))).collect();
    let y = Scale::log_about(points.iter().map(|p| p.ms))?;
    let x = Scale::from_nought(points.iter().map(|p| p.seconds))?;
    let title = context.title("Every burst, when it was fired");
    let names = names(&rows, context);
    let first = first_round(&rows);
    let step = points.len().div_ceil(most_points(context.layout)).max(1);
    let plot = Plot {
        title: title.clone(),
        subtitle: subtitle(context, &rows, points.len(), step),
        legend: legend(first.is_some()),
        names: names.iter().map(|(p, n)| Name { position: *p, text: n.clone() }).collect(),
        note: "",
        edge: Edge::Right,
        x: Axis::new(x, "intended instant, s since the run began"),
        fields: vec![(Axis::new(y, "latency, ms (log)"), FIELD)],
    };
    let mut plot = plot.draw(context.layout, |canvas, frames| {
        for (frame, end) in frames.iter().zip(first) {
            let right = frame.x_of(end).min(frame.right);
            canvas.rectangle((frame.left, frame.top), (right, frame.bottom), BAND);
        }
    });
    let frame = plot.frame();
    for point in points.iter().step_by(step) {
        draw(&mut plot.canvas, &frame, point);
    }
    failures(&mut plot.canvas, &frame, context, &rows);
    let end = |(p, _): &(usize, String)| (frame.right, frame.y_of(middle(&points, *p)));
    let canvas = plot.named(&names.iter().map(end).collect::<Vec<_>>());
    Some(ChartSpec { title, caption: caption(context, &points), data: data(&rows, &names), canvas })
}

fn draw(canvas: &mut Canvas, frame: &Frame, point: &Point) {
    let at = frame.point(point.seconds, point.ms);
    let radius = if point.cold { 3.5 } else { 2.5 } * if canvas.is_narrow() { 0.75 } else { 1.0 };
    mark::marker(canvas, point.position, at, radius, point.cold);
    if point.invalid {
        mark::ring(canvas, at, INK);
    }
}

/// When round 1 was over, seconds; none when it is the only one.
fn first_round(rows: &[&Sample]) -> Option<f64> {
    let later = rows.iter().filter(|s| s.round > 1);
    later.filter_map(|s| s.marks.get(Mark::Intended)).min().map(|at| at as f64 / 1e9)
}

fn point(context: &ChartContext, sample: &Sample, invalid: bool) -> Option<Point> {
    Some(Point {
        position: position(context.run, &sample.cell.function),
        seconds: sample.marks.get(Mark::Intended)? as f64 / 1e9,
        ms: sample.latency()? as f64 / NS_PER_MS,
        cold: sample.cell.temperature == Temperature::Cold,
        invalid,
    })
}

fn subtitle(context: &ChartContext, rows: &[&Sample], shown: usize, step: usize) -> String {
    let rounds = rows.iter().map(|s| s.round).max().unwrap_or(0);
    let failed = rows.len() - shown;
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    let thinned = if step > 1 { format!(", one in {step} drawn") } else { String::new() };
    let scenario = plain(&context.run.record.scenario.name);
    let what = counted(u64::from(rounds), "round");
    format!("n = {}{failed}{thinned}, {what}, the first included, scenario {scenario}", rows.len())
}

/// What full and outlined mean.
fn legend(first: bool) -> Vec<LegendEntry> {
    let failed = Symbol::Drawn(8.0, |c, (x, y)| mark::cross(c, (x + 4.0, y), INK));
    let ring = Symbol::Drawn(12.0, |c, (x, y)| mark::ring(c, (x + 6.0, y), INK));
    let mut legend = vec![
        LegendEntry::meaning(Symbol::Every(true), "cold"),
        LegendEntry::meaning(Symbol::Every(false), "warm"),
        LegendEntry::meaning(failed, "failed"),
        LegendEntry::meaning(ring, "burst released too late: invalid"),
    ];
    if first {
        legend.push(LegendEntry::meaning(Symbol::Band, "round 1, left out of the figures"));
    }
    legend
}

/// Failures have no latency: a cross on the upper edge.
fn failures(canvas: &mut Canvas, frame: &Frame, context: &ChartContext, rows: &[&Sample]) {
    for sample in rows.iter().filter(|s| s.latency().is_none()).take(most_points(Layout::Wide)) {
        let Some(intended) = sample.marks.get(Mark::Intended) else { continue };
        // A failure after the last success must not leave the field.
        let x = frame.x_of(intended as f64 / 1e9).min(frame.right);
        let colour = Colour::function(position(context.run, &sample.cell.function));
        mark::cross(canvas, (x, frame.top), colour);
    }
}

/// The median of every step, function and round, or of some rounds together.
fn data(rows: &[&Sample], names: &[(usize, String)]) -> Data {
    let rounds = rows.iter().map(|s| s.round).max().unwrap_or(0);
    let mut steps: Vec<(&Cell, String)> = Vec::new();
    for row in rows {
        let same = |c: &Cell| c.pattern == row.cell.pattern && c.step == row.cell.step;
        let same = |c: &Cell| same(c) && c.temperature == row.cell.temperature;
        if !steps.iter().any(|(cell, _)| same(cell)) {
            let temperature = row.cell.temperature;
            steps.push((&row.cell, format!("{}, {temperature}", super::step(&row.cell))));
        }
    }
    let together = (rounds as usize * steps.len()).div_ceil(MOST_ROWS).max(1) as u32;
    let columns = ["rounds".to_owned(), "step".to_owned()];
    let names_ms = names.iter().map(|(_, name)| format!("{name}: median, ms (failed/n)"));
    let mut data = Data::new(columns.into_iter().chain(names_ms));
    for from in (1..=rounds).step_by(together as usize) {
        let to = rounds.min(from + together - 1);
        for (cell, step) in &steps {
            let of = |s: &&Sample| {
                (from..=to).contains(&s.round)
                    && (&s.cell.pattern, &s.cell.step) == (&cell.pattern, &cell.step)
                    && s.cell.temperature == cell.temperature
            };
            let rows: Vec<&Sample> = rows.iter().copied().filter(of).collect();
            let medians = names.iter().map(|(_, name)| median(&rows, name));
            let span = if from == to { from.to_string() } else { format!("{from} to {to}") };
            data.row([span, step.clone()].into_iter().chain(medians).collect());
        }
    }
    data
}

/// `224`, or `224 (1/4)` when one of four failed.
fn median(rows: &[&Sample], name: &str) -> String {
    let mine = || rows.iter().filter(|s| plain(&s.cell.function) == name);
    let mut sorted: Vec<u64> = mine().filter_map(|s| s.latency()).collect();
    sorted.sort_unstable();
    let (n, failed) = (mine().count(), mine().count() - sorted.len());
    let median = stats::quantile(&sorted, failed, 0.5).map_or(DASH.to_owned(), level);
    if failed > 0 { format!("{median} ({failed}/{n})") } else { median }
}

/// The functions of some rows, in order.
fn names(rows: &[&Sample], context: &ChartContext) -> Vec<(usize, String)> {
    let mut names: Vec<(usize, String)> = rows
        .iter()
        .filter(|s| s.latency().is_some())
        .map(|s| (position(context.run, &s.cell.function), plain(&s.cell.function)))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Median latency of a function's cold rows, or of all when none is cold.
fn middle(points: &[Point], position: usize) -> f64 {
    let of = |cold_only: bool| {
        let mut ms: Vec<f64> = points
            .iter()
            .filter(|p| p.position == position && (p.cold || !cold_only))
            .map(|p| p.ms)
            .collect();
        ms.sort_by(f64::total_cmp);
        ms.get(ms.len() / 2).copied()
    };
    of(true).or_else(|| of(false)).unwrap_or(1.0)
}

fn caption(context: &ChartContext, points: &[Point]) -> String {
    let ends = |cold: bool| {
        let ms = points.iter().filter(|p| p.cold == cold).map(|p| p.ms);
        let (min, max) = ms.fold((f64::INFINITY, 0.0_f64), |(a, b), v| (a.min(v), b.max(v)));
        let text = |ms: f64| crate::text::units::format_ms(ms * NS_PER_MS);
        (max > 0.0).then(|| format!("{} to {} ms", text(min), text(max)))
    };
    let cold =
        ends(true).map_or("No cold row".to_owned(), |range| format!("Cold rows took {range}"));
    let warm = ends(false).map_or("no warm row".to_owned(), |range| format!("warm rows {range}"));
    format!("{cold}; {warm}.{}", released(context))
}

/// How well the driver kept its own schedule, beside what it measured.
fn released(context: &ChartContext) -> String {
    let text = |ns: f64| crate::text::units::format_ns(ns);
    let lag = DispatchLag::of(stats::used(&context.run.samples).filter_map(Sample::lag).collect());
    let width = stats::release_widths(&context.run.samples);
    let lag = lag.map(|l| format!(" The driver was {} late at p99.", text(l.p99)));
    let width = width.map(|w| format!(" Bursts were released within {} at p99.", text(w.p99)));
    lag.unwrap_or_default() + &width.unwrap_or_default()
}
