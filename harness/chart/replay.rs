//! Policies: what each wastes against how many calls are cold, a point a policy.

use super::kit::axis::{Axis, Frame, Scale, labelled};
use super::kit::canvas::Canvas;
use super::kit::colour::Colour;
use super::kit::mark;
use super::kit::plot::{Edge, Plot};
use super::kit::text::Text;
use super::{ChartSpec, DASH, Data, Layout, plain};
use crate::replay::{Played, Replay};
use crate::words;

pub(crate) const HOW_TO_READ: &str = "Each point is a policy. Down and to the left is better: fewer calls are cold (or refused), and less memory \
     stands idle for it. A policy is worth having where none is both below and left of it.";

/// The height of the field, in pixels.
const FIELD: f64 = 320.0;
/// From a point to what it is called.
const ABOVE: f64 = 15.0;
/// The radius of a point and a little.
const POINT: f64 = 7.0;

/// A policy's place: idle GB-seconds, and the share of its calls that is cold or refused.
struct Point<'a> {
    played: &'a Played,
    idle: f64,
    share: f64,
}

/// Composes the chart; none without two policies whose waste is known.
pub(crate) fn compose(replay: &Replay, layout: Layout) -> Option<ChartSpec> {
    let known =
        |played| Some(Point { played, idle: played.idle_gb_s?, share: played.missed_share()? });
    let mut points: Vec<Point> = replay.policies.iter().filter_map(known).collect();
    if points.len() < 2 {
        return None;
    }
    // No cold call at all is no place on a scale of ratios: it stands at its foot.
    let least = points.iter().map(|point| point.share).filter(|share| *share > 0.0);
    let foot = least.fold(1.0, f64::min) / 3.0;
    let y = Scale::log_about(points.iter().map(|point| point.share.max(foot) * 100.0))?;
    let most = points.iter().map(|point| point.idle).fold(0.0, f64::max);
    let (unit, of_it) = if most >= 1e5 { (1_000.0, "thousand ") } else { (1.0, "") };
    points.iter_mut().for_each(|point| point.idle /= unit);
    let x = Scale::from_nought(points.iter().map(|point| point.idle))?;
    let none = points.iter().any(|point| point.share == 0.0);
    let mut ticks = labelled(&y);
    if none {
        ticks.retain(|(value, _)| *value > foot * 150.0);
        ticks.push((foot * 100.0, "0".to_owned()));
    }
    let refused = replay.policies.iter().any(|played| played.throttled() > 0);
    let missed = if refused { "cold or refused calls" } else { "cold calls" };
    let title = format!(
        "{}{}: waste against cold calls",
        replay.measured.warning(),
        plain(&replay.trace.name)
    );
    let plot = Plot {
        title: title.clone(),
        subtitle: format!(
            "{} of {}, starts as measured in {}",
            words::counted(replay.trace.calls as u64, "call"),
            words::counted(replay.trace.functions as u64, "function"),
            plain(&replay.measured.run)
        ),
        legend: Vec::new(),
        names: Vec::new(),
        note: "",
        edge: Edge::Top,
        x: Axis::new(x, format!("memory of idle instances, {of_it}GB-seconds")),
        fields: vec![(Axis::new(y, format!("{missed}, % (log)")).with(ticks), FIELD)],
    };
    let mut drawn = plot.draw(layout, |_, _| ());
    let frame = drawn.frame();
    draw(&mut drawn.canvas, &frame, &points, foot);
    let canvas = drawn.named(&[]);
    Some(ChartSpec { title, caption: caption(&points), data: data(replay), canvas })
}

fn draw(canvas: &mut Canvas, frame: &Frame, points: &[Point], foot: f64) {
    let places: Vec<(f64, f64)> =
        points.iter().map(|p| frame.point(p.idle, p.share.max(foot) * 100.0)).collect();
    // The edge of what can be had: who is beaten by none in both.
    let mut edge: Vec<(f64, f64)> = points
        .iter()
        .zip(&places)
        .filter(|(point, _)| is_worth_having(point, points))
        .map(|(_, place)| *place)
        .collect();
    edge.sort_by(|a, b| a.0.total_cmp(&b.0));
    canvas.line(edge, Colour::tint(0, 0.5), 1.5);
    for (at, place) in places.iter().enumerate() {
        mark::marker(canvas, at, *place, 5.0, true);
    }
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    for (point, &(x, y)) in points.iter().zip(&places) {
        let text = Text::new(plain(&point.played.name()));
        let width = text.width();
        let aside = width / 2.0 + POINT + 4.0;
        let clear = |&(lx, ly): &(f64, f64)| {
            let half = width / 2.0;
            let inside = (frame.left + half..=frame.right - half).contains(&lx)
                && (frame.top + 6.0..frame.bottom - 4.0).contains(&ly);
            let free = taken.iter().all(|(px, py, pw)| {
                (px - lx).abs() > (pw + width) / 2.0 + 4.0 || (py - ly).abs() > ABOVE
            });
            let uncovered = places.iter().all(|(px, py)| {
                (px - lx).abs() > half + POINT || (py - ly).abs() > ABOVE - POINT / 2.0
            });
            inside && free && uncovered
        };
        let around = [
            (x + aside, y),
            (x - aside, y),
            (x, y - ABOVE),
            (x, y + ABOVE),
            (x + aside, y - ABOVE),
            (x + aside, y + ABOVE),
            (x - aside, y - ABOVE),
            (x - aside, y + ABOVE),
            (x, y - 2.0 * ABOVE),
            (x, y + 2.0 * ABOVE),
        ];
        let Some((lx, ly)) = around.into_iter().find(clear) else { continue };
        taken.push((lx, ly, width));
        canvas.text_on_page(text.at(lx, ly).centred());
    }
}

/// Whether no other has both fewer cold calls and less waste.
fn is_worth_having(point: &Point, all: &[Point]) -> bool {
    !all.iter().any(|other| {
        other.idle <= point.idle
            && other.share <= point.share
            && (other.idle < point.idle || other.share < point.share)
    })
}

fn caption(points: &[Point]) -> String {
    let beaten: Vec<String> = points
        .iter()
        .filter(|point| !is_worth_having(point, points))
        .map(|point| plain(&point.played.name()))
        .collect();
    match beaten.is_empty() {
        true => "Each of them has fewer cold calls than those that waste less.".to_owned(),
        false => format!("Others have fewer cold calls for less waste than {}.", beaten.join(", ")),
    }
}

fn data(replay: &Replay) -> Data {
    let mut data = Data::new(["policy", "cold calls", "refused", "idle GB-s", "waited p99, ms"]);
    for played in &replay.policies {
        data.row(vec![
            plain(&played.name()),
            played.cold_share().map_or_else(|| DASH.to_owned(), words::percent),
            played.throttled().to_string(),
            played.idle_gb_s.map_or_else(|| DASH.to_owned(), |idle| format!("{idle:.0}")),
            played
                .waited
                .p99
                .map_or_else(|| DASH.to_owned(), |ns| crate::text::units::format_ms(ns as f64)),
        ]);
    }
    data
}

#[cfg(test)]
mod tests;
