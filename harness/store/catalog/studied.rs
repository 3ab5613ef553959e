//! What a list shows of a study.

use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use super::{Facts, RECORD, STUDY, parsed, run, tame};

/// Of `study.json` what a list shows.
#[derive(Deserialize)]
struct Studied {
    study: String,
    started: Option<String>,
    functions: Vec<OfAFunction>,
}

#[derive(Deserialize)]
struct OfAFunction {
    function: String,
}

/// With what the run says whose rows its calls are, where they were made here.
pub(super) fn facts(folder: &Path) -> Result<Facts> {
    let found: Studied = parsed(&folder.join(STUDY))?;
    let of_run = folder.join(RECORD).is_file().then(|| run(folder)).transpose()?;
    let of_run = of_run.unwrap_or_default();
    Ok(Facts {
        started: found.started.as_deref().and_then(tame).or(of_run.started),
        scenario: tame(&format!("study-{}", found.study)),
        functions: found.functions.iter().filter_map(|of| tame(&of.function)).collect(),
        rounds: None,
        ..of_run
    })
}
