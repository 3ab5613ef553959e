//! Whether what `prepare` made is of the inputs that are there now.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::provision::images::digest;
use crate::spec::function::Build;

/// The file in the function's folder that says from what it was prepared.
const FILE: &str = ".coldstart-prepared";

/// What a function is prepared from, as one digest.
pub(super) struct Stamp {
    file: PathBuf,
    digest: String,
}

/// The stamp of the inputs as they are; none where the command says itself what is left
/// to do.
pub(super) fn of(name: &str, build: &Build) -> Result<Option<Stamp>> {
    if build.inputs.is_empty() {
        return Ok(None);
    }
    let mut texts: Vec<Vec<u8>> = build.prepare.iter().map(|word| word.clone().into()).collect();
    for input in &build.inputs {
        let path = build.context.join(input);
        let bytes = fs::read(&path)
            .with_context(|| format!("cannot read {}, which `inputs` names", path.display()))?;
        texts.extend([input.as_os_str().as_encoded_bytes().to_vec(), bytes]);
    }
    let digest = digest(texts.iter().map(Vec::as_slice));
    // What comes after another's has a stamp beside that.
    let file = match build.first {
        Some(_) => format!("{FILE}-{name}"),
        None => FILE.to_owned(),
    };
    Ok(Some(Stamp { file: build.context.join(file), digest }))
}

impl Stamp {
    /// Whether all is there, made from just this.
    pub(super) fn holds(&self, build: &Build) -> bool {
        let is_there = |file: &PathBuf| build.context.join(file).exists();
        build.files.iter().all(is_there)
            && self.lines().is_some_and(|(digest, _)| digest == self.digest)
    }

    /// How long it took to be made; none where that was not noted.
    pub(super) fn took(&self) -> Option<Duration> {
        let (_, ms) = self.lines()?;
        ms.parse().ok().map(Duration::from_millis)
    }

    /// From what it was made, and in how many milliseconds.
    fn lines(&self) -> Option<(String, String)> {
        let put = fs::read_to_string(&self.file).ok()?;
        let mut lines = put.lines().map(str::to_owned);
        Some((lines.next()?, lines.next().unwrap_or_default()))
    }

    /// Takes it away: what is made next may stay half done.
    pub(super) fn withdraw(&self) -> Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", self.file.display()))
            }
            _ => Ok(()),
        }
    }

    /// Says that all was made from this.
    pub(super) fn put(&self, took: Duration) -> Result<()> {
        fs::write(&self.file, format!("{}\n{}\n", self.digest, took.as_millis()))
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}
