//! What was measured of known sleeps, less what is known: the error of the figures.

use super::kit::axis::{Axis, Frame, Scale, tick_text};
use super::kit::canvas::Canvas;
use super::kit::colour::{BAND, Colour, GREY, INK};
use super::kit::legend::{LegendEntry, Symbol};
use super::kit::mark;
use super::kit::plot::{Edge, Plot};
use super::kit::text::Text;
use super::{ChartContext, ChartSpec, DASH, Data, Layout, words};
use crate::stats::{Calibration, Controls, MOST_RESIDUAL_NS};
use crate::text::units::{NS_PER_MS, format_ms, format_ns};

use residuals::{Cloud, Group, Reach, clouds, fit, reach, sleeps};

mod residuals;

/// The height of the field, in pixels.
const FIELD: f64 = 276.0;
/// More points than this are thinned out evenly.
const MOST_POINTS: usize = 6_000;
/// Composes the chart; none without a calibration.
pub(crate) fn compose(context: &ChartContext) -> Option<ChartSpec> {
    let run = context.run;
    let controls = Controls::of(&run.samples, context.summaries);
    let clouds = clouds(run, &controls);
    if clouds.is_empty() {
        return None;
    }
    let sleeps = sleeps(&clouds);
    let reach = reach(&clouds);
    let y = Scale::Linear { min: reach.low / reach.unit.0, max: reach.high / reach.unit.0 };
    let title = format!("{}Calibration: measured less known sleep", context.warning);
    let plot = Plot {
        title: title.clone(),
        subtitle: subtitle(context, &clouds, &reach),
        legend: legend(&clouds, &reach, context.layout),
        names: Vec::new(),
        note: "",
        edge: Edge::Right,
        x: horizontal(&sleeps),
        fields: vec![(Axis::new(y, format!("measured less known, {}", reach.unit.1)), FIELD)],
    };
    let mut plot = plot.draw(context.layout, |canvas, frames| {
        for frame in frames.iter().filter(|_| reach.limits) {
            let limit = MOST_RESIDUAL_NS / reach.unit.0;
            let from = (frame.left, frame.y_of(limit));
            canvas.rectangle(from, (frame.right, frame.y_of(-limit)), BAND);
        }
    });
    let frame = plot.frame();
    let zero = frame.y_of(0.0);
    plot.canvas.line(vec![(frame.left, zero), (frame.right, zero)], GREY, 1.0);
    let field = Field { frame, reach: &reach, wide: context.layout == Layout::Wide };
    field.draw_all(&mut plot.canvas, &clouds, &sleeps);
    let caption = caption(&clouds, &controls, &reach);
    Some(ChartSpec { title, caption, data: data(&clouds), canvas: plot.canvas })
}

/// A slot a known sleep.
fn horizontal(sleeps: &[f64]) -> Axis {
    let slots = sleeps.iter().enumerate();
    let ticks = slots.map(|(slot, ns)| (slot as f64 + 0.5, tick_text(ns / NS_PER_MS))).collect();
    let scale = Scale::Linear { min: 0.0, max: sleeps.len() as f64 };
    Axis::new(scale, "known sleep, ms; in each, starts in order").with(ticks)
}

/// Where everything is drawn.
struct Field<'a> {
    frame: Frame,
    reach: &'a Reach,
    /// There is room for the medians in figures.
    wide: bool,
}

impl Field<'_> {
    fn draw_all(&self, canvas: &mut Canvas, clouds: &[Cloud], sleeps: &[f64]) {
        let points: usize = clouds.iter().flat_map(|c| &c.groups).map(|g| g.residuals.len()).sum();
        let step = points.div_ceil(MOST_POINTS).max(1);
        for (i, cloud) in clouds.iter().enumerate() {
            for group in &cloud.groups {
                let slot = sleeps.iter().position(|s| *s == group.sleep).unwrap_or(0);
                let column = column(slot, i, clouds.len());
                self.draw(canvas, column, (cloud, group), step);
                if self.wide {
                    self.median(canvas, column, group);
                }
            }
        }
    }

    /// The points of one known sleep, left to right in the order of the starts, with
    /// their median and the fitted line.
    fn draw(
        &self,
        canvas: &mut Canvas,
        (from, to): (f64, f64),
        (cloud, group): (&Cloud, &Group),
        step: usize,
    ) {
        let n = group.residuals.len() as f64;
        for (i, ns) in group.residuals.iter().enumerate().step_by(step) {
            let x = from + (to - from) * (i as f64 + 0.5) / n;
            let inside = self.reach.holds(*ns);
            mark::marker(canvas, cloud.position, self.at(x, *ns), 2.5, inside);
        }
        let across = |ns: f64| vec![self.at(from, ns), self.at(to, ns)];
        canvas.line(across(fit(cloud, group)), Colour::function(cloud.position), 1.0);
        canvas.line(across(group.median), INK, 3.0);
    }

    /// A median in figures, at the top of its column.
    fn median(&self, canvas: &mut Canvas, (from, to): (f64, f64), group: &Group) {
        let (x0, x1) = (self.frame.x_of(from), self.frame.x_of(to));
        let text = Text { size: 11.0, ..Text::new(signed(group.median / self.reach.unit.0)) };
        if text.width() + 4.0 < x1 - x0 {
            canvas.text(text.centred().at(f64::midpoint(x0, x1), self.frame.top - 8.0));
        }
    }

    /// Where a value stands: on an edge when it is beyond it.
    fn at(&self, x: f64, ns: f64) -> (f64, f64) {
        self.frame.point(x, ns.clamp(self.reach.low, self.reach.high) / self.reach.unit.0)
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
                cloud.name.clone(),
                tick_text(group.sleep / NS_PER_MS),
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

/// The ends of a series' column in a slot, in slots.
fn column(slot: usize, series: usize, of: usize) -> (f64, f64) {
    let each = 1.0 / of as f64;
    let from = slot as f64 + each * series as f64;
    (from + 0.1 * each, from + 0.9 * each)
}

fn subtitle(context: &ChartContext, clouds: &[Cloud], reach: &Reach) -> String {
    let n: Vec<String> = clouds.iter().map(|c| c.line.n.to_string()).collect();
    let all = clouds.iter().flat_map(|c| &c.groups).flat_map(|g| &g.residuals);
    let beyond = match all.filter(|ns| !reach.holds(**ns)).count() {
        0 => String::new(),
        n => format!("; {n} beyond the edge, outlined on it"),
    };
    format!("n = {}, {}{beyond}", n.join(" and "), context.rounds())
}

/// What the markers and the grey field mean.
fn legend(clouds: &[Cloud], reach: &Reach, layout: Layout) -> Vec<LegendEntry> {
    let names = clouds.iter();
    let mut legend: Vec<LegendEntry> =
        names.map(|c| LegendEntry::meaning(Symbol::Marker(c.position, true), &*c.name)).collect();
    let median = match layout {
        Layout::Wide => format!("median, above in {}", reach.unit.1),
        Layout::Narrow => "median".to_owned(),
    };
    legend.push(LegendEntry::meaning(Symbol::Line(INK, 3.0), median));
    legend.push(LegendEntry::meaning(Symbol::Line(GREY, 1.0), "fitted line"));
    if reach.limits {
        legend.push(LegendEntry::meaning(Symbol::Band, "within 1 ms"));
    }
    legend
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
    let faults = match controls.faults()[..] {
        [] => String::new(),
        ref faults => format!(" Not to be believed: {}.", words::faults(faults)),
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
