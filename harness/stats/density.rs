//! The density of a sample, smooth: where values gather. Must not know what is drawn.

/// How wide a grid is that values are counted on for the bandwidth; the error of the
/// counting is far below that of the rule.
const BINS: usize = 400;

/// The bandwidth of a Gaussian kernel by the direct plug-in rule of Sheather & Jones
/// 1991 (A reliable data-based bandwidth selection method for kernel density
/// estimation, JRSS B 53, 683), two stages, with the constants of R's `bw.SJ`. It does
/// not smooth two groups into one, as rules do that take the data for normal. In the
/// unit of the values, which may be in any order. None of fewer than two values, of
/// equal ones, or where the rule has no answer.
#[must_use]
pub fn bandwidth(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let counts = Counts::of(values)?;
    let scale = scale(values)?;
    let second = 1.0 / (2.0 * std::f64::consts::PI.sqrt() * n);
    let sixth = -counts.sixth(1.23 * scale * n.powf(-1.0 / 9.0));
    let pilot = (2.394 / (n * sixth)).powf(1.0 / 7.0);
    let bandwidth = (second / counts.fourth(pilot)).powf(0.2);
    (bandwidth.is_finite() && bandwidth > 0.0).then_some(bandwidth)
}

/// The density at a place, by a Gaussian kernel. 0 of no values.
#[must_use]
pub fn at(values: &[f64], bandwidth: f64, place: f64) -> f64 {
    let kernel = |value: &f64| (-0.5 * ((place - value) / bandwidth).powi(2)).exp();
    let area = values.len() as f64 * bandwidth * std::f64::consts::TAU.sqrt();
    if values.is_empty() { 0.0 } else { values.iter().map(kernel).sum::<f64>() / area }
}

/// The smaller of the standard deviation and of what the middle half says of it.
fn scale(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // Type 7, as everywhere.
    let quarter = |q: f64| {
        let place = q * (n - 1.0);
        let (below, above) = (sorted[place as usize], sorted[place.ceil() as usize]);
        below + (above - below) * place.fract()
    };
    let middle = (quarter(0.75) - quarter(0.25)) / 1.349;
    let scale = if middle > 0.0 { variance.sqrt().min(middle) } else { variance.sqrt() };
    (scale > 0.0).then_some(scale)
}

/// How many pairs of values are how many bins apart.
struct Counts {
    n: f64,
    bin: f64,
    pairs: Vec<f64>,
}

impl Counts {
    fn of(values: &[f64]) -> Option<Self> {
        let ends = |(low, high): (f64, f64), v: &f64| (low.min(*v), high.max(*v));
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), ends);
        // A little wider than the values, as in R.
        let bin = (high - low) * 1.01 / BINS as f64;
        if values.len() < 2 || !bin.is_finite() || bin <= 0.0 {
            return None;
        }
        // Counted from nought, as in R, so that its bandwidths are ours.
        let first = (low / bin).trunc();
        let mut bins = vec![0.0; BINS + 2];
        for value in values {
            bins[(((value / bin).trunc() - first) as usize).min(BINS + 1)] += 1.0;
        }
        let apart = |i: usize| -> f64 { bins[i..].iter().zip(&bins).map(|(a, b)| a * b).sum() };
        let mut pairs: Vec<f64> = (0..bins.len()).map(apart).collect();
        let n = values.len() as f64;
        // Two values in one bin are a pair, a value and itself are none.
        pairs[0] = (pairs[0] - n) / 2.0;
        Some(Self { n, bin, pairs })
    }

    /// Integral of the density times its fourth derivative.
    fn fourth(&self, h: f64) -> f64 {
        let sum = self.sum(h, |d| d * d - 6.0 * d + 3.0) * 2.0 + 3.0 * self.n;
        sum / (self.n * (self.n - 1.0) * h.powi(5) * std::f64::consts::TAU.sqrt())
    }

    /// Integral of the density times its sixth derivative.
    fn sixth(&self, h: f64) -> f64 {
        let sum = self.sum(h, |d| d.powi(3) - 15.0 * d * d + 45.0 * d - 15.0) * 2.0 - 15.0 * self.n;
        sum / (self.n * (self.n - 1.0) * h.powi(7) * std::f64::consts::TAU.sqrt())
    }

    /// Of a polynomial in the squared distance, over all pairs.
    fn sum(&self, h: f64, polynomial: impl Fn(f64) -> f64) -> f64 {
        let term = |(i, pairs): (usize, &f64)| {
            let squared = (i as f64 * self.bin / h).powi(2);
            pairs * (-squared / 2.0).exp() * polynomial(squared)
        };
        self.pairs.iter().enumerate().map(term).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::normal;

    /// Evenly spaced quantiles of a normal distribution.
    fn bell(n: usize, mean: f64, sigma: f64) -> Vec<f64> {
        let q = |i: usize| (i as f64 + 0.5) / n as f64;
        (0..n).map(|i| mean + sigma * normal::quantile_above(1.0 - q(i))).collect()
    }

    #[test]
    fn a_bell_gets_about_the_best_bandwidth_for_it() {
        // The best for a normal density: (4/3)^(1/5) sigma n^(-1/5).
        let best = 1.06 * 2.0 * 300_f64.powf(-0.2);
        let found = bandwidth(&bell(300, 50.0, 2.0)).unwrap();
        assert!((0.85..1.15).contains(&(found / best)), "{found} {best}");
    }

    #[test]
    fn two_groups_stay_two() {
        let values = [bell(40, 100.0, 2.0), bell(40, 140.0, 2.0)].concat();
        let h = bandwidth(&values).unwrap();
        assert!(h < 4.0, "{h}");
        let valley = at(&values, h, 120.0);
        assert!(valley < 0.05 * at(&values, h, 100.0), "{valley}");
    }

    #[test]
    fn a_density_has_an_area_of_one() {
        let values = [1.0, 2.0, 2.5, 9.0, 4.0, 4.4];
        let h = bandwidth(&values).unwrap();
        let area: f64 = (-3000..6000).map(|i| at(&values, h, f64::from(i) / 100.0) / 100.0).sum();
        assert!((area - 1.0).abs() < 1e-3, "{area}");
    }

    /// R 4.2.2: `bw.SJ(x, nb = 400, method = "dpi")`.
    #[test]
    fn the_bandwidth_is_that_of_r() {
        let starts = [
            103.0, 112.0, 115.0, 118.0, 120.0, 122.0, 123.0, 125.0, 127.0, 130.0, 131.0, 133.0,
            138.0, 140.0, 150.0, 152.0, 155.0, 158.0, 161.0,
        ];
        let tenths = |from: f64| (1..=40).map(move |i| from + f64::from(i) / 10.0);
        let groups: Vec<f64> = tenths(100.0).chain(tenths(140.0)).collect();
        let check = |values: &[f64], r: f64| {
            let found = bandwidth(values).unwrap();
            assert!((found / r - 1.0).abs() < 1e-6, "{found}, R: {r}");
        };
        check(&starts, 8.696612);
        check(&[1.0, 2.0, 2.5, 9.0, 4.0, 4.4], 1.169240);
        check(&groups, 2.821742);
    }

    #[test]
    fn nothing_to_smooth_has_no_bandwidth() {
        for values in [&[][..], &[3.0], &[3.0, 3.0, 3.0]] {
            assert_eq!(bandwidth(values), None);
        }
        let _ = bandwidth(&[f64::MAX, -f64::MAX, 0.0]);
    }
}
