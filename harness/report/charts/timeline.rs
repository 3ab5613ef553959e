//! Every invocation of every burst, at the instant it was wanted.

use anyhow::Result;

use super::axis::{Frame, Scale, labelled};
use super::labels::spread;
use super::sheet::{Align, GREY, INK, Sheet, Words};
use super::{Composed, Data, Place, palette};
use crate::report::words::{plain, position};
use crate::sample::{Mark, Sample, Temperature};
use crate::scenario::Act;
use crate::stats::{self, Lateness, Summary};
use crate::units::NS_PER_MS;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 480.0;
/// More points than this are thinned out evenly: no eye tells them apart, and
/// every one is a shape in the file.
const MOST_POINTS: usize = 6_000;

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
        .filter(|s| matches!(s.cell.act, Act::Burst(_)) && place.holds(s))
        .collect();
    let invalid = stats::invalid_bursts(&place.run.samples, summaries);
    let is_invalid = |s: &Sample| invalid.contains(&(s.trial, s.cell.step.as_str()));
    let points: Vec<Point> = rows.iter().filter_map(|s| point(place, s, is_invalid(s))).collect();
    let Some(y) = Scale::log_about(points.iter().map(|p| p.ms)) else { return Ok(None) };
    let Some(x) = Scale::from_nought(points.iter().map(|p| p.seconds)) else { return Ok(None) };
    let title = place.title("Every burst, when it was fired");
    let names = names(&rows, place);
    let widest = names.iter().map(|(_, n)| super::sheet::width(n, 12.0, true)).fold(0.0, f64::max);
    let right = WIDTH - 40.0 - widest;
    let height = HEIGHT.max(130.0 + 18.0 * names.len() as f64);
    let frame = Frame { left: 76.0, right, top: 88.0, bottom: height - 52.0, x, y };
    let mut sheet = Sheet::new(WIDTH, height);
    let step = points.len().div_ceil(MOST_POINTS).max(1);
    sheet.heading(&title, &subtitle(place, &rows, points.len(), step));
    key(&mut sheet);
    frame.x_axis(&mut sheet, &labelled(&frame.x), "intended instant, s since the run began");
    frame.y_axis(&mut sheet, &labelled(&frame.y), "latency, ms (log)");
    for p in points.iter().step_by(step) {
        let at = frame.point(p.seconds, p.ms);
        palette::marker(&mut sheet, p.position, at, if p.cold { 3.5 } else { 2.5 }, p.cold);
        if p.invalid {
            ring(&mut sheet, at);
        }
    }
    failures(&mut sheet, &frame, place, &rows);
    label(&mut sheet, &frame, &points, &names);
    Ok(Some(Composed {
        name: "timeline",
        title,
        caption: caption(place, &points),
        data: Data::default(),
        sheet,
    }))
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
    let what = super::super::words::counted(u64::from(rounds), "round");
    format!("n = {}{failed}{thinned}, {what}, the first included, scenario {scenario}", rows.len())
}

/// What full and outlined mean.
fn key(sheet: &mut Sheet) {
    let mut x = 22.0;
    for (full, text) in [(true, "cold"), (false, "warm")] {
        for position in 0..4 {
            palette::marker(sheet, position, (x, 64.0), 3.5, full);
            x += 13.0;
        }
        let words = Words::new(text, (x, 64.0), Align::Left).colour(GREY);
        x += words.width() + 24.0;
        sheet.words(words);
    }
    let words = Words::new("× failed, on the upper edge", (x, 64.0), Align::Left).colour(GREY);
    x += words.width() + 30.0;
    sheet.words(words);
    ring(sheet, (x - 12.0, 64.0));
    let words = Words::new("of an invalid burst: released too late", (x, 64.0), Align::Left);
    sheet.words(words.colour(GREY));
}

/// Failures have no latency: a cross on the upper edge.
fn failures(sheet: &mut Sheet, frame: &Frame, place: &Place, rows: &[&Sample]) {
    for sample in rows.iter().filter(|s| s.latency().is_none()).take(MOST_POINTS) {
        let Some(intended) = sample.marks.get(Mark::Intended) else { continue };
        // A failure after the last success must not leave the field.
        let x = frame.x_of(intended as f64 / 1e9).min(frame.right);
        let (y, arm) = (frame.top, 4.0);
        let colour = palette::colour(position(place.run, &sample.cell.function));
        sheet.line(vec![(x - arm, y - arm), (x + arm, y + arm)], colour, 1.5);
        sheet.line(vec![(x - arm, y + arm), (x + arm, y - arm)], colour, 1.5);
    }
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
        let text = |ms: f64| crate::units::format_ms(ms * NS_PER_MS);
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
    let text = |ns: f64| crate::units::format_ns(ns);
    let lag = Lateness::of(stats::used(&place.run.samples).filter_map(Sample::lag).collect());
    let width = stats::release_widths(&place.run.samples);
    let lag = lag.map(|l| format!(" The driver was {} late at p99.", text(l.p99)));
    let width = width.map(|w| format!(" Bursts were released within {} at p99.", text(w.p99)));
    lag.unwrap_or_default() + &width.unwrap_or_default()
}
