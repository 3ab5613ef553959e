//! Numbers -> words and charts: everything in a run folder that is derived.
//!
//! Does no I/O: [`render`] gives bytes, `store` writes them. Foreign text (names
//! of functions, causes of errors) is escaped for each form.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::analysis::Analysis;
use crate::chart;
use crate::compare::{self, Variants};
use crate::sample::{Cell, Sample};
use crate::stats;
use crate::store::Run;

use look::Look;
use render::{html, json, markdown, terminal};

mod build;
pub mod comparison;
mod document;
pub mod explanation;
pub mod form;
pub mod histograms;
pub mod listing;
pub mod look;
pub mod readme;
pub mod reliability;
mod render;
pub mod replay;
pub mod study;
pub mod tune;

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

/// Everything that is derived from a run: files for programs, histograms, charts, pages.
///
/// # Errors
/// When the record's start is no instant, or a chart cannot be drawn.
pub fn render(analysis: &Analysis) -> Result<Vec<Artifact>> {
    let charts = chart::charts(analysis.run, &analysis.summaries)?;
    let document = build::run::document(analysis, &charts);
    let mut files = vec![
        Artifact::new("summary.json", json::run::json(analysis)?),
        Artifact::new("summary.csv", json::run::csv(analysis)?),
        Artifact::new("report.md", markdown::page(&document)),
        Artifact::new("report.html", html::page(&document)),
    ];
    drop(document);
    if let Some(sheet) = json::budget::csv(&compare::budget::of_run(analysis.run)) {
        files.push(Artifact::new("budgets.csv", sheet?));
    }
    if let Some(sheet) = json::run::cost::csv(analysis) {
        files.push(Artifact::new("cost.csv", sheet?));
    }
    if let Some(variants) = Variants::of(analysis.run) {
        files.push(Artifact::new("variants.csv", comparison::rows(&variants.comparison)?));
    }
    files.extend(histogram_files(analysis)?);
    files.extend(chart_files(charts));
    Ok(files)
}

/// A run for a terminal: the answer, a row a cell, the cold starts on one scale, how far
/// to trust them, and the notes, those that are to be acted on first.
#[must_use]
pub fn text(analysis: &Analysis, look: &Look) -> String {
    terminal::text(&build::run::document(analysis, &[]), look)
}

fn chart_files(charts: Vec<chart::Chart>) -> impl Iterator<Item = Artifact> {
    charts.into_iter().map(|chart| Artifact::new(format!("charts/{}.svg", chart.name), chart.svg))
}

fn histogram_files(analysis: &Analysis) -> Result<Vec<Artifact>> {
    let run = analysis.run;
    let mut by_cell: BTreeMap<&Cell, Vec<&Sample>> = BTreeMap::new();
    for sample in stats::used(&run.samples) {
        by_cell.entry(&sample.cell).or_default().push(sample);
    }
    let mut files = Vec::new();
    for summary in &analysis.summaries {
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
    let conditions = crate::words::conditions_in_a_name(run, factors);
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
