//! Numbers -> words and charts: everything in a run folder that is derived.
//!
//! Does no I/O: [`render`] gives bytes, `store` writes them. Foreign text (names
//! of functions, causes of errors) is escaped for each form.

mod charts;
mod histograms;
mod notes;
pub mod table;
mod words;

#[cfg(test)]
pub(crate) mod tests;
