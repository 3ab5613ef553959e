use std::os::unix::fs::symlink;

use super::*;

/// A folder to write into, and one that is somebody else's, with a file in it.
fn two() -> (tempfile::TempDir, tempfile::TempDir) {
    let theirs = tempfile::tempdir().unwrap();
    fs::write(theirs.path().join("precious"), "precious").unwrap();
    (tempfile::tempdir().unwrap(), theirs)
}

fn untouched(theirs: &Path) {
    let names: Vec<_> = fs::read_dir(theirs).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["precious"]);
    assert_eq!(fs::read_to_string(theirs.join("precious")).unwrap(), "precious");
}

#[test]
fn a_file_that_is_a_planted_link_is_replaced_and_its_target_is_left_alone() {
    let (ours, theirs) = two();
    symlink(theirs.path().join("precious"), ours.path().join("report.html")).unwrap();
    write(ours.path(), Path::new("report.html"), b"new").unwrap();
    let written = ours.path().join("report.html");
    assert!(fs::symlink_metadata(&written).unwrap().is_file());
    assert_eq!(fs::read(&written).unwrap(), b"new");
    untouched(theirs.path());
}

#[test]
fn a_partial_file_that_is_a_planted_link_is_not_written_through() {
    let (ours, theirs) = two();
    let process = std::process::id();
    // The name of before, and the first that is tried now.
    for partial in ["report.partial".to_owned(), format!(".report.html.{process}-0.partial")] {
        symlink(theirs.path().join("precious"), ours.path().join(partial)).unwrap();
    }
    write(ours.path(), Path::new("report.html"), b"new").unwrap();
    assert_eq!(fs::read(ours.path().join("report.html")).unwrap(), b"new");
    untouched(theirs.path());
}

#[test]
fn a_folder_that_is_a_planted_link_is_refused_with_its_name_and_nothing_is_written() {
    let (ours, theirs) = two();
    symlink(theirs.path(), ours.path().join("charts")).unwrap();
    let error = write(ours.path(), Path::new("charts/cold.svg"), b"x").unwrap_err();
    let told = format!("{error:#}");
    assert!(told.contains("charts/cold.svg") && told.contains("`charts` is a link"), "{told}");
    untouched(theirs.path());
}

#[test]
fn a_path_that_leads_out_of_the_folder_is_refused() {
    let (ours, theirs) = two();
    let absolute = theirs.path().join("precious");
    for path in [Path::new("../precious"), Path::new("a/../../precious"), &absolute, Path::new("")]
    {
        assert!(write(ours.path(), path, b"x").is_err(), "{}", path.display());
    }
    assert_eq!(fs::read_dir(ours.path()).unwrap().count(), 0);
    untouched(theirs.path());
}

#[test]
fn a_write_that_fails_leaves_nothing_and_a_folder_that_is_gone_is_not_made_again() {
    let (ours, _) = two();
    fs::create_dir(ours.path().join("report.html")).unwrap();
    assert!(write(ours.path(), Path::new("report.html"), b"x").is_err());
    assert_eq!(fs::read_dir(ours.path()).unwrap().count(), 1);
    let gone = ours.path().join("gone");
    assert!(write(&gone, Path::new("report.html"), b"x").is_err());
    assert!(!gone.exists());
}

#[test]
fn what_is_no_file_is_refused_at_once_and_named() {
    let (ours, _) = two();
    let pipe = ours.path().join("compare.json");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::from_raw_mode(0o600)).unwrap();
    for path in [pipe.as_path(), Path::new("/dev/zero"), ours.path()] {
        let told = format!("{:#}", text(path).unwrap_err());
        assert!(told.contains(&path.display().to_string()) && told.contains("no file"), "{told}");
    }
}

#[test]
fn a_file_that_never_seems_to_end_is_not_read_whole() {
    let (ours, _) = two();
    let path = ours.path().join("compare.json");
    File::create(&path).unwrap().set_len(8 * LONGEST).unwrap();
    let told = format!("{:#}", text(&path).unwrap_err());
    assert!(told.contains("longer than any file"), "{told}");
}
