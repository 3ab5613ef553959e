//! Whether what `prepare` made is of the inputs that are there now.

use std::fs;
use std::path::PathBuf;

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
pub(super) fn of(build: &Build) -> Result<Option<Stamp>> {
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
    Ok(Some(Stamp { file: build.context.join(FILE), digest }))
}

impl Stamp {
    /// Whether all is there, made from just this.
    pub(super) fn holds(&self, build: &Build) -> bool {
        let is_there = |file: &PathBuf| build.context.join(file).exists();
        build.files.iter().all(is_there)
            && fs::read_to_string(&self.file).is_ok_and(|put| put == self.digest)
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
    pub(super) fn put(&self) -> Result<()> {
        fs::write(&self.file, &self.digest)
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}
