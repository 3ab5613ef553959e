//! A layer below those of every image: the folders and files that every instance has something
//! mounted at.
//!
//! An image may lack them, and what a runtime then makes anew in every start is written to the
//! disk, and removed when the instance ends. Docker lays such a layer over an image's own; below
//! them it is one for all, and hides nothing (decision 0132).

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::config::FILES;
use super::root::was_there;

/// Its name in the folder of all instances. What is in it never changes, as instances are
/// mounted over it: another content is another name.
const LAYER: &str = "places";
/// Where those files are that every instance has of its own.
const ETC: &str = "etc";
const FOLDERS: [&str; 4] = ["dev", ETC, "proc", "sys"];

/// Where the layer is.
pub(super) fn folder(state: &Path) -> PathBuf {
    state.join(LAYER)
}

/// Makes it where it is not there.
pub(super) fn make(state: &Path) -> io::Result<()> {
    let layer = folder(state);
    if layer.is_dir() {
        return Ok(());
    }
    let fresh = state.join(format!("{LAYER}-{}", std::process::id()));
    // Of one who had this number and was ended meanwhile.
    was_there(fs::remove_dir_all(&fresh))?;
    fill(&fresh)?;
    place(&fresh, &layer)
}

fn place(fresh: &Path, layer: &Path) -> io::Result<()> {
    match fs::rename(fresh, layer) {
        // Another driver was faster.
        Err(_) if layer.is_dir() => fs::remove_dir_all(fresh),
        renamed => renamed,
    }
}

fn fill(layer: &Path) -> io::Result<()> {
    let folders = FOLDERS.iter().map(|name| layer.join(name));
    for folder in std::iter::once(layer.to_owned()).chain(folders) {
        fs::create_dir(&folder)?;
        fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    }
    for name in FILES {
        let file = File::create(layer.join(ETC).join(name))?;
        file.set_permissions(Permissions::from_mode(0o644))?;
    }
    Ok(())
}

/// Removes it, and what is left of one that was not made whole.
pub(super) fn remove(state: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(state) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let is_one = |name: &str| name.split('-').next() == Some(LAYER);
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_one) {
            was_there(fs::remove_dir_all(entry.path()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes(layer: &Path) -> Vec<u32> {
        let all = ["", "proc", "dev", "sys", "etc", "etc/hosts", "etc/hostname", "etc/resolv.conf"];
        let mode = |name| fs::metadata(layer.join(name)).unwrap().permissions().mode() & 0o7777;
        all.into_iter().map(mode).collect()
    }

    #[test]
    fn it_is_made_once_whole_and_goes_with_what_was_not() {
        let home = tempfile::tempdir().unwrap();
        let state = home.path();
        remove(&state.join("none")).unwrap();
        // Of one that was ended while it made it.
        fs::create_dir(state.join(format!("{LAYER}-{}", std::process::id()))).unwrap();
        make(state).unwrap();
        let [folder_mode, file_mode] = [0o755, 0o644];
        assert_eq!(modes(&folder(state)), [[folder_mode; 5].as_slice(), &[file_mode; 3]].concat());
        assert_eq!(fs::read_dir(state).unwrap().count(), 1);
        fs::write(folder(state).join("mark"), "").unwrap();
        make(state).unwrap();
        assert!(folder(state).join("mark").exists(), "it was made anew");
        for other in ["placesx", "images"] {
            fs::create_dir(state.join(other)).unwrap();
        }
        fs::create_dir(state.join(format!("{LAYER}-1"))).unwrap();
        remove(state).unwrap();
        assert_eq!(fs::read_dir(state).unwrap().count(), 2);
    }

    #[test]
    fn of_two_drivers_at_once_the_second_takes_the_firsts() {
        let home = tempfile::tempdir().unwrap();
        let [layer, second, none] = ["layer", "second", "none"].map(|name| home.path().join(name));
        for made in [&layer, &second] {
            fill(made).unwrap();
        }
        fs::write(layer.join("mark"), "").unwrap();
        place(&second, &layer).unwrap();
        assert!(layer.join("mark").exists() && !second.exists());
        assert!(place(&none, &home.path().join("another")).is_err());
    }
}
