//! Intervals of quantiles where a round gave several rows, by drawing rounds again.
//!
//! Rows of one burst, or of one instance's calls, share their round's conditions,
//! so they are not so many independent observations: the round is. A resample is as
//! many rounds as there are, drawn with replacement, each with all of its rows; the
//! interval is where the quantile lies in the middle 95 % of the resamples. Davison
//! & Hinkley, Bootstrap Methods and their Application, 1997, sections 3.8 (whole
//! clusters) and 5.3.1 (percentiles).
//!
//! Must not know what the rows measure.
//!
//! Why rounds are drawn and not rows: decision 0024.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::binomial::least_rows;
use super::hodges_lehmann::Estimate;

/// Fewest rounds that give an interval, as many as the median needs rows that are
/// independent: of five, all lie on one side of the truth in more than 5 % of all
/// cases, so that not even the range of what was seen is a 95 % interval.
pub(super) const LEAST_ROUNDS: usize = 6;

/// Resamples. The ends are the 50th from below and from above.
const RESAMPLES: usize = 2_000;
/// Resamples beyond either end: 2.5 %.
const BEYOND: usize = RESAMPLES / 40 - 1;
/// Of the generator: the same rows give the same interval always.
const SEED: u64 = 7;

/// Resamples that are walked at once.
const LANES: usize = 16;
/// Rows between two places at which the walk keeps how far it came.
const BLOCK: usize = 16;
/// Most bytes of draws that are kept for the next rows.
const MOST_KEPT: usize = 32 << 20;

/// How often a round is in each of some resamples. Never near 255: it is one on
/// average, and binomial.
type Times = [u8; LANES];

/// The draws for so many rounds: 2,000 resamples, and the same ones for all
/// rows of as many rounds. Kept, because the parts of a cell need the same ones.
#[derive(Debug, Default)]
pub struct BootstrapWeights {
    kept: BTreeMap<usize, Vec<Times>>,
}

impl BootstrapWeights {
    /// For each [`LANES`] resamples in turn, the times of every round.
    fn of(&mut self, rounds: usize) -> &[Times] {
        if self.kept.values().map(|times| times.len() * LANES).sum::<usize>() > MOST_KEPT {
            self.kept.clear();
        }
        self.kept.entry(rounds).or_insert_with(|| draw(rounds, 0))
    }
}

/// From a stream of its own, what is drawn is independent of the other streams.
fn draw(rounds: usize, stream: u64) -> Vec<Times> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    rng.set_stream(stream);
    let mut all = vec![[0; LANES]; RESAMPLES / LANES * rounds];
    for times in all.chunks_exact_mut(rounds.max(1)) {
        for draw in 0..LANES * rounds {
            // The high part of a product: uniform but for rounds / 2^32.
            let drawn = (u64::from(rng.next_u32()) * rounds as u64) >> 32;
            times[drawn as usize][draw / rounds] += 1;
        }
    }
    all
}

/// Rows in order, with their rounds.
pub(super) struct Rows {
    /// Nanoseconds, ascending; a failure is infinite.
    values: Vec<f64>,
    /// The round of each, counted from 0 without gaps.
    rounds: Vec<u32>,
    /// How many rounds there are.
    count: usize,
}

impl Rows {
    /// Of (round, nanoseconds) in any order.
    pub(super) fn new(mut rows: Vec<(u32, f64)>) -> Self {
        let mut numbers: Vec<u32> = rows.iter().map(|(round, _)| *round).collect();
        numbers.sort_unstable();
        numbers.dedup();
        rows.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
        // Every number is there: it was taken from these rows.
        let place = |round: u32| numbers.partition_point(|number| *number < round) as u32;
        Self {
            values: rows.iter().map(|(_, ns)| *ns).collect(),
            rounds: rows.iter().map(|(round, _)| place(*round)).collect(),
            count: numbers.len(),
        }
    }

    /// The 95 % interval of the `q`-quantile for each of some; infinite where it
    /// falls among the failures. None below [`LEAST_ROUNDS`] rounds, or
    /// [`least_rows`] rows.
    pub(super) fn intervals<const N: usize>(
        &self,
        qs: [f64; N],
        draws: &mut BootstrapWeights,
    ) -> [Option<(f64, f64)>; N] {
        let wanted: Vec<f64> = qs.into_iter().filter(|q| self.support(*q)).collect();
        if wanted.is_empty() {
            return [None; N];
        }
        let mut found = self.resampled(&wanted, draws.of(self.count)).into_iter();
        qs.map(|q| if self.support(q) { found.next().map(ends) } else { None })
    }

    fn support(&self, q: f64) -> bool {
        self.count >= LEAST_ROUNDS && self.values.len() >= least_rows(q)
    }

    /// Of the rows themselves: every round once.
    fn quantile(&self, q: f64) -> f64 {
        let mut walk = Walk::over(self);
        walk.weigh(&vec![[1; LANES]; self.count]);
        walk.quantile(q, 0)
    }

