//! How far the gate can be trusted: many gates, in words, as JSON and as rows: `aa.md`,
//! `aa.json`.

use anyhow::Result;

use super::Artifact;
use super::build::reliability::document;
use super::render::{json, markdown};

pub use super::render::csv::reliability::csv;
pub use crate::compare::{Head, Reliability};

/// Files of an `aa`.
///
/// # Errors
/// Never in practice: the JSON is made of numbers and text.
pub fn files(found: &Reliability) -> Result<Vec<Artifact>> {
    let json = json::reliability::document(found)?;
    Ok(vec![Artifact::new("aa.json", json), Artifact::new("aa.md", text(found))])
}

/// For a terminal, and Markdown as it is.
#[must_use]
pub fn text(found: &Reliability) -> String {
    markdown::page(&document(found))
}
