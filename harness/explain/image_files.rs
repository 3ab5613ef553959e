//! The files of an image, from the folders of its layers, and which of them no start opened.

use std::collections::{BTreeMap, HashSet};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::found::{Folder, Unopened};
use crate::probe::page_cache;

/// Folders that are told.
const FOLDERS: usize = 20;
/// A folder is told by itself where it has at least such a share of all that was not opened.
const LEAST: f64 = 0.02;

/// The regular files of an image.
#[derive(Debug, Clone, Default)]
pub(super) struct ImageFiles {
    /// By path, as a function sees it: where its bytes are on this machine, and how many.
    of: BTreeMap<String, (PathBuf, u64)>,
}

impl ImageFiles {
    /// Of the folders of its layers, the uppermost first, as overlays have them. What cannot
    /// be read is left out.
    pub(super) fn of(layers: &[PathBuf]) -> Self {
        let mut files = Self::default();
        // What an upper layer has, or has taken away, hides what is below.
        let (mut hidden, mut covered) = (HashSet::new(), Vec::<String>::new());
        for layer in layers {
            let (mut gone, mut opaque) = (Vec::new(), Vec::new());
            for entry in WalkDir::new(layer).min_depth(1).into_iter().flatten() {
                let Some(path) = path_of(layer, &entry) else { continue };
                let is_covered = covered.iter().any(|above| is_below(&path, above));
                if is_covered || hidden.contains(&path) {
                    continue;
                }
                let kind = entry.file_type();
                if kind.is_dir() {
                    if is_opaque(entry.path()) {
                        opaque.push(path);
                    }
                } else if kind.is_file() {
                    let size = entry.metadata().map_or(0, |told| told.len());
                    files.of.insert(path.clone(), (entry.into_path(), size));
                    gone.push(path);
                } else {
                    let is_whiteout = kind.is_char_device()
                        && entry.metadata().is_ok_and(|told| told.rdev() == 0);
                    if is_whiteout {
                        opaque.push(path.clone());
                    }
                    gone.push(path);
                }
            }
            hidden.extend(gone);
            covered.extend(opaque);
        }
        files
    }

    /// Every path.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.of.keys().map(String::as_str)
    }

    /// Where on this machine a file is.
    pub(super) fn place_of(&self, path: &str) -> Option<&Path> {
        self.of.get(path).map(|(place, _)| place.as_path())
    }

    /// Bytes of each of some files that are in memory; of all where none are named.
    pub(super) fn resident(&self, which: Option<&HashSet<String>>) -> BTreeMap<String, u64> {
        let chosen = self.of.iter().filter(|(path, _)| which.is_none_or(|w| w.contains(*path)));
        let of = |(path, (place, _)): (&String, &(PathBuf, u64))| {
            Some((path.clone(), page_cache::resident_of(place)?))
        };
        chosen.filter_map(of).collect()
    }

    /// What is in none of the opened paths; none of an image without files.
    pub(super) fn unopened(&self, opened: &HashSet<String>) -> Option<Unopened> {
        if self.of.is_empty() {
            return None;
        }
        let mut found = Unopened::default();
        let mut folders: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (path, (_, size)) in &self.of {
            (found.files, found.bytes) = (found.files + 1, found.bytes + size);
            if opened.contains(path) {
                continue;
            }
            found.unopened_files += 1;
            found.unopened_bytes += size;
            // Each folder above it has it.
            for (at, _) in path.match_indices('/').filter(|(at, _)| *at > 0) {
                let (files, bytes) = folders.entry(&path[..at]).or_default();
                (*files, *bytes) = (*files + 1, *bytes + size);
            }
        }
        found.folders = largest(&folders, found.unopened_bytes);
        Some(found)
    }
}

/// The folders that have most, none twice: of one and its only large child the child.
fn largest(folders: &BTreeMap<&str, (u64, u64)>, all: u64) -> Vec<Folder> {
    let least = (all as f64 * LEAST) as u64;
    let large = |bytes: u64| bytes > 0 && bytes >= least;
    let is_parent = |path: &str, bytes: u64| {
        let children = folders.range(path..).take_while(|(child, _)| child.starts_with(path));
        let mut direct = children
            .filter(|(child, _)| is_below(child, path) && !child[path.len() + 1..].contains('/'));
        // Said by a child that has nearly all of it, or by several that have most.
        let (mut sum, mut some) = (0, false);
        for (_, (_, of_child)) in direct.by_ref().filter(|(_, (_, bytes))| large(*bytes)) {
            (sum, some) = (sum + of_child, true);
        }
        some && sum as f64 >= bytes as f64 * 0.8
    };
    let told =
        folders.iter().filter(|(path, (_, bytes))| large(*bytes) && !is_parent(path, *bytes));
    let folder = |(path, (files, bytes)): (&&str, &(u64, u64))| Folder {
        path: (*path).to_owned(),
        files: *files,
        bytes: *bytes,
    };
    let mut found: Vec<Folder> = told.map(folder).collect();
    found.sort_by_key(|folder| std::cmp::Reverse(folder.bytes));
    // A folder whose parent is told as well is within it.
    let all: Vec<String> = found.iter().map(|folder| folder.path.clone()).collect();
    found.retain(|folder| !all.iter().any(|above| is_below(&folder.path, above)));
    found.truncate(FOLDERS);
    found
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn path_of(layer: &Path, entry: &DirEntry) -> Option<String> {
    let inside = entry.path().strip_prefix(layer).ok()?;
    Some(format!("/{}", inside.to_string_lossy()))
}

/// Whether a folder of a layer hides all that lower layers have in it.
fn is_opaque(folder: &Path) -> bool {
    let mut value = [0; 4];
    let told = rustix::fs::lgetxattr(folder, "trusted.overlay.opaque", &mut value[..]);
    told.is_ok_and(|length| value.get(..length) == Some(b"y"))
}
