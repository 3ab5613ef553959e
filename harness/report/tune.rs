//! A tuned run -> words for people and files for programs: `tune.json`, `tune.csv`,
//! `tune.md`, `tune.html`, and its charts.

use anyhow::Result;

use super::Artifact;
use super::build::tune::document;
use super::render::{html, json, markdown};
use crate::chart;
use crate::tune::Tuning;

/// Every file of it.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn files(tuning: &Tuning) -> Result<Vec<Artifact>> {
    let charts = chart::of_tuning(tuning)?;
    let page = document(tuning, &charts);
    let (json, markdown, html) =
        (json::tune::document(tuning)?, markdown::page(&page), html::page(&page));
    drop(page);
    let mut files = vec![
        Artifact::new("tune.csv", json::tune::csv(&serde_json::from_str(&json)?)?),
        Artifact::new("tune.json", json),
        Artifact::new("tune.md", markdown),
        Artifact::new("tune.html", html),
    ];
    files.extend(super::chart_files(charts));
    Ok(files)
}
