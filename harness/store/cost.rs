//! `cost.json`: what was asked of a run's bill, so that its report is made again alike.

use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::files;
use super::lines::invalid;
use crate::cost::{Architecture, Question, prices};

/// The file; a folder without it was not asked.
const COST: &str = "cost.json";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    cold_share: f64,
    architecture: Architecture,
    /// The file of prices, as it was written.
    prices: String,
}

/// Writes down what is asked of a run's bill.
///
/// # Errors
/// Names the file.
pub fn ask_cost(folder: &Path, question: &Question) -> Result<()> {
    let Question { cold_share, architecture, ref text, .. } = *question;
    let wire = Wire { cold_share, architecture, prices: text.clone() };
    let text = serde_json::to_string_pretty(&wire).context("cannot write cost.json")?;
    files::write(folder, Path::new(COST), (text + "\n").as_bytes())
}

/// What was asked of a run's bill; none where nothing was.
pub(super) fn asked(folder: &Path) -> Result<Option<Question>> {
    let path = folder.join(COST);
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let again = || {
        let (path, folder) = (path.display(), folder.display());
        format!(
            "{path} is not readable: remove it, and `coldstart report {folder} --cost` makes it"
        )
    };
    let wire: Wire = serde_json::from_str(&files::text(&path)?).with_context(again)?;
    let Wire { cold_share, architecture, prices: text } = wire;
    if !(0.0..=1.0).contains(&cold_share) {
        let message = format!("`cold_share` is {cold_share}, and a share is from 0 to 1");
        return Err(invalid(message)).with_context(again);
    }
    let prices = prices::parse(&text, "its prices").with_context(again)?;
    Ok(Some(Question { cold_share, architecture, prices, text }))
}
