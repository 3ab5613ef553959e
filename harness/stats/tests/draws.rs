//! Values of known distributions, from a fixed seed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::stats::normal;

/// What latencies may look like.
#[derive(Debug, Clone, Copy)]
pub(in crate::stats) enum Shape {
    Normal,
    LogNormal,
    /// Log-normal, and one in ten is some three times as large.
    Contaminated,
}

pub(in crate::stats) const SHAPES: [Shape; 3] =
    [Shape::Normal, Shape::LogNormal, Shape::Contaminated];

pub(in crate::stats) struct BootstrapWeights(ChaCha8Rng);

impl BootstrapWeights {
    pub(in crate::stats) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn standard(&mut self) -> f64 {
        let uniform: f64 = self.0.random();
        // Never 0, which would be infinite.
        normal::quantile_above(uniform.max(1e-12))
    }

    /// About 100, and positive.
    pub(in crate::stats) fn one(&mut self, shape: Shape) -> f64 {
        match shape {
            Shape::Normal => 100.0 + 10.0 * self.standard(),
            Shape::LogNormal => 100.0 * (0.2 * self.standard()).exp(),
            Shape::Contaminated => {
                let slow: f64 = if self.0.random::<f64>() < 0.1 { 3.0 } else { 1.0 };
                slow * self.one(Shape::LogNormal)
            }
        }
    }

    pub(in crate::stats) fn many(&mut self, shape: Shape, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.one(shape)).collect()
    }
}
