//! What a comparison leaves behind: files, a summary for the pull request, words for
//! the terminal, and the exit code, in this order.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::{ExitReason, stdout, warn};
use crate::terminal;
use coldstart::compare::{Comparison, GateOutcome};
use coldstart::report::comparison;
use coldstart::report::form::{Form, Printed};
use coldstart::report::look::Look;
use coldstart::store;

/// What the terminal was told of a comparison, in its folder.
const TOLD: &str = "compare.txt";

/// Writes and shows a comparison; the failure is its verdict. It is kept in a
/// folder that is there, or below it: the folder may be somebody else's, and no link in it
/// is followed.
pub(super) fn give(
    found: &Comparison,
    (root, below): (&Path, &str),
    strict: bool,
    format: &Form,
) -> Result<(), ExitReason> {
    let write = |path: &Path, bytes: &[u8]| store::write(root, &Path::new(below).join(path), bytes);
    for file in comparison::files(found)?.iter().chain(&comparison::pictured(found)?) {
        write(&file.path, &file.bytes)?;
    }
    // A verdict is shown again as it was given.
    write(Path::new(TOLD), comparison::text(found, &Look::default()).as_bytes())?;
    if let Some(summary) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty())
        && let Err(error) = append(Path::new(&summary), &comparison::markdown(found))
    {
        // The verdict is not less true for it.
        warn(&format!("{error:#}"));
    }
    stdout::result(&stdout::form(format, &Printed::Comparison(found))?)?;
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        // The runner reads them on either stream; the result stands alone on its own.
        comparison::annotations(found).iter().for_each(|line| terminal::command(line));
    }
    let folder = root.join(below);
    terminal::hint("kept in ", &folder.display().to_string());
    terminal::hint("open    ", &folder.join("compare.html").display().to_string());
    // What was measured on another machine does not fail the build.
    let binds = found.advisory.is_empty();
    match found.outcome {
        GateOutcome::Invalid => Err(ExitReason::Invalid),
        GateOutcome::Regressed if binds => Err(ExitReason::Regression),
        GateOutcome::Inconclusive if binds && strict => Err(ExitReason::Inconclusive),
        _ => Ok(()),
    }
}

/// The steps of a job share one summary.
fn append(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    let written = file.and_then(|mut file| writeln!(file, "{text}"));
    written.with_context(|| format!("cannot write GITHUB_STEP_SUMMARY, {}", path.display()))
}
