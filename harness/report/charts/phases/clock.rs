//! The one unit of time that a chart is told in.

use crate::text::units::{NS_PER_MS, format_ms};

/// Milliseconds, or microseconds where all that is told is shorter than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report::charts) enum Clock {
    Us,
    Ms,
}

impl Clock {
    /// The unit of some lengths in nanoseconds; milliseconds of none.
    pub(in crate::report::charts) fn of(ns: impl IntoIterator<Item = f64>) -> Self {
        let most = ns.into_iter().fold(0.0, f64::max);
        if most > 0.0 && most < NS_PER_MS { Clock::Us } else { Clock::Ms }
    }

    pub(in crate::report::charts) fn name(self) -> &'static str {
        match self {
            Clock::Us => "us",
            Clock::Ms => "ms",
        }
    }

    /// Nanoseconds in one of it.
    pub(in crate::report::charts) fn ns(self) -> f64 {
        match self {
            Clock::Us => 1e3,
            Clock::Ms => NS_PER_MS,
        }
    }

    /// Nanoseconds with three significant figures, without the unit.
    pub(in crate::report::charts) fn text(self, ns: f64) -> String {
        format_ms(ns / self.ns() * NS_PER_MS)
    }

    /// Nanoseconds to a thousandth, for tables whose columns must add up.
    pub(in crate::report::charts) fn exact(self, ns: f64) -> String {
        format!("{:.3}", ns / self.ns())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_only_where_all_are() {
        assert_eq!(Clock::of([9e5, 3e3]), Clock::Us);
        assert_eq!(Clock::of([9e5, 1e6]), Clock::Ms);
        assert_eq!(Clock::of([]), Clock::Ms);
        assert_eq!([Clock::Us, Clock::Ms].map(|c| c.text(391_240.0)), ["391", "0.391"]);
        assert_eq!(Clock::Ms.exact(391_240.0), "0.391");
    }
}
