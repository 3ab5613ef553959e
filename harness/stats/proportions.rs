//! Shares: how well one is known, and whether one is larger than another. Must not
//! know what was counted.

use super::binomial;

/// Probability that each side of an interval may leave out: 95 % two-sided.
const TAIL: f64 = 0.025;

/// Halvings of the range of a share; 60 leave less than the rounding of its end.
const HALVINGS: u32 = 60;

/// The exact 95 % interval of a share of which `hits` of `n` were seen (Clopper &
/// Pearson 1934). At least 95 % whatever the share; 0 to 1 when `n` is 0. `hits` must
/// not exceed `n`.
#[must_use]
pub fn interval(hits: u64, n: u64) -> (f64, f64) {
    debug_assert!(hits <= n);
    (lower(hits, n), 1.0 - lower(n - hits, n))
}

/// The share under which so many hits or more have a probability of [`TAIL`].
fn lower(hits: u64, n: u64) -> f64 {
    if hits == 0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, hits as f64 / n as f64);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if binomial::at_least(hits as usize, n as usize, middle) > TAIL {
            high = middle;
        } else {
            low = middle;
        }
    }
    0.5 * (low + high)
}

/// One-sided p-value that the share in `head` is larger than in `base`: (hits, n)
/// each. Fisher's exact test (Fisher 1935, The Design of Experiments, chapter II):
/// the probability of so many of all hits in head or more, when chance dealt them. 1
/// when either side is empty. Hits must not exceed n.
#[must_use]
pub fn more_often(head: (u64, u64), base: (u64, u64)) -> f64 {
    debug_assert!(head.0 <= head.1 && base.0 <= base.1);
    let all = Deal { hits: head.0 + base.0, head: head.1, base: base.1 };
    let (least, most) = (all.hits.saturating_sub(all.base), all.hits.min(all.head));
    let mode = all.mode().clamp(least, most);
    // Outwards from the most likely number, so that nothing overflows and what
    // underflows does not matter.
    let mut total = 0.0;
    let mut tail = 0.0;
    let mut add = |hits: u64, weight: f64| {
        total += weight;
        tail += if hits >= head.0 { weight } else { 0.0 };
    };
    let mut weight = 1.0;
    for hits in mode..=most {
        add(hits, weight);
        weight *= all.rise(hits);
    }
    weight = 1.0;
    for hits in (least..mode).rev() {
        weight /= all.rise(hits);
        add(hits, weight);
    }
    tail / total
}

/// The hypergeometric distribution of how many of all hits are in head.
struct Deal {
    hits: u64,
    head: u64,
    base: u64,
}

impl Deal {
    fn mode(&self) -> u64 {
        let share = (self.head + 1) as f64 / (self.head + self.base + 2) as f64;
        ((self.hits + 1) as f64 * share) as u64
    }

    /// How many times as likely one more hit than this is.
    fn rise(&self, hits: u64) -> f64 {
        let more = (self.head - hits) as f64 * (self.hits - hits) as f64;
        more / ((hits + 1) as f64 * (self.base + hits + 1 - self.hits) as f64)
    }
}

#[cfg(test)]
mod tests;
