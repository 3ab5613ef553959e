//! How far the gate can be trusted: many gates, in words, as JSON and as rows: `aa.md`,
//! `aa.json`.

use anyhow::Result;

use super::Artifact;
use super::build::reliability::document;
use super::render::{json, markdown};
use crate::compare::Rates;

pub use super::render::csv::reliability::csv;

/// Many gates, and how they were made.
#[derive(Debug, Clone)]
pub struct Reliability {
    /// The command that repeats it.
    pub command: String,
    /// Where the starts come from: the machine, or the run that they were drawn from.
    pub source: String,
    /// Whether starts were drawn or scripted instead of measured.
    pub simulated: bool,
    /// Rounds a side, the first included.
    pub rounds: u32,
    /// The margin on a total, as a share.
    pub margin: f64,
    /// Whether alarms were measured again.
    pub confirm: bool,
    /// How long it took.
    pub elapsed: std::time::Duration,
    /// What each kind of head did.
    pub heads: Vec<Head>,
}

/// One kind of head.
#[derive(Debug, Clone)]
pub struct Head {
    /// As typed: `10ms`, `5%`; none for the same code.
    pub injected: Option<String>,
    /// Milliseconds that each function slept in its init.
    pub sleeps: std::collections::BTreeMap<String, u32>,
    /// How its gates came out.
    pub rates: Rates,
}

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
