//! `report`: a run's summary, charts and report, from its samples alone.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Failure, voice, warn};
use crate::cli::Report;
use crate::stats::Summary;
use crate::store::Run;
use crate::{report, stats, store};

/// Writes everything that is derived from a run again, and prints its table.
pub(super) fn run(args: &Report) -> Result<(), Failure> {
    let run = store::open(&args.run)?;
    let summaries = stats::summarise(&run.samples);
    let table = write(&run, &summaries)?;
    if let Some(page) = &args.splice {
        splice(&run, &summaries, page)?;
    }
    println!("{table}");
    voice::point("open ", &args.run.join("report.html").display().to_string());
    Ok(())
}

/// Writes summary, histograms, charts and reports of a run; returns its table.
pub(super) fn write(run: &Run, summaries: &[Summary]) -> Result<String> {
    if run.truncated {
        warn("the last row of samples.jsonl was cut short and is left out");
    }
    let writing = voice::step("writing the report");
    for artifact in report::render(run, summaries)? {
        store::write(&run.folder, &artifact.path, &artifact.bytes)?;
    }
    drop(writing);
    Ok(report::table::table(run, summaries, &voice::look()))
}

fn splice(run: &Run, summaries: &[Summary], page: &Path) -> Result<()> {
    let text =
        fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let spliced = report::readme::splice(&text, &report::readme::block(run, summaries))
        .with_context(|| format!("cannot splice into {}", page.display()))?;
    let name = page.file_name().map(Path::new).unwrap_or(page);
    store::write(page.parent().unwrap_or(Path::new("")), name, spliced.as_bytes())
}
