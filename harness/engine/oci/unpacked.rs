//! Images whose layers are in no folders of this machine, as containerd's image store and
//! some storage drivers keep them: unpacked once, by digest, beside the instances.
//!
//! Why, and what is not the same: decision 0095.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::engine::{EngineError, ImageStore};
use crate::system::child;
use crate::system::private::Lock;
use crate::text::sanitize::last_words;

/// Where they are, in the folder of all instances.
const IMAGES: &str = "images";
/// The files of one, complete, in its folder.
const ROOT: &str = "root";
/// Hexadecimal digits of a digest.
const DIGEST: usize = 64;
/// How often it is looked whether another driver has done it.
const AGAIN: Duration = Duration::from_millis(100);
/// The most that is read of what `tar` prints, in bytes, and told of it, in characters.
const PRINTED: usize = 4096;
const WORDS: usize = 300;
/// What the containers that are made for it are said to be of.
const RUN: &str = "unpacking";

/// The folder with an image's files, all layers in one; they are unpacked if they are not
/// there.
pub(super) async fn folder(
    images: &impl ImageStore,
    state: &Path,
    reference: &str,
) -> Result<PathBuf, EngineError> {
    let doing = format!("unpack image {reference}");
    let refused = |message: String| super::refused(&doing, message);
    let found = images.image(reference).await?;
    let found = found.ok_or_else(|| refused("the engine does not have it".to_owned()))?;
    let name = name(&found.digest).ok_or_else(|| refused("it has no digest".to_owned()))?;
    let own = state.join(IMAGES).join(name);
    let root = own.join(ROOT);
    if root.is_dir() {
        return Ok(root);
    }
    let failed = |e: io::Error| refused(e.to_string());
    DirBuilder::new().mode(0o700).recursive(true).create(&own).map_err(failed)?;
    let _turn = turn(&own.join("unpacking.lock")).await.map_err(failed)?;
    if root.is_dir() {
        return Ok(root);
    }
    let (archive, partial) = (own.join("archive"), own.join("partial"));
    clear(&partial).map_err(failed)?;
    DirBuilder::new().mode(0o755).create(&partial).map_err(failed)?;
    let exported = images.export(&found.digest, RUN, &archive).await;
    let unpacked = match exported {
        Ok(()) => unpack(&archive, &partial).await.map_err(refused),
        Err(error) => Err(error),
    };
    // It may not have been made.
    let _ = fs::remove_file(&archive);
    unpacked?;
    // Complete from here on, whoever looks.
    fs::rename(&partial, &root).map_err(failed)?;
    Ok(root)
}

/// What an image's folder is called; none of what is no digest: it becomes a path.
fn name(digest: &str) -> Option<&str> {
    let digits = digest.strip_prefix("sha256:")?;
    let is_hex = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (digits.len() == DIGEST && is_hex).then_some(digits)
}

async fn turn(file: &Path) -> io::Result<Lock> {
    loop {
        match Lock::try_take(file)? {
            Some(lock) => return Ok(lock),
            // As long as its driver lives: it waits for an engine that writes gigabytes.
            None => tokio::time::sleep(AGAIN).await,
        }
    }
}

/// By a program that keeps owners, modes and capabilities, and writes nowhere else whatever
/// an archive says.
async fn unpack(archive: &Path, to: &Path) -> Result<(), String> {
    let mut command = Command::new("tar");
    let how = ["--extract", "--preserve-permissions", "--numeric-owner", "--xattrs"];
    command.args(how).args(["--xattrs-include=*", "--anchored", "--exclude=.dockerenv"]);
    let from: [&OsStr; 4] =
        ["--file".as_ref(), archive.as_ref(), "--directory".as_ref(), to.as_ref()];
    let printed = child::output(command.args(from), PRINTED).await.map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => {
            "the program `tar` is needed and not there: install it, or use --engine docker"
                .to_owned()
        }
        _ => format!("`tar`: {e}"),
    })?;
    match printed.status.success() {
        true => Ok(()),
        false => {
            let words = last_words(&String::from_utf8_lossy(&printed.stderr), WORDS);
            Err(format!("`tar`: {words}"))
        }
    }
}

fn clear(folder: &Path) -> io::Result<bool> {
    match fs::remove_dir_all(folder) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes all of them; whether there was any.
pub(super) fn remove(state: &Path) -> io::Result<bool> {
    clear(&state.join(IMAGES))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_a_digest_becomes_a_path() {
        let digits = "0123456789abcdef".repeat(4);
        assert_eq!(name(&format!("sha256:{digits}")), Some(digits.as_str()));
        for other in [digits.as_str(), "sha256:../../etc", "sha256:", "sha512:00"] {
            assert_eq!(name(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn files_keep_their_modes_and_none_is_written_elsewhere() {
        let home = tempfile::tempdir().unwrap();
        let (archive, to) = (home.path().join("a.tar"), home.path().join("to"));
        fs::create_dir(&to).unwrap();
        let mut writer = tar::Builder::new(fs::File::create(&archive).unwrap());
        let mut add = |name: &str, kind: tar::EntryType, mode: u32, text: &[u8]| {
            let mut header = tar::Header::new_gnu();
            // As it is written: a builder would refuse some of them.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(kind);
            header.set_mode(mode);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            header.set_size(text.len() as u64);
            if kind.is_symlink() {
                header.set_link_name(home.path()).unwrap();
            }
            header.set_cksum();
            writer.append(&header, text).unwrap();
        };
        add("bin/program", tar::EntryType::Regular, 0o4755, b"#!");
        add(".dockerenv", tar::EntryType::Regular, 0o644, b"");
        add("out", tar::EntryType::Symlink, 0o777, b"");
        add("out/escaped", tar::EntryType::Regular, 0o644, b"no");
        drop(writer);
        let unpacked = unpack(&archive, &to).await;
        assert!(!home.path().join("escaped").exists(), "{unpacked:?}");
        let program = to.join("bin/program").metadata().unwrap();
        assert_eq!(program.permissions().mode() & 0o7777, 0o4755);
        assert!(!to.join(".dockerenv").exists());
        let error = unpack(&home.path().join("none"), &to).await.unwrap_err();
        assert!(error.contains("none"), "{error}");
    }

    #[test]
    fn all_of_them_go_at_once() {
        let home = tempfile::tempdir().unwrap();
        assert!(!remove(home.path()).unwrap());
        fs::create_dir_all(home.path().join(IMAGES).join("x/root")).unwrap();
        assert!(remove(home.path()).unwrap() && !home.path().join(IMAGES).exists());
    }
}
