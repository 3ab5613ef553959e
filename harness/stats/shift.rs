//! How far one set of values lies from another.

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// 95 %, two-sided; none when there are too few values for it.
    pub interval: Option<(f64, f64)>,
}
