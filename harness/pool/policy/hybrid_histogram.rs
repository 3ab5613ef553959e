//! What a function's pauses were says when it is called next: its instance is removed after a
//! call, started again shortly before the next one is expected, and kept until that would be
//! late.
//!
//! Shahrad et al., Serverless in the Wild (USENIX ATC 2020): a histogram of pauses for each
//! function, 240 bins of a minute; started again at the 5th percentile, rounded down to its bin,
//! less 10 %; kept to the 99th, rounded up, and 10 % more. Where the histogram says nothing (the
//! coefficient of variation of its bins is below 2, or most pauses are longer than it has bins)
//! an instance is kept for the range of the histogram. Two things are ours: there must be some
//! pauses at all, and pauses beyond the range are not forecast as a time series.

use super::{FunctionIndex, Idle, Policy, of};

/// Bins of a histogram.
pub(super) const BINS: usize = 240;
/// Pauses that must be known.
const LEAST: u64 = 5;
/// Below this the histogram is no pattern.
const LEAST_VARIATION: f64 = 2.0;
/// The share of pauses beyond the range from which on it is no pattern either.
const MOST_BEYOND: f64 = 0.5;
/// The percentiles between which a call is expected, and how far they are not trusted.
const EARLIEST: f64 = 0.05;
const LATEST: f64 = 0.99;
const MARGIN: f64 = 0.10;

pub(super) struct HybridHistogram {
    /// The width of a bin, in nanoseconds.
    pub(super) bin: u64,
    functions: Vec<Pauses>,
}

/// What is known of a function's pauses.
#[derive(Default)]
struct Pauses {
    bins: Vec<u32>,
    beyond: u64,
    /// Calls that are not over.
    running: u32,
    /// When there was last none.
    ended: Option<u64>,
}

/// When a call is expected after the last one was over, in nanoseconds from then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) earliest: u64,
    pub(super) latest: u64,
}

impl Pauses {
    fn add(&mut self, pause: u64, bin: u64) {
        let at = usize::try_from(pause / bin.max(1)).unwrap_or(usize::MAX);
        if at >= BINS {
            self.beyond += 1;
            return;
        }
        if self.bins.is_empty() {
            self.bins = vec![0; BINS];
        }
        self.bins[at] = self.bins[at].saturating_add(1);
    }

    /// None where the pauses have no pattern.
    fn expected(&self, bin: u64) -> Option<Expected> {
        let within: u64 = self.bins.iter().map(|n| u64::from(*n)).sum();
        let all = within + self.beyond;
        let beyond = self.beyond as f64 / all as f64;
        if within == 0 || all < LEAST || beyond > MOST_BEYOND {
            return None;
        }
        let mean = within as f64 / BINS as f64;
        let squares = self.bins.iter().map(|n| (f64::from(*n) - mean).powi(2)).sum::<f64>();
        if (squares / BINS as f64).sqrt() / mean < LEAST_VARIATION {
            return None;
        }
        let place = |share: f64| {
            let rank = ((within as f64 * share).ceil() as u64).clamp(1, within);
            let mut seen = 0;
            let reaches = |n: &u32| {
                seen += u64::from(*n);
                seen >= rank
            };
            self.bins.iter().position(reaches).unwrap_or(BINS - 1) as f64
        };
        let bin = bin as f64;
        Some(Expected {
            earliest: (place(EARLIEST) * bin * (1.0 - MARGIN)) as u64,
            latest: ((place(LATEST) + 1.0) * bin * (1.0 + MARGIN)) as u64,
        })
    }
}

impl HybridHistogram {
    pub(super) fn new(bin: u64) -> Self {
        Self { bin: bin.max(1), functions: Vec::new() }
    }

    fn range(&self) -> u64 {
        self.bin.saturating_mul(BINS as u64)
    }
}

impl Policy for HybridHistogram {
    fn arrived(&mut self, function: FunctionIndex, at: u64) {
        let bin = self.bin;
        let pauses = of(&mut self.functions, function);
        if pauses.running == 0
            && let Some(ended) = pauses.ended
        {
            pauses.add(at.saturating_sub(ended), bin);
        }
        pauses.running += 1;
    }

    fn ended(&mut self, function: FunctionIndex, at: u64) {
        let pauses = of(&mut self.functions, function);
        pauses.running = pauses.running.saturating_sub(1);
        if pauses.running == 0 {
            pauses.ended = Some(at);
        }
    }

    fn keep(&mut self, idle: &Idle) -> Option<u64> {
        let (bin, range) = (self.bin, self.range());
        let pauses = of(&mut self.functions, idle.function);
        let ended = pauses.ended.filter(|_| pauses.running == 0).unwrap_or(idle.at);
        Some(match pauses.expected(bin) {
            None => idle.at.saturating_add(range),
            // It will be started again in time.
            Some(expected) if expected.earliest > 0 && idle.served && pauses.running == 0 => {
                idle.at
            }
            Some(expected) => ended.saturating_add(expected.latest),
        })
    }

    fn prewarm(&mut self, function: FunctionIndex, at: u64) -> Option<u64> {
        let bin = self.bin;
        let expected = of(&mut self.functions, function).expected(bin)?;
        (expected.earliest > 0).then(|| at.saturating_add(expected.earliest))
    }
}
