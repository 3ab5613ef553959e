//! Ranks between which a quantile lies, whatever the distribution is.
//!
//! The number of observations below the q-quantile of a continuous distribution
//! is binomial(n, q). David & Nagaraja, Order Statistics, 3rd ed., section 7.1.

/// Probability that each tail of an interval may hold: 95 % two-sided.
const TAIL: f64 = 0.025;

/// The 1-based ranks (low, high) of the order statistics that enclose the
/// `q`-quantile of `n` observations with at least 95 % confidence, at most
/// 2.5 % beyond either. None when `n` is too small.
pub(super) fn ranks(n: usize, q: f64) -> Option<(usize, usize)> {
    let weights = Weights::new(n, q);
    let low = n - weights.mirrored().room_above()?;
    let high = weights.room_above()? + 1;
    Some((low, high))
}

/// The fewest rows that give quantile `q` an interval: 6 for the median, 36
/// for 0.9, 72 for 0.95, 368 for 0.99.
#[must_use]
pub fn least_rows(q: f64) -> usize {
    let tail = q.max(1.0 - q);
    (0.025_f64.ln() / tail.ln()).ceil() as usize
}

/// The probability of `k` successes or more of `n`, each of probability `q`, which is
/// neither 0 nor 1.
pub(super) fn at_least(k: usize, n: usize, q: f64) -> f64 {
    let Weights { from, weights, .. } = Weights::new(n, q);
    let above = weights.get(k.saturating_sub(from)..).unwrap_or(&[]);
    above.iter().sum::<f64>() / weights.iter().sum::<f64>()
}

/// The binomial distribution as far as it matters, relative to its mode.
struct Weights {
    n: usize,
    /// Number of successes that the first weight belongs to.
    from: usize,
    weights: Vec<f64>,
}

impl Weights {
    /// Grows outwards from the mode by the ratio of neighbours, so that nothing
    /// under- or overflows however large `n` is.
    fn new(n: usize, q: f64) -> Self {
        let odds = q / (1.0 - q);
        let mode = (((n + 1) as f64 * q) as usize).min(n);
        let falling = |k: usize| k as f64 / ((n - k + 1) as f64 * odds);
        let rising = |k: usize| (n - k) as f64 * odds / (k + 1) as f64;
        let mut weights = Vec::new();
        let mut weight = 1.0;
        let mut from = mode;
        while from > 0 && weight > NEGLIGIBLE {
            weight *= falling(from);
            weights.push(weight);
            from -= 1;
        }
        weights.reverse();
        weights.push(1.0);
        weight = 1.0;
        for k in mode..n {
            weight *= rising(k);
            if weight <= NEGLIGIBLE {
                break;
            }
            weights.push(weight);
        }
        Self { n, from, weights }
    }

    /// The same for failures instead of successes.
    fn mirrored(&self) -> Self {
        let weights: Vec<f64> = self.weights.iter().rev().copied().collect();
        Self { n: self.n, from: self.n + 1 - self.from - weights.len(), weights }
    }

    /// The smallest k with P(X > k) <= [`TAIL`]; none when that is only so
    /// because nothing is above n.
    fn room_above(&self) -> Option<usize> {
        let total: f64 = self.weights.iter().sum();
        let mut above = 0.0;
        let mut k = self.from + self.weights.len() - 1;
        for weight in self.weights.iter().rev() {
            above += weight / total;
            if above > TAIL {
                break;
            }
            k = k.checked_sub(1)?;
        }
        (k < self.n).then_some(k)
    }
}

/// Relative to the mode; far below what 2.5 % can notice.
const NEGLIGIBLE: f64 = 1e-20;

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in plain arithmetic: small n only.
    fn by_definition(n: usize, q: f64) -> Option<(usize, usize)> {
        // From the top down: the likely end for q >= 0.5, so nothing underflows.
        let mut pmf = vec![q.powi(n as i32)];
        for k in (1..=n).rev() {
            pmf.push(pmf[n - k] * k as f64 / (n - k + 1) as f64 * (1.0 - q) / q);
        }
        pmf.reverse();
        // Rank l is low enough when fewer than l observations below the
        // quantile is unlikely; rank u when u or more is.
        let low = (1..=n).rev().find(|l| pmf[..*l].iter().sum::<f64>() <= TAIL)?;
        let high = (1..=n).find(|u| pmf[*u..].iter().sum::<f64>() <= TAIL)?;
        Some((low, high))
    }

    #[test]
    fn matches_published_ranks_of_the_median() {
        // Conover, Practical Nonparametric Statistics, 3rd ed., and the table of
        // the sign test: n = 6 (1, 6); 10 (2, 9); 20 (6, 15); 50 (18, 33).
        for (n, expected) in [(6, (1, 6)), (10, (2, 9)), (20, (6, 15)), (50, (18, 33))] {
            assert_eq!(ranks(n, 0.5), Some(expected), "n = {n}");
        }
        // Le Boudec, Performance Evaluation, table A.1: n = 70 (27, 44) at 95 %.
        assert_eq!(ranks(70, 0.5), Some((27, 44)));
    }

    #[test]
    fn needs_6_36_72_and_368_rows() {
        for (q, least) in [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368)] {
            assert_eq!(ranks(least - 1, q), None, "q = {q}");
            assert_eq!(ranks(least, q).map(|r| r.1), Some(least), "q = {q}");
        }
        assert_eq!(ranks(0, 0.5), None);
        assert_eq!(ranks(1, 0.5), None);
    }

    #[test]
    fn agrees_with_the_definition() {
        for n in 1..=400 {
            for q in [0.5, 0.9, 0.95, 0.99] {
                assert_eq!(ranks(n, q), by_definition(n, q), "n = {n}, q = {q}");
            }
        }
    }

    #[test]
    fn a_tail_is_the_sum_of_its_terms() {
        // Three or more heads of five: a half. None or more: certain.
        assert!((at_least(3, 5, 0.5) - 0.5).abs() < 1e-15);
        assert!((at_least(2, 3, 0.1) - 0.028).abs() < 1e-15);
        assert_eq!((at_least(0, 9, 0.3), at_least(9_999, 10_000, 0.5)), (1.0, 0.0));
    }

    #[test]
    fn large_n_is_near_the_normal_approximation() {
        let (low, high) = ranks(100_000, 0.5).unwrap();
        assert!((low as i64 - 49_690).abs() <= 1, "{low}");
        assert!((high as i64 - 50_311).abs() <= 1, "{high}");
    }
}
