//! This program as an image: an archive that every engine loads, made without one.
//!
//! Nothing of it depends on when or where it was made, so the same program is the same image
//! on every machine. Why it is no build: decision 0100.

use std::io::{self, Write};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use super::hex;

/// The folder of a machine that the program shares with the engine where it runs in a
/// container, under one path for both.
pub const SHARED: &str = "/run/coldstart";
/// The folder for what engines mount as a program: where [`SHARED`] is, nothing may be executed
/// on many machines.
pub const STATE: &str = "/var/lib/coldstart";
/// The variable by which the image tells the program that it runs in a container.
pub const CONTAINED: &str = "COLDSTART_CONTAINED";
/// Where the program is in the image.
const PROGRAM: &str = "coldstart";
/// What the image is called, without its tag.
const NAME: &str = "coldstart";

/// The image's name: of one version of this program.
#[must_use]
pub fn name() -> String {
    format!("{NAME}:{}", env!("CARGO_PKG_VERSION"))
}

/// An image of a program.
#[derive(Debug)]
pub struct OwnImage {
    layer: Vec<u8>,
    config: Vec<u8>,
}

impl OwnImage {
    /// Of a program, as it is on disk.
    ///
    /// # Errors
    /// Says why it would not start in an image with nothing else in it.
    pub fn of(program: &[u8]) -> Result<Self, String> {
        let architecture = architecture(program)?;
        let layer = layer(program).map_err(|e| format!("an archive cannot be made of it: {e}"))?;
        let config = config(architecture, &digest(&layer)).to_string().into_bytes();
        Ok(Self { layer, config })
    }

    /// What engines know it by: `sha256:...`.
    #[must_use]
    pub fn id(&self) -> String {
        digest(&self.config)
    }

    /// How large it is.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.layer.len() as u64
    }

    /// Writes what `docker load` takes, under a name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, to: impl Write) -> io::Result<()> {
        let config = format!("{}.json", hex(&Sha256::digest(&self.config)));
        let layer = format!("{}.tar", hex(&Sha256::digest(&self.layer)));
        let manifest = json!([{ "Config": config, "RepoTags": [name], "Layers": [layer] }]);
        let mut archive = Builder::new(to);
        file(&mut archive, &config, &self.config, 0o644)?;
        file(&mut archive, &layer, &self.layer, 0o644)?;
        file(&mut archive, "manifest.json", manifest.to_string().as_bytes(), 0o644)?;
        archive.into_inner()?.flush()
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

/// The program, and the folders that programs expect.
fn layer(program: &[u8]) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    for (folder, mode) in [("run/", 0o755), ("tmp/", 0o1777)] {
        let mut header = header(0, mode);
        header.set_entry_type(EntryType::Directory);
        archive.append_data(&mut header, folder, io::empty())?;
    }
    file(&mut archive, PROGRAM, program, 0o755)?;
    archive.into_inner()
}

fn file<W: Write>(to: &mut Builder<W>, name: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    to.append_data(&mut header(bytes.len() as u64, mode), name, bytes)
}

fn header(size: u64, mode: u32) -> Header {
    let mut header = Header::new_ustar();
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(0);
    header
}

fn config(architecture: &str, layer: &str) -> Value {
    json!({
        "created": "1970-01-01T00:00:00Z",
        "architecture": architecture,
        "os": "linux",
        "config": {
            "Entrypoint": [format!("/{PROGRAM}")],
            "Env": [
                "HOME=/root",
                format!("XDG_STATE_HOME={STATE}"),
                format!("{CONTAINED}=1"),
            ],
            "Labels": { "org.opencontainers.image.version": env!("CARGO_PKG_VERSION") },
        },
        "rootfs": { "type": "layers", "diff_ids": [layer] },
        "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "coldstart image" }],
    })
}

/// The engine's name for the machine that a program is for. As the ELF specification has it, of
/// 64 bits, little end first.
///
/// # Errors
/// Says why it is none that starts by itself.
pub fn architecture(program: &[u8]) -> Result<&'static str, String> {
    const NOT_ELF: &str = "it is no program for Linux on 64 bits";
    let number = |at: usize, bytes: usize| {
        let of = program.get(at..at.checked_add(bytes)?)?;
        Some(of.iter().rev().fold(0_u64, |all, byte| all << 8 | u64::from(*byte)))
    };
    if program.get(..6) != Some(b"\x7fELF\x02\x01") {
        return Err(NOT_ELF.to_owned());
    }
    let architecture = match number(18, 2) {
        Some(62) => "amd64",
        Some(183) => "arm64",
        Some(243) => "riscv64",
        Some(machine) => return Err(format!("it is for a machine of kind {machine}")),
        None => return Err(NOT_ELF.to_owned()),
    };
    let header = || Some((number(32, 8)?, number(54, 2)?, number(56, 2)?));
    let (first, size, count) = header().ok_or(NOT_ELF)?;
    let at = |i| usize::try_from(first.saturating_add(i * size)).ok();
    // What names the program that loads it is not static.
    if (0..count).any(|i| at(i).and_then(|at| number(at, 4)) == Some(3)) {
        return Err("it is linked dynamically, and there is no C library in the image".to_owned());
    }
    Ok(architecture)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// The head of a program, with one program header of a kind.
    fn program(machine: u8, kind: u8) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (bytes[18], bytes[32], bytes[54], bytes[56], bytes[64]) = (machine, 64, 56, 1, kind);
        bytes
    }

    #[test]
    fn the_same_program_is_the_same_image_and_another_is_not() {
        let id = |machine| OwnImage::of(&program(machine, 1)).unwrap().id();
        assert_eq!(id(62), id(62));
        assert_ne!(id(62), id(183));
    }

    #[test]
    fn what_would_not_start_alone_is_refused_with_the_reason() {
        let refused = |bytes: &[u8]| OwnImage::of(bytes).unwrap_err();
        assert!(refused(&program(62, 3)).contains("linked dynamically"));
        assert!(refused(&program(8, 1)).contains("kind 8"));
        assert!(refused(b"#!/bin/sh").contains("no program"));
        // A header that points anywhere is read nowhere.
        let mut wild = program(62, 1);
        wild[32..40].fill(0xff);
        wild[56..58].fill(0xff);
        assert!(OwnImage::of(&wild).is_ok());
        assert!(OwnImage::of(&wild[..40]).is_err());
    }

    #[test]
    fn its_digests_are_those_of_what_is_in_the_archive() {
        let image = OwnImage::of(&program(183, 1)).unwrap();
        let mut archive = Vec::new();
        image.write("coldstart:test", &mut archive).unwrap();
        let mut files = std::collections::BTreeMap::new();
        for entry in tar::Archive::new(&archive[..]).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            files.insert(entry.path().unwrap().display().to_string(), bytes);
        }
        let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        assert_eq!(manifest[0]["RepoTags"][0], "coldstart:test");
        let config = &files[manifest[0]["Config"].as_str().unwrap()];
        assert_eq!(digest(config), image.id());
        let config: Value = serde_json::from_slice(config).unwrap();
        assert_eq!(config["architecture"], "arm64");
        let layer = &files[manifest[0]["Layers"][0].as_str().unwrap()];
        assert_eq!(config["rootfs"]["diff_ids"][0], digest(layer));
        let names = tar::Archive::new(&layer[..])
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap())
            })
            .collect::<Vec<_>>();
        let is = |name: &str, mode| (name.to_owned(), mode);
        assert_eq!(names, [is("run/", 0o755), is("tmp/", 0o1777), is("coldstart", 0o755)]);
    }
}
