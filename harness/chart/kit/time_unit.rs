//! The one unit of time that a chart is told in.

use crate::text::units::{NS_PER_MS, format_ms};

/// Milliseconds, or microseconds where all that is told is shorter than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeUnit {
    Us,
    Ms,
}

impl TimeUnit {
    /// The unit of some lengths in nanoseconds; milliseconds of none.
    pub(crate) fn of(ns: impl IntoIterator<Item = f64>) -> Self {
        let most = ns.into_iter().fold(0.0, f64::max);
        if most > 0.0 && most < NS_PER_MS { TimeUnit::Us } else { TimeUnit::Ms }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            TimeUnit::Us => "us",
            TimeUnit::Ms => "ms",
        }
    }

    /// Nanoseconds in one of it.
    pub(crate) fn ns(self) -> f64 {
        match self {
            TimeUnit::Us => 1e3,
            TimeUnit::Ms => NS_PER_MS,
        }
    }

    /// Nanoseconds with three significant figures, without the unit.
    pub(crate) fn text(self, ns: f64) -> String {
        format_ms(ns / self.ns() * NS_PER_MS)
    }

    /// Nanoseconds to a thousandth, for tables whose columns must add up.
    pub(crate) fn exact(self, ns: f64) -> String {
        format!("{:.3}", ns / self.ns())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_only_where_all_are() {
        assert_eq!(TimeUnit::of([9e5, 3e3]), TimeUnit::Us);
        assert_eq!(TimeUnit::of([9e5, 1e6]), TimeUnit::Ms);
        assert_eq!(TimeUnit::of([]), TimeUnit::Ms);
        assert_eq!([TimeUnit::Us, TimeUnit::Ms].map(|c| c.text(391_240.0)), ["391", "0.391"]);
        assert_eq!(TimeUnit::Ms.exact(391_240.0), "0.391");
    }
}
