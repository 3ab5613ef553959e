//! What a pause costs: how many starts are cold after it, and how long they take.
//!
//! A pause is the `after` of a step. The first step of a pattern follows the removal
//! of every instance, which is no pause: its starts are cold whatever was before.

use std::time::Duration;

use super::kit::axis::{Axis, Frame, Scale, tick_text};
use super::kit::canvas::Canvas;
use super::kit::colour::{Colour, GREY};
use super::kit::legend::{LegendEntry, Symbol};
use super::kit::mark;
use super::kit::plot::{Edge, Name, Plot};
use super::{ChartContext, ChartSpec, Data, failed, quantile, rows};
use crate::stats::{RankedValue, proportions};
use crate::text::units::{NS_PER_MS, format_wait};

use visits::{Visit, pauses, visits};

mod visits;

pub(crate) const HOW_TO_READ: &str = "The keep-alive is this harness' own rule; what the pause \
                                      does to a cold or a warm start is in the latencies.";

/// Heights of the field of shares and of the one of latencies.
const SHARES: f64 = 130.0;
const LATENCIES: f64 = 200.0;

/// Composes the chart; none without answers after at least two different pauses.
pub(crate) fn compose(context: &ChartContext) -> Option<ChartSpec> {
    let (size, pauses) = pauses(&context.run.record.scenario)?;
    let visits = visits(context, &pauses);
    let mut idles: Vec<Duration> = visits.iter().map(|v| v.idle).collect();
    idles.sort_unstable();
    idles.dedup();
    let [least, .., most] = idles[..] else { return None };
    let y = Scale::log_about(visits.iter().flat_map(drawn))?;
    let keep_alive = keep_alive(context, least, most);
    let what = if size == 1 { "one start".to_owned() } else { format!("a burst of {size}") };
    let title = context.title(&format!("After a pause: {what}"));
    let names = names(&visits);
    let plot = Plot {
        title: title.clone(),
        subtitle: subtitle(context, &visits),
        legend: legend(keep_alive.is_some()),
        names: names.iter().map(|(p, n)| Name { position: *p, text: n.clone() }).collect(),
        note: "",
        edge: Edge::Right,
        x: horizontal(&idles, least, most),
        fields: vec![(shares(), SHARES), (Axis::new(y, "latency, ms (log)"), LATENCIES)],
    };
    let mut plot = plot.draw(context.layout, |_, _| ());
    let frames = [plot.frames[0], plot.frames[1]];
    for (frame, keep_alive) in frames.iter().zip([keep_alive; 2]) {
        if let Some(at) = keep_alive.map(|keep_alive| frame.x_of(keep_alive.as_secs_f64())) {
            plot.canvas.line(vec![(at, frame.top), (at, frame.bottom)], GREY, 1.5);
        }
    }
    let mut ends = Vec::new();
    for (i, (position, name)) in names.iter().enumerate() {
        let mine: Vec<&Visit> = visits.iter().filter(|v| v.name == *name).collect();
        let moved = mark::beside(i, names.len());
        ends.push(draw(&mut plot.canvas, &frames, &mine, *position, moved));
    }
    let (caption, data) = (caption(context, &visits), data(&visits));
    Some(ChartSpec { title, caption, data, canvas: plot.named(&ends) })
}

fn horizontal(idles: &[Duration], least: Duration, most: Duration) -> Axis {
    let (least, most) = (least.as_secs_f64(), most.as_secs_f64());
    let air = (most / least).powf(0.1);
    let scale = Scale::Log { min: least / air, max: most * air };
    let ticks = idles.iter().map(|idle| (idle.as_secs_f64(), seconds(*idle))).collect();
    Axis::new(scale, "idle since the last reply, s (log)").with(ticks)
}

fn shares() -> Axis {
    let percents = [0.0, 50.0, 100.0].map(|p| (p, format!("{p} %")));
    Axis::new(Scale::Linear { min: -6.0, max: 106.0 }, "share cold").with(percents.to_vec())
}

/// Milliseconds of the median and the ends of its interval.
fn drawn(visit: &Visit) -> Vec<f64> {
    let p50 = &visit.latency.p50;
    let ends = p50.interval.into_iter().flat_map(|i| [i.low, i.high]);
    ends.chain(p50.value).filter_map(RankedValue::ns).map(|ns| ns / NS_PER_MS).collect()
}

