//! A run's folder that somebody else made: what is planted in it leads nowhere.

use std::os::unix::fs::symlink;

use super::*;

/// A run, and a folder of somebody else's with a file that is precious.
fn planted() -> (tempfile::TempDir, std::path::PathBuf, std::path::PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let (run, theirs) = (home.path().join("run"), home.path().join("theirs"));
    simulate(&run, &["--functions", "rust", "--rounds", "2"]);
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("precious"), "precious").unwrap();
    (home, run, theirs)
}

#[track_caller]
fn untouched(theirs: &Path) {
    let names: Vec<_> = fs::read_dir(theirs).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["precious"]);
    assert_eq!(fs::read_to_string(theirs.join("precious")).unwrap(), "precious");
}

#[test]
fn report_replaces_files_that_are_links_and_leaves_what_they_point_to() {
    let (_home, run, theirs) = planted();
    for name in ["report.html", "report.partial", "summary.json", "summary.partial"] {
        let _ = fs::remove_file(run.join(name));
        symlink(theirs.join("precious"), run.join(name)).unwrap();
    }
    typed(&["report", &run.display().to_string()], 0);
    untouched(&theirs);
    for name in ["report.html", "summary.json"] {
        assert!(fs::symlink_metadata(run.join(name)).unwrap().is_file(), "{name}");
    }
}

#[test]
fn report_refuses_folders_that_are_links_and_names_them() {
    for name in ["charts", "histograms"] {
        let (_home, run, theirs) = planted();
        fs::remove_dir_all(run.join(name)).unwrap();
        symlink(&theirs, run.join(name)).unwrap();
        let output = coldstart(&["report", &run.display().to_string()]).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{}", err(&output));
        let told = flat(&err(&output));
        assert!(told.starts_with("error[files]: cannot write "), "{told}");
        assert!(told.contains(&format!("`{name}` is a link")), "{told}");
        untouched(&theirs);
    }
}

#[test]
fn compare_writes_through_no_link_in_the_run_that_it_judges() {
    let (_home, run, theirs) = planted();
    symlink(&theirs, run.join("compare")).unwrap();
    let folder = run.display().to_string();
    let output = coldstart(&["compare", &folder, &folder]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(flat(&err(&output)).contains("`compare` is a link"), "{}", err(&output));
    untouched(&theirs);
}

#[test]
fn a_run_goes_on_through_no_link() {
    let (_home, run, theirs) = planted();
    let record = fs::read_to_string(run.join("run.json")).unwrap();
    let record = record.replace("\"complete\": true", "\"complete\": false");
    fs::write(run.join("run.json"), record).unwrap();
    fs::rename(run.join("samples.jsonl"), theirs.join("precious")).unwrap();
    symlink(theirs.join("precious"), run.join("samples.jsonl")).unwrap();
    let before = fs::read(theirs.join("precious")).unwrap();
    let args = ["run", "--continue", &run.display().to_string()];
    let output = coldstart(&args).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(flat(&err(&output)).contains("it is a link"), "{}", err(&output));
    assert!(fs::read(theirs.join("precious")).unwrap() == before);
}

#[test]
fn a_pipe_in_place_of_a_file_is_told_and_not_waited_for() {
    for name in ["run.json", "samples.jsonl", "trials.jsonl"] {
        let (_home, run, _theirs) = planted();
        fs::remove_file(run.join(name)).unwrap();
        let made = std::process::Command::new("mkfifo").arg(run.join(name)).status().unwrap();
        assert!(made.success());
        let mut command = coldstart(&["report", &run.display().to_string()]);
        let output = command.timeout(std::time::Duration::from_secs(60)).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{name}: {}", err(&output));
        assert!(flat(&err(&output)).contains("it is no file"), "{name}: {}", err(&output));
    }
}
