//! What was measured of known sleeps, less what is known: the error of the figures.

use anyhow::Result;

use super::axis::{Frame, Scale, labelled, left_of_field};
use super::legend::{self, Entry, Sign};
use super::sheet::{Align, Colour, GREY, INK, Sheet, Words};
use super::{Composed, Data, Paper, palette, rounds};
use crate::report::words::{DASH, warning};
use crate::stats::{Calibration, Controls, MOST_RESIDUAL_NS, Quantile, Summary};
use crate::store::Run;
use crate::text::units::{NS_PER_MS, format_ms, format_ns};

/// From the top of the field to the lower edge of the paper.
const FIELD: f64 = 328.0;
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

impl Group {
    /// The quartiles of the residuals, nanoseconds; none of too few to have any.
    fn quarters(&self) -> Option<(f64, f64)> {
        let mut sorted = self.residuals.clone();
        sorted.sort_by(f64::total_cmp);
        // Type 7, as everywhere.
        let at = |q: f64| {
            let position = (sorted.len() - 1) as f64 * q;
            let (low, high) = (position.floor() as usize, position.ceil() as usize);
            sorted[low] + (sorted[high] - sorted[low]) * position.fract()
        };
        (sorted.len() >= Quantile::least(0.25)).then(|| (at(0.25), at(0.75)))
    }
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
pub(super) fn compose(run: &Run, summaries: &[Summary], paper: Paper) -> Result<Option<Composed>> {
    let controls = Controls::of(&run.samples, summaries);
    let clouds = clouds(run, &controls);
    if clouds.is_empty() {
        return Ok(None);
    }
    let sleeps = sleeps(&clouds);
    let reach = reach(&clouds);
    let y = Scale::Linear { min: reach.low / reach.unit.0, max: reach.high / reach.unit.0 };
    let mut sheet = Sheet::new(paper.width(), 0.0);
    let key = key(&clouds, &reach);
    // The line of medians, which has no room on a narrow paper.
    let medians = if paper == Paper::Wide { 22.0 } else { 0.0 };
    let top = 66.0 + legend::height(&sheet, &key) + medians;
    sheet.height = top + FIELD;
    let frame = Frame {
        left: left_of_field(paper, &labelled(&y)).max(if medians > 0.0 { 100.0 } else { 0.0 }),
        right: sheet.width - sheet.margin() - 8.0,
        top,
        bottom: sheet.height - 52.0,
        x: Scale::Linear { min: 0.0, max: sleeps.len() as f64 },
        y,
    };
    let title = format!("{}Calibration: measured less known sleep", warning(run));
    sheet.heading(&title, &subtitle(run, &clouds, &reach));
    legend::draw(&mut sheet, &key, 54.0);
    field(&mut sheet, &frame, &sleeps, &reach);
    if medians > 0.0 {
        let note =
            Words::new(format!("median, {}:", reach.unit.1), (16.0, top - 18.0), Align::Left);
        sheet.words(note.size(11.0).colour(GREY));
    }
    clouds_on(&mut sheet, &frame, &reach, (&clouds, &sleeps), paper);
    let caption = caption(&clouds, &controls, &reach);
    let data = data(&clouds);
    Ok(Some(Composed { name: "calibration", title, caption, data, sheet }))
}

fn clouds_on(
    sheet: &mut Sheet,
    frame: &Frame,
    reach: &Reach,
    (clouds, sleeps): (&[Cloud], &[f64]),
    paper: Paper,
) {
    let points: usize = clouds.iter().flat_map(|c| &c.groups).map(|g| g.residuals.len()).sum();
    let step = points.div_ceil(MOST_POINTS).max(1);
    for (i, cloud) in clouds.iter().enumerate() {
        for group in &cloud.groups {
            let slot = sleeps.iter().position(|s| *s == group.sleep).unwrap_or(0);
            let column = column(slot, i, clouds.len());
            draw(sheet, frame, reach, column, cloud, group, step);
            if paper == Paper::Wide {
                median(sheet, frame, reach, column, group);
            }
        }
    }
}

/// Every known sleep: what was measured of it, and how far off that is.
fn data(clouds: &[Cloud]) -> Data {
    let columns = ["control", "known sleep, ms", "n", "measured median, ms"];
    let errors = ["less known, ms", "less known and intercept, ms", "p25 to p75 of that, ms"];
    let mut data = Data::new(columns.into_iter().chain(errors));
    let figure = |ns: f64| signed(ns / NS_PER_MS);
    for cloud in clouds {
        for group in &cloud.groups {
            let less_known = group.median + cloud.line.intercept;
            data.row(vec![
                cloud.name.to_owned(),
                super::axis::tick_text(group.sleep / NS_PER_MS),
                group.residuals.len().to_string(),
                format_ms(group.sleep + less_known),
                figure(less_known),
                figure(group.median),
                group.quarters().map_or(DASH.to_owned(), |(low, high)| {
                    format!("{} to {}", figure(low), figure(high))
                }),
            ]);
        }
    }
    data
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
fn key(clouds: &[Cloud], reach: &Reach) -> Vec<Entry> {
    fn bar(sheet: &mut Sheet, (x, y): (f64, f64), colour: Colour, width: f64) {
        sheet.line(vec![(x, y), (x + 16.0, y)], colour, width);
    }
    let mut key: Vec<Entry> =
        clouds.iter().map(|c| Entry::meaning(Sign::Marker(c.position, true), c.name)).collect();
    key.push(Entry::meaning(Sign::Drawn(16.0, |s, at| bar(s, at, INK, 3.0)), "median"));
    key.push(Entry::meaning(Sign::Drawn(16.0, |s, at| bar(s, at, GREY, 1.0)), "fitted line"));
    if reach.limits {
        key.push(Entry::meaning(Sign::Drawn(16.0, |s, at| bar(s, at, VALID, 12.0)), "within 1 ms"));
    }
    key
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
    let name = "known sleep, ms; in each, starts in order";
    frame.x_axis(sheet, &ticks, name);
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
}

/// A median in figures, above its column.
fn median(sheet: &mut Sheet, frame: &Frame, reach: &Reach, (from, to): (f64, f64), group: &Group) {
    let (x0, x1) = (frame.x_of(from), frame.x_of(to));
    let text = signed(group.median / reach.unit.0);
    let at = ((x0 + x1) / 2.0, frame.top - 18.0);
    let words = Words::new(text, at, Align::Centre).size(11.0);
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
