//! What was written into a folder, read back to be shown or made again: no verb reads another's.

use std::path::Path;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use super::{holds, warn};
use coldstart::analysis::Analysis;
use coldstart::explain::Explanation;
use coldstart::replay::Replay;
use coldstart::report::form::Printed;
use coldstart::store::catalog::{EXPLANATION, REPLAY, STUDY};
use coldstart::store::{self, Run};
use coldstart::study::Study;
use coldstart::tune::Tuning;

/// A run's folder, whole; or what is there of it, where that was asked for, which is told.
pub(super) fn run(folder: &Path, salvage: bool) -> Result<Run> {
    holds::a_run(folder)?;
    let run = if salvage { store::salvage(folder) } else { store::open(folder) }?;
    if let Some(why) = &run.salvaged {
        warn(&format!("salvaged, and not what was measured: {why}"));
    }
    Ok(run)
}

/// Says so when the last row of a run is not whole.
pub(super) fn tell_truncated(run: &Run) {
    if run.truncated {
        warn("the last row of samples.jsonl was cut short and is left out");
    }
}

/// What a run is shown as: its sizes, where they were weighed.
pub(super) fn printed<'a>(analysis: &'a Analysis, tuning: Option<&'a Tuning>) -> Printed<'a> {
    tuning.map_or(Printed::Run(analysis), Printed::Tuning)
}

/// The study that a folder holds.
pub(super) fn study(folder: &Path) -> Result<Study> {
    parsed(folder, STUDY, "study")
}

/// The explanation that a folder holds.
pub(super) fn explanation(folder: &Path) -> Result<Explanation> {
    parsed(folder, EXPLANATION, "explain")
}

/// The replay that a folder holds.
pub(super) fn replay(folder: &Path) -> Result<Replay> {
    parsed(folder, REPLAY, "replay")
}

/// A file of a verb, in words of this version: nothing is judged.
fn parsed<T: DeserializeOwned>(folder: &Path, file: &str, verb: &str) -> Result<T> {
    let file = folder.join(file);
    serde_json::from_str(&store::text(&file)?)
        .with_context(|| format!("{} is not readable: `coldstart {verb}` makes it", file.display()))
}
