//! Whether the differences within pairs tend to lie above zero, and where they lie.
//!
//! For values that are measured in turns, neighbours in time: what both values of a
//! pair share drops out of their difference. The test is Wilcoxon's signed-rank test
//! (Wilcoxon 1945). Its null hypothesis is that the differences are symmetric about
//! zero, as they are when nothing tells the sides apart, whatever the values of a pair
//! have in common. With few differences the p-value is exact, ties or not: the share
//! of all ways to give the sizes seen a sign which are as extreme as the one seen. With
//! more, it is the normal approximation with the variance corrected for ties and a
//! continuity correction (Lehmann 1975, Nonparametrics, section 3.2).
//!
//! Zeros have a rank but no sign: they are ranked with the others, then left out (Pratt
//! 1959). Either that or leaving them out first is valid, because the other signs are
//! still even chances; but then differences that all shrink can become more of an alarm.
//!
//! A failure of one side only is `f64::INFINITY`, or its negative: it has the highest
//! rank, and ties with other failures. Differences must not be NaN; a pair whose sides
//! both failed is a difference of 0, or no pair. Must not know what the differences are.

use super::hodges_lehmann::{self, Estimate, TAIL};
use super::normal;

/// The null distribution is exact up to so many differences that are not zero. The
/// number of ways to give them signs must fit 64 bits.
const EXACT_MOST: usize = 60;

/// One-sided p-value: that the differences tend to be above zero. None of no
/// differences. 1 when all are zero.
#[must_use]
pub fn above(differences: &[f64]) -> Option<f64> {
    let ranked = Ranked::of(differences)?;
    Some(ranked.upper(ranked.own))
}

/// Two-sided p-value: that the differences do not lie about zero. None of no
/// differences. It is twice the smaller one-sided one, at most 1: each way to give
/// signs has its mirror image.
#[must_use]
pub fn differs(differences: &[f64]) -> Option<f64> {
    let ranked = Ranked::of(differences)?;
    let further = ranked.own.max(ranked.all() - ranked.own);
    Some((2.0 * ranked.upper(further)).min(1.0))
}

/// The smallest one-sided p-value that so many pairs can give: that of all differences
/// above zero, 2^-pairs. 1 of none. Never below the smallest normal number, though the
/// true one may be (from 1,023 pairs).
#[must_use]
pub fn least_p(pairs: usize) -> f64 {
    0.5_f64.powf(pairs as f64).max(f64::MIN_POSITIVE)
}

