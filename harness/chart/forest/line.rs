//! One row of a comparison as a line of the forest plot: what stands on the axis,
//! and its words.

use crate::chart::kit::time_unit::TimeUnit;
use crate::chart::{DASH, plain};
use crate::compare::{Row, Values, Verdict};
use crate::spec::tolerance::Metric;
use crate::stats::hodges_lehmann::Estimate;
use crate::text::units::{NS_PER_MS, format_ms, format_size};

/// What an axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Head over base, on a scale of even ratios: half stands as far from no change
    /// as twice.
    Percent,
    /// Head less base: a share of what takes next to no time says little.
    Ms,
}

impl Unit {
    /// No change, on the axis.
    pub(crate) fn zero(self) -> f64 {
        match self {
            Unit::Percent => 1.0,
            Unit::Ms => 0.0,
        }
    }

    /// The change in the axis's values: ratios, or milliseconds.
    pub(crate) fn change(self, row: &Row) -> Option<Estimate> {
        let (found, unit) = match self {
            Unit::Percent => (row.ratio?, 1.0),
            Unit::Ms => (row.difference?, NS_PER_MS),
        };
        let interval = found.interval.map(|(low, high)| (low / unit, high / unit));
        let change = Estimate { value: found.value / unit, interval };
        let ends = interval.unwrap_or((0.0, 0.0));
        let known = ![change.value, ends.0, ends.1].iter().any(|v| v.is_nan());
        known.then_some(change)
    }

    /// The larger of share and floor, as a share of the base or in milliseconds.
    pub(crate) fn margin(self, row: &Row) -> Option<f64> {
        let base = row.base.median.filter(|median| *median > 0.0)?;
        let amount = (row.margin.share * base).max(row.margin.floor);
        let margin = match self {
            Unit::Percent => amount / base,
            Unit::Ms => amount / NS_PER_MS,
        };
        (margin.is_finite() && margin >= 0.0).then_some(margin)
    }

    /// From the least to the most that a row may change by, in the axis's values.
    pub(crate) fn band(self, row: &Row) -> Option<(f64, f64)> {
        let margin = self.margin(row)?;
        Some((self.zero() - margin, self.zero() + margin))
    }

    /// `+11.8`: a value of the axis as a change.
    pub(crate) fn text(self, value: f64) -> String {
        match self {
            Unit::Percent => signed((value - 1.0) * 100.0, |v| match v {
                v if v >= 99.95 => format!("{v:.0}"),
                _ => format!("{v:.1}"),
            }),
            Unit::Ms => signed(value, |v| match v {
                // No margin is as fine as a microsecond.
                v if v < 0.9995 => format!("{v:.2}"),
                v => format_ms(v * NS_PER_MS),
            }),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Percent => "%",
            Unit::Ms => "ms",
        }
    }

    /// `+11.8 % [+8.9, +14.6]`.
    pub(crate) fn figures(self, change: Estimate) -> String {
        let value = format!("{} {}", self.text(change.value), self.name());
        match change.interval {
            Some((low, high)) => format!("{value} [{}, {}]", self.text(low), self.text(high)),
            None => format!("{value}, no interval"),
        }
    }
}

fn signed(value: f64, text: impl Fn(f64) -> String) -> String {
    let size = match value.abs() {
        v if v.is_infinite() => "∞".to_owned(),
        v if v >= 9_999.5 => format!("{v:.1e}"),
        v => text(v),
    };
    // What rounds to nought went neither way.
    let sign = match size.trim_matches(['0', '.']) {
        "" => "",
        _ if value < 0.0 => "-",
        _ => "+",
    };
    format!("{sign}{size}")
}

/// A row, ready to be drawn.
pub(crate) struct Line<'a> {
    pub(crate) row: &'a Row,
    /// Position of its function: its colour.
    pub(crate) position: usize,
    pub(crate) name: String,
    /// What tells it from others of its function.
    pub(crate) context: String,
    /// `163 → 187 ms`.
    pub(crate) medians: String,
    /// `+11.8 % [+8.9, +14.6]`.
    pub(crate) figures: String,
    pub(crate) change: Option<Estimate>,
}

impl<'a> Line<'a> {
    /// `clock` is the unit of its medians, where they are times.
    pub(crate) fn new(
        row: &'a Row,
        unit: Unit,
        position: usize,
        context: String,
        clock: TimeUnit,
    ) -> Self {
        let change = unit.change(row);
        let figures = change.map_or_else(|| DASH.to_owned(), |change| unit.figures(change));
        let name = plain(&row.function);
        Self { row, position, name, context, medians: medians(row, clock), figures, change }
    }

    /// Whether a change is beyond its margin, or could not be judged.
    pub(crate) fn stands_out(&self) -> bool {
        !matches!(self.row.verdict, Verdict::Unchanged | Verdict::Inconclusive)
    }

    /// The verdict with its mark, so that nothing rests on colour.
    pub(crate) fn verdict(&self) -> &'static str {
        match (self.row.verdict, self.row.metric.is_time()) {
            (Verdict::Regressed, true) => "▲ slower",
            (Verdict::Regressed, false) => "▲ larger",
            (Verdict::Improved, true) => "▼ faster",
            (Verdict::Improved, false) => "▼ smaller",
            (Verdict::Unchanged, _) => "= same",
            (Verdict::Inconclusive, _) => "? unclear",
            (Verdict::Invalid, _) => "! invalid",
        }
    }
}

/// The unit of some rows' medians, where they are times.
pub(crate) fn clock(rows: &[&Row], metric: Metric) -> TimeUnit {
    let held = rows.iter().filter(|row| row.metric == metric);
    TimeUnit::of(held.flat_map(|row| [row.base.median, row.head.median]).flatten())
}

/// `163 ms`; what there is instead of a median.
pub(crate) fn median(row: &Row, values: &Values, clock: TimeUnit) -> String {
    match values.median {
        Some(median) if row.metric.is_time() => {
            format!("{} {}", clock.text(median), clock.name())
        }
        Some(median) => format_size(median as u64),
        None if values.failed > 0 => "failed".to_owned(),
        None => DASH.to_owned(),
    }
}

fn medians(row: &Row, clock: TimeUnit) -> String {
    let [base, head] = [&row.base, &row.head].map(|values| median(row, values, clock));
    // A unit is said once.
    let shared = match (base.split_once(' '), head.split_once(' ')) {
        (Some((number, a)), Some((_, b))) if a == b => number,
        _ => &base,
    };
    format!("{shared} → {head}")
}

/// What a metric is called in a picture.
pub(crate) fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Total => "total",
        Metric::Own => "boot+init",
        Metric::Cpu => "CPU time",
        Metric::Warm => "warm",
        Metric::Memory => "memory",
        Metric::Size => "image",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_a_sane_length() {
        let percent =
            [1.118, 0.5, 1.0, 0.999_99, 11.4, f64::INFINITY, 1e9].map(|v| Unit::Percent.text(v));
        assert_eq!(percent.join(" "), "+11.8 -50.0 0.0 0.0 +1040 +∞ +1.0e11");
        let ms = [24.06, -0.012, 0.0, -1234.0, f64::NEG_INFINITY].map(|v| Unit::Ms.text(v));
        assert_eq!(ms.join(" "), "+24.1 -0.01 0.00 -1234 -∞");
    }
}
