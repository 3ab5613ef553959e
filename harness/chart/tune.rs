//! Latency against price, a point a size.

use super::kit::axis::{Axis, Frame, Scale};
use super::kit::canvas::Canvas;
use super::kit::colour::{Colour, GREY};
use super::kit::legend::{LegendEntry, Symbol};
use super::kit::mark;
use super::kit::plot::{Edge, Plot};
use super::kit::text::Text;
use super::{ChartSpec, DASH, Data, Layout, plain};
use crate::stats::{LatencySummary, RankedValue};
use crate::text::units::NS_PER_MS;
use crate::tune::{Size, Tuned, Tuning};
use crate::words;

pub(crate) const HOW_TO_READ: &str = "Each point is a memory size; the lines join sizes in order. Down and to the left is better. \
     Cold counts this engine's part of a start, which no price has.";

/// The height of a field, in pixels.
const FIELD: f64 = 230.0;
/// From a point to what it is called.
const ABOVE: f64 = 15.0;
/// The radius of a point, its ring and a little.
const POINT: f64 = 8.0;
/// Labels nearer to each other than this are not both drawn.
const NEAR: f64 = 30.0;

/// What a field shows.
struct Series {
    name: &'static str,
    of: fn(&Size) -> &LatencySummary,
}

const SERIES: [Series; 2] = [
    Series { name: "cold p50, ms (log)", of: |size| &size.cold },
    Series { name: "warm p50, ms (log)", of: |size| &size.warm },
];

/// Composes the chart of a function; none without two sizes that have a price.
pub(crate) fn compose(tuning: &Tuning, tuned: &Tuned, layout: Layout) -> Option<ChartSpec> {
    let sizes: Vec<&Size> = tuned.eligible().collect();
    if sizes.len() < 2 {
        return None;
    }
    let x = Scale::log_about(sizes.iter().flat_map(|size| prices(size)))?;
    let fields = SERIES.iter().map(|series| {
        let values = sizes.iter().flat_map(|size| latencies((series.of)(size)));
        Some((Axis::new(Scale::log_about(values)?, series.name), FIELD))
    });
    let currency = plain(&tuning.bill.prices.currency);
    let name = plain(&tuned.name);
    let title = format!("{}{name}: latency against price", words::warning(tuning.run));
    let plot = Plot {
        title: title.clone(),
        subtitle: subtitle(tuning, &sizes),
        legend: legend(tuned.position),
        names: Vec::new(),
        note: "",
        edge: Edge::Top,
        x: Axis::new(x, format!("{currency} for a million calls (log)")),
        fields: fields.collect::<Option<Vec<_>>>()?,
    };
    let mut drawn = plot.draw(layout, |_, _| ());
    let frames = drawn.frames.clone();
    for (frame, series) in frames.iter().zip(&SERIES) {
        draw(&mut drawn.canvas, frame, tuned, series);
    }
    let canvas = drawn.named(&[]);
    Some(ChartSpec { title, caption: caption(tuned), data: data(tuned, &currency), canvas })
}

fn prices(size: &Size) -> Vec<f64> {
    let price = size.price.map(|price| (price.value, price.interval));
    let ends = price.and_then(|(_, interval)| interval).into_iter().flatten();
    price.map(|(value, _)| value).into_iter().chain(ends).collect()
}

fn latencies(of: &LatencySummary) -> Vec<f64> {
    let ends = of.p50.interval.map(|i| [i.low, i.high]).into_iter().flatten();
    let all = of.p50.value.into_iter().chain(ends);
    all.filter_map(RankedValue::ns).map(|ns| ns / NS_PER_MS).collect()
}

fn legend(position: usize) -> Vec<LegendEntry> {
    vec![
        LegendEntry::meaning(Symbol::Marker(position, true), "size, MiB, with 95 % intervals"),
        LegendEntry::meaning(
            Symbol::Drawn(12.0, |canvas, (x, y)| mark::ring(canvas, (x + 6.0, y), GREY)),
            "cheapest, knee or fastest",
        ),
    ]
}

/// The sizes of a function in one field.
fn draw(canvas: &mut Canvas, frame: &Frame, tuned: &Tuned, series: &Series) {
    let colour = Colour::function(tuned.position);
    let points: Vec<(usize, (f64, f64))> = tuned
        .sizes
        .iter()
        .enumerate()
        .filter(|(_, size)| size.is_eligible())
        .filter_map(|(at, size)| Some((at, point(frame, size, series)?)))
        .collect();
    let line: Vec<(f64, f64)> = points.iter().map(|(_, point)| *point).collect();
    canvas.line(line, Colour::tint(tuned.position, 0.6), 1.5);
    for (at, point) in &points {
        let size = &tuned.sizes[*at];
        if let Some(interval) = &(series.of)(size).p50.interval {
            mark::latency_bar(canvas, frame, point.0, interval, colour);
        }
        if let Some([low, high]) = size.price.and_then(|price| price.interval) {
            let ends = [low, high].map(|price| (frame.x_of(price), point.1));
            canvas.line(ends.to_vec(), colour, 1.5);
        }
    }
    for (at, point) in &points {
        mark::marker(canvas, tuned.position, *point, 4.5, true);
        if !told(tuned, *at).is_empty() {
            mark::ring(canvas, *point, GREY);
        }
    }
    labels(canvas, frame, tuned, &points);
}

