//! Whether the values of one side tend to be larger than those of another.
//!
//! Mann & Whitney 1947 (Wilcoxon 1945). With few values a side the p-value is exact,
//! ties or not: the share of all ways to deal the pooled values to the two sides
//! which are as extreme as the one seen. With more, it is the normal approximation
//! with the variance corrected for ties and a continuity correction (Lehmann 1975,
//! Nonparametrics, section 1.4).
//!
//! A failure is `f64::INFINITY`: it ranks above every success and ties with other
//! failures. Values must not be NaN. Must not know what the values are.

use super::normal;

/// The null distribution is exact when the product of the two sizes is below this:
/// always with fewer than 20 values a side, and when one side has so few that the
/// approximation would be poor, however many the other has.
const EXACT_BELOW: usize = 400;

/// One-sided p-value: that values of `head` tend to be larger than those of `base`.
/// None when either is empty. 1 when all values are tied: every deal is as extreme.
#[must_use]
pub fn greater(head: &[f64], base: &[f64]) -> Option<f64> {
    p_value(head, base, Tails::Upper)
}

/// Two-sided p-value: that either side's values tend to be larger. None when either
/// is empty. Counted are deals as far from the mean on either side, which is twice
/// the smaller one-sided p-value unless ties make the distribution lopsided.
#[must_use]
pub fn differs(head: &[f64], base: &[f64]) -> Option<f64> {
    p_value(head, base, Tails::Both)
}

/// The smallest one-sided p-value that so many values a side can give: that of
/// complete separation, 1 / C(head + base, head). 1 when either is 0. Never below
/// the smallest normal number, though the true one may be (from 514 a side).
#[must_use]
pub fn least_p(head: usize, base: usize) -> f64 {
    let (few, many) = (head.min(base), head.max(base));
    let mut p = 1.0;
    for i in 1..=few {
        p *= i as f64 / (many + i) as f64;
        if p < f64::MIN_POSITIVE {
            return f64::MIN_POSITIVE;
        }
    }
    p
}

/// The largest c with P(U < c) <= `tail` for the number U of pairs in which head is
/// the larger, when both sides are alike and nothing is tied. None when even c = 1 is
/// too likely.
pub(super) fn critical(head: usize, base: usize, tail: f64) -> Option<u64> {
    if head * base >= EXACT_BELOW {
        let mean = head as f64 * base as f64 / 2.0;
        let deviation = (mean * (head + base + 1) as f64 / 6.0).sqrt();
        let most = (mean - 0.5 - normal::quantile_above(tail) * deviation).floor() + 1.0;
        return (most >= 1.0).then_some(most as u64);
    }
    let take = head.min(base);
    let scores: Vec<usize> = (0..head + base).collect();
    let ways = ways_by_sum(&scores, take);
    let total = ways.iter().sum::<u64>() as f64;
    let mut below = 0;
    let likely = ways.iter().skip(take * take.saturating_sub(1) / 2).position(|ways| {
        below += ways;
        below as f64 / total > tail
    })?;
    (likely > 0).then_some(likely as u64)
}

/// What counts as extreme.
#[derive(Debug, Clone, Copy)]
enum Tails {
    Upper,
    Both,
}

/// A value, and whether it is of head.
type Pooled = (f64, bool);

fn p_value(head: &[f64], base: &[f64], tails: Tails) -> Option<f64> {
    if head.is_empty() || base.is_empty() {
        return None;
    }
    let pooled = pool(head, base);
    let p = if head.len() * base.len() < EXACT_BELOW {
        exact(&pooled, head.len(), tails)
    } else {
        approximate(&pooled, head.len(), tails)
    };
    // No deal is rarer than this, but many ties against few values make the normal
    // approximation say so.
    Some(p.max(least_p(head.len(), base.len())))
}

/// All values, ascending.
fn pool(head: &[f64], base: &[f64]) -> Vec<Pooled> {
    let mut pooled = Vec::with_capacity(head.len() + base.len());
    pooled.extend(head.iter().map(|value| (*value, true)));
    pooled.extend(base.iter().map(|value| (*value, false)));
    pooled.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    pooled
}

/// The values in groups of equal ones, ascending: of head, of base.
fn ties(pooled: &[Pooled]) -> impl Iterator<Item = (usize, usize)> {
    pooled.chunk_by(|a, b| a.0 == b.0).map(|tied| {
        let head = tied.iter().filter(|(_, of_head)| *of_head).count();
        (head, tied.len() - head)
    })
}