    /// Each quantile in every resample, in the order of the resamples.
    fn resampled(&self, qs: &[f64], draws: &[Times]) -> Vec<Vec<f64>> {
        let mut found = vec![Vec::with_capacity(RESAMPLES); qs.len()];
        let mut walk = Walk::over(self);
        for times in draws.chunks_exact(self.count) {
            walk.weigh(times);
            for lane in 0..LANES {
                for (q, found) in qs.iter().zip(&mut found) {
                    found.push(walk.quantile(*q, lane));
                }
            }
        }
        found
    }
}

/// The 50th value from below and from above.
fn ends(mut values: Vec<f64>) -> (f64, f64) {
    let mut at = |index| *values.select_nth_unstable_by(index, f64::total_cmp).1;
    (at(BEYOND), at(RESAMPLES - 1 - BEYOND))
}

/// Some resamples of rows, side by side.
///
/// A row that is in a resample k times is so many rows of the same value: nothing
/// is copied or sorted, the rank of a value is the sum of the times before it.
struct Walk<'a> {
    rows: &'a Rows,
    /// The times of every round.
    times: Vec<[u32; LANES]>,
    /// Rows of each resample before each [`BLOCK`] of rows; at the end, all.
    below: Vec<[u32; LANES]>,
}

impl<'a> Walk<'a> {
    fn over(rows: &'a Rows) -> Self {
        Self { rows, times: Vec::new(), below: Vec::new() }
    }

    fn weigh(&mut self, times: &[Times]) {
        self.times.clear();
        self.times.extend(times.iter().map(|times| times.map(u32::from)));
        self.below.clear();
        let mut below = [0; LANES];
        for block in self.rows.rounds.chunks(BLOCK) {
            self.below.push(below);
            for round in block {
                let times = &self.times[*round as usize];
                for lane in 0..LANES {
                    below[lane] += times[lane];
                }
            }
        }
        self.below.push(below);
    }

    /// Hyndman-Fan type 7 of a resample. It has rows: each round has one at least.
    fn quantile(&self, q: f64, lane: usize) -> f64 {
        let n = self.below.last().map_or(0, |all| all[lane]);
        let position = f64::from(n.saturating_sub(1)) * q;
        let share = position.fract();
        let (row, upto) = self.find(position as u32, lane);
        let low = self.rows.values[row];
        // Rounding must not pull in a failure that has no weight.
        if share < 1e-9 || upto > position as u32 + 1 || low.is_infinite() {
            return low;
        }
        let next = (row + 1..self.rows.values.len()).find(|row| self.of(*row, lane) > 0);
        next.map_or(low, |next| low + share * (self.rows.values[next] - low))
    }

    /// The row that has a rank, from 0, and how many rows there are up to its end.
    fn find(&self, rank: u32, lane: usize) -> (usize, u32) {
        let block = self.below.partition_point(|below| below[lane] <= rank).saturating_sub(1);
        let mut row = block * BLOCK;
        let mut upto = self.below[block][lane] + self.of(row, lane);
        while upto <= rank {
            row += 1;
            upto += self.of(row, lane);
        }
        (row, upto)
    }

    /// How often a row is in a resample.
    fn of(&self, row: usize, lane: usize) -> u32 {
        self.times[self.rows.rounds[row] as usize][lane]
    }
}

/// The ratio of the `q`-quantiles head / base with its 95 % interval, by drawing the
/// rounds of each side again, independently of the other's. Rows are (round,
/// nanoseconds), a failure is infinite.
///
/// None when either side has fewer than 6 rounds, fewer than [`least_rows`]
/// rows, or a failure (or, of the base, no time at all) at that height. Without
/// interval when an end of it is a failure.
#[must_use]
pub fn quantile_ratio(head: &[(u32, f64)], base: &[(u32, f64)], q: f64) -> Option<Estimate> {
    let [head, base] = [head, base].map(|rows| Rows::new(rows.to_vec()));
    if !head.support(q) || !base.support(q) {
        return None;
    }
    let (above, below) = (head.quantile(q), base.quantile(q));
    if above.is_infinite() || below.is_infinite() || below <= 0.0 {
        return None;
    }
    let resampled = |rows: &Rows, stream| rows.resampled(&[q], &draw(rows.count, stream)).remove(0);
    let pairs = resampled(&head, 0).into_iter().zip(resampled(&base, 1));
    let ratios: Vec<f64> = pairs.map(|(head, base)| head / base).collect();
    // Of two failures the ratio could be anything.
    let or = |else_: f64| ratios.iter().map(|r| if r.is_nan() { else_ } else { *r }).collect();
    let (low, high) = (ends(or(0.0)).0, ends(or(f64::INFINITY)).1);
    Some(Estimate {
        value: above / below,
        interval: (low > 0.0 && high.is_finite()).then_some((low, high)),
    })
}

#[cfg(test)]
mod tests;