/// The typical difference, in the unit of the differences: the estimate of Hodges &
/// Lehmann 1963, the median of the means of all pairs of them, each with itself too
/// (Walsh averages). Differences that are not finite are left out. None when no finite
/// one is left.
///
/// Its interval lies between two of these means, as the test would accept them (Tukey
/// 1949; Hollander & Wolfe 1973, section 3.3), and includes both, so that ties only make
/// it cover more. Fewer than 6 differences have none: it would leave out 2 * 2^-5.
#[must_use]
pub fn centre(differences: &[f64]) -> Option<Estimate> {
    let mut sorted: Vec<f64> = differences.iter().copied().filter(|v| v.is_finite()).collect();
    if sorted.is_empty() {
        return None;
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len() as u64;
    let means = n * (n + 1) / 2;
    let interval = critical(sorted.len())
        .map(|rank| (nth_mean(&sorted, rank), nth_mean(&sorted, means + 1 - rank)));
    Some(Estimate { value: median_mean(&sorted, means), interval })
}

/// The ranks of the differences that are not zero.
struct Ranked {
    /// Twice the mean rank, from 1, of each, ascending.
    scores: Vec<usize>,
    /// The sum of the scores of those above zero.
    own: usize,
}

impl Ranked {
    /// None of no differences.
    fn of(differences: &[f64]) -> Option<Self> {
        let mut sizes: Vec<(f64, bool)> =
            differences.iter().map(|value| (value.abs(), *value > 0.0)).collect();
        sizes.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let zeros = sizes.iter().take_while(|(size, _)| *size == 0.0).count();
        let (mut scores, mut own) = (Vec::with_capacity(sizes.len() - zeros), 0);
        let mut seen = zeros;
        for tied in sizes[zeros..].chunk_by(|a, b| a.0 == b.0) {
            let score = 2 * seen + tied.len() + 1;
            scores.extend(std::iter::repeat_n(score, tied.len()));
            own += score * tied.iter().filter(|(_, above)| *above).count();
            seen += tied.len();
        }
        (!sizes.is_empty()).then_some(Self { scores, own })
    }

    /// The sum of the scores if all were above zero.
    fn all(&self) -> usize {
        self.scores.iter().sum()
    }

    /// The probability of a sum of `own` or more when every sign is an even chance.
    fn upper(&self, own: usize) -> f64 {
        let p =
            if self.scores.len() <= EXACT_MOST { self.exact(own) } else { self.approximate(own) };
        // No signs are rarer than this, but far out the normal approximation is.
        p.clamp(least_p(self.scores.len()), 1.0)
    }

    /// By the normal distribution.
    fn approximate(&self, own: usize) -> f64 {
        let squares: f64 = self.scores.iter().map(|score| (*score as f64).powi(2)).sum();
        // Twice what is above the mean, less the correction: half a rank, thus a score.
        let above = 2.0 * own as f64 - self.all() as f64 - 2.0;
        normal::beyond(above / squares.sqrt())
    }

    /// By counting every way to give signs.
    fn exact(&self, own: usize) -> f64 {
        // Without ties all scores are even.
        let unit = if self.scores.iter().all(|score| score % 2 == 0) { 2 } else { 1 };
        let scores: Vec<usize> = self.scores.iter().map(|score| score / unit).collect();
        let (all, own) = (self.all() / unit, own / unit);
        let share = |most: usize| {
            ways_by_sum(&scores, most).iter().sum::<u64>() as f64 * least_p(scores.len())
        };
        // The distribution is symmetric: the shorter tail is counted.
        match own {
            0 => 1.0,
            own if 2 * own > all => share(all - own),
            own => 1.0 - share(own - 1),
        }
    }
}

/// How many choices among the scores, which ascend, have each sum from 0 to `most`.
///
/// The shift algorithm of Streitberg & Roehmel 1986, Exact distributions for permutation
/// and rank tests. There may be at most 63 scores.
fn ways_by_sum(scores: &[usize], most: usize) -> Vec<u64> {
    let mut ways = vec![0_u64; most + 1];
    let mut before = ways.clone();
    ways[0] = 1;
    let mut reached = 0;
    for score in scores.iter().take_while(|score| **score <= most) {
        // Beyond this sum there is nothing yet.
        reached = (reached + score).min(most);
        let without = &mut before[..=reached - score];
        without.copy_from_slice(&ways[..=reached - score]);
        ways[*score..=reached].iter_mut().zip(without).for_each(|(to, from)| *to += *from);
    }
    ways
}

/// The largest c with P(W < c) <= [`TAIL`] for the sum W of the ranks above zero of `n`
/// differences, none of them tied or zero. None when even c = 1 is too likely.
fn critical(n: usize) -> Option<u64> {
    let all = n * (n + 1) / 2;
    if n > EXACT_MOST {
        let deviation = (all as f64 * (2 * n + 1) as f64 / 12.0).sqrt();
        let most = all as f64 / 2.0 - 0.5 - normal::quantile_above(TAIL) * deviation;
        return Some(most.floor() as u64 + 1);
    }
    let scores: Vec<usize> = (1..=n).collect();
    let mut below = 0;
    let likely = ways_by_sum(&scores, all / 2).iter().position(|ways| {
        below += ways;
        below as f64 * least_p(n) > TAIL
    })?;
    (likely > 0).then_some(likely as u64)
}

/// The median of all `means` means of two of the sorted values.
fn median_mean(sorted: &[f64], means: u64) -> f64 {
    let lower = nth_mean(sorted, means.div_ceil(2));
    if means % 2 == 1 { lower } else { mean(lower, nth_mean(sorted, means / 2 + 1)) }
}

/// The one of a 1-based rank among the means of all pairs of values, each with itself
/// too. The values are sorted, finite and not none.
fn nth_mean(sorted: &[f64], rank: u64) -> f64 {
    let (least, most) = (sorted[0], sorted[sorted.len() - 1]);
    hodges_lehmann::least_with(least, most, |limit| means_up_to(sorted, limit) >= rank)
}

/// How many of these means are not above the limit.
fn means_up_to(sorted: &[f64], limit: f64) -> u64 {
    let mut end = sorted.len();
    let mut means = 0;
    for (start, value) in sorted.iter().enumerate() {
        while end > start && mean(*value, sorted[end - 1]) > limit {
            end -= 1;
        }
        if end <= start {
            break;
        }
        means += end - start;
    }
    means as u64
}

fn mean(a: f64, b: f64) -> f64 {
    f64::midpoint(a, b)
}

#[cfg(test)]
mod tests;
