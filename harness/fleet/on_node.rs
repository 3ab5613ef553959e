//! What is done on a node, where this program runs in its own image.

use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio::sync::watch;

use super::agree::Report;
use super::job::{Job, tool};
use crate::drive::Stop;
use crate::engine::docker::DockerEngine;
use crate::engine::docker::beside::{Beside, Came};
use crate::engine::{Engine, ImageStore, clear_run};
use crate::measure::{Interrupted, unless};
use crate::provision::own_image::{self, SHARED, STATE};
use crate::spec::function::Function;

/// The most of a null function's program, in bytes.
const MOST: u64 = 256 << 20;

/// What is here of what a job needs.
///
/// # Errors
/// When the engine does not answer.
pub async fn report(engine: &DockerEngine, job: &Job) -> Result<Report> {
    let info = engine.describe().await?;
    let mut images = std::collections::BTreeMap::new();
    for reference in job.images.keys() {
        let found = engine.image(reference).await?;
        images.insert(reference.clone(), found.map(|image| image.digest));
    }
    let engine = format!("{} {}", info.kind, info.version);
    Ok(Report { tool: tool(), engine, images })
}

/// Runs the same words in a container that has all of the machine; gives what it came to.
/// An interrupt ends it.
///
/// # Errors
/// When the engine has not the image, or refuses.
pub async fn beside(
    engine: &DockerEngine,
    job: &Job,
    socket: &str,
    words: &[&str],
    stop: &watch::Receiver<Stop>,
) -> Result<Came> {
    let of = Beside {
        image: &job.image,
        fleet: &job.id,
        maker: &job.maker,
        words,
        env: job.environment(socket)?,
        socket,
        shared: &[SHARED, STATE],
    };
    let id = engine.begin_beside(&of).await?;
    let came = unless(stop, engine.wait_beside(&id)).await;
    if came.is_none() {
        engine.stop_beside(&id).await;
    }
    let removed = engine.end_beside(&id).await;
    let Some(came) = came else {
        // What it had no time to remove.
        clear_run(engine, &job.id, Duration::ZERO).await?;
        return Err(Interrupted.into());
    };
    removed?;
    Ok(came?)
}

/// The null function as a process of this machine: its program, taken out of its image.
///
/// # Errors
/// When its image has no such program, or one that does not start alone.
pub async fn fetch_null(
    engine: &DockerEngine,
    job: &Job,
    null: &Function,
    within: &Path,
) -> Result<PathBuf> {
    let reference = null.image().context("the null function has no image")?;
    let image = engine.image(reference).await?;
    let image = image.with_context(|| format!("there is no image {reference}"))?;
    let words = [&image.config.entrypoint[..], &image.config.command[..]].concat();
    let program = words.first().with_context(|| format!("{reference} starts no program"))?;
    let archive = within.join("null.tar");
    engine.export(&image.digest, &job.id, &archive).await?;
    let bytes = taken(&archive, program)
        .with_context(|| format!("taking {program} out of {reference}, for the null process"))?;
    fs::remove_file(&archive).context("removing an archive")?;
    own_image::architecture(&bytes).map_err(|why| {
        anyhow!(
            "the null function's program cannot be run by itself: {why}; --no-controls does \
                 without it"
        )
    })?;
    let path = within.join("null");
    fs::write(&path, bytes).context("keeping the null function's program")?;
    fs::set_permissions(&path, Permissions::from_mode(0o755)).context("making it a program")?;
    Ok(path)
}

/// A file of an archive, by its path in the image.
fn taken(archive: &Path, path: &str) -> Result<Vec<u8>> {
    let path = path.trim_start_matches('/');
    let mut archive = tar::Archive::new(File::open(archive)?);
    for entry in archive.entries()? {
        let entry = entry?;
        if entry.path()? != Path::new(path) {
            continue;
        }
        if !entry.header().entry_type().is_file() {
            bail!("it is a link, or no file");
        }
        let mut bytes = Vec::new();
        entry.take(MOST).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    bail!("it is not in there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_taken_out_by_its_path_and_a_link_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar");
        let mut archive = tar::Builder::new(File::create(&path).unwrap());
        let mut header = tar::Header::new_ustar();
        header.set_size(4);
        archive.append_data(&mut header, "opt/it", &b"code"[..]).unwrap();
        let mut link = tar::Header::new_ustar();
        link.set_entry_type(tar::EntryType::Symlink);
        link.set_size(0);
        archive.append_link(&mut link, "opt/link", "/etc/passwd").unwrap();
        archive.finish().unwrap();
        assert_eq!(taken(&path, "/opt/it").unwrap(), b"code");
        assert!(taken(&path, "/opt/link").unwrap_err().to_string().contains("a link"));
        assert!(taken(&path, "/none").unwrap_err().to_string().contains("not in there"));
    }
}
