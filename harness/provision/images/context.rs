//! The build context of a function: the same files give the same bytes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Packs files below a folder into a tar archive: sorted, without times and
/// owners, and with two modes only.
pub(super) fn pack(root: &Path, files: &[PathBuf]) -> Result<Vec<u8>> {
    let mut names = files.iter().map(|file| inside(file)).collect::<Result<Vec<_>>>()?;
    names.sort();
    names.dedup();
    if !names.iter().any(|name| name == Path::new("Dockerfile")) {
        bail!("`files` does not name the Dockerfile");
    }
    let mut archive = tar::Builder::new(Vec::new());
    for name in names {
        add(&mut archive, root, &name)
            .with_context(|| format!("cannot pack {}", root.join(&name).display()))?;
    }
    Ok(archive.into_inner()?)
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

fn add(archive: &mut tar::Builder<Vec<u8>>, root: &Path, name: &Path) -> Result<()> {
    let path = fs::canonicalize(root.join(name)).context("is it made by `prepare`?")?;
    // A link may lead elsewhere within the folder, and no further.
    if !path.starts_with(fs::canonicalize(root)?) {
        bail!("it is a link out of the function's folder");
    }
    let meta = fs::metadata(&path)?;
    if !meta.is_file() {
        bail!("it is no file: name the files one by one");
    }
    let bytes = fs::read(&path)?;
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(if meta.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 });
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    archive.append_data(&mut header, name, bytes.as_slice())?;
    Ok(())
}
