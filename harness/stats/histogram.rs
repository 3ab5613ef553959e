//! An HDR histogram that tells what it could not hold.
//!
//! For display and the tools of others; exact figures come from the raw samples. Three figures mean steps of 256 us at 500 ms.

use hdrhistogram::{CreationError, Histogram};

/// The lowest value held, in nanoseconds. Anything below would be recorded
/// distorted, without an error.
pub const LOWEST_NS: u64 = 1_000;
/// The highest value held, in nanoseconds: 120 s.
pub const HIGHEST_NS: u64 = 120_000_000_000;
/// Decimal figures kept.
pub const SIGNIFICANT_FIGURES: u8 = 3;

/// Values that a histogram cannot hold: counted and shown, never clamped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutOfRange {
    /// Below [`LOWEST_NS`].
    pub below: u64,
    /// Above [`HIGHEST_NS`].
    pub above: u64,
}

impl OutOfRange {
    /// Counts among values in nanoseconds.
    #[must_use]
    pub fn count(values: impl IntoIterator<Item = u64>) -> Self {
        let mut out = Self::default();
        for ns in values {
            let _ = out.admits(ns);
        }
        out
    }

    /// Whether a value can be held; counts it when not.
    fn admits(&mut self, ns: u64) -> bool {
        self.below += u64::from(ns < LOWEST_NS);
        self.above += u64::from(ns > HIGHEST_NS);
        (LOWEST_NS..=HIGHEST_NS).contains(&ns)
    }
}

/// A histogram of nanoseconds, and what it could not hold.
#[derive(Debug, Clone)]
pub struct BoundedHistogram {
    histogram: Histogram<u64>,
    out_of_range: OutOfRange,
}

impl BoundedHistogram {
    /// An empty one, 152 KiB.
    ///
    /// # Errors
    /// Never with these constants; the crate's signature says it may.
    pub fn new() -> Result<Self, CreationError> {
        let histogram = Histogram::new_with_bounds(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_FIGURES)?;
        Ok(Self { histogram, out_of_range: OutOfRange::default() })
    }

    /// Records a value in nanoseconds, or counts it as out of range.
    pub fn record(&mut self, ns: u64) {
        if self.out_of_range.admits(ns) {
            // Cannot saturate: the range was just checked.
            self.histogram.saturating_record(ns);
        }
    }

    /// The values that could be held.
    #[must_use]
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }

    /// The values that could not.
    #[must_use]
    pub fn out_of_range(&self) -> OutOfRange {
        self.out_of_range
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn recorded(values: &[u64]) -> BoundedHistogram {
        let mut all = BoundedHistogram::new().unwrap();
        values.iter().for_each(|ns| all.record(*ns));
        all
    }

    #[test]
    fn counts_what_it_cannot_hold() {
        let all = recorded(&[0, 999, 1_000, HIGHEST_NS, HIGHEST_NS + 1, u64::MAX]);
        assert_eq!(all.out_of_range(), OutOfRange { below: 2, above: 2 });
        assert_eq!(all.histogram().len(), 2);
        assert!(all.histogram().min() >= 512, "the lower bound is not distorted");
    }

    proptest! {
        #[test]
        fn holds_a_value_to_three_figures(ns in LOWEST_NS..=HIGHEST_NS) {
            let held = recorded(&[ns]).histogram().max();
            prop_assert!(held.abs_diff(ns) as f64 <= ns as f64 * 1e-3 + 512.0);
        }
    }
}
