//! What a list shows of a trace that was played.

use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use super::{Facts, REPLAY, parsed, tame};

/// Of `replay.json` what a list shows.
#[derive(Deserialize)]
struct Replay {
    started: String,
    trace: ReplayedTrace,
    policies: Vec<ReplayedPolicy>,
}

#[derive(Deserialize)]
struct ReplayedTrace {
    name: String,
}

#[derive(Deserialize)]
struct ReplayedPolicy {
    policy: String,
    cold: u64,
    fresh: u64,
    warm: u64,
}

pub(super) fn facts(folder: &Path) -> Result<Facts> {
    let found: Replay = parsed(&folder.join(REPLAY))?;
    let told = |of: &ReplayedPolicy| {
        let share = of.cold as f64 * 100.0 / (of.cold + of.fresh + of.warm).max(1) as f64;
        format!("{} {share:.1} % cold", of.policy)
    };
    let policies = found.policies.iter().map(told).collect::<Vec<_>>().join(", ");
    Ok(Facts {
        started: tame(&found.started),
        answer: tame(&format!("{}: {policies}", found.trace.name)),
        ..Facts::default()
    })
}
