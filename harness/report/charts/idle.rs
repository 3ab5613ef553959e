//! What a pause costs: how many starts are cold after it, and how long they take.
//!
//! A pause is the `after` of a step. The first step of a pattern follows the removal
//! of every instance, which is no pause: its starts are cold whatever was before.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Result;

use super::axis::{Frame, Scale, labelled, left_of_field};
use super::legend::{self, Entry, Sign};
use super::sheet::{Colour, GREY, Sheet};
use super::{Composed, Data, Place, palette, rounds, whisker};
use crate::report::words::{plain, position, quantile};
use crate::sample::{Sample, Temperature};
use crate::spec::scenario::{LoadShape, Scenario, Step};
use crate::stats::{self, BootstrapWeights, LatencySummary, RankedValue, proportions};
use crate::text::units::{NS_PER_MS, format_wait};

/// Heights of the field of shares, of the one of latencies, and between them.
const SHARES: f64 = 130.0;
const LATENCIES: f64 = 200.0;
const BETWEEN: f64 = 46.0;

/// A function after one pause.
struct Visit {
    name: String,
    position: usize,
    idle: Duration,
    /// Of `n` answered starts, so many were cold.
    cold: u64,
    n: u64,
    failed: usize,
    latency: LatencySummary,
}

impl Visit {
    fn seconds(&self) -> f64 {
        self.idle.as_secs_f64()
    }

    /// Percent.
    fn share(&self) -> f64 {
        100.0 * self.cold as f64 / self.n as f64
    }
}

/// Composes the chart; none without answers after at least two different pauses.
pub(super) fn compose(place: &Place) -> Result<Option<Composed>> {
    let Some((size, pauses)) = pauses(&place.run.record.scenario) else { return Ok(None) };
    let visits = visits(place, &pauses);
    let mut idles: Vec<Duration> = visits.iter().map(|v| v.idle).collect();
    idles.sort_unstable();
    idles.dedup();
    let [least, .., most] = idles[..] else { return Ok(None) };
    let Some(y) = Scale::log_about(visits.iter().flat_map(drawn)) else { return Ok(None) };
    let axes = Axes { idles, least, most, y, keep_alive: keep_alive(place, least, most) };
    let what = if size == 1 { "one start".to_owned() } else { format!("a burst of {size}") };
    let title = place.title(&format!("After a pause: {what}"));
    let sheet = drawing(place, &title, &visits, &axes);
    let (caption, data) = (caption(place, &visits), data(&visits));
    Ok(Some(Composed { name: "idle", title, caption, data, sheet }))
}

/// What both fields share, and what the lower one has.
struct Axes {
    /// Every pause, in order; the least and the most of them.
    idles: Vec<Duration>,
    least: Duration,
    most: Duration,
    /// Of the latencies.
    y: Scale,
    /// Where it is among the pauses.
    keep_alive: Option<Duration>,
}

fn drawing(place: &Place, title: &str, visits: &[Visit], axes: &Axes) -> Sheet {
    let names = names(visits);
    let mut key = meanings(axes.keep_alive.is_some());
    key.extend(names.iter().map(|(position, name)| Entry::name(*position, name)));
    let mut sheet = Sheet::new(place.paper.width(), 0.0);
    let top = 70.0 + legend::height(&sheet, &key);
    let percents = [0.0, 50.0, 100.0].map(|p| (p, format!("{p} %")));
    let ticks = labelled(&axes.y);
    let (shares, latencies) = fields(place, axes, top, &sheet);
    sheet.height = latencies.bottom + 52.0;
    sheet.heading(title, &subtitle(place, visits));
    legend::draw(&mut sheet, &key, 54.0);
    let idles: Vec<(f64, String)> =
        axes.idles.iter().map(|idle| (idle.as_secs_f64(), seconds(*idle))).collect();
    shares.x_axis(&mut sheet, &idles, "");
    shares.y_axis(&mut sheet, &percents, "share cold");
    latencies.x_axis(&mut sheet, &idles, "idle since the last reply, s (log)");
    latencies.y_axis(&mut sheet, &ticks, "latency, ms (log)");
    for (frame, keep_alive) in [&shares, &latencies].into_iter().zip([axes.keep_alive; 2]) {
        if let Some(at) = keep_alive.map(|keep_alive| frame.x_of(keep_alive.as_secs_f64())) {
            sheet.line(vec![(at, frame.top), (at, frame.bottom)], GREY, 1.5);
        }
    }
    for (i, (position, name)) in names.iter().enumerate() {
        let mine: Vec<&Visit> = visits.iter().filter(|v| v.name == *name).collect();
        draw(&mut sheet, (&shares, &latencies), &mine, *position, whisker::beside(i, names.len()));
    }
    sheet
}

