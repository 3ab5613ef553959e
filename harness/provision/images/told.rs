//! What an image is asked by running it, for the record: asked once, as what a digest stands for
//! does not change. Each question is a container of the engine's, a fifth of a second.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{NOT_ASKED, version};
use crate::engine::{Image, ImageStore};
use crate::provision::hex;
use crate::spec::function::Function;
use crate::store;
use crate::system::private;

/// Where answers are kept, among what outlives a run.
const FOLDER: &str = "images";

/// The answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    /// What its version command printed.
    pub(super) version: String,
    /// The external extensions in it, by the names of their files.
    pub(super) extensions: Vec<String>,
}

/// What an image tells, by itself or by what is kept of an earlier time.
pub(super) async fn of(
    engine: &impl ImageStore,
    function: &Function,
    (reference, image): (&str, &Image),
    run: &str,
    state: &Path,
) -> Result<Told> {
    let file = file(function, &image.digest);
    if let Some(told) = read(&state.join(FOLDER).join(&file)) {
        return Ok(told);
    }
    let version = match function.version_command.as_slice() {
        [] => NOT_ASKED.to_owned(),
        command => version(&engine.run_once(reference, run, command, &BTreeMap::new()).await?)?,
    };
    // They ask for the events of the Runtime API: beside one that listens nobody starts them.
    let extensions = match function.adapter.listens() {
        true => Vec::new(),
        false => engine.extensions(reference, run).await?,
    };
    let told = Told { version, extensions };
    // Only the next time is longer without it.
    let _ = keep(&state.join(FOLDER), &file, &told);
    Ok(told)
}

fn keep(folder: &Path, file: &Path, told: &Told) -> Result<()> {
    private::make(folder)?;
    store::write(folder, file, &serde_json::to_vec(told)?)
}

/// Removes what is kept of images that may be gone: it is asked again.
///
/// # Errors
/// When it cannot be removed.
pub fn forget(state: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(state.join(FOLDER)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn read(file: &Path) -> Option<Told> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

/// By all that the answers depend on, and who asks: another edition may ask more.
fn file(function: &Function, digest: &str) -> PathBuf {
    let mut hash = Sha256::new();
    let asks =
        [env!("CARGO_PKG_VERSION"), digest, if function.adapter.listens() { "" } else { "x" }];
    for word in asks.into_iter().chain(function.version_command.iter().map(String::as_str)) {
        hash.update((word.len() as u64).to_le_bytes());
        hash.update(word);
    }
    PathBuf::from(format!("{}.json", hex(&hash.finalize())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fake::FakeEngine;

    #[tokio::test(start_paused = true)]
    async fn an_image_is_asked_once_and_another_again() {
        let state = tempfile::tempdir().unwrap();
        let engine = FakeEngine::new(crate::clock::Clock::paused(), 7, BTreeMap::new());
        let function = Function::of_image("f", "unused", "{}", 0);
        let ask = async |digest: &str| {
            let image = Image { digest: digest.to_owned(), ..Image::default() };
            of(&engine, &function, ("x", &image), "run", state.path()).await.unwrap()
        };
        let first = ask("sha256:1").await;
        let kept = || std::fs::read_dir(state.path().join(FOLDER)).unwrap();
        let path = kept().next().unwrap().unwrap().path();
        let other = Told { version: "kept".to_owned(), ..first.clone() };
        std::fs::write(&path, serde_json::to_vec(&other).unwrap()).unwrap();
        assert_eq!(ask("sha256:1").await, other);
        assert_eq!(ask("sha256:2").await, first);
        assert_eq!(kept().count(), 2);
        std::fs::write(&path, "garbage").unwrap();
        assert_eq!(ask("sha256:1").await, first);
        forget(state.path()).unwrap();
        assert!(!path.exists());
        forget(state.path()).unwrap();
    }
}