fn names(visits: &[Visit]) -> Vec<(usize, String)> {
    let mut names: Vec<(usize, String)> =
        visits.iter().map(|v| (v.position, v.name.clone())).collect();
    names.sort();
    names.dedup();
    names
}

fn legend(keep_alive: bool) -> Vec<LegendEntry> {
    let shown = "share and median, with 95 % intervals";
    let mut legend = vec![LegendEntry::meaning(Symbol::Every(true), shown)];
    if keep_alive {
        let line = Symbol::Drawn(6.0, |canvas, (x, y)| {
            canvas.line(vec![(x + 3.0, y - 7.0), (x + 3.0, y + 7.0)], GREY, 1.5);
        });
        legend.push(LegendEntry::meaning(line, "keep-alive"));
    }
    legend
}

/// The keep-alive, where it is on the axis.
fn keep_alive(context: &ChartContext, least: Duration, most: Duration) -> Option<Duration> {
    let keep_alive = context.run.record.scenario.keep_alive?;
    (least..=most).contains(&keep_alive).then_some(keep_alive)
}

fn seconds(idle: Duration) -> String {
    tick_text(idle.as_secs_f64())
}

/// One function, in both fields; gives where its last median is. No lines: between two
/// pauses nothing is known.
fn draw(
    canvas: &mut Canvas,
    [shares, latencies]: &[Frame; 2],
    visits: &[&Visit],
    position: usize,
    moved: f64,
) -> (f64, f64) {
    let colour = Colour::function(position);
    let x = |v: &Visit| shares.x_of(v.seconds()) + moved;
    let of_shares = visits.iter().map(|v| (x(v), shares.y_of(v.share())));
    let medians = visits.iter().filter_map(|v| {
        let ns = v.latency.p50.value?.ns()?;
        Some((x(v), latencies.y_of(ns / NS_PER_MS)))
    });
    for visit in visits {
        let (low, high) = proportions::interval(visit.cold, visit.n);
        mark::error_bar(canvas, shares, x(visit), (100.0 * low, 100.0 * high), colour);
        if let Some(interval) = &visit.latency.p50.interval {
            mark::latency_bar(canvas, latencies, x(visit), interval, colour);
        }
    }
    let last = medians.clone().next_back();
    for at in of_shares.chain(medians) {
        mark::marker(canvas, position, at, 4.0, true);
    }
    last.unwrap_or((latencies.right, latencies.top))
}

fn subtitle(context: &ChartContext, visits: &[Visit]) -> String {
    let n = rows(visits.iter().map(|v| v.n as usize));
    let failed = failed(visits.iter().map(|v| v.failed));
    format!("{n} answered{failed}, {}", context.rounds())
}

fn caption(context: &ChartContext, visits: &[Visit]) -> String {
    let cold = |longer: bool| {
        let keep_alive = context.run.record.scenario.keep_alive.unwrap_or_default();
        let of = visits.iter().filter(move |v| (v.idle >= keep_alive) == longer);
        let (cold, n) = of.fold((0, 0), |(cold, n), v| (cold + v.cold, n + v.n));
        (n > 0).then(|| format!("{cold} of {n}"))
    };
    let wait = format_wait(context.run.record.scenario.keep_alive.unwrap_or_default());
    let parts: Vec<String> = [(false, "shorter than"), (true, "as long as")]
        .into_iter()
        .filter_map(|(longer, how)| {
            Some(format!("after pauses {how} the keep-alive of {wait} {}", cold(longer)?))
        })
        .collect();
    format!("Cold: {}.", parts.join("; "))
}

fn data(visits: &[Visit]) -> Data {
    let columns = ["function", "idle, s", "answered", "failed", "cold"];
    let figures = ["cold, % (95 %)", "p50, ms (95 %)"];
    let mut data = Data::new(columns.into_iter().chain(figures));
    for v in visits {
        let (low, high) = proportions::interval(v.cold, v.n);
        data.row(vec![
            v.name.clone(),
            seconds(v.idle),
            v.n.to_string(),
            v.failed.to_string(),
            v.cold.to_string(),
            format!("{:.1} ({:.1}–{:.1})", v.share(), 100.0 * low, 100.0 * high),
            quantile(&v.latency.p50),
        ]);
    }
    data
}

#[cfg(test)]
mod tests;
