//! What was measured of known sleeps, less what is known: the error of the figures.

use anyhow::Result;

use super::axis::{Frame, Scale, labelled};
use super::sheet::{Align, Colour, GREY, INK, Sheet, Words};
use super::{Composed, Data, Paper, palette, rounds};
use crate::report::words::warning;
use crate::stats::{Calibration, Controls, MOST_RESIDUAL_NS, Summary};
use crate::store::Run;
use crate::units::{NS_PER_MS, format_ms, format_ns};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 440.0;
/// More points than this are thinned out evenly.
const MOST_POINTS: usize = 6_000;
/// The limits are drawn when they are no more than so many times as far out as
/// the points; further out they would press the points into a line.
const FAR: f64 = 4.0;
/// Nanoseconds that the axis ends at, at most: what is further off stands on its edge.
const FURTHEST: f64 = 60e9;
/// What a valid run's medians lie within.
const VALID: Colour = Colour(0xf0, 0xf0, 0xf0);

/// One series of controls about its line.
struct Cloud {
    name: &'static str,
    /// Its colour and shape.
    position: usize,
    line: Calibration,
    groups: Vec<Group>,
}

/// The starts of one known sleep, all in nanoseconds.
struct Group {
    sleep: f64,
    /// Measured less sleep and intercept, in the order of the starts.
    residuals: Vec<f64>,
    median: f64,
}

/// The vertical axis.
struct Reach {
    /// Nanoseconds at the lower and the upper edge.
    low: f64,
    high: f64,
    /// Whether the limits of a valid run are within.
    limits: bool,
    /// Nanoseconds in the unit, and its name.
    unit: (f64, &'static str),
}

/// Composes the chart; none without a calibration.
pub(super) fn compose(run: &Run, summaries: &[Summary], _paper: Paper) -> Result<Option<Composed>> {
    let controls = Controls::of(&run.samples, summaries);
    let clouds = clouds(run, &controls);
    if clouds.is_empty() {
        return Ok(None);
    }
    let sleeps = sleeps(&clouds);
    let reach = reach(&clouds);
    let frame = Frame {
        left: 84.0,
        right: WIDTH - 24.0,
        top: 112.0,
        bottom: HEIGHT - 52.0,
        x: Scale::Linear { min: 0.0, max: sleeps.len() as f64 },
        y: Scale::Linear { min: reach.low / reach.unit.0, max: reach.high / reach.unit.0 },
    };
    let title = format!("{}Calibration: measured less known sleep", warning(run));
    let mut sheet = Sheet::new(WIDTH, HEIGHT);
    sheet.heading(&title, &subtitle(run, &clouds, &reach));
    key(&mut sheet, &clouds, &reach);
    field(&mut sheet, &frame, &sleeps, &reach);
    let points: usize = clouds.iter().flat_map(|c| &c.groups).map(|g| g.residuals.len()).sum();
    let step = points.div_ceil(MOST_POINTS).max(1);
    let note = Words::new(format!("median, {}:", reach.unit.1), (16.0, 94.0), Align::Left);
    sheet.words(note.size(11.0).colour(GREY));
    for (i, cloud) in clouds.iter().enumerate() {
        for group in &cloud.groups {
            let slot = sleeps.iter().position(|s| *s == group.sleep).unwrap_or(0);
            let column = column(slot, i, clouds.len());
            draw(&mut sheet, &frame, &reach, column, cloud, group, step);
        }
    }
    let caption = caption(&clouds, &controls, &reach);
    Ok(Some(Composed { name: "calibration", title, caption, data: Data::default(), sheet }))
}

fn clouds(run: &Run, controls: &Controls) -> Vec<Cloud> {
    let [process, container] = Controls::points(&run.samples);
    let series = [
        ("null process", controls.process, process),
        ("null container, after its engine", controls.container, container),
    ];
    let each = series.into_iter().enumerate();
    each.filter_map(|(position, (name, line, points))| {
        let line = line?;
        Some(Cloud { name, position, line, groups: groups(&points, line.intercept) })
    })
    .collect()
}

fn groups(points: &[(f64, u64)], intercept: f64) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (sleep, measured) in points {
        let residual = *measured as f64 - sleep - intercept;
        match groups.iter_mut().find(|g| g.sleep == *sleep) {
            Some(group) => group.residuals.push(residual),
            None => groups.push(Group { sleep: *sleep, residuals: vec![residual], median: 0.0 }),
        }
    }
    for group in &mut groups {
        let mut sorted = group.residuals.clone();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = ((sorted.len() - 1) / 2, sorted.len() / 2);
        group.median = f64::midpoint(sorted[low], sorted[high]);
    }
    groups.sort_by(|a, b| a.sleep.total_cmp(&b.sleep));
    groups
}

