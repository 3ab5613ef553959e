//! Writes a run's folder as the run goes.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::files::full;
use super::place::{Place, has};
use super::record::RunRecord;
use super::{RECORD, SAMPLES, TRIALS};
use crate::sample::{Sample, TrialRecord};
use crate::system::locked::Locked;

/// Writes a run's folder as the run goes.
#[derive(Debug)]
pub struct Writer {
    pub(super) place: Place,
    pub(super) samples: Locked,
    pub(super) trials: File,
    /// How long both files are: samples, trials.
    pub(super) ends: [u64; 2],
    /// Lines of both files that found the folder gone.
    pub(super) unwritten: [Vec<u8>; 2],
    /// Kept up to date here, written by [`Writer::save`] and [`Writer::close`].
    pub record: RunRecord,
}

impl Writer {
    /// Creates the folder's files, with a record that says that the run is not complete.
    /// The folder must not exist, or be empty: one that was reserved.
    ///
    /// # Errors
    /// Names the folder, when it holds anything or cannot be written.
    pub fn create(folder: &Path, record: RunRecord) -> Result<Self> {
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot create {}", parent.display()))?;
        }
        match fs::create_dir(folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => must_be_empty(folder)?,
            made => made.with_context(|| format!("cannot create {}", folder.display()))?,
        }
        let create = |name: &str| {
            let path = folder.join(name);
            let file = File::options().read(true).write(true).create_new(true).open(&path);
            file.with_context(|| format!("cannot create {}", path.display()))
        };
        let (samples, trials) = (create(SAMPLES)?, create(TRIALS)?);
        let samples = claim(samples, folder)?;
        let writer = Self {
            place: hold(folder)?,
            samples,
            trials,
            ends: [0, 0],
            unwritten: Default::default(),
            record,
        };
        writer.save()?;
        Ok(writer)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.place.path()
    }

    /// Appends a trial and its rows: in the kernel's hands when this returns, so
    /// that a killed driver loses nothing.
    ///
    /// # Errors
    /// Names the file, or the folder where it is gone. What was written before stays
    /// readable.
    pub fn append(&mut self, trial: &TrialRecord, samples: &[Sample]) -> Result<()> {
        self.append_all(std::slice::from_ref(trial), samples)
    }

    /// The same of rows and trials that come apart: those of a run whose calls come from outside.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn append_all(&mut self, trials: &[TrialRecord], samples: &[Sample]) -> Result<()> {
        let (mut rows, mut lines) = (Vec::with_capacity(samples.len() * 450), Vec::new());
        for sample in samples {
            serde_json::to_writer(&mut rows, sample)?;
            rows.push(b'\n');
        }
        for trial in trials {
            serde_json::to_writer(&mut lines, trial)?;
            lines.push(b'\n');
        }
        let is_in_place = self.is_in_place();
        if is_in_place {
            self.write(&[rows, lines])?;
        } else {
            // Closing takes them to where the rest is.
            self.unwritten[0].extend(rows);
            self.unwritten[1].extend(lines);
        }
        for sample in samples {
            self.record.counts.add(sample);
        }
        if is_in_place { Ok(()) } else { Err(Error::new(ErrorKind::NotFound, self.gone()).into()) }
    }

    /// Writes the record as it stands.
    ///
    /// # Errors
    /// Names the file.
    pub fn save(&self) -> Result<()> {
        let written = self.place.write(RECORD, &text(&self.record)?);
        written.map_err(full).with_context(|| self.cannot_write(RECORD))
    }

    /// Writes the record for the last time. Where the folder is no longer what the run
    /// wrote to, all that was measured is kept beside it, and nothing is made in its
    /// place.
    ///
    /// # Errors
    /// Names the file; or the folder that is gone, and where everything is.
    pub fn close(self) -> Result<()> {
        if self.is_in_place() {
            return self.save();
        }
        let gone = self.gone();
        let kept = match self.keep() {
            Ok(kept) => format!("what was measured is in {}: {}", kept.display(), self.next(&kept)),
            Err(error) => format!("what was measured could not be kept: {error:#}"),
        };
        Err(Error::new(ErrorKind::NotFound, format!("{gone}; {kept}")).into())
    }

    fn cannot_write(&self, name: &str) -> String {
        format!("cannot write {}", self.folder().join(name).display())
    }

    fn is_in_place(&self) -> bool {
        self.place.is_there() && self.is_whole_in(self.folder())
    }

    fn is_whole_in(&self, folder: &Path) -> bool {
        let [samples, trials] = self.ends;
        has(folder, SAMPLES, &self.samples, samples) && has(folder, TRIALS, &self.trials, trials)
    }

    fn gone(&self) -> String {
        let folder = self.folder().display();
        format!("{folder} was removed, renamed or changed while the run wrote to it")
    }

    /// Appends to both files, or to neither.
    fn write(&mut self, lines: &[Vec<u8>; 2]) -> Result<()> {
        let written = [(&*self.samples, SAMPLES), (&self.trials, TRIALS)]
            .into_iter()
            .zip(lines)
            .try_for_each(|((mut file, name), lines)| {
                let written = file.write_all(lines);
                written.map_err(full).with_context(|| self.cannot_write(name))
            });
        for (file, end) in [&*self.samples, &self.trials].into_iter().zip(&mut self.ends) {
            if written.is_err() {
                // A full disk lets files shrink. Where it does not, a row is cut short,
                // which readers know.
                let _ =
                    file.set_len(*end).and_then(|()| (&mut &*file).seek(std::io::SeekFrom::End(0)));
            }
            *end = file.metadata().map_or(*end, |found| found.len());
        }
        written
    }

    /// Puts what was measured where it can be had; that folder. A folder that was
    /// renamed is its own best place.
    fn keep(&self) -> Result<PathBuf> {
        if let Some(folder) = self.place.found().filter(|folder| self.is_whole_in(folder)) {
            (&*self.samples).write_all(&self.unwritten[0])?;
            (&self.trials).write_all(&self.unwritten[1])?;
            self.save()?;
            return Ok(folder);
        }
        let folder = self.place.beside(self.record.side.is_some())?;
        for ((mut from, name), more) in
            [(&*self.samples, SAMPLES), (&self.trials, TRIALS)].into_iter().zip(&self.unwritten)
        {
            let mut to = File::create_new(folder.join(name))?;
            from.rewind()?;
            std::io::copy(&mut from, &mut to)?;
            to.write_all(more)?;
        }
        fs::write(folder.join(RECORD), text(&self.record)?)?;
        Ok(folder)
    }

    /// What to type about a run that was kept elsewhere.
    fn next(&self, kept: &Path) -> String {
        let kept = kept.display();
        match (self.record.complete, &self.record.side) {
            (true, _) => format!("`coldstart report {kept}` tells of it"),
            (false, None) => format!("`coldstart run --continue {kept}` goes on with it"),
            (false, Some(_)) => "the measurement of all sides must begin anew".to_owned(),
        }
    }
}

pub(super) fn hold(folder: &Path) -> Result<Place> {
    Place::hold(folder).with_context(|| format!("cannot open {}", folder.display()))
}

fn must_be_empty(folder: &Path) -> Result<()> {
    let is_empty = fs::read_dir(folder).is_ok_and(|mut inside| inside.next().is_none());
    if is_empty { Ok(()) } else { Err(super::taken(folder).into()) }
}

fn text(record: &RunRecord) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(record)?;
    text.push(b'\n');
    Ok(text)
}

/// Makes sure that nobody else writes a run while it is measured.
pub(super) fn claim(samples: File, folder: &Path) -> Result<Locked> {
    let claimed = Locked::take_where_possible(samples);
    claimed.with_context(|| {
        format!("{} is being measured by another process right now", folder.display())
    })
}
