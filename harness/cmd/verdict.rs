//! What a comparison leaves behind: files, a summary for the pull request, words for
//! the terminal, and the exit code, in this order.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Failure, voice, warn};
use crate::compare::{Comparison, Outcome};
use crate::report::{self, comparison};
use crate::store;

/// Writes and shows a comparison; the failure is its verdict.
pub(super) fn give(found: &Comparison, folder: &Path, strict: bool) -> Result<(), Failure> {
    for file in comparison::files(found)?.into_iter().chain(report::comparison_charts(found)?) {
        store::write(folder, &file.path, &file.bytes)?;
    }
    if let Some(summary) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty())
        && let Err(error) = append(Path::new(&summary), &comparison::markdown(found))
    {
        // The verdict is not less true for it.
        warn(&format!("{error:#}"));
    }
    println!("{}", comparison::text(found, &voice::look()));
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        for line in comparison::annotations(found) {
            println!("{line}");
        }
    }
    voice::point("kept in ", &folder.display().to_string());
    voice::point("open    ", &folder.join("compare.md").display().to_string());
    // What was measured on another machine binds nobody.
    let binds = found.advisory.is_empty();
    match found.outcome {
        Outcome::Invalid => Err(Failure::Invalid),
        Outcome::Regressed if binds => Err(Failure::Regression),
        Outcome::Inconclusive if binds && strict => Err(Failure::Inconclusive),
        _ => Ok(()),
    }
}

/// The steps of a job share one summary.
fn append(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    let written = file.and_then(|mut file| writeln!(file, "{text}"));
    written.with_context(|| format!("cannot write GITHUB_STEP_SUMMARY, {}", path.display()))
}
