//! Writes a run's folder as the run goes.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::record::RunRecord;
use super::{RECORD, SAMPLES, TRIALS, unfinished, write};
use crate::sample::{Sample, TrialRecord};

/// Writes a run's folder as the run goes.
#[derive(Debug)]
pub struct Writer {
    pub(super) folder: PathBuf,
    pub(super) samples: File,
    pub(super) trials: File,
    /// Kept up to date here, written by [`Writer::save`].
    pub record: RunRecord,
}

impl Writer {
    /// Creates the folder, which must not exist, with a record that says that
    /// the run is not complete.
    ///
    /// # Errors
    /// Names the folder, when it exists or cannot be written.
    pub fn create(folder: &Path, record: RunRecord) -> Result<Self> {
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot create {}", parent.display()))?;
        }
        fs::create_dir(folder).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => anyhow::anyhow!(
                "{} exists already: a run never writes over another; name a new folder with --out",
                folder.display()
            ),
            _ => anyhow::anyhow!("cannot create {}: {error}", folder.display()),
        })?;
        let create = |name: &str| {
            let path = folder.join(name);
            File::create_new(&path).with_context(|| format!("cannot create {}", path.display()))
        };
        let (samples, trials) = (create(SAMPLES)?, create(TRIALS)?);
        unfinished::claim(&samples, folder)?;
        let writer = Self { folder: folder.to_owned(), samples, trials, record };
        writer.save()?;
        Ok(writer)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends a trial and its rows: in the kernel's hands when this returns, so
    /// that a killed driver loses nothing.
    ///
    /// # Errors
    /// Names the file. What was written before stays readable.
    pub fn append(&mut self, trial: &TrialRecord, samples: &[Sample]) -> Result<()> {
        let mut lines = Vec::with_capacity(samples.len() * 450);
        for sample in samples {
            serde_json::to_writer(&mut lines, sample)?;
            lines.push(b'\n');
            self.record.counts.add(sample);
        }
        let mut line = serde_json::to_vec(trial)?;
        line.push(b'\n');
        let full = |name: &str| {
            format!("cannot write {}: is the disk full?", self.folder.join(name).display())
        };
        self.samples.write_all(&lines).with_context(|| full(SAMPLES))?;
        self.trials.write_all(&line).with_context(|| full(TRIALS))
    }

    /// Writes the record as it stands.
    ///
    /// # Errors
    /// Names the file.
    pub fn save(&self) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(&self.record)?;
        text.push(b'\n');
        write(&self.folder, Path::new(RECORD), &text)
    }
}
