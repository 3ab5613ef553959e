//! `report`: a run's summary, charts and report, from its samples alone.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Failure, say};
use crate::cli::Report;
use crate::{report, stats, store};

/// Writes everything that is derived from a run again, and prints its table.
pub(super) fn run(args: &Report) -> Result<(), Failure> {
    let table = write(&args.run)?;
    if let Some(page) = &args.splice {
        splice(&args.run, page)?;
    }
    println!("{table}");
    Ok(())
}

/// Writes summary, histograms, charts and reports of a run; returns its table.
pub(super) fn write(folder: &Path) -> Result<String> {
    let run = store::open(folder)?;
    if run.truncated {
        say("the last row of samples.jsonl was cut short and is left out");
    }
    for artifact in report::render(&run)? {
        store::write(folder, &artifact.path, &artifact.bytes)?;
    }
    Ok(report::table::table(&run, &stats::summarise(&run.samples)))
}

fn splice(folder: &Path, page: &Path) -> Result<()> {
    let run = store::open(folder)?;
    let text =
        fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let block = report::readme::block(&run, &stats::summarise(&run.samples));
    let spliced = report::readme::splice(&text, &block)
        .with_context(|| format!("cannot splice into {}", page.display()))?;
    let name = page.file_name().map(Path::new).unwrap_or(page);
    store::write(page.parent().unwrap_or(Path::new("")), name, spliced.as_bytes())
}
