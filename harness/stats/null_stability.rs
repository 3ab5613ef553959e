//! How steady the null container was over a run: a measure of the machine.

use std::collections::BTreeMap;

use super::distribution::middle;
use crate::sample::Sample;
use crate::spec::control::Floor;
use crate::spec::factor::Factors;

/// Fewest rows that tell a spread or a drift: with fewer, chance alone gives one.
const LEAST: usize = 10;

/// How steady the null container was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stability {
    /// Median in the second half of the rows, by trial, divided by that in the
    /// first; 1 is no drift.
    pub drift: f64,
    /// Standard deviation of ln(latency).
    pub spread: f64,
}

impl Stability {
    /// From all rows of a run. Each combination of factors has its own floor: what
    /// is looked at is how far a row is from its own. None of fewer than 10 rows.
    #[must_use]
    pub fn of(samples: &[Sample]) -> Option<Self> {
        let mut floors: BTreeMap<&Factors, Vec<(u32, f64)>> = BTreeMap::new();
        let null = |s: &&Sample| s.cell.control.is_some_and(|c| c.is_floor_of(Floor::Engine));
        for sample in super::used(samples).filter(null) {
            if let Some(ns) = sample.latency().filter(|ns| *ns > 0) {
                let rows = floors.entry(&sample.cell.factors).or_default();
                rows.push((sample.trial, (ns as f64).ln()));
            }
        }
        let combinations = floors.len();
        let mut off: Vec<(u32, f64)> = floors.into_values().flat_map(about_their_mean).collect();
        if off.len() < LEAST {
            return None;
        }
        off.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let squares: f64 = off.iter().map(|(_, ln)| ln * ln).sum();
        // Each combination's mean takes one degree of freedom.
        let free = off.len().saturating_sub(combinations).max(1);
        let (first, second) = off.split_at(off.len() / 2);
        let drift = (median(second)? - median(first)?).exp();
        Some(Self { drift, spread: (squares / free as f64).sqrt() })
    }
}

fn about_their_mean(rows: Vec<(u32, f64)>) -> Vec<(u32, f64)> {
    let mean = rows.iter().map(|(_, ln)| ln).sum::<f64>() / rows.len() as f64;
    rows.into_iter().map(|(trial, ln)| (trial, ln - mean)).collect()
}

fn median(rows: &[(u32, f64)]) -> Option<f64> {
    let mut values: Vec<f64> = rows.iter().map(|(_, value)| *value).collect();
    values.sort_by(f64::total_cmp);
    middle(&values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Temperature;
    use crate::spec::control::Control;
    use crate::spec::factor::Network;
    use crate::spec::scenario::LoadShape;
    use crate::stats::tests::{MS, cell, row};

    fn null(trial: u32, network: Network, ms: u64) -> Sample {
        let mut cell = cell(LoadShape::Burst(1), Temperature::Cold);
        cell.control = Some(Control::Container(0));
        cell.factors.network = network;
        row(&cell, 2, trial, 0, ms * MS)
    }

    #[test]
    fn different_floors_are_no_spread_and_no_drift() {
        let rows: Vec<Sample> = (0..20)
            .flat_map(|t| [null(2 * t, Network::Bridge, 190), null(2 * t + 1, Network::Host, 85)])
            .collect();
        let steady = Stability::of(&rows).unwrap();
        assert!(steady.spread < 1e-9 && (steady.drift - 1.0).abs() < 1e-9, "{steady:?}");
    }

    #[test]
    fn a_machine_that_slows_down_drifts() {
        let rows: Vec<Sample> =
            (0..20).map(|t| null(t, Network::Bridge, if t < 10 { 100 } else { 130 })).collect();
        let steady = Stability::of(&rows).unwrap();
        assert!((steady.drift - 1.3).abs() < 1e-9, "{steady:?}");
        // Half of ln 1.3 on either side, and one degree of freedom lost.
        let expected = 1.3_f64.ln() / 2.0 * (20.0_f64 / 19.0).sqrt();
        assert!((steady.spread - expected).abs() < 1e-9, "{steady:?}");
    }

    #[test]
    fn few_rows_tell_nothing() {
        let rows: Vec<Sample> = (0..9).map(|t| null(t, Network::Bridge, 100)).collect();
        assert_eq!(Stability::of(&rows), None);
        assert_eq!(Stability::of(&[]), None);
    }
}
