//! The build context of a function: the same files give the same bytes.

use std::collections::BTreeSet;
use std::fs::{self, FileType, Metadata};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use walkdir::WalkDir;

use crate::spec::function::DOCKERFILE;

/// The most files, links and folders that go into an image, and their most bytes: all of
/// it is held in memory and sent to the engine.
const MOST_ENTRIES: usize = 50_000;
const MOST_BYTES: u64 = 256 << 20;
/// What else can be done where that is too little.
const CURE: &str = "name less of it, or build the image with a command of your own (`build`)";

/// Packs files below a folder, and all that is in folders, into a tar archive: sorted,
/// without times and owners, and with two modes only. The file that is named as the
/// Dockerfile goes in under that name.
pub(super) fn pack(root: &Path, files: &[PathBuf], dockerfile: &Path) -> Result<Vec<u8>> {
    let root = fs::canonicalize(root)
        .with_context(|| format!("cannot find the folder {}", root.display()))?;
    let mut names = BTreeSet::new();
    for file in files {
        let name = inside(file)?;
        let add = beneath(&root, name.clone(), &mut names);
        add.with_context(|| format!("cannot pack {}", root.join(&name).display()))?;
    }
    let dockerfile = inside(dockerfile)?;
    if dockerfile != Path::new(DOCKERFILE) {
        names.insert(DOCKERFILE.into());
    } else if !names.contains(&dockerfile) {
        bail!("`files` does not name the Dockerfile");
    }
    let named: BTreeSet<PathBuf> = files.iter().filter_map(|file| inside(file).ok()).collect();
    let mut archive = Archive { tar: tar::Builder::new(Vec::new()), root: &root, bytes: 0 };
    for name in names {
        let from = if name == Path::new(DOCKERFILE) { &dockerfile } else { &name };
        let added = archive.add(from, &name, from == &dockerfile || named.contains(&name));
        added.with_context(|| format!("cannot pack {}", root.join(from).display()))?;
    }
    Ok(archive.tar.into_inner()?)
}

/// A context of one file.
pub(super) fn of_text(name: &str, text: &str) -> Vec<u8> {
    let mut header = header(tar::EntryType::Regular, 0o644);
    header.set_size(text.len() as u64);
    let mut archive = tar::Builder::new(Vec::new());
    // Nothing can go wrong in memory, with a name as short as this.
    let _ = archive.append_data(&mut header, name, text.as_bytes());
    archive.into_inner().unwrap_or_default()
}

/// The path without `.`; refused where it leads out of the folder.
fn inside(file: &Path) -> Result<PathBuf> {
    let mut name = PathBuf::new();
    for component in file.components() {
        match component {
            Component::Normal(part) => name.push(part),
            Component::CurDir => {}
            _ => bail!("`{}` in `files` leads out of the function's folder", file.display()),
        }
    }
    Ok(name)
}

/// Adds what a name of `files` stands for: itself, or all that is in the folder.
fn beneath(root: &Path, name: PathBuf, names: &mut BTreeSet<PathBuf>) -> Result<()> {
    let path = root.join(&name);
    let link = fs::symlink_metadata(&path).context("is it made by `prepare`?")?;
    if link.is_symlink() && fs::metadata(&path).is_ok_and(|of| of.is_dir()) {
        bail!("it is a link to a folder: name the folder");
    }
    if !link.is_dir() {
        names.insert(name);
        return Ok(());
    }
    for found in WalkDir::new(&path).min_depth(1) {
        names.insert(found?.path().strip_prefix(root)?.to_owned());
        if names.len() > MOST_ENTRIES {
            bail!("there are more than {MOST_ENTRIES} files in it: {CURE}");
        }
    }
    Ok(())
}

struct Archive<'a> {
    tar: tar::Builder<Vec<u8>>,
    root: &'a Path,
    bytes: u64,
}

impl Archive<'_> {
    /// Adds a file, a link or a folder. A link that was named itself goes in as what it
    /// leads to; one in a folder stays a link, as tools that run from a folder expect.
    fn add(&mut self, from: &Path, name: &Path, is_named: bool) -> Result<()> {
        let path = self.root.join(from);
        let meta = fs::symlink_metadata(&path)?;
        match meta.file_type() {
            kind if kind.is_symlink() && is_named => self.file(name, &self.target(&path)?),
            kind if kind.is_symlink() => self.link(name, &path),
            kind if kind.is_dir() => self.folder(name),
            kind if kind.is_file() => self.file(name, &path),
            kind => bail!("it is {}, which no image has", special(kind)),
        }
    }

    fn file(&mut self, name: &Path, path: &Path) -> Result<()> {
        let meta = fs::metadata(path)?;
        if !meta.is_file() {
            bail!("it is no file");
        }
        self.bytes += meta.len();
        if self.bytes > MOST_BYTES {
            bail!("`files` are larger than {} MiB together: {CURE}", MOST_BYTES >> 20);
        }
        let bytes = fs::read(path)?;
        let mut header = header(tar::EntryType::Regular, mode(&meta));
        header.set_size(bytes.len() as u64);
        Ok(self.tar.append_data(&mut header, name, bytes.as_slice())?)
    }

    fn folder(&mut self, name: &Path) -> Result<()> {
        let mut header = header(tar::EntryType::Directory, 0o755);
        Ok(self.tar.append_data(&mut header, name, std::io::empty())?)
    }

    fn link(&mut self, name: &Path, path: &Path) -> Result<()> {
        let to = fs::read_link(path)?;
        if to.is_absolute() {
            bail!("it is a link to {}, which the image has elsewhere", to.display());
        }
        self.target(path)?;
        let mut header = header(tar::EntryType::Symlink, 0o777);
        Ok(self.tar.append_link(&mut header, name, to)?)
    }

    /// What a link leads to: elsewhere within the folder, and no further.
    fn target(&self, path: &Path) -> Result<PathBuf> {
        let to = fs::canonicalize(path).context("it is a link to nothing")?;
        if !to.starts_with(self.root) {
            bail!("it is a link out of the function's folder");
        }
        Ok(to)
    }
}

/// Two modes only: what else a file may be differs from one checkout to the next.
fn mode(meta: &Metadata) -> u32 {
    if meta.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 }
}

fn header(kind: tar::EntryType, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(0);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}
