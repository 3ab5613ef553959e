//! Numbers -> words and charts: everything in a run folder that is derived.
//!
//! Does no I/O: [`render`] gives bytes, `store` writes them. Foreign text (names
//! of functions, causes of errors) is escaped for each form.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::chart;
use crate::sample::{Cell, Sample};
use crate::stats::{self, Summary};
use crate::store::Run;

use findings::Findings;

pub mod comparison;
mod controls;
mod environment;
mod findings;
pub mod histograms;
mod html;
pub mod look;
mod markdown;
mod noise;
mod notes;
pub mod rates;
pub mod readme;
mod resources;
pub mod sheet;
mod summary;
pub mod table;
mod throughput;
pub(crate) mod words;

/// One derived file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Relative to the run's folder.
    pub path: PathBuf,
    /// All of it.
    pub bytes: Vec<u8>,
}

impl Artifact {
    fn new(path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into() }
    }
}

/// Everything that is derived from a run and its summaries, which are those of its
/// samples: files for programs, histograms, charts, pages.
///
/// # Errors
/// When the record's start is no instant, or a chart cannot be drawn.
pub fn render(run: &Run, summaries: &[Summary]) -> Result<Vec<Artifact>> {
    let charts = chart::charts(run, summaries)?;
    let findings = Findings::of(run, summaries);
    let mut files = vec![
        Artifact::new("summary.json", summary::json(run, summaries, &findings)?),
        Artifact::new("summary.csv", summary::csv(summaries)?),
        Artifact::new("report.md", markdown::page(run, summaries, &findings, &charts)),
        Artifact::new("report.html", html::page(run, summaries, &findings, &charts)),
    ];
    files.extend(histogram_files(run, summaries)?);
    files.extend(chart_files(charts));
    Ok(files)
}

/// One derived file of a run, for who wants nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// `summary.json`.
    Summary,
    /// `summary.csv`.
    Rows,
    /// `report.md`.
    Page,
}

/// One of the files that [`render`] makes, the same to the byte.
///
/// # Errors
/// As [`render`]; only the page draws charts, whose titles it has.
pub fn document(run: &Run, summaries: &[Summary], which: Document) -> Result<Vec<u8>> {
    match which {
        Document::Summary => summary::json(run, summaries, &Findings::of(run, summaries)),
        Document::Rows => summary::csv(summaries),
        Document::Page => {
            let charts = chart::charts(run, summaries)?;
            let findings = Findings::of(run, summaries);
            Ok(markdown::page(run, summaries, &findings, &charts).into_bytes())
        }
    }
}

fn chart_files(charts: Vec<chart::Chart>) -> impl Iterator<Item = Artifact> {
    charts.into_iter().map(|chart| Artifact::new(format!("charts/{}.svg", chart.name), chart.svg))
}

fn histogram_files(run: &Run, summaries: &[Summary]) -> Result<Vec<Artifact>> {
    let mut by_cell: BTreeMap<&Cell, Vec<&Sample>> = BTreeMap::new();
    for sample in stats::used(&run.samples) {
        by_cell.entry(&sample.cell).or_default().push(sample);
    }
    let mut files = Vec::new();
    for summary in summaries {
        let name = file_name(run, &summary.cell);
        let rows = by_cell.remove(&summary.cell).unwrap_or_default();
        if let Some(bytes) = histograms::interval_log(&run.record.started, &rows)? {
            files.push(Artifact::new(format!("histograms/{name}.hlog"), bytes));
        }
        if let Some(bytes) = histograms::percentiles(&rows)? {
            files.push(Artifact::new(format!("histograms/{name}.hgrm"), bytes));
        }
    }
    Ok(files)
}

/// A name for a cell's files, which a hand-edited run must not turn into a path:
/// `name-bridge-surge-out-cold`.
fn file_name(run: &Run, cell: &Cell) -> String {
    let Cell { function, factors, pattern, step, temperature, .. } = cell;
    let conditions = words::conditions_in_a_name(run, factors);
    let name = match cell.control {
        Some(control) => format!("{}-{conditions}", control.to_string().replace(' ', "-")),
        None => format!("{function}-{conditions}-{pattern}-{step}-{temperature}"),
    };
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let safe: String = name.chars().map(safe).collect();
    if safe.len() <= LONGEST_FILE_NAME {
        return safe;
    }
    let digest: String = Sha256::digest(&name).iter().take(6).map(|b| format!("{b:02x}")).collect();
    format!("{}-{digest}", &safe[..LONGEST_FILE_NAME - digest.len() - 1])
}

/// Characters of a file's name without its ending; file systems take 255 bytes.
const LONGEST_FILE_NAME: usize = 160;

#[cfg(test)]
pub(crate) mod tests;
