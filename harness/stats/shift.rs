//! How much slower one side is than another.

/// A value with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate itself.
    pub value: f64,
    /// None where the rows do not support one.
    pub interval: Option<(f64, f64)>,
}
