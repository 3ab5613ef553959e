//! What calls take that meet an instance which has never served, and those that meet one which
//! has: a row each, for every rung of a ladder or every part of an upload.

use super::kit::axis::{Axis, Frame, Scale};
use super::kit::canvas::Canvas;
use super::kit::colour::{Colour, GREY};
use super::kit::legend::{self, LegendEntry, Symbol};
use super::kit::mark;
use super::kit::rows::{self, Row, RowPlot};
use super::kit::text::Text;
use super::{ChartSpec, Data, Layout, counted, maximum, plain, quantile};
use crate::stats::{LatencySummary, RankedValue};
use crate::study::ladder::{self, Which};
use crate::study::{Found, Of, Study, thumbnail};
use crate::text::units::NS_PER_MS;

pub(crate) const HOW_TO_READ: &str =
    "Each tick is a call, the mark their median, the bar its 95 % interval.";

/// A row's mark, and what lies below the last of a pair.
const ROW: f64 = 22.0;
const GAP: f64 = 10.0;
/// The least of the width that marks have beside their texts.
const LEAST: f64 = 400.0;
/// Half the height of a tick, and of an interval's ends.
const TICK: f64 = 7.0;
const CAP: f64 = 4.0;

/// Calls of one kind.
struct Series {
    name: String,
    cold: bool,
    ns: Vec<u64>,
    summary: LatencySummary,
}

impl Series {
    /// None without a call.
    fn of(
        name: &str,
        cold: bool,
        taken: &[(u32, u64)],
        summary: Option<LatencySummary>,
    ) -> Option<Self> {
        let ns = taken.iter().map(|(_, ns)| *ns).collect();
        Some(Self { name: name.to_owned(), cold, ns, summary: summary? })
    }

    fn kind(&self) -> &'static str {
        if self.cold { "cold" } else { "warm" }
    }

    /// Which marker and colour: a square and a circle.
    fn position(&self) -> usize {
        usize::from(self.cold)
    }

    fn median(&self) -> Option<f64> {
        self.summary.p50.value.and_then(RankedValue::ns)
    }
}

/// Of a ladder: cold and warm on each rung.
pub(super) fn ladder(study: &Study, layout: Layout) -> Option<ChartSpec> {
    let Found::Ladder(all) = &study.found else { return None };
    let of = all.first()?;
    let shots = &of.found.shots;
    let one = |rung: ladder::Rung, which| {
        let taken = ladder::taken(shots, rung, which);
        let summary = ladder::summary(shots, rung, which);
        Series::of(rung.title(), which == Which::Cold, &taken, summary)
    };
    let rungs = ladder::rungs(shots).into_iter();
    let series: Vec<Series> =
        rungs.flat_map(|rung| [one(rung, Which::Cold), one(rung, Which::Warm)]).flatten().collect();
    let rounds = shots.iter().map(|shot| shot.round).max().unwrap_or(0);
    let caption = [true, false].into_iter().filter_map(|cold| ends(&series, cold));
    let caption = caption.collect::<Vec<_>>().join(" ");
    let title = format!("{}{}: a call on each rung", study.warning(), named(of));
    compose(&series, layout, (title, format!("{}, in turns", rounds_of(rounds))), ("rung", caption))
}

/// Of uploads: the parts, cold and warm, and all of it.
pub(super) fn upload(study: &Study, layout: Layout) -> Option<ChartSpec> {
    let Found::Thumbnail(all) = &study.found else { return None };
    let of = all.first()?;
    let whole: (&str, thumbnail::Part) = ("all", |upload| upload.ns);
    let parts = thumbnail::PARTS.into_iter().chain([whole]);
    let one = |(name, part): (&str, thumbnail::Part), cold: bool| {
        let taken = thumbnail::taken(&of.found, cold, part);
        Series::of(name, cold, &taken, thumbnail::summary(&of.found, cold, part))
    };
    let series: Vec<Series> =
        parts.flat_map(|part| [one(part, true), one(part, false)]).flatten().collect();
    let rounds = of.found.iter().map(|upload| upload.round).max().unwrap_or(0);
    let caption = [true, false].into_iter().filter_map(|cold| longest(&series, cold, whole.0));
    let caption = caption.collect::<Vec<_>>().join(" ");
    let title = format!(
        "{}{}: from an upload to what is made of it, part by part",
        study.warning(),
        named(of)
    );
    compose(&series, layout, (title, rounds_of(rounds)), ("part", caption))
}

fn named<T>(of: &Of<T>) -> String {
    plain(&of.function)
}

fn rounds_of(rounds: u32) -> String {
    counted(rounds.into(), "round")
}

