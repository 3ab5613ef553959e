//! How far an axis of changes goes, and its ticks.

use super::line::Unit;
use crate::chart::kit::axis::{Scale, tick_text};
use crate::compare::Row;

/// An axis goes no further than so many times the largest margin: one row that is
/// far out would press all others into a line.
const FAR: f64 = 20.0;
/// Nor ever further than this: a thousandfold, or a thousand seconds.
const FURTHEST: [f64; 2] = [6.9, 1e6];
/// It goes at least this far, when nothing changed at all and no margin is known.
const LEAST: [f64; 2] = [0.02, 0.5];

/// A scale that holds no change, the margins and, where they are not too far out,
/// the intervals of some rows.
pub(crate) fn scale<'a>(unit: Unit, rows: impl Iterator<Item = &'a Row>) -> Scale {
    let which = usize::from(unit == Unit::Ms);
    let rows: Vec<&Row> = rows.collect();
    // Distances from no change, in logarithms for ratios.
    let flat = |v: f64| if unit == Unit::Percent { v.max(0.0).ln() } else { v };
    let margins = rows.iter().filter_map(|row| Some(flat(unit.band(row)?.1)));
    let margin = margins.fold(0.0, f64::max).min(FURTHEST[which]);
    let cap = if margin > 0.0 { (margin * FAR).min(FURTHEST[which]) } else { FURTHEST[which] };
    let changes = rows.iter().filter_map(|row| unit.change(row)).flat_map(|change| {
        let (low, high) = change.interval.unwrap_or((change.value, change.value));
        [low, high, change.value]
    });
    let least = margin.max(LEAST[which]);
    let (low, high) = changes.map(flat).fold((-least, least), |(low, high): (f64, f64), v| {
        (low.min(v.max(-cap)), high.max(v.min(cap)))
    });
    let air = 0.05 * (high - low);
    let (low, high) = (low - air, high + air);
    match unit {
        Unit::Percent => Scale::Log { min: low.exp(), max: high.exp() },
        Unit::Ms => Scale::Linear { min: low, max: high },
    }
}

/// Ticks in the axis's values with their changes as texts.
pub(crate) fn ticks(scale: &Scale, unit: Unit) -> Vec<(f64, String)> {
    // Round changes, for scales too wide for even steps.
    const WIDE: [f64; 17] = [
        -99.9, -99.0, -95.0, -90.0, -75.0, -50.0, -25.0, 0.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3,
        1e4, 5e4, 1e5,
    ];
    let text = |v: f64| format!("{}{}", if v > 0.0 { "+" } else { "" }, tick_text(v));
    match *scale {
        Scale::Linear { min, max } => even(min, max).into_iter().map(|v| (v, text(v))).collect(),
        Scale::Log { min, max } => {
            let [low, high] = [min, max].map(|v| (v - 1.0) * 100.0);
            let wide = || WIDE.into_iter().filter(|v| (low..=high).contains(v)).collect();
            let found: Vec<f64> = if max / min < 2.2 { even(low, high) } else { wide() };
            found.into_iter().map(|v| (unit.zero() + v / 100.0, text(v))).collect()
        }
    }
}

/// Closer than those of other charts: a change is read off both ways from nought.
fn even(low: f64, high: f64) -> Vec<f64> {
    let span = 0.6 * (high - low);
    let ticks = Scale::Linear { min: 0.0, max: span }.ticks();
    let step = ticks.get(1).copied().unwrap_or(span);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|i| i as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(min: f64, max: f64) -> String {
        let ticks = ticks(&Scale::Log { min, max }, Unit::Percent);
        ticks.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_changes() {
        assert_eq!(texts(0.93, 1.17), "-5 0 +5 +10 +15");
        assert_eq!(texts(0.4, 3.5), "-50 -25 0 +50 +100 +200");
    }

    #[test]
    fn nothing_at_all_has_a_scale() {
        for unit in [Unit::Percent, Unit::Ms] {
            let scale = scale(unit, std::iter::empty());
            assert!((scale.place(unit.zero()) - 0.5).abs() < 1e-9);
        }
    }
}
