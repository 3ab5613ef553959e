//! Every invocation of every burst, at the instant it was wanted.

use anyhow::Result;

use super::axis::{Frame, Scale, labelled, left_of_field};
use super::labels::spread;
use super::legend::{self, Entry, Sign};
use super::sheet::{Align, Colour, INK, Sheet, Words};
use super::{Composed, Data, Paper, Place, palette};
use crate::report::words::{self, DASH, counted, plain, position};
use crate::sample::{Cell, Mark, Sample, Temperature};
use crate::spec::scenario::LoadShape;
use crate::stats::{self, DispatchLag, Summary};
use crate::text::units::NS_PER_MS;

/// The first round's part of the field.
const FIRST: Colour = Colour(0xf2, 0xf2, 0xf2);
/// From the top of the field to the lower edge of the paper.
const FIELD: f64 = 392.0;
/// Names wider than this, in pixels, stand above the field.
const WIDEST: f64 = 200.0;
/// More points than this are thinned out evenly: no eye tells them apart, and
/// every one is a shape in the file.
const fn most_points(paper: Paper) -> usize {
    match paper {
        Paper::Wide => 6_000,
        Paper::Narrow => 2_000,
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
pub(super) fn compose(place: &Place, summaries: &[Summary]) -> Result<Option<Composed>> {
    let rows: Vec<&Sample> = place
        .run
        .samples
        .iter()
        .filter(|s| matches!(s.cell.act, LoadShape::Burst(_)) && place.holds(s))
        .collect();
    let invalid = stats::invalid_bursts(&place.run.samples, summaries);
    let is_invalid = |s: &Sample| invalid.contains(&(s.trial, s.cell.step.as_str()));
    let points: Vec<Point> = rows.iter().filter_map(|s| point(place, s, is_invalid(s))).collect();
    let Some(y) = Scale::log_about(points.iter().map(|p| p.ms)) else { return Ok(None) };
    let Some(x) = Scale::from_nought(points.iter().map(|p| p.seconds)) else { return Ok(None) };
    let title = place.title("Every burst, when it was fired");
    let names = names(&rows, place);
    let widest = names.iter().map(|(_, n)| super::sheet::width(n, 12.0, true)).fold(0.0, f64::max);
    let beside = place.paper == Paper::Wide && widest <= WIDEST;
    let first = first_round(&rows);
    let key = key(first.is_some(), if beside { &[] } else { &names });
    let mut sheet = Sheet::new(place.paper.width(), 0.0);
    let top = 69.0 + legend::height(&sheet, &key);
    sheet.height = top + FIELD.max(64.0 + if beside { 18.0 * names.len() as f64 } else { 0.0 });
    let ticks = labelled(&y);
    let frame = Frame {
        left: left_of_field(place.paper, &ticks),
        right: sheet.width - if beside { 40.0 + widest } else { sheet.margin() + 8.0 },
        top,
        bottom: sheet.height - 52.0,
        x,
        y,
    };
    let step = points.len().div_ceil(most_points(place.paper)).max(1);
    sheet.heading(&title, &subtitle(place, &rows, points.len(), step));
    legend::draw(&mut sheet, &key, 54.0);
    if let Some(end) = first {
        let right = frame.x_of(end).min(frame.right);
        sheet.rectangle((frame.left, frame.top), (right, frame.bottom), FIRST);
    }
    frame.x_axis(&mut sheet, &labelled(&frame.x), "intended instant, s since the run began");
    frame.y_axis(&mut sheet, &ticks, "latency, ms (log)");
    for p in points.iter().step_by(step) {
        let at = frame.point(p.seconds, p.ms);
        let radius = if p.cold { 3.5 } else { 2.5 } * if sheet.is_narrow() { 0.75 } else { 1.0 };
        palette::marker(&mut sheet, p.position, at, radius, p.cold);
        if p.invalid {
            ring(&mut sheet, at);
        }
    }
    failures(&mut sheet, &frame, place, &rows);
    if beside {
        label(&mut sheet, &frame, &points, &names);
    }
    let (caption, data) = (caption(place, &points), data(&rows, &names));
    Ok(Some(Composed { name: "timeline", title, caption, data, sheet }))
}

/// When round 1 was over, seconds; none when it is the only one.
fn first_round(rows: &[&Sample]) -> Option<f64> {
    let later = rows.iter().filter(|s| s.round > 1);
    later.filter_map(|s| s.marks.get(Mark::Intended)).min().map(|at| at as f64 / 1e9)
}

/// Around a row of an invalid burst.
fn ring(sheet: &mut Sheet, (x, y): (f64, f64)) {
    let angle = |corner: i32| f64::from(corner) / 16.0 * std::f64::consts::TAU;
    let corner = |i| (x + 6.0 * angle(i).cos(), y + 6.0 * angle(i).sin());
    sheet.line((0..=16).map(corner).collect(), INK, 1.0);
}

fn point(place: &Place, sample: &Sample, invalid: bool) -> Option<Point> {
    Some(Point {
        position: position(place.run, &sample.cell.function),
        seconds: sample.marks.get(Mark::Intended)? as f64 / 1e9,
        ms: sample.latency()? as f64 / NS_PER_MS,
        cold: sample.cell.temperature == Temperature::Cold,
        invalid,
    })
}

fn subtitle(place: &Place, rows: &[&Sample], shown: usize, step: usize) -> String {
    let rounds = rows.iter().map(|s| s.round).max().unwrap_or(0);
    let failed = rows.len() - shown;
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    let thinned = if step > 1 { format!(", one in {step} drawn") } else { String::new() };
    let scenario = plain(&place.run.record.scenario.name);
    let what = counted(u64::from(rounds), "round");
    format!("n = {}{failed}{thinned}, {what}, the first included, scenario {scenario}", rows.len())
}

/// What full and outlined mean, and some names.
fn key(first: bool, names: &[(usize, String)]) -> Vec<Entry> {
    let late = "burst released too late: invalid";
    let mut key = vec![
        Entry::meaning(Sign::Every(true), "cold"),
        Entry::meaning(Sign::Every(false), "warm"),
        Entry::meaning(Sign::Drawn(8.0, |s, (x, y)| cross(s, (x + 4.0, y), INK)), "failed"),
        Entry::meaning(Sign::Drawn(12.0, |s, (x, y)| ring(s, (x + 6.0, y))), late),
    ];
    if first {
        let band = |s: &mut Sheet, (x, y): (f64, f64)| {
            s.rectangle((x, y - 6.0), (x + 16.0, y + 6.0), FIRST);
        };
        key.push(Entry::meaning(Sign::Drawn(16.0, band), "round 1, left out of the figures"));
    }
    key.extend(names.iter().map(|(position, name)| Entry::name(*position, name)));
    key
}

/// Failures have no latency: a cross on the upper edge.
fn failures(sheet: &mut Sheet, frame: &Frame, place: &Place, rows: &[&Sample]) {
    for sample in rows.iter().filter(|s| s.latency().is_none()).take(most_points(Paper::Wide)) {
        let Some(intended) = sample.marks.get(Mark::Intended) else { continue };
        // A failure after the last success must not leave the field.
        let x = frame.x_of(intended as f64 / 1e9).min(frame.right);
        let colour = palette::colour(position(place.run, &sample.cell.function));
        cross(sheet, (x, frame.top), colour);
    }
}

fn cross(sheet: &mut Sheet, (x, y): (f64, f64), colour: Colour) {
    let arm = 4.0;
    sheet.line(vec![(x - arm, y - arm), (x + arm, y + arm)], colour, 1.5);
    sheet.line(vec![(x - arm, y + arm), (x + arm, y - arm)], colour, 1.5);
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
            steps.push((&row.cell, format!("{}, {temperature}", words::step(&row.cell))));
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
    let median = stats::quantile(&sorted, failed, 0.5).map_or(DASH.to_owned(), words::level);
    if failed > 0 { format!("{median} ({failed}/{n})") } else { median }
}

/// The functions of some rows, in order.
fn names(rows: &[&Sample], place: &Place) -> Vec<(usize, String)> {
    let mut names: Vec<(usize, String)> = rows
        .iter()
        .filter(|s| s.latency().is_some())
        .map(|s| (position(place.run, &s.cell.function), plain(&s.cell.function)))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Names at the right, at the height of each one's middle cold row.
fn label(sheet: &mut Sheet, frame: &Frame, points: &[Point], names: &[(usize, String)]) {
    let heights: Vec<f64> = names.iter().map(|(p, _)| frame.y_of(middle(points, *p))).collect();
    let sizes = vec![17.0; names.len()];
    let placed = spread(&heights, &sizes, frame.top, frame.bottom);
    for ((position, name), y) in names.iter().zip(placed) {
        palette::marker(sheet, *position, (frame.right + 14.0, y), 4.5, true);
        let words = Words::new(name, (frame.right + 24.0, y), Align::Left).bold();
        sheet.words(words.colour(INK));
    }
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

fn caption(place: &Place, points: &[Point]) -> String {
    let ends = |cold: bool| {
        let ms = points.iter().filter(|p| p.cold == cold).map(|p| p.ms);
        let (min, max) = ms.fold((f64::INFINITY, 0.0_f64), |(a, b), v| (a.min(v), b.max(v)));
        let text = |ms: f64| crate::text::units::format_ms(ms * NS_PER_MS);
        (max > 0.0).then(|| format!("{} to {} ms", text(min), text(max)))
    };
    let cold =
        ends(true).map_or("No cold row".to_owned(), |range| format!("Cold rows took {range}"));
    let warm = ends(false).map_or("no warm row".to_owned(), |range| format!("warm rows {range}"));
    format!(
        "{cold}; {warm}. Functions take turns throughout: a drift of the machine meets all.{}",
        released(place)
    )
}

/// How well the driver kept its own schedule, beside what it measured.
fn released(place: &Place) -> String {
    let text = |ns: f64| crate::text::units::format_ns(ns);
    let lag = DispatchLag::of(stats::used(&place.run.samples).filter_map(Sample::lag).collect());
    let width = stats::release_widths(&place.run.samples);
    let lag = lag.map(|l| format!(" The driver was {} late at p99.", text(l.p99)));
    let width = width.map(|w| format!(" Bursts were released within {} at p99.", text(w.p99)));
    lag.unwrap_or_default() + &width.unwrap_or_default()
}