/// By the normal distribution.
fn approximate(pooled: &[Pooled], head: usize, tails: Tails) -> f64 {
    let (n, head) = (pooled.len() as f64, head as f64);
    let pairs = head * (n - head);
    let (mut won, mut below, mut tied) = (0.0, 0.0, 0.0);
    for (of_head, of_base) in ties(pooled) {
        let (of_head, of_base) = (of_head as f64, of_base as f64);
        let size = of_head + of_base;
        won += of_head * (below + of_base / 2.0);
        below += of_base;
        tied += size * size * size - size;
    }
    let variance = pairs / 12.0 * (n + 1.0 - tied / (n * (n - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let above = won - pairs / 2.0;
    match tails {
        Tails::Upper => normal::beyond((above - 0.5) / variance.sqrt()),
        Tails::Both => 2.0 * normal::beyond((above.abs() - 0.5).max(0.0) / variance.sqrt()),
    }
}

/// By counting every deal.
fn exact(pooled: &[Pooled], head: usize, tails: Tails) -> f64 {
    let Some(Deal { scores, take, own }) = Deal::of(pooled, head) else { return 1.0 };
    let ways = ways_by_sum(&scores, take);
    // The mean sum is take * all / n; n times it is whole.
    let all: usize = scores.iter().sum();
    let off = |sum: usize| (scores.len() * sum).abs_diff(take * all);
    let extreme = |sum: usize| match tails {
        Tails::Upper => sum >= own,
        Tails::Both => off(sum) >= off(own),
    };
    let counted = ways.iter().enumerate().filter(|(sum, _)| extreme(*sum)).map(|(_, ways)| ways);
    counted.sum::<u64>() as f64 / ways.iter().sum::<u64>() as f64
}

/// The ranks of all values, in the smallest whole numbers, and those that one side,
/// the one of fewer values, was dealt.
struct Deal {
    scores: Vec<usize>,
    /// How many that side has.
    take: usize,
    /// Their sum. A large one speaks for head.
    own: usize,
}

impl Deal {
    /// None when all values are tied.
    fn of(pooled: &[Pooled], head: usize) -> Option<Self> {
        let n = pooled.len();
        // When base is the side of fewer, the order is turned round.
        let turned = 2 * head > n;
        let take = if turned { n - head } else { head };
        let (mut scores, mut own, mut seen) = (Vec::with_capacity(n), 0, 0);
        for (of_head, of_base) in ties(pooled) {
            let size = of_head + of_base;
            // Twice the mean rank, from 0.
            let score = 2 * seen + size - 1;
            let score = if turned { 2 * (n - 1) - score } else { score };
            scores.extend(std::iter::repeat_n(score, size));
            own += score * if turned { of_base } else { of_head };
            seen += size;
        }
        let (least, unit) = smallest_scale(&scores);
        let own = (own - take * least).checked_div(unit)?;
        scores.iter_mut().for_each(|score| *score = (*score - least) / unit);
        Some(Self { scores, take, own })
    }
}

/// The smallest score, and the greatest common divisor of what the others exceed it
/// by: 0 when all are equal.
fn smallest_scale(scores: &[usize]) -> (usize, usize) {
    let divisor = |mut a: usize, mut b: usize| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let least = scores.iter().copied().min().unwrap_or(0);
    (least, scores.iter().fold(0, |unit, score| divisor(score - least, unit)))
}

/// In how many ways `take` of the scores have each sum: the shift algorithm of
/// Streitberg & Roehmel 1986, Exact distributions for permutation and rank tests.
///
/// The number of all ways must fit 64 bits; below [`EXACT_BELOW`] it is at most
/// C(38, 19), some 3.5e10.
fn ways_by_sum(scores: &[usize], take: usize) -> Vec<u64> {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable();
    let most: usize = sorted.iter().rev().take(take).sum();
    let mut ways = vec![vec![0_u64; most + 1]; take + 1];
    ways[0][0] = 1;
    for (seen, score) in sorted.iter().enumerate() {
        for taken in (1..=take.min(seen + 1)).rev() {
            // Beyond this sum there is nothing yet.
            let reached: usize = sorted[..=seen].iter().rev().take(taken).sum();
            let (fewer, more) = ways.split_at_mut(taken);
            let into = &mut more[0][*score..=reached];
            into.iter_mut().zip(&fewer[taken - 1]).for_each(|(to, from)| *to += from);
        }
    }
    ways.swap_remove(take)
}

#[cfg(test)]
mod tests;
