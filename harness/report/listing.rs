//! What there is, as rows of several kinds: for programs as they are, for people in words.

use super::document::Block;
use super::render::csv::Columns;
use serde_json::Value;

pub use super::build::doctor::findings;
pub use super::build::listing::{functions, images, runs, scenarios};

/// Rows of several kinds.
pub struct Listing {
    /// One a kind. CSV takes one.
    pub sheets: Vec<Sheet>,
}

/// Rows of one kind.
pub struct Sheet {
    /// Its key in JSON and heading in Markdown.
    pub(super) name: &'static str,
    /// Of the rows those that are shown in a table.
    pub(super) columns: Columns,
    /// Every fact.
    pub(super) rows: Vec<Value>,
    /// What stands above it where people read; may be empty.
    pub(super) heading: String,
    /// What people read.
    pub(super) told: Block<'static>,
}
