//! Questions to a platform as a whole, each a way to call it and what that told: scenarios of
//! `serve`, by whatever answers calls.
//!
//! A study knows nothing of instances: it has what those who call have, the report of each call
//! among it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::sample::Temperature;
use crate::serve::{Call, Done, End, Platform};
use crate::stats::{BootstrapWeights, LatencySummary};
use crate::store::Run;
use crate::words::{is_simulated, is_valid, warned};

pub mod chain;
pub mod foreign;
pub mod idle;
pub mod ladder;
pub mod spike;
pub mod surge;
pub mod thumbnail;

#[cfg(test)]
mod tests;

/// What a study found, function by function: `study.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// The version of the file's format.
    pub format: u32,
    /// The run whose rows these calls are; none of a platform of somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// When it was asked for, RFC 3339, UTC, where no run's record says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// The command that repeats it.
    pub command: String,
    /// Where it was measured, and by which policy instances were kept.
    pub place: String,
    /// Instances that were started; none of a platform that does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<u64>,
    /// Those of them that never served: their calls found another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused: Option<u64>,
    /// Whether its run says of itself that what it measured is not to be believed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invalid: bool,
    /// Whether every figure is made up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// What was found.
    #[serde(flatten)]
    pub found: Found,
}

impl Study {
    /// The same with what its run says of itself.
    #[must_use]
    pub fn graded(self, run: &Run) -> Self {
        Self { invalid: !is_valid(run), simulated: is_simulated(run), ..self }
    }

    /// What stands before its title; empty of a good one.
    #[must_use]
    pub fn warning(&self) -> &'static str {
        warned(!self.invalid, self.simulated)
    }
}

/// The version of `study.json` that this program writes.
pub const FORMAT: u32 = 1;

/// What was found, of each function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "study", content = "functions", rename_all = "lowercase")]
pub enum Found {
    /// For how long idle instances are kept.
    Idle(Vec<Of<idle::Found>>),
    /// What surges do.
    Surge(Vec<Of<Vec<surge::Surge>>>),
    /// What many functions at one instant do to each.
    Spike(Vec<Of<Vec<spike::Shot>>>),
    /// What functions take that call for one another: one chain, by the names of its links.
    Chain(Vec<Of<Vec<chain::Pass>>>),
    /// One function on several rungs.
    Ladder(Vec<Of<ladder::Found>>),
    /// From an object that comes into a bucket to what a function makes of it.
    Thumbnail(Vec<Of<Vec<thumbnail::Upload>>>),
}

/// What was found of a function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Of<T> {
    /// Its name.
    pub function: String,
    /// What was found.
    pub found: T,
}

/// What became of a call, as far as a study looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Met {
    /// It was answered by an instance that was started for it, or before it, and had never served.
    Cold,
    /// It was answered by one that had served.
    Warm,
    /// It was refused.
    Refused,
    /// It failed, and why.
    Failed(String),
}

/// A call that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What became of it.
    pub met: Met,
    /// From its instant to when it was given to an instance.
    pub waited: Duration,
    /// From its instant to its answer.
    pub took: Duration,
    /// What its instance took for it, as it is billed; none of one that met none.
    pub ran: Option<Ran>,
    /// When it was answered: nanoseconds since the run's epoch.
    pub ended: u64,
}

/// What an instance took for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ran {
    /// For the event.
    pub handler: Duration,
    /// For its init, where it was started for the call.
    pub init: Option<Duration>,
}

/// Calls a function at an instant that has come, with an event.
async fn call(platform: &impl Platform, function: &Arc<str>, event: &str, at: u64) -> Seen {
    call_with(platform, function, Bytes::copy_from_slice(event.as_bytes()), at).await.0
}

/// The same; with what it answered.
async fn call_with(
    platform: &impl Platform,
    function: &Arc<str>,
    event: Bytes,
    at: u64,
) -> (Seen, Option<Bytes>) {
    let (request, function) = (Uuid::new_v4(), function.clone());
    let call = Call::of(function, request, event, at);
    let Done { end, report, .. } = platform.call(call).await;
    let ended = platform.clock().now();
    let temperature = report.as_ref().map(|report| report.temperature);
    let answer = match &end {
        End::Response(body) => Some(body.clone()),
        _ => None,
    };
    let met = match end {
        End::Response(_) if temperature == Some(Temperature::Warm) => Met::Warm,
        End::Response(_) => Met::Cold,
        End::Throttled { .. } => Met::Refused,
        End::Failed(document) => Met::Failed(String::from_utf8_lossy(&document).into_owned()),
        End::NotFound => Met::Failed("there is no such function".to_owned()),
        End::Stopping => Met::Failed("the platform stops".to_owned()),
        End::Unavailable(why) => Met::Failed(why),
    };
    let took = Duration::from_nanos(ended.saturating_sub(at));
    let ran = report.as_ref().map(|of| Ran { handler: of.duration, init: of.init });
    let waited = report.map_or(took, |report| report.waited);
    (Seen { met, waited, took, ran, ended }, answer)
}

/// The middle one, the lower of two.
pub(crate) fn median(values: &mut [u64]) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

/// What calls took, each with its round, in figures; none of none.
fn summed(taken: &[(u32, u64)]) -> Option<LatencySummary> {
    let rows: Vec<(u32, Option<u64>)> =
        taken.iter().map(|(round, ns)| (*round, Some(*ns))).collect();
    (!rows.is_empty()).then(|| LatencySummary::by_round(&rows, &mut BootstrapWeights::default()))
}

/// Nanoseconds of a time.
fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 4)
}
