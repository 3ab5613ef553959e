//! Stored runs to compare with, by the fingerprint of their machine.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{RECORD, fingerprint, record};

/// Where stored runs are, by the fingerprint of their machine.
pub const BASELINES: &str = "results/baselines";

/// What is stored of the machine of a run.
#[derive(Debug)]
pub struct Baseline {
    /// The newest run; none where there is none.
    pub newest: Option<PathBuf>,
    /// Why others cannot be read.
    pub unreadable: Vec<anyhow::Error>,
    /// What the machine is known by.
    pub fingerprint: String,
}

/// Looks for the newest stored run of the machine that a run was measured on.
///
/// # Errors
/// When the run itself cannot be read.
pub fn baseline(head: &Path) -> Result<Baseline> {
    let is = record(head)?;
    let fingerprint = fingerprint(&is.host, &is.engine);
    let folder = Path::new(BASELINES).join(&fingerprint);
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let own = head.canonicalize().ok();
    let candidates = entries.map(|entry| entry.path()).chain([folder]);
    // A stored run is no baseline of itself.
    let others = candidates.filter(|path| own.is_none() || path.canonicalize().ok() != own);
    let (mut runs, mut unreadable) = (Vec::new(), Vec::new());
    for path in others.filter(|path| path.join(RECORD).exists()) {
        match record(&path) {
            Ok(record) => runs.push((record.started, path)),
            Err(error) => unreadable.push(error),
        }
    }
    let newest = runs.into_iter().max().map(|(_, path)| path);
    Ok(Baseline { newest, unreadable, fingerprint })
}
