//! What was measured before, to draw simulated gates from.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::PILOT;
use crate::cmd::compare;
use coldstart::compare::SideData;
use coldstart::store;

/// The measurements of unchanged code in a folder, or in any folder below: sides that
/// were told to sleep are left out, those of one measurement stand together. So is a
/// pilot: its few rounds would be drawn again and again, and look steadier than they are.
pub(super) fn measurements(folder: &Path, functions: &[String]) -> Result<Vec<Vec<SideData>>> {
    let mut by_run: BTreeMap<String, Vec<SideData>> = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if folder.join(store::RECORD).is_file() {
            let record = store::record(&folder)?;
            if record.side.as_ref().is_none_or(|side| side.injected.is_empty()) {
                let (mut measured, _) = compare::open(&folder, false)?;
                measured.cells.retain(|cell, _| functions.contains(&cell.function));
                by_run.entry(record.id).or_default().push(measured);
            }
            continue;
        }
        let entries = std::fs::read_dir(&folder);
        let entries = entries.with_context(|| format!("cannot read {}", folder.display()))?;
        folders.extend(
            entries
                .flatten()
                .filter(|entry| entry.file_name() != PILOT)
                .map(|entry| entry.path())
                .filter(|path| path.is_dir()),
        );
    }
    Ok(by_run.into_values().collect())
}
