//! The starts of one cell, on their way to a field.

use crate::chart::kit::axis::{Scale, labelled};
use crate::chart::kit::time_unit::TimeUnit;
use crate::chart::{DASH, Data};
use crate::compare::Start;

use super::NAMES;

/// What lies further from the middle half of the values than so many times its
/// width stands on the edge: it would press all others into a line.
const FAR: f64 = 6.0;

/// A start.
pub(crate) struct Dot {
    /// Since the first start.
    pub(crate) seconds: f64,
    /// In the panel's unit; none for a failure.
    pub(crate) latency: Option<f64>,
    pub(crate) round: u32,
}

/// One cell.
pub(crate) struct Panel {
    /// Its function.
    pub(crate) name: String,
    /// What tells it from others of its function.
    pub(crate) context: String,
    /// Position of its function: its colour.
    pub(crate) position: usize,
    /// Base and head, in the order of time.
    pub(crate) sides: [Vec<Dot>; 2],
    /// The unit of all latencies.
    pub(crate) unit: TimeUnit,
    /// Latencies; none where the median is a failure.
    pub(crate) medians: [Option<f64>; 2],
    /// Latencies.
    pub(crate) y: Scale,
    /// Whether there is more than round 1.
    rounds: bool,
}

impl Panel {
    pub(crate) fn new(
        mut names: Vec<String>,
        position: usize,
        starts: &[Vec<Start>; 2],
        epochs: [u64; 2],
        unit: TimeUnit,
    ) -> Self {
        let sides = [0, 1].map(|side| {
            let mut starts = starts[side].clone();
            starts.sort_by_key(|start| (start.at, start.round));
            starts.iter().map(|start| dot(start, epochs[side], unit)).collect::<Vec<Dot>>()
        });
        let rounds = sides.iter().flatten().any(|dot| dot.round > 1);
        let context = names.split_off(1).join(" · ");
        let name = names.concat();
        let y = Scale::Linear { min: 0.0, max: 1.0 };
        let medians = [None; 2];
        let mut panel = Self { name, context, position, sides, unit, medians, y, rounds };
        panel.medians = [0, 1].map(|side| median(&panel.used(side)));
        panel.y = panel.reach();
        panel
    }

    pub(crate) fn len(&self) -> usize {
        self.sides.iter().map(Vec::len).sum()
    }

    /// Latencies that inference uses, in the order of time. A failure ranks above
    /// every success.
    fn used(&self, side: usize) -> Vec<f64> {
        let used = self.sides[side].iter().filter(|dot| !self.is_left_out(dot));
        used.map(|dot| dot.latency.unwrap_or(f64::INFINITY)).collect()
    }

    /// Whether inference does without it.
    pub(crate) fn is_left_out(&self, dot: &Dot) -> bool {
        self.rounds && dot.round <= 1
    }

    /// Whether any is left out.
    pub(crate) fn leaves_out(&self) -> bool {
        self.sides.iter().flatten().any(|dot| self.is_left_out(dot))
    }

    pub(crate) fn failures(&self) -> usize {
        self.sides.iter().flatten().filter(|dot| dot.latency.is_none()).count()
    }

    pub(crate) fn has_failures(&self) -> bool {
        self.failures() > 0
    }

    /// Starts that stand on an edge of the field.
    pub(crate) fn beyond(&self) -> usize {
        let all = self.sides.iter().flatten().filter_map(|dot| dot.latency);
        all.filter(|ms| self.y.beyond(*ms) != 0).count()
    }

    /// Ticks of the latencies; none without a latency.
    pub(crate) fn y_ticks(&self) -> Vec<(f64, String)> {
        let any = self.sides.iter().flatten().any(|dot| dot.latency.is_some());
        if any { labelled(&self.y) } else { Vec::new() }
    }

    /// The medians of the first half of a side's starts and of the second; none of
    /// fewer than four, or where it is a failure.
    fn halves(&self, side: usize) -> [Option<f64>; 2] {
        let used = self.used(side);
        if used.len() < 4 {
            return [None; 2];
        }
        let (first, second) = used.split_at(used.len() / 2);
        [first, second].map(median)
    }

    /// By what share the base's median moved from the first half of its starts to
    /// the second.
    pub(crate) fn drift(&self) -> Option<f64> {
        let [first, second] = self.halves(0);
        Some(second? / first.filter(|latency| *latency > 0.0)? - 1.0)
    }