/// The field of shares above that of latencies.
fn fields(place: &Place, axes: &Axes, top: f64, sheet: &Sheet) -> (Frame, Frame) {
    let (least, most) = (axes.least.as_secs_f64(), axes.most.as_secs_f64());
    let air = (most / least).powf(0.1);
    let x = Scale::Log { min: least / air, max: most * air };
    let widest = [(100.0, "100 %".to_owned())];
    let left = left_of_field(place.paper, &labelled(&axes.y));
    let left = left.max(left_of_field(place.paper, &widest));
    let right = sheet.width - sheet.margin() - 8.0;
    let y = Scale::Linear { min: -6.0, max: 106.0 };
    let shares = Frame { left, right, top, bottom: top + SHARES, x, y };
    let top = shares.bottom + BETWEEN;
    (shares, Frame { left, right, top, bottom: top + LATENCIES, x, y: axes.y })
}

/// A pattern's and a step's name, with the pause before it.
type Pause<'a> = (&'a str, &'a str, Duration);

/// Bursts of one size after pauses of different lengths, the size of most lengths; none
/// where no size has two.
fn pauses(scenario: &Scenario) -> Option<(u32, Vec<Pause<'_>>)> {
    let mut by_size: BTreeMap<u32, Vec<Pause>> = BTreeMap::new();
    for pattern in &scenario.patterns {
        for pair in pattern.steps.windows(2) {
            let [before, step] = pair else { continue };
            if let (LoadShape::Burst(size), true) = (step.act, at_once(before) >= at_once(step))
                && !step.after.is_zero()
            {
                by_size.entry(size).or_default().push((&pattern.name, &step.name, step.after));
            }
        }
    }
    let lengths =
        |pauses: &[Pause]| pauses.iter().map(|(.., after)| *after).collect::<BTreeSet<_>>().len();
    let several = by_size.into_iter().filter(|(_, pauses)| lengths(pauses) > 1);
    several.max_by_key(|(size, pauses)| (lengths(pauses), Reverse(*size)))
}

/// How many instances a step leaves, or needs: a step that needs more than there are
/// has cold starts whatever the pause.
fn at_once(step: &Step) -> u32 {
    match step.act {
        LoadShape::Burst(n) => n,
        LoadShape::Sequence(_) => 1,
        LoadShape::Parallel { .. } => 0,
    }
}