/// A row a series; none without a call that was answered.
fn compose(
    series: &[Series],
    layout: Layout,
    (title, subtitle): (String, String),
    (what, caption): (&str, String),
) -> Option<ChartSpec> {
    let all = series.iter().flat_map(|of| &of.ns).map(|ns| *ns as f64 / NS_PER_MS);
    let x = Axis::new(Scale::log_about(all)?, "time, ms (log)");
    let mut canvas = Canvas::new(layout);
    let top = canvas.heading(&title, &subtitle) + 6.0;
    let mut top = legend::draw(&mut canvas, &meanings(), top) + GAP + 4.0;
    let texts: Vec<Row> = series.iter().map(texts).collect();
    let plot = RowPlot::new(&canvas, &texts, LEAST);
    let frame = plot.frame(x.scale);
    for (at, (of, texts)) in series.iter().zip(&texts).enumerate() {
        let is_last = series.get(at + 1).is_none_or(|next| next.name != of.name);
        let gap = if is_last { GAP } else { 0.0 };
        let grid = |canvas: &mut Canvas, top| {
            rows::grid(canvas, &frame, &x, (top, top + ROW + gap));
        };
        top = plot.texts(&mut canvas, texts, (top, ROW), None, grid);
        draw(&mut canvas, &frame, of, top + ROW / 2.0);
        top += ROW + gap;
    }
    canvas.height = rows::axis(&mut canvas, &frame, &x, top);
    Some(ChartSpec { title, caption, data: data(series, what), canvas })
}

fn texts(of: &Series) -> Row {
    let median = format!("{} ms", quantile(&of.summary.p50));
    Row {
        note: Some(Text::new(of.kind()).grey()),
        after: vec![Text::new(median)],
        ..Row::new(Text::new(&of.name).bold())
    }
}

fn meanings() -> Vec<LegendEntry> {
    let tick = |canvas: &mut Canvas, (x, y): (f64, f64)| {
        canvas.line(vec![(x + 1.0, y - TICK), (x + 1.0, y + TICK)], GREY, 1.0);
    };
    vec![
        LegendEntry::meaning(Symbol::Marker(1, true), "cold: it had never served"),
        LegendEntry::meaning(Symbol::Marker(0, true), "warm"),
        LegendEntry::meaning(Symbol::Drawn(3.0, tick), "a call"),
        LegendEntry::note("figures: median (95 %)"),
    ]
}

/// Every call, and over them the median with its interval.
fn draw(canvas: &mut Canvas, frame: &Frame, of: &Series, y: f64) {
    let at = |ns: f64| frame.x_of(ns / NS_PER_MS);
    for ns in &of.ns {
        let x = at(*ns as f64);
        canvas.line(vec![(x, y - TICK), (x, y + TICK)], Colour::tint(of.position(), 0.4), 1.0);
    }
    let colour = Colour::function(of.position());
    let ends = of.summary.p50.interval.and_then(|of| Some([of.low.ns()?, of.high.ns()?]));
    if let Some([low, high]) = ends.map(|ends| ends.map(at)) {
        canvas.line(vec![(low, y), (high, y)], colour, 1.5);
        for x in [low, high] {
            canvas.line(vec![(x, y - CAP), (x, y + CAP)], colour, 1.5);
        }
    }
    if let Some(median) = of.median() {
        mark::marker(canvas, of.position(), (at(median), y), 4.0, true);
    }
}

/// From where to where medians of one kind go.
fn ends(series: &[Series], cold: bool) -> Option<String> {
    let medians = series.iter().filter(|of| of.cold == cold);
    let medians = medians.filter_map(|of| Some((of, of.median()?)));
    let mut all: Vec<(&Series, f64)> = medians.collect();
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    let of = |(of, _): &(&Series, f64)| told(of, of.median());
    let kind = if cold { "Cold" } else { "Warm" };
    match all.as_slice() {
        [] => None,
        [only] => Some(format!("{kind}: {}.", of(only))),
        [first, .., last] => Some(format!("{kind}: from {} to {}.", of(first), of(last))),
    }
}

fn told(of: &Series, ns: Option<f64>) -> String {
    let ms = ns.map_or_else(String::new, crate::text::units::format_ms);
    format!("{ms} ms ({})", of.name)
}

/// Which part of one kind takes longest.
fn longest(series: &[Series], cold: bool, whole: &str) -> Option<String> {
    let of_kind = || series.iter().filter(|of| of.cold == cold);
    let parts = of_kind().filter(|of| of.name != whole);
    let parts = parts.filter_map(|of| Some((of, of.median()?)));
    let (most, ns) = parts.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let all = of_kind().find(|of| of.name == whole)?;
    let kind = if cold { "Cold" } else { "Warm" };
    Some(format!(
        "{kind}: {}, of which the longest part is {}.",
        told(all, all.median()),
        told(most, Some(ns))
    ))
}

fn data(series: &[Series], what: &str) -> Data {
    let mut data = Data::new([what, "instance", "n", "p50, ms (95 %)", "max, ms"]);
    for of in series {
        data.row(vec![
            of.name.clone(),
            of.kind().to_owned(),
            of.summary.n.to_string(),
            quantile(&of.summary.p50),
            maximum(of.summary.max),
        ]);
    }
    data
}

#[cfg(test)]
mod tests;
