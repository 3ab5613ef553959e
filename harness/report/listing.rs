//! What there is, as rows of several kinds: for programs as they are, for people in words.

pub use super::build::doctor::findings;
pub use super::build::listing::{functions, images, runs, scenarios};
pub use super::build::rows::rows;
pub use super::render::csv::Sheet;

/// Rows of several kinds.
pub struct Listing {
    /// One a kind. CSV takes one.
    pub sheets: Vec<Sheet>,
}
