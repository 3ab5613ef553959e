//! Why starts take as long as they do -> words for people and files for programs.
//!
//! Does no I/O. Paths, names of modules and causes are foreign text: tamed, and escaped for
//! each form.

use anyhow::Result;

use super::Artifact;
use super::build::explanation::document;
use super::render::{html, json, markdown};
use crate::chart;
use crate::explain::Explanation;

pub use super::render::csv::explanation::csv;

/// Every derived file of an explanation, relative to its folder: `explain.json`,
/// `explain.md`, `explain.html` with the charts that it shows, and the folded stacks of each
/// function, `FUNCTION.folded` and `FUNCTION.native.folded`, for other tools.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn files(found: &Explanation) -> Result<Vec<Artifact>> {
    let charts = chart::of_explanation(found)?;
    let mut files = vec![
        Artifact::new("explain.json", json::explanation::document(found)?),
        Artifact::new("explain.md", markdown::page(&document(found, &[]))),
        Artifact::new("explain.html", html::page(&document(found, &charts))),
    ];
    for function in &found.functions {
        let stacks = super::render::folded::stacks(function);
        // Of a folder that is somebody else's: no path in it leads out.
        let name = chart::name_of(function);
        files.push(Artifact::new(format!("{name}.folded"), stacks));
        let native = super::render::folded::native(function);
        files.extend(native.map(|stacks| Artifact::new(format!("{name}.native.folded"), stacks)));
    }
    files.extend(super::chart_files(charts));
    Ok(files)
}

#[cfg(test)]
pub(crate) mod tests;
