use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

/// A folder where the tests were built: on a disk, unlike some `/tmp`.
fn folder() -> TempDir {
    let here = std::env::current_exe().unwrap();
    tempfile::tempdir_in(here.parent().unwrap()).unwrap()
}

/// Whether files of this folder can leave memory at all.
fn has_disk(folder: &TempDir) -> bool {
    const TMPFS: i64 = 0x0102_1994;
    rustix::fs::statfs(folder.path()).unwrap().f_type as i64 != TMPFS
}

fn paths(folder: &TempDir) -> Vec<PathBuf> {
    vec![folder.path().to_path_buf()]
}

#[test]
fn evicted_files_are_out_of_memory_until_they_are_read() {
    let folder = folder();
    fs::create_dir(folder.path().join("inner")).unwrap();
    fs::write(folder.path().join("a"), vec![1; 300_000]).unwrap();
    fs::write(folder.path().join("inner/b"), vec![2; 5_000]).unwrap();
    let whole = Residency { files: 2, bytes: 305_000, resident: 305_000 };
    assert_eq!(residency(&paths(&folder)).unwrap(), whole);
    if !has_disk(&folder) {
        eprintln!("left out: {} is in memory", folder.path().display());
        return;
    }
    // They were just written: without the sync nothing would go.
    assert_eq!(evict(&paths(&folder)).unwrap(), Residency { resident: 0, ..whole });
    let mut read = Vec::new();
    File::open(folder.path().join("inner/b")).unwrap().read_to_end(&mut read).unwrap();
    let found = residency(&paths(&folder)).unwrap();
    assert_eq!(found.resident, 5_000);
    assert!((found.share() - 5_000.0 / 305_000.0).abs() < 1e-12);
}

#[test]
fn nothing_outside_the_folders_is_evicted() {
    let (inside, outside) = (folder(), folder());
    fs::write(outside.path().join("kept"), vec![1; 50_000]).unwrap();
    fs::write(inside.path().join("own"), vec![1; 10]).unwrap();
    symlink(outside.path().join("kept"), inside.path().join("link")).unwrap();
    symlink(outside.path(), inside.path().join("folder")).unwrap();
    assert_eq!(evict(&paths(&inside)).unwrap().files, 1);
    assert_eq!(residency(&paths(&outside)).unwrap().resident, 50_000);
}

#[test]
fn a_file_with_many_names_counts_once_over_all_folders() {
    let (one, other) = (folder(), folder());
    fs::write(one.path().join("a"), vec![1; 9_000]).unwrap();
    fs::hard_link(one.path().join("a"), one.path().join("b")).unwrap();
    fs::hard_link(one.path().join("a"), other.path().join("c")).unwrap();
    let both = [paths(&one), paths(&other), paths(&one)].concat();
    let found = residency(&both).unwrap();
    assert_eq!((found.files, found.bytes), (1, 9_000));
}

#[test]
fn empty_sparse_and_special_files_are_fine() {
    let folder = folder();
    File::create(folder.path().join("empty")).unwrap();
    File::create(folder.path().join("hole")).unwrap().set_len(10_000_000).unwrap();
    symlink("nowhere", folder.path().join("dangling")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let found = evict(&paths(&folder)).unwrap();
    assert_eq!(found, Residency { files: 2, bytes: 10_000_000, resident: 0 });
}

#[test]
fn nothing_is_all_out_of_memory() {
    assert_eq!(evict(&[]).unwrap(), Residency::default());
    assert_eq!(evict(&[]).unwrap().share(), 0.0);
    assert_eq!(evict(&paths(&folder())).unwrap(), Residency::default());
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let missing = vec![folder().path().join("missing")];
    for error in [evict(&missing).unwrap_err(), residency(&missing).unwrap_err()] {
        assert!(error.to_string().contains("missing: the image must exist"), "{error}");
    }
}

#[test]
fn files_that_come_and_go_are_no_error() {
    let folder = folder();
    let path = folder.path().to_path_buf();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                for index in 0..50 {
                    let inner = path.join(format!("{index}"));
                    fs::create_dir(&inner).unwrap();
                    fs::write(inner.join("file"), "text").unwrap();
                }
                for index in 0..50 {
                    fs::remove_dir_all(path.join(format!("{index}"))).unwrap();
                }
            }
        });
        let results: Vec<_> = (0..50).map(|_| residency(&paths(&folder))).collect();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for result in results {
            result.unwrap();
        }
    });
}

#[test]
fn what_is_missing_comes_with_its_cure() {
    for answer in [can_evict(), can_drop_host()] {
        assert!(answer.is_ok() || answer.unwrap_err().contains("run as root"));
    }
}