fn visits(place: &Place, pauses: &[Pause]) -> Vec<Visit> {
    let idle = |s: &Sample| {
        let here = |(pattern, step, _): &&Pause| s.cell.pattern == *pattern && s.cell.step == *step;
        pauses.iter().find(here).map(|(.., after)| *after)
    };
    let mut rows: BTreeMap<(usize, String, Duration), Vec<&Sample>> = Default::default();
    for sample in stats::used(&place.run.samples).filter(|s| place.holds(s)) {
        if let Some(idle) = idle(sample) {
            let function = &sample.cell.function;
            let key = (position(place.run, function), plain(function), idle);
            rows.entry(key).or_default().push(sample);
        }
    }
    let mut draws = BootstrapWeights::default();
    let visit = |((position, name, idle), rows): ((usize, String, Duration), Vec<&Sample>)| {
        let answered: Vec<&Sample> =
            rows.iter().copied().filter(|s| s.latency().is_some()).collect();
        let cold = answered.iter().filter(|s| s.cell.temperature == Temperature::Cold).count();
        let times: Vec<(u32, Option<u64>)> = rows.iter().map(|s| (s.round, s.latency())).collect();
        let (n, failed) = (answered.len() as u64, rows.len() - answered.len());
        let latency = LatencySummary::by_round(&times, &mut draws);
        let visit = Visit { name, position, idle, cold: cold as u64, n, failed, latency };
        (n > 0).then_some(visit)
    };
    rows.into_iter().filter_map(visit).collect()
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

fn meanings(keep_alive: bool) -> Vec<Entry> {
    let mut key = vec![Entry::meaning(Sign::Every(true), "share and median, with 95 % intervals")];
    if keep_alive {
        let line = |s: &mut Sheet, (x, y): (f64, f64)| {
            s.line(vec![(x + 3.0, y - 7.0), (x + 3.0, y + 7.0)], GREY, 1.5);
        };
        key.push(Entry::meaning(Sign::Drawn(6.0, line), "keep-alive"));
    }
    key
}

/// The keep-alive, where it is on the axis.
fn keep_alive(place: &Place, least: Duration, most: Duration) -> Option<Duration> {
    let keep_alive = place.run.record.scenario.keep_alive;
    (least..=most).contains(&keep_alive).then_some(keep_alive)
}

fn seconds(idle: Duration) -> String {
    super::axis::tick_text(idle.as_secs_f64())
}

/// One function, in both fields. No lines: between two pauses nothing is known.
fn draw(
    sheet: &mut Sheet,
    (shares, latencies): (&Frame, &Frame),
    visits: &[&Visit],
    position: usize,
    moved: f64,
) {
    let colour: Colour = palette::colour(position);
    let x = |v: &Visit| shares.x_of(v.seconds()) + moved;
    let of_shares: Vec<(f64, f64)> =
        visits.iter().map(|v| (x(v), shares.y_of(v.share()))).collect();
    let medians: Vec<(f64, f64)> = visits
        .iter()
        .filter_map(|v| {
            let ns = v.latency.p50.value?.ns()?;
            Some((x(v), latencies.y_of(ns / NS_PER_MS)))
        })
        .collect();
    for visit in visits {
        let (low, high) = proportions::interval(visit.cold, visit.n);
        whisker::draw(sheet, shares, x(visit), (100.0 * low, 100.0 * high), colour);
        if let Some(interval) = &visit.latency.p50.interval {
            whisker::latency(sheet, latencies, x(visit), interval, colour);
        }
    }
    for at in of_shares.into_iter().chain(medians) {
        palette::marker(sheet, position, at, 4.0, true);
    }
}

fn subtitle(place: &Place, visits: &[Visit]) -> String {
    let (least, most) = (visits.iter().map(|v| v.n).min(), visits.iter().map(|v| v.n).max());
    let n = match (least, most) {
        (Some(least), Some(most)) if least < most => format!("n = {least} to {most}"),
        (_, most) => format!("n = {} each", most.unwrap_or(0)),
    };
    let failed: usize = visits.iter().map(|v| v.failed).sum();
    let failed = if failed > 0 { format!(", {failed} failed in all") } else { String::new() };
    format!("{n} answered{failed}, {}", rounds(place.run))
}

fn caption(place: &Place, visits: &[Visit]) -> String {
    let cold = |longer: bool| {
        let keep_alive = place.run.record.scenario.keep_alive;
        let of = visits.iter().filter(move |v| (v.idle >= keep_alive) == longer);
        let (cold, n) = of.fold((0, 0), |(cold, n), v| (cold + v.cold, n + v.n));
        (n > 0).then(|| format!("{cold} of {n}"))
    };
    let wait = format_wait(place.run.record.scenario.keep_alive);
    let parts: Vec<String> = [(false, "shorter than"), (true, "as long as")]
        .into_iter()
        .filter_map(|(longer, how)| {
            Some(format!("after pauses {how} the keep-alive of {wait} {}", cold(longer)?))
        })
        .collect();
    format!(
        "Cold: {}. The keep-alive is this harness' own rule; what the pause does to a cold or \
         a warm start is in the latencies.",
        parts.join("; ")
    )
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
