//! A folder for a result, made before anything is prepared: what else begins in the same
//! second takes another.

use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders of one name that are tried before it is given up.
const MOST: u32 = 1_000;

/// A folder that was made for a result. It is removed again where nothing came of it.
#[derive(Debug)]
pub struct Reservation {
    folder: PathBuf,
}

impl Reservation {
    /// The folder that somebody named.
    ///
    /// # Errors
    /// When it is there already, or cannot be made: it is named.
    pub fn of(folder: &Path) -> Result<Self> {
        let made = make(folder)?;
        made.ok_or_else(|| taken(folder).into())
    }

    /// The first folder that is free: NAME, else NAME-2, NAME-3 and so on.
    ///
    /// # Errors
    /// When none can be made: it is named.
    pub fn first_free(folder: &Path) -> Result<Self> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let numbered = (2..MOST).map(|n| folder.with_file_name(format!("{name}-{n}")));
        for folder in std::iter::once(folder.to_owned()).chain(numbered) {
            if let Some(made) = make(&folder)? {
                return Ok(made);
            }
        }
        Err(taken(folder).into())
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // Refused where there is anything in it: then it is a result.
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Makes a folder; none where there is one already.
fn make(folder: &Path) -> Result<Option<Reservation>> {
    let create = || {
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::create_dir(folder)
    };
    match create() {
        // Whatever is there, a folder or not.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && is_there(folder) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot create {}", folder.display())),
        Ok(()) => Ok(Some(Reservation { folder: folder.to_owned() })),
    }
}

fn is_there(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok()
}

/// Why a folder that is there is not written to.
pub(super) fn taken(folder: &Path) -> Error {
    let message = format!(
        "{} exists already: nothing is written over; name a new folder with --out",
        folder.display()
    );
    Error::new(ErrorKind::AlreadyExists, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_one_second_get_folders_of_their_own() {
        let home = tempfile::tempdir().unwrap();
        let wanted = home.path().join("results/2026-01-01-000000-default");
        let all: Vec<_> = (0..3).map(|_| Reservation::first_free(&wanted).unwrap()).collect();
        let names: Vec<_> = all.iter().map(|r| r.folder().file_name().unwrap()).collect();
        let wanted = "2026-01-01-000000-default";
        assert_eq!(names, [wanted, &format!("{wanted}-2"), &format!("{wanted}-3")]);
        assert!(all.iter().all(|r| r.folder().is_dir()));
    }

    #[test]
    fn a_folder_is_removed_where_nothing_came_of_it_and_kept_where_something_did() {
        let home = tempfile::tempdir().unwrap();
        let [empty, used] = ["empty", "used"].map(|name| home.path().join(name));
        drop(Reservation::of(&empty).unwrap());
        assert!(!empty.exists());
        let kept = Reservation::of(&used).unwrap();
        fs::write(used.join("run.json"), "").unwrap();
        drop(kept);
        assert!(used.join("run.json").is_file());
    }

    #[test]
    fn a_folder_that_somebody_named_and_that_is_there_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let error = Reservation::of(home.path()).unwrap_err().to_string();
        assert!(error.contains("exists already") && error.contains("--out"), "{error}");
        // A link to nowhere is something, too.
        let link = home.path().join("link");
        std::os::unix::fs::symlink("/nowhere", &link).unwrap();
        assert!(Reservation::of(&link).unwrap_err().to_string().contains("exists already"));
    }
}
