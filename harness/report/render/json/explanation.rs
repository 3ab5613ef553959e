//! `explain.json`: all that was seen, for other programs.

use anyhow::Result;

use crate::explain::Explanation;
use crate::text::sanitize::printable_json;

/// The file. Its members are those of [`Explanation`].
///
/// # Errors
/// Never in practice: it is made of numbers and text.
pub(in crate::report) fn document(found: &Explanation) -> Result<String> {
    Ok(printable_json(&serde_json::to_string(found)?) + "\n")
}
