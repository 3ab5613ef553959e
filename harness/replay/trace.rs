//! A trace: which function was called when, and how long that took.

use std::time::Duration;

mod by_call;
mod by_minute;
pub mod generate;
mod lines;
mod read;

pub use read::{Reading, read};

/// Calls that a trace has at most: they are held in memory, 24 bytes each.
pub const MOST_CALLS: usize = 10_000_000;
/// Functions that a trace has at most.
pub const MOST_FUNCTIONS: usize = 100_000;
/// How long a call takes at most, unless that is typed: what AWS Lambda allows.
pub const LONGEST_CALL: Duration = Duration::from_secs(900);

/// Calls of functions, in the order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// In which form it was read.
    pub form: Form,
    /// By the number that calls have.
    pub functions: Vec<String>,
    /// The first is at 0.
    pub calls: Vec<TraceCall>,
    /// What was changed of it.
    pub changed: Changed,
}

/// The form of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Form {
    /// A call a line, as Azure published it in 2021: `app,func,end_timestamp,duration`.
    ByCall,
    /// A function a line and a column a minute, as Azure published it in 2019.
    ByMinute,
}

/// A call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceCall {
    /// When it came, in nanoseconds since the first.
    pub at: u64,
    /// How long it took, in nanoseconds.
    pub run: u64,
    /// Which function.
    pub function: u32,
}

/// What was changed of a trace, or left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changed {
    /// Calls that took longer than is allowed, and take that.
    pub clipped: u64,
    /// Calls beyond the number that was asked for.
    pub left_out: u64,
    /// Calls whose duration the trace does not have.
    pub without_duration: u64,
}

impl Trace {
    /// From the first call to the last, in nanoseconds.
    #[must_use]
    pub fn span(&self) -> u64 {
        self.calls.last().map_or(0, |call| call.at)
    }

    /// The same calls of the functions that those of the trace stand for, by their names: of
    /// several that stand for one the instances are the same.
    #[must_use]
    pub fn of_others(self, mapping: &[usize], names: Vec<String>) -> Self {
        let mut calls = self.calls;
        for call in &mut calls {
            let other = mapping.get(call.function as usize).copied().unwrap_or(0);
            call.function = u32::try_from(other).unwrap_or(0);
        }
        Self { functions: names, calls, ..self }
    }

    /// What the calls of each function took on the average; none of one without calls.
    #[must_use]
    pub fn average_runs(&self) -> Vec<Option<u64>> {
        let mut all = vec![(0u128, 0u128); self.functions.len()];
        for call in &self.calls {
            let (sum, n) = &mut all[call.function as usize];
            *sum += u128::from(call.run);
            *n += 1;
        }
        let mean = |(sum, n): (u128, u128)| u64::try_from(sum.checked_div(n)?).ok();
        all.into_iter().map(mean).collect()
    }

    /// In the order of time, from 0 on, at so many times the speed, no more than are wanted,
    /// none longer than is allowed.
    fn finished(mut self, reading: &Reading) -> Self {
        self.calls.sort_by_key(|call| call.at);
        let first = self.calls.first().map_or(0, |call| call.at);
        let longest = u64::try_from(reading.longest.as_nanos()).unwrap_or(u64::MAX);
        if let Some(most) = reading.limit.filter(|most| *most < self.calls.len()) {
            self.changed.left_out = (self.calls.len() - most) as u64;
            self.calls.truncate(most);
        }
        for call in &mut self.calls {
            call.at = ((call.at - first) as f64 / reading.speed) as u64;
            if call.run > longest {
                call.run = longest;
                self.changed.clipped += 1;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests;