fn point(frame: &Frame, size: &Size, series: &Series) -> Option<(f64, f64)> {
    let latency = (series.of)(size).p50.value?.ns()?;
    Some(frame.point(size.price?.value, latency / NS_PER_MS))
}

/// What each point is called: those that stand out first, and no two on one place.
fn labels(canvas: &mut Canvas, frame: &Frame, tuned: &Tuned, points: &[(usize, (f64, f64))]) {
    let mut order: Vec<_> = points.iter().collect();
    order.sort_by_key(|(at, _)| told(tuned, *at).is_empty());
    let mut placed: Vec<(f64, f64, f64)> = Vec::new();
    // A label keeps clear of every point, its own too.
    let points: Vec<(f64, f64)> = points.iter().map(|(_, point)| *point).collect();
    let covers = |x: f64, y: f64, width: f64| {
        let near = |(px, py): &(f64, f64)| {
            (px - x).abs() < width / 2.0 + POINT && (py - y).abs() < ABOVE - POINT / 2.0
        };
        points.iter().any(near)
    };
    for &(at, (x, y)) in order {
        let words = told(tuned, at);
        let narrow = canvas.is_narrow();
        let text = match words.is_empty() || narrow {
            true => tuned.sizes[at].mib.to_string(),
            false => format!("{} {words}", tuned.sizes[at].mib),
        };
        let text = Text::new(text);
        let text = if words.is_empty() { text } else { text.bold() };
        let width = text.width();
        let (least, most) = (frame.left + width / 2.0, frame.right - width / 2.0);
        let free = |&(x, y): &(f64, f64)| {
            let clear = |(px, py, pw): &(f64, f64, f64)| {
                (px - x).abs() > (pw + width) / 2.0 + 4.0 || (py - y).abs() > ABOVE
            };
            let inside = (least..=most).contains(&x) && (frame.top..frame.bottom).contains(&y);
            inside && !covers(x, y, width) && placed.iter().all(clear)
        };
        let (middle, aside) = (x.clamp(least, most), width / 2.0 + POINT + 4.0);
        // Above its point, or where nothing stands already.
        let places = [
            (middle, y - ABOVE),
            (middle, y + ABOVE + 2.0),
            (x + aside, y),
            (x - aside, y),
            (middle, y - NEAR),
            (middle, y + NEAR),
        ];
        let Some((x, y)) = places.into_iter().find(free) else { continue };
        placed.push((x, y, width));
        canvas.text_on_page(text.at(x, y).centred());
    }
}

/// What a size stands out for.
fn told(tuned: &Tuned, at: usize) -> String {
    let choice = &tuned.choice;
    let all = [(choice.cheapest, "cheapest"), (choice.knee, "knee"), (choice.fastest, "fastest")];
    let words = all.into_iter().filter(|(which, _)| *which == Some(at)).map(|(_, word)| word);
    words.collect::<Vec<_>>().join(", ")
}

fn subtitle(tuning: &Tuning, sizes: &[&Size]) -> String {
    let rounds = sizes.iter().map(|size| size.cold.n).min().unwrap_or(0);
    let share = (tuning.bill.cold_share * 1e8).round() / 1e6;
    format!(
        "{} of each size, {share} % of calls cold, CPU rule {}",
        words::counted(rounds as u64, "cold start"),
        tuning.rule
    )
}

fn caption(tuned: &Tuned) -> String {
    let mib = |at: Option<usize>| at.map(|at| tuned.sizes[at].mib);
    match (mib(tuned.choice.cheapest), mib(tuned.choice.fastest), mib(tuned.choice.knee)) {
        (Some(cheapest), Some(fastest), _) if cheapest == fastest => {
            format!("{cheapest} MiB is both the cheapest and the fastest.")
        }
        (Some(cheapest), Some(fastest), Some(knee)) => format!(
            "From {cheapest} MiB, the cheapest, to {fastest} MiB, the fastest; the knee is {knee} MiB."
        ),
        (Some(cheapest), Some(fastest), None) => {
            format!("From {cheapest} MiB, the cheapest, to {fastest} MiB, the fastest.")
        }
        _ => "No size works.".to_owned(),
    }
}

fn data(tuned: &Tuned, currency: &str) -> Data {
    let price = format!("{currency} a million");
    let columns = ["memory, MiB", "price", "cold p50, ms (95 %)", "warm p50, ms (95 %)", "which"];
    let mut data = Data::new(columns);
    for (at, size) in tuned.sizes.iter().enumerate().filter(|(_, size)| size.is_eligible()) {
        let of = size.price.map_or_else(String::new, |of| format!("{:.4} {price}", of.value));
        data.row(vec![
            size.mib.to_string(),
            of,
            words::quantile(&size.cold.p50),
            words::quantile(&size.warm.p50),
            Some(told(tuned, at)).filter(|which| !which.is_empty()).unwrap_or_else(|| DASH.into()),
        ]);
    }
    data
}

#[cfg(test)]
mod tests;
