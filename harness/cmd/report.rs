//! stub
use super::{Failure, say};
use crate::cli::Report;
use crate::{report, stats, store};
use std::path::Path;
use anyhow::Result;
pub(super) fn run(_args: &Report) -> Result<(), Failure> { Ok(()) }
pub(super) fn write(folder: &Path) -> Result<String> {
    let run = store::open(folder)?;
    say("");
    Ok(report::table::table(&run, &stats::summarise(&run.samples)))
}