    pub(crate) fn drift_text(&self) -> String {
        let drift = self
            .drift()
            .map(|drift| format!("base, first half to second half: {}", percent(drift)));
        drift.unwrap_or_default()
    }

    /// Halfway between the last start of round 1 and the next, in seconds; none
    /// where rounds overlap or none is left out.
    pub(crate) fn first_round_ends(&self, sides: &[usize]) -> Option<f64> {
        let dots = || sides.iter().flat_map(|side| &self.sides[*side]);
        let out = dots().filter(|dot| self.is_left_out(dot)).map(|dot| dot.seconds);
        let last = out.fold(f64::NEG_INFINITY, f64::max);
        let used = dots().filter(|dot| !self.is_left_out(dot)).map(|dot| dot.seconds);
        let next = used.fold(f64::INFINITY, f64::min);
        (last.is_finite() && next.is_finite() && last < next).then(|| f64::midpoint(last, next))
    }

    /// Who was started in turn, a burst as one: 0 for base, 1 for head.
    pub(crate) fn turns(&self) -> Vec<usize> {
        let dots = |side: usize| self.sides[side].iter().map(move |dot| (side, dot));
        let mut all: Vec<(usize, &Dot)> = dots(0).chain(dots(1)).collect();
        all.sort_by(|a, b| a.1.seconds.total_cmp(&b.1.seconds).then(a.0.cmp(&b.0)));
        all.dedup_by_key(|(side, dot)| (*side, dot.round));
        all.into_iter().map(|(side, _)| side).collect()
    }

    /// A scale about the bulk of the values, with every median.
    fn reach(&self) -> Scale {
        let mut sorted: Vec<f64> = (0..2).flat_map(|side| self.used(side)).collect();
        sorted.retain(|ms| ms.is_finite());
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| sorted.get((sorted.len() as f64 * share) as usize).copied();
        let (Some(low), Some(high)) = (at(0.25), at(0.75)) else {
            let any = self.sides.iter().flatten().filter_map(|dot| dot.latency);
            return Scale::log_about(any).unwrap_or(self.y);
        };
        let air = FAR * (high - low).max(high * 0.02);
        let bulk = (low - air)..=(high + air);
        let held = sorted.iter().copied().filter(|ms| bulk.contains(ms));
        let held = held.chain(self.medians.into_iter().flatten());
        Scale::log_about(held).unwrap_or(self.y)
    }
}

fn dot(start: &Start, epoch: u64, unit: TimeUnit) -> Dot {
    Dot {
        seconds: start.at.saturating_sub(epoch) as f64 / 1e9,
        latency: start.latency.map(|ns| ns as f64 / unit.ns()),
        round: start.round,
    }
}

/// Each side of each cell: how many starts, and its medians.
pub(crate) fn data(panels: &[Panel]) -> Data {
    let unit = panels.first().map_or("ms", |panel| panel.unit.name());
    let text = |panel: &Panel, value: Option<f64>| {
        value.map_or(DASH.to_owned(), |v| panel.unit.text(v * panel.unit.ns()))
    };
    let row = |panel: &Panel, side: usize| {
        let dots = &panel.sides[side];
        let failed = dots.iter().filter(|dot| dot.latency.is_none()).count();
        let cell = [panel.name.as_str(), &panel.context].map(str::to_owned);
        let cell = cell.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let [first, second] = panel.halves(side);
        let mut row = vec![cell.join(" · "), NAMES[side].to_owned()];
        row.extend([dots.len(), panel.used(side).len(), failed].map(|n| n.to_string()));
        row.extend([panel.medians[side], first, second].map(|value| text(panel, value)));
        row
    };
    let columns = ["cell", "side", "starts", "used", "failed"].map(str::to_owned);
    let medians = ["median", "median of the first half", "median of the second half"];
    Data {
        columns: columns.into_iter().chain(medians.map(|m| format!("{m}, {unit}"))).collect(),
        rows: panels.iter().flat_map(|panel| [0, 1].map(|side| row(panel, side))).collect(),
    }
}

/// The median; none of nothing, or where it is a failure.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let median = f64::midpoint(sorted[last / 2], sorted[sorted.len() / 2]);
    median.is_finite().then_some(median)
}

/// `+0.6 %`.
pub(crate) fn percent(share: f64) -> String {
    let text = format!("{:+.1} %", share * 100.0);
    // What rounds to nought went neither way.
    if ["+0.0 %", "-0.0 %"].contains(&&*text) { "0.0 %".to_owned() } else { text }
}
