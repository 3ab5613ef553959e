//! A study -> words for people and files for programs: `study.json`, `study.csv`, `study.md`,
//! `study.html`, and its charts.

use anyhow::Result;
use serde_json::Value;

use super::Artifact;
use super::build::study::document;
use super::render::{csv, html, markdown};
use crate::chart;
use crate::study::{Found, Study};

/// Every file of it.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn files(study: &Study) -> Result<Vec<Artifact>> {
    let charts = chart::of_study(study)?;
    let page = document(study, &charts);
    let (markdown, html) = (markdown::page(&page), html::page(&page));
    drop(page);
    let mut files = vec![
        Artifact::new("study.csv", csv(study)?),
        Artifact::new("study.json", json(study)?),
        Artifact::new("study.md", markdown),
        Artifact::new("study.html", html),
    ];
    files.extend(super::chart_files(charts));
    Ok(files)
}

/// A line a call, or a surge.
pub(super) fn csv(study: &Study) -> Result<String> {
    let mut rows: Vec<Value> = Vec::new();
    let named = |function: &str, row: Value| {
        let mut row = row;
        row["function"] = function.into();
        row
    };
    let names = match &study.found {
        Found::Idle(all) => {
            for of in all {
                for probe in &of.found.probes {
                    rows.push(named(&of.function, serde_json::to_value(probe)?));
                }
            }
            "function pause_ns cold"
        }
        Found::Spike(all) => {
            for of in all {
                for shot in &of.found {
                    rows.push(named(&of.function, serde_json::to_value(shot)?));
                }
            }
            "function round together cold_ns cause"
        }
        Found::Chain(all) => {
            for of in all {
                for pass in &of.found {
                    let mut row = serde_json::to_value(pass)?;
                    row["ns"] = pass.took().into();
                    rows.push(named(&of.function, row));
                }
            }
            "function round after_pause cold ns cause"
        }
        Found::Ladder(all) => {
            for of in all {
                for shot in &of.found.shots {
                    rows.push(named(&of.function, serde_json::to_value(shot)?));
                }
            }
            "function rung round cold ns handler_ns init_ns cause"
        }
        Found::Thumbnail(all) => {
            for of in all {
                for upload in &of.found {
                    rows.push(named(&of.function, serde_json::to_value(upload)?));
                }
            }
            "function round after_pause cold ns stored_ns queued_ns waited_ns made_ns cause"
        }
        Found::Surge(all) => {
            for of in all {
                for surge in &of.found {
                    rows.push(named(&of.function, serde_json::to_value(surge)?));
                }
            }
            "function round size cold warm refused failed all_ready_ns"
        }
    };
    Ok(csv::rows(names.split(' '), &rows))
}

/// `study.json`.
pub(super) fn json(study: &Study) -> Result<String> {
    Ok(serde_json::to_string_pretty(study)? + "\n")
}