fn sleeps(clouds: &[Cloud]) -> Vec<f64> {
    let mut sleeps: Vec<f64> =
        clouds.iter().flat_map(|c| &c.groups).map(|group| group.sleep).collect();
    sleeps.sort_by(f64::total_cmp);
    sleeps.dedup();
    sleeps
}

/// As far as 98 in 100 points, every median and every line reach, and nought.
fn reach(clouds: &[Cloud]) -> Reach {
    let groups = || clouds.iter().flat_map(|c| c.groups.iter().map(move |g| (c, g)));
    let mut sorted: Vec<f64> = groups().flat_map(|(_, g)| &g.residuals).copied().collect();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 100;
    let ends = [sorted.get(cut), sorted.get(sorted.len().saturating_sub(cut + 1))];
    let marked = groups().flat_map(|(c, g)| [g.median, fit(c, g)]);
    // A microsecond: no figure here is finer.
    let bulk = marked.chain(ends.into_iter().flatten().copied());
    let (low, high) = bulk.fold((-1e3, 1e3), |(low, high): (f64, f64), ns| {
        (low.min(ns.max(-FURTHEST)), high.max(ns.min(FURTHEST)))
    });
    let limits = high.max(-low) * FAR >= MOST_RESIDUAL_NS;
    let limit = if limits { MOST_RESIDUAL_NS } else { 0.0 };
    let (low, high) = (low.min(-limit), high.max(limit));
    let air = 0.06 * (high - low);
    let (low, high) = (low - air, high + air);
    let unit = if high.max(-low) < NS_PER_MS { (1e3, "us") } else { (NS_PER_MS, "ms") };
    Reach { low, high, limits, unit }
}

impl Reach {
    fn holds(&self, ns: f64) -> bool {
        (self.low..=self.high).contains(&ns)
    }
}

/// Where the fitted line runs at a known sleep.
fn fit(cloud: &Cloud, group: &Group) -> f64 {
    (cloud.line.slope - 1.0) * group.sleep
}

/// The ends of a series' column in a slot, in slots.
fn column(slot: usize, series: usize, of: usize) -> (f64, f64) {
    let each = 1.0 / of as f64;
    let from = slot as f64 + each * series as f64;
    (from + 0.1 * each, from + 0.9 * each)
}

fn subtitle(run: &Run, clouds: &[Cloud], reach: &Reach) -> String {
    let n: Vec<String> = clouds.iter().map(|c| c.line.n.to_string()).collect();
    let all = clouds.iter().flat_map(|c| &c.groups).flat_map(|g| &g.residuals);
    let beyond = match all.filter(|ns| !reach.holds(**ns)).count() {
        0 => String::new(),
        n => format!("; {n} beyond the edge, outlined on it"),
    };
    format!("n = {}, {}{beyond}", n.join(" and "), rounds(run))
}

/// What the markers and the grey field mean.
fn key(sheet: &mut Sheet, clouds: &[Cloud], reach: &Reach) {
    let mut x = 22.0;
    let write = |sheet: &mut Sheet, x: f64, text: &str| {
        let words = Words::new(text, (x, 64.0), Align::Left).colour(GREY);
        let end = x + words.width() + 20.0;
        sheet.words(words);
        end
    };
    for cloud in clouds {
        palette::marker(sheet, cloud.position, (x, 64.0), 3.5, true);
        x = write(sheet, x + 9.0, cloud.name);
    }
    for (text, colour, width) in [("median", INK, 3.0), ("fitted line", GREY, 1.0)] {
        sheet.line(vec![(x - 4.0, 64.0), (x + 12.0, 64.0)], colour, width);
        x = write(sheet, x + 18.0, text);
    }
    if reach.limits {
        sheet.rectangle((x - 4.0, 58.0), (x + 12.0, 70.0), VALID);
        write(sheet, x + 18.0, "within 1 ms");
    }
}

