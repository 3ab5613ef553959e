//! What a checkout lacks without git saying so: submodules, and files that stay
//! pointers. A function built without them is another function.

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::text::sanitize::printable;

/// What a pointer begins with (Git LFS specification, version 1).
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";
/// A pointer is shorter than this, in bytes (same source).
const LONGEST: u64 = 1024;
/// How much of a path is shown, in characters.
const SHOWN: usize = 200;

/// A path that a commit holds, relative to its root.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    File,
    Link,
    Submodule,
}

impl Entry {
    /// Parses `mode hash stage TAB path`, a record of `git ls-files --stage -z`.
    pub(super) fn parse(record: &[u8]) -> Option<Self> {
        let tab = record.iter().position(|b| *b == b'\t')?;
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(&record[tab + 1..]));
        let kind = match record.get(..6)? {
            b"160000" => Kind::Submodule,
            b"120000" => Kind::Link,
            _ => Kind::File,
        };
        Some(Self { path, kind })
    }
}

/// The first thing that the needed paths (files or folders, relative to the tree)
/// lack, in words, with its cure.
pub(super) fn find(tree: &Path, entries: &[Entry], needed: &[PathBuf]) -> Option<String> {
    let below = |entry: &Entry| needed.iter().any(|path| entry.path.starts_with(path));
    let above = |entry: &Entry| needed.iter().any(|path| path.starts_with(&entry.path));
    entries.iter().find_map(|entry| {
        let name = printable(&entry.path.display().to_string(), SHOWN);
        match entry.kind {
            Kind::Submodule if below(entry) || above(entry) => Some(format!(
                "`{name}` is a submodule, which is not unpacked from a ref: check that commit out \
                 with `git clone --recurse-submodules` and name the folder as `./name`"
            )),
            Kind::File if below(entry) && is_pointer(&tree.join(&entry.path)) => Some(format!(
                "`{name}` is a Git LFS pointer and not the file itself: install git-lfs for the \
                 user that runs this (`git lfs install`) and fetch the files (`git lfs fetch --all`)"
            )),
            _ => None,
        }
    })
}

fn is_pointer(path: &Path) -> bool {
    let short = fs::symlink_metadata(path).is_ok_and(|m| m.is_file() && m.len() < LONGEST);
    let mut start = Vec::new();
    let read = |f: fs::File| f.take(POINTER.len() as u64).read_to_end(&mut start);
    short && fs::File::open(path).and_then(read).is_ok() && start == POINTER
}
