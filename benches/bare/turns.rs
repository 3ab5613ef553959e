//! Two sides that take turns, and how they compare.

use anyhow::Result;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Rounds below which an interval would say more than it knows.
const LEAST_ROUNDS: usize = 10;
/// Rounds drawn again, for the interval.
const RESAMPLES: usize = 2000;
const SEED: u64 = 7;

/// One figure of each side a round.
pub(crate) struct Turns(Vec<[f64; 2]>);

impl Turns {
    /// Runs both sides once a round.
    pub(crate) fn take(
        rounds: u32,
        mut one: impl FnMut() -> Result<f64>,
        mut other: impl FnMut() -> Result<f64>,
    ) -> Result<Self> {
        let mut all = Vec::with_capacity(rounds as usize);
        for round in 0..=rounds {
            // Mirrored order: neither side always comes after the other.
            let pair = if round % 2 == 0 {
                let first = one()?;
                [first, other()?]
            } else {
                let first = other()?;
                [one()?, first]
            };
            // The first round is "first ever", and not counted.
            if round > 0 {
                all.push(pair);
            }
        }
        Ok(Self(all))
    }

    pub(crate) fn medians(&self) -> [f64; 2] {
        medians(&self.0)
    }

    /// The lowest and the highest ratio of a single round.
    pub(crate) fn range(&self) -> (f64, f64) {
        let ratios = self.0.iter().map(|[one, other]| one / other);
        ratios.fold((f64::INFINITY, 0.0), |(low, high), r| (r.min(low), r.max(high)))
    }

    /// What the ratio of the medians may be, for a person: its 95 % interval by the
    /// bootstrap, which asks for no distribution. Whole rounds are drawn, so that
    /// what both sides of a round have in common falls out.
    pub(crate) fn interval(&self) -> String {
        if self.0.len() < LEAST_ROUNDS {
            return " (too few rounds for an interval)".to_owned();
        }
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let mut ratios: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let draw = |_: &_| self.0[rng.random_range(0..self.0.len())];
                let [one, other] = medians(&self.0.iter().map(draw).collect::<Vec<_>>());
                one / other
            })
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let percent = |share: f64| {
            let at = (share * (RESAMPLES - 1) as f64).round() as usize;
            (ratios[at] - 1.0) * 100.0
        };
        format!(" (95 % interval {:+.2} % to {:+.2} %)", percent(0.025), percent(0.975))
    }
}

fn medians(rounds: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|side| median(rounds.iter().map(|pair| pair[side]).collect()))
}

/// Of at least one.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    f64::midpoint(figures[(figures.len() - 1) / 2], figures[figures.len() / 2])
}
