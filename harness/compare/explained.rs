//! What a verdict says of why a function alarmed, where that was looked at after it.

/// What head of a function that alarmed does and base does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedAlarm {
    /// Name of the function.
    pub function: String,
    /// Modules that it newly loads, with nanoseconds with all that they load.
    pub loads: Vec<(String, u64)>,
    /// Files that it newly opens.
    pub opens: Vec<String>,
    /// Packages by the nanoseconds that are attributed to them more, the most first.
    pub takes: Vec<(String, u64)>,
}
