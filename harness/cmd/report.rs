//! `report`: a run's summary, charts and report, from its samples alone.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::failure::of_files;
use super::{ExitReason, stdout, warn};
use crate::cli::{Format, Report};
use crate::report::Document;
use crate::stats::Summary;
use crate::store::Run;
use crate::terminal;
use crate::{report, stats, store};

/// Writes everything that is derived from a run again, and prints its table.
pub(super) fn run(args: &Report) -> Result<(), ExitReason> {
    let run = super::compare::read(&args.run, args.salvage)?;
    let summaries = stats::summarise(&run.samples);
    let text = write(&run, &summaries, args.printed.format)?;
    if let Some(page) = &args.splice {
        splice(&run, &summaries, page)?;
    }
    stdout::result(&text)?;
    terminal::hint("open ", &args.run.join("report.html").display().to_string());
    Ok(())
}

/// Writes summary, histograms, charts and reports of a run; returns what is printed.
pub(super) fn write(run: &Run, summaries: &[Summary], format: Format) -> Result<String> {
    tell_truncated(run);
    let writing = terminal::step("writing the report");
    for artifact in report::render(run, summaries)? {
        store::write(&run.folder, &artifact.path, &artifact.bytes)?;
    }
    drop(writing);
    printed(run, summaries, format)
}

/// Says so when the last row of a run is not whole.
pub(super) fn tell_truncated(run: &Run) {
    if run.truncated {
        warn("the last row of samples.jsonl was cut short and is left out");
    }
}

/// A run in the form that was asked for: the table, or one of its files.
pub(super) fn printed(run: &Run, summaries: &[Summary], format: Format) -> Result<String> {
    let which = match format {
        Format::Text => return Ok(report::table::table(run, summaries, &terminal::look())),
        Format::Json => Document::Summary,
        Format::Markdown => Document::Page,
        Format::Csv => Document::Rows,
    };
    Ok(stdout::text(&report::document(run, summaries, which)?))
}

fn splice(run: &Run, summaries: &[Summary], page: &Path) -> Result<()> {
    let text =
        fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let spliced = report::readme::splice(&text, &report::readme::block(run, summaries));
    let spliced =
        spliced.map_err(|e| of_files(format!("cannot splice into {}: {e}", page.display())))?;
    let name = page.file_name().map(Path::new).unwrap_or(page);
    store::write(page.parent().unwrap_or(Path::new("")), name, spliced.as_bytes())
}
