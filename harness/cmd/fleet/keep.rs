//! What a node has printed, kept as its run: what came of it, and whether that is what was
//! asked for.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow, bail};

use coldstart::fleet::{Job, parcel};
use coldstart::store::{self, RunRecord};

/// Keeps it where `check` has nothing against its record; why that is not all that was asked
/// for, or nothing at all. What is not kept leaves no folder: rows of something else are in no
/// table of this fleet.
pub(super) fn keep(
    folder: &Path,
    printed: &[u8],
    check: impl FnOnce(RunRecord) -> Result<()>,
) -> Option<String> {
    let kept = || -> Result<Option<String>> {
        let (files, failed) = parcel::files(printed).map_err(|why| anyhow!(why))?;
        if files.is_empty() {
            return Ok(failed);
        }
        fs::create_dir_all(folder)?;
        for (name, bytes) in &files {
            store::write(folder, Path::new(name), bytes)?;
        }
        // As everything that is read it is checked against its plan.
        let record = store::open(folder)?.record;
        let (complete, stopped) = (record.complete, record.stopped.clone());
        check(record)?;
        let early = || stopped.unwrap_or_else(|| "it stopped early".to_owned());
        Ok(failed.or_else(|| (!complete).then(early)))
    };
    kept().unwrap_or_else(|error| {
        let _ = fs::remove_dir_all(folder);
        Some(format!("{error:#}"))
    })
}

/// Whether a record is of what a node was told to do.
pub(super) fn is_of(job: &Job, record: &RunRecord) -> Result<()> {
    let mut all = record.functions.iter().chain(&record.null);
    let same = all.all(|f| job.images.get(&f.image) == Some(&f.digest));
    if record.seed != job.seed || record.tool != job.tool || !same {
        bail!("it measured something else than it was told to");
    }
    Ok(())
}

/// Whether a record is of the same as the first that came.
pub(super) fn is_like(first: &mut Option<RunRecord>, record: RunRecord) -> Result<()> {
    let of = first.get_or_insert_with(|| record.clone());
    let images = |of: &RunRecord| -> Vec<(String, String)> {
        of.functions.iter().map(|f| (f.name.clone(), f.digest.clone())).collect()
    };
    if (of.seed, &of.tool, &of.scenario) != (record.seed, &record.tool, &record.scenario)
        || images(of) != images(&record)
    {
        bail!("it is of another plan, version or images than the first");
    }
    Ok(())
}