/// Everything behind the points.
fn field(sheet: &mut Sheet, frame: &Frame, sleeps: &[f64], reach: &Reach) {
    if reach.limits {
        let limit = MOST_RESIDUAL_NS / reach.unit.0;
        let corners = ((frame.left, frame.y_of(limit)), (frame.right, frame.y_of(-limit)));
        sheet.rectangle(corners.0, corners.1, VALID);
    }
    let ticks: Vec<(f64, String)> = sleeps
        .iter()
        .enumerate()
        .map(|(slot, ns)| (slot as f64 + 0.5, super::axis::tick_text(ns / NS_PER_MS)))
        .collect();
    frame.x_axis(sheet, &ticks, "known sleep, ms; within each, the starts in their order");
    let name = format!("measured less known, {}", reach.unit.1);
    frame.y_axis(sheet, &labelled(&frame.y), &name);
    let zero = frame.y_of(0.0);
    sheet.line(vec![(frame.left, zero), (frame.right, zero)], GREY, 1.0);
}

/// The points of one known sleep, left to right in the order of the starts, with
/// their median and the fitted line.
fn draw(
    sheet: &mut Sheet,
    frame: &Frame,
    reach: &Reach,
    (from, to): (f64, f64),
    cloud: &Cloud,
    group: &Group,
    step: usize,
) {
    let n = group.residuals.len() as f64;
    for (i, ns) in group.residuals.iter().enumerate().step_by(step) {
        let x = from + (to - from) * (i as f64 + 0.5) / n;
        let inside = reach.holds(*ns);
        let at = at(frame, x, *ns, reach);
        palette::marker(sheet, cloud.position, at, 2.5, inside);
    }
    let across = |ns: f64| vec![at(frame, from, ns, reach), at(frame, to, ns, reach)];
    sheet.line(across(fit(cloud, group)), palette::colour(cloud.position), 1.0);
    sheet.line(across(group.median), INK, 3.0);
    let ((x0, _), (x1, _)) = (frame.point(from, 0.0), frame.point(to, 0.0));
    let text = signed(group.median / reach.unit.0);
    let words = Words::new(text, ((x0 + x1) / 2.0, 94.0), Align::Centre).size(11.0);
    if words.width() + 4.0 < x1 - x0 {
        sheet.words(words);
    }
}

/// Where a value stands: on an edge when it is beyond it.
fn at(frame: &Frame, x: f64, ns: f64, reach: &Reach) -> (f64, f64) {
    frame.point(x, ns.clamp(reach.low, reach.high) / reach.unit.0)
}

/// `+1.2`, `-30`: as fine as three figures.
fn signed(value: f64) -> String {
    let text = format_ms(value.abs() * NS_PER_MS);
    let sign = if value < 0.0 { "-" } else { "+" };
    format!("{sign}{text}")
}

fn caption(clouds: &[Cloud], controls: &Controls, reach: &Reach) -> String {
    let lines: Vec<String> = clouds.iter().map(line).collect();
    let limits = if reach.limits { "shown in grey" } else { "further out than this chart" };
    let faults = controls.faults();
    let faults = match faults.as_slice() {
        [] => String::new(),
        faults => format!(" Not to be believed: {}.", faults.join("; ")),
    };
    format!(
        "Measured against known: {}. A valid run has every median within 1 ms of its line \
         ({limits}).{faults}",
        lines.join("; ")
    )
}

/// A line in figures.
fn line(cloud: &Cloud) -> String {
    let Calibration { slope, slope_error, intercept, worst, .. } = cloud.line;
    format!(
        "{}: slope {slope:.4} ± {slope_error:.4}, intercept {} ms, furthest median {} off its line",
        cloud.name,
        format_ms(intercept),
        format_ns(worst)
    )
}

#[cfg(test)]
mod tests;
