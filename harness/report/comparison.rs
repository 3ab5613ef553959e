//! Two runs, compared -> words for people and files for programs.
//!
//! Does no I/O and judges nothing: verdicts come with the [`Comparison`]. Names of
//! functions, labels and reasons are foreign text: tamed, and escaped for each form.

use anyhow::Result;

use super::Artifact;
use super::build::comparison::document;
use super::look::Look;
use super::render::{self, html, junit, terminal, trackers};
use crate::chart;
use crate::compare::Comparison;

pub use super::render::csv::comparison::csv;
pub use super::render::github::annotations;

/// By which a bot finds its own comment.
const MARKER: &str = "<!-- coldstart -->";

/// A file of a comparison: its name, and what is in it.
type File = (&'static str, fn(&Comparison) -> Result<String>);

/// Every one but the page and its charts. One more is a file in `render/` and a line here:
/// see `harness/docs/ADDING.md`.
const FILES: [File; 5] = [
    // See `results/compare.schema.json`.
    ("compare.json", render::json::comparison::document),
    ("compare.md", |found| Ok(markdown(found))),
    ("compare.xml", |found| Ok(junit::report(found))),
    // Bencher Metric Format.
    ("compare.bmf.json", trackers::bencher),
    // github-action-benchmark, `customSmallerIsBetter`.
    ("compare.benchmark.json", trackers::benchmark_action),
];

/// The rows of a comparison for a spreadsheet.
pub(super) fn rows(comparison: &Comparison) -> Result<String> {
    csv(&serde_json::from_str(&render::json::comparison::document(comparison)?)?)
}

/// Every derived file of a comparison but its page and its charts (see [`pictured`]),
/// relative to its folder.
///
/// # Errors
/// When a file cannot be written as its form, which takes a fault of a library.
pub fn files(comparison: &Comparison) -> Result<Vec<Artifact>> {
    written(&FILES, comparison)
}

fn written(files: &[File], comparison: &Comparison) -> Result<Vec<Artifact>> {
    let file = |(path, write): &File| Ok(Artifact::new(*path, write(comparison)?));
    files.iter().map(file).collect()
}

/// `compare.html`, and the charts that it shows: `charts/compare-forest` and
/// `charts/compare-order`, each as `.svg`. What has nothing to show is left
/// out.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn pictured(comparison: &Comparison) -> Result<Vec<Artifact>> {
    let charts = chart::of_comparison(comparison)?;
    let mut files = vec![Artifact::new("compare.html", html::page(&document(comparison, &charts)))];
    files.extend(super::chart_files(charts));
    Ok(files)
}

/// The comparison for a terminal, as wide as it is told.
#[must_use]
pub fn text(comparison: &Comparison, look: &Look) -> String {
    terminal::text(&document(comparison, &[]), look)
}

/// The comparison for a pull request's comment or a step's summary, as
/// GitHub-flavoured Markdown: fewer than 60,000 bytes whatever the number of cells.
#[must_use]
pub fn markdown(comparison: &Comparison) -> String {
    render::markdown::comment(&document(comparison, &[]), MARKER)
}

#[cfg(test)]
pub(crate) mod tests;
