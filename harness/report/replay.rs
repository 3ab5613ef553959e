//! A trace that was played -> words for people and files for programs: `replay.json`,
//! `replay.csv`, `replay.md`, `replay.html`, and its chart.
//!
//! Does no I/O. Names of functions and files are foreign text: tamed, and escaped for each
//! form.

use anyhow::Result;

use super::Artifact;
use super::build::replay::document;
use super::render::{html, json, markdown};
use crate::chart;
use crate::replay::Replay;

/// Every file of it.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn files(replay: &Replay) -> Result<Vec<Artifact>> {
    let charts = chart::of_replay(replay)?;
    let page = document(replay, &charts);
    let (markdown, html) = (markdown::page(&page), html::page(&page));
    drop(page);
    let json = json::replay::document(replay)?;
    let mut files = vec![
        Artifact::new("replay.csv", json::replay::csv(&serde_json::from_str(&json)?)?),
        Artifact::new("replay.json", json),
        Artifact::new("replay.md", markdown),
        Artifact::new("replay.html", html),
    ];
    files.extend(super::chart_files(charts));
    Ok(files)
}

#[cfg(test)]
pub(crate) mod tests;
