//! The forms in which a result is printed. One more is a file in `render/` and a line of
//! [`FORMS`]: see `harness/docs/ADDING.md`.

use anyhow::Result;

use super::document::Document;
use super::look::Look;
use super::reliability::Reliability;
use super::render::{csv, json, markdown, terminal};
use super::{build, comparison, explanation, listing::Listing, reliability, study};
use crate::analysis::Analysis;
use crate::chart::{self, Chart};
use crate::compare::Comparison;
use crate::explain::Explanation;
use crate::replay::Replay;
use crate::study::Study;
use crate::tune::Tuning;

/// What can be printed, in every form.
#[derive(Clone, Copy)]
pub enum Printed<'a> {
    /// A run.
    Run(&'a Analysis<'a>),
    /// Two runs, compared.
    Comparison(&'a Comparison),
    /// A run whose sizes are weighed.
    Tuning(&'a Tuning<'a>),
    /// How far the gate can be trusted.
    Reliability(&'a Reliability),
    /// Why starts take as long as they do.
    Explanation(&'a Explanation),
    /// What a platform was found to do.
    Study(&'a Study),
    /// A trace that was played.
    Replay(&'a Replay),
    /// What there is.
    Listing(&'a Listing),
}

/// A form of a result on standard output.
#[derive(Debug)]
pub struct Form {
    /// As it is typed.
    pub name: &'static str,
    /// For whom it is.
    pub about: &'static str,
    /// How it is read again from the folder of a verdict.
    pub kept: Kept,
    pub(super) write: fn(&Printed, &Look) -> Result<String>,
}

/// How a form of a verdict that was kept is read again: it is shown as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// From the first file that is there, by its ending.
    Lines(&'static [&'static str]),
    /// The JSON as it is.
    Json,
    /// The rows of that.
    Rows,
}

/// Every form there is; the first is that of who asks for none.
pub static FORMS: [Form; 4] = [
    Form {
        name: "text",
        about: "For people in a terminal",
        kept: Kept::Lines(&["txt", "md"]),
        write: |of, look| of.text(look),
    },
    Form { name: "json", about: "For programs", kept: Kept::Json, write: |of, _| of.json() },
    Form {
        name: "markdown",
        about: "For a page",
        kept: Kept::Lines(&["md"]),
        write: |of, _| of.markdown(),
    },
    Form { name: "csv", about: "For a spreadsheet", kept: Kept::Rows, write: |of, _| of.csv() },
];

impl Form {
    /// A result in this form. The look is for a terminal.
    ///
    /// # Errors
    /// When a chart cannot be drawn or a file's form not be written, and for what has no such
    /// form.
    pub fn print(&self, of: &Printed, look: &Look) -> Result<String> {
        (self.write)(of, look)
    }
}

impl Printed<'_> {
    /// What it says, with the charts that are to be on its page.
    pub(super) fn document<'c>(&self, charts: &'c [Chart]) -> Document<'c> {
        match self {
            Printed::Run(run) => build::run::document(run, charts),
            Printed::Comparison(found) => build::comparison::document(found, charts),
            Printed::Tuning(tuning) => build::tune::document(tuning, charts),
            Printed::Reliability(found) => build::reliability::document(found),
            Printed::Explanation(found) => build::explanation::document(found, charts),
            Printed::Study(study) => build::study::document(study, charts),
            Printed::Replay(replay) => build::replay::document(replay, charts),
            Printed::Listing(listing) => build::listing::document(listing),
        }
    }

    /// The charts of its page.
    pub(super) fn charts(&self) -> Result<Vec<Chart>> {
        match self {
            Printed::Run(run) => chart::charts(run.run, &run.summaries),
            Printed::Comparison(found) => chart::of_comparison(found),
            Printed::Tuning(tuning) => chart::of_tuning(tuning),
            Printed::Explanation(found) => chart::of_explanation(found),
            Printed::Replay(replay) => chart::of_replay(replay),
            Printed::Study(study) => chart::of_study(study),
            Printed::Reliability(_) | Printed::Listing(_) => Ok(Vec::new()),
        }
    }

    fn text(&self, look: &Look) -> Result<String> {
        Ok(match self {
            Printed::Reliability(found) => reliability::text(found),
            _ => terminal::text(&self.document(&[]), look),
        })
    }

    fn markdown(&self) -> Result<String> {
        Ok(match self {
            Printed::Comparison(found) => comparison::markdown(found),
            Printed::Listing(listing) => csv::sheets_in_markdown(&listing.sheets),
            _ => markdown::page(&self.document(&self.charts()?)),
        })
    }

    pub(super) fn json(&self) -> Result<String> {
        match self {
            Printed::Run(run) => json::run::json(run),
            Printed::Comparison(found) => json::comparison::document(found),
            Printed::Tuning(tuning) => json::tune::document(tuning),
            Printed::Reliability(found) => json::reliability::document(found),
            Printed::Explanation(found) => json::explanation::document(found),
            Printed::Study(study) => study::json(study),
            Printed::Replay(replay) => json::replay::document(replay),
            Printed::Listing(listing) => json::listing(&listing.sheets),
        }
    }

    fn csv(&self) -> Result<String> {
        match self {
            Printed::Run(run) => json::run::csv(run),
            Printed::Comparison(_) => comparison::csv(&serde_json::from_str(&self.json()?)?),
            Printed::Tuning(_) => json::tune::csv(&serde_json::from_str(&self.json()?)?),
            Printed::Reliability(_) => reliability::csv(&serde_json::from_str(&self.json()?)?),
            Printed::Explanation(_) => explanation::csv(&serde_json::from_str(&self.json()?)?),
            Printed::Study(study) => study::csv(study),
            Printed::Replay(_) => json::replay::csv(&serde_json::from_str(&self.json()?)?),
            Printed::Listing(listing) => csv::sheet(&listing.sheets),
        }
    }
}
