//! Each kind of folder that is written, by each command that takes one: it is read, or it is said
//! what the folder holds and which command is for that.

use super::*;

/// A folder of every kind, below one.
struct Kinds {
    home: tempfile::TempDir,
}

/// Kinds, and whether they have rows, and whether a page of theirs can be made again.
const KINDS: [(&str, bool, bool); 11] = [
    ("run", true, true),
    ("fleet", true, true),
    ("tuned", true, true),
    ("served", true, true),
    ("study", true, true),
    ("foreign", false, true),
    ("explanation", false, true),
    ("replay", false, true),
    ("comparison", false, false),
    ("gate", false, false),
    ("aa", false, false),
];

impl Kinds {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(simulate(&home.path().join("run"), &[]).status.code(), Some(0));
        let kinds = Self { home };
        let fleet = kinds.home.path().join("of-fleet");
        fs::create_dir(&fleet).unwrap();
        fs::rename(super::fleet::of_two(&fleet), kinds.path("fleet")).unwrap();
        for (kept, name) in [
            ("tuned", "tuned"),
            ("studies/ladder", "study"),
            ("explained", "explanation"),
            ("replayed", "replay"),
        ] {
            let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("results").join(kept);
            copied(&kept, &kinds.path(name));
        }
        // The rows of calls that came from outside, without what was asked of them.
        copied(&kinds.path("study"), &kinds.path("served"));
        fs::remove_file(kinds.path("served").join("study.json")).unwrap();
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
        kinds.write("foreign", "study.json", &foreign(&kept.join("studies/idle/study.json")));
        kinds.write(
            "aa",
            "aa.json",
            &fs::read_to_string(kept.join("reliability/aa.json")).unwrap(),
        );
        kinds.write("aa", "aa.md", &fs::read_to_string(kept.join("reliability/aa.md")).unwrap());
        let (run, out) = (kinds.typed("run"), kinds.typed("comparison"));
        typed(&["compare", &run, &run, "--out", &out], 0);
        copied(&kinds.path("comparison"), &kinds.path("gate"));
        for side in ["base", "head"] {
            copied(&kinds.path("run"), &kinds.path("gate").join(side));
        }
        kinds
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(name)
    }

    fn typed(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn write(&self, name: &str, file: &str, text: &str) {
        fs::create_dir_all(self.path(name)).unwrap();
        fs::write(self.path(name).join(file), text).unwrap();
    }
}

/// A study of somebody else's platform: nothing is known of it but what calls told.
fn foreign(of: &Path) -> String {
    let mut study: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(of).unwrap()).unwrap();
    let all = study.as_object_mut().unwrap();
    for key in ["run", "starts", "unused"] {
        all.remove(key);
    }
    all.insert("started".to_owned(), "2026-11-28T00:00:00Z".into());
    study.to_string()
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copied(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

#[test]
fn every_folder_is_opened_by_every_command_or_it_is_said_which_one_opens_it() {
    let kinds = Kinds::new();
    let reference = kinds.typed("run");
    for (name, rows, pages) in KINDS {
        let folder = kinds.typed(name);
        for form in ["text", "json", "csv", "markdown"] {
            assert!(!typed(&["show", &folder, "--format", form], 0).is_empty(), "{name} {form}");
        }
        let shown = typed(&["show", &folder], 0);
        let refused = |args: &[&str], cure: &str| {
            let output = coldstart(args).output().unwrap();
            assert_ne!(output.status.code(), Some(0), "{args:?}");
            let told = flat(&err(&output));
            assert!(told.contains(cure), "{args:?}: {told}");
        };
        let show = format!("`coldstart show {folder}` shows it");
        match pages {
            true => assert!(typed(&["report", &folder], 0).contains(first_line(&shown)), "{name}"),
            false => refused(&["report", &folder], &show),
        }
        match rows {
            true => {
                let lines = typed(&["show", &folder, "--rows", "--format", "csv"], 0);
                assert!(lines.lines().count() > 9, "{name}: {lines}");
                // Whatever the verdict, both were read.
                let out = kinds.typed(&format!("{name}-compared"));
                let args = ["compare", &reference, &folder, "--out", &out];
                let output = coldstart(&args).output().unwrap();
                assert!(Path::new(&out).join("compare.json").is_file(), "{name}: {}", err(&output));
            }
            false => {
                refused(&["show", &folder, "--rows"], "only runs have rows");
                refused(&["compare", &reference, &folder], &show);
                refused(&["compare", "--baseline", &folder], &show);
                refused(&["run", "--continue", &folder], &show);
            }
        }
    }
    let list = typed(&["list", "runs", "--results", &kinds.typed("")], 0);
    let listed: serde_json::Value = serde_json::from_str(&typed(
        &["list", "runs", "--results", &kinds.typed(""), "--format", "json"],
        0,
    ))
    .unwrap();
    let kind = |name: &str| {
        let rows = listed["runs"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).map(|row| row["kind"].clone())
    };
    assert_eq!(kind("foreign"), Some("study".into()), "{list}");
    assert_eq!(kind("study"), Some("study".into()), "{list}");
    assert_eq!(kind("fleet"), Some("run".into()), "{list}");
    assert!(!list.contains("cannot be read"), "{list}");
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[test]
fn what_was_found_is_what_a_study_s_pages_are_made_of_again() {
    let kinds = Kinds::new();
    for name in ["study", "foreign"] {
        let (folder, file) = (kinds.path(name), kinds.path(name).join("study.json"));
        let before = fs::read_to_string(&file).unwrap();
        let _ = fs::remove_file(folder.join("study.html"));
        typed(&["report", &kinds.typed(name)], 0);
        assert!(folder.join("study.html").is_file() && folder.join("study.csv").is_file());
        assert_eq!(fs::read_to_string(&file).unwrap(), before, "{name}");
    }
    assert!(kinds.path("study").join("charts/ladder.svg").is_file());
    let folder = kinds.typed("foreign");
    let refused = coldstart(&["report", &folder, "--salvage"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("no rows of its own"), "{}", err(&refused));
}

#[test]
fn a_folder_of_nothing_and_none_at_all_are_told_apart() {
    let kinds = tempfile::tempdir().unwrap();
    let empty = kinds.path().display().to_string();
    let none = kinds.path().join("none").display().to_string();
    for (args, cure) in [
        (["report", &empty], "is not a run folder: run.json is not in it"),
        (["show", &empty], "holds no result: neither study.json, run.json"),
        (["report", &none], "there is no such folder"),
    ] {
        let output = coldstart(&args).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{args:?}");
        assert!(flat(&err(&output)).contains(cure), "{args:?}: {}", err(&output));
    }
}
