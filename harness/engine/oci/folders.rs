//! Where what belongs to an instance is: what it sees and writes, and who made it, on a disk below
//! the state folder; what is made for its runtime alone in memory, where a file system is there.
//!
//! A start makes some twenty small files and folders, and its end removes them: the more of them
//! went lately, the longer some file systems on a disk look for a place for the next
//! (decision 0128).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Where file systems in memory are.
const PLACES: [&str; 2] = ["/run", "/dev/shm"];
/// The folder of ours there, which only this user may enter.
const BUNDLES: &str = "coldstart-bundles";
/// `TMPFS_MAGIC`.
const IN_MEMORY: i64 = 0x0102_1994;

/// The two folders of an instance, which may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folders {
    /// With its record, and what it sees: its own files, and what it writes.
    pub(super) disk: PathBuf,
    /// With what its runtime reads and writes, and its root file system.
    pub(super) bundle: PathBuf,
}

impl Folders {
    /// Those of an instance, in a folder for the ones and a folder for the others.
    pub(super) fn of(disk: &Path, bundles: &Path, id: &str) -> Self {
        Self { disk: disk.join(id), bundle: bundles.join(id) }
    }

    /// Whether both are one.
    pub(super) fn are_one(&self) -> bool {
        self.disk == self.bundle
    }
}

/// The folder in which bundles are made, in memory; none where there is no place for it.
pub(super) fn in_memory() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let places = PLACES.iter().filter(|place| is_in_memory(Path::new(place)));
        places.map(|place| Path::new(place).join(BUNDLES)).find(|folder| may_be_ours(folder))
    };
    FOUND.get_or_init(find).as_deref()
}

fn is_in_memory(place: &Path) -> bool {
    rustix::fs::statfs(place).is_ok_and(|found| found.f_type == IN_MEMORY)
}

/// Whether nobody else has put something there.
fn may_be_ours(folder: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(folder).map_or(true, |found| found.is_dir() && found.uid() == user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_put_where_bundles_are_made_is_not_used() {
        let home = tempfile::tempdir().unwrap();
        let [none, folder, link] = ["none", "folder", "link"].map(|name| home.path().join(name));
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(may_be_ours(&none) && may_be_ours(&folder) && !may_be_ours(&link));
        assert!(!is_in_memory(Path::new("/proc")) && !is_in_memory(&none));
    }

    #[test]
    fn without_memory_for_it_an_instance_has_one_folder() {
        let (disk, memory) = (Path::new("/state"), Path::new("/memory"));
        assert!(Folders::of(disk, disk, "a").are_one());
        let folders = Folders::of(disk, memory, "a");
        assert!(!folders.are_one());
        assert_eq!([folders.disk, folders.bundle], ["/state/a", "/memory/a"].map(PathBuf::from));
    }
}
