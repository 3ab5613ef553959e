//! `explain`: what is refused before anything starts, and an explanation shown again.

use super::*;

#[test]
fn a_simulated_start_has_nothing_to_watch() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("x").display().to_string();
    let output = coldstart(&["explain", "rust", "--engine", "fake", "--out", &folder]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(err(&output).contains("nothing to watch"), "{}", err(&output));
    assert!(!Path::new(&folder).exists(), "what came to nothing leaves no folder");
}

#[test]
fn what_is_typed_wrong_is_told_before_anything_starts() {
    for (args, words) in [
        (&["explain", "rsut"][..], "did you mean `rust`"),
        (&["explain", "--image", "a:1", "rust"], "cannot be used with"),
        (&["explain", "rust", "--networks", "host,bridge"], "one value of each factor"),
        (&["explain", "rust", "--layouts", "/not/there.toml"], "/not/there.toml"),
        (&["explain", "rust", "--rounds", "0"], "--rounds"),
        (&["explain", "rust", "--event", "{}"], "--image"),
    ] {
        let output = coldstart(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", err(&output));
        let said = err(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(words), "{args:?}: {said}");
    }
}

/// By somebody else, so that names may be anything.
const FOREIGN: &str = r#"{"format":1,"tool":"coldstart 0.1.0","command":"coldstart explain f",
"started":"2026-11-27T00:00:00Z","engine":"docker 26","kernel":"6.1","rounds":5,"lost":[],
"functions":[{"function":"f","image":"i:1","digest":"d","starts":{"plain":[100000000],"watched":[],
"profiled":[],"overflows":0,"beyond":0},"timeline":{"ready":100000000,"end":110000000,
"processes":[],"files":[],"spans":[]},"phases":[],"packages":[{"package":"big\u001b[2J",
"ns":80000000,"share":0.8,"files":3,"bytes":4096}]}]}"#;

#[test]
fn an_explanation_is_shown_and_listed_again_and_moves_no_cursor() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("why");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("explain.json"), FOREIGN).unwrap();
    let folder = folder.display().to_string();
    let text = typed(&["show", &folder], 0);
    assert!(text.contains("f was ready 100 ms") && text.contains("80.0 ms (80 %)"), "{text}");
    let csv = typed(&["show", &folder, "--format", "csv"], 0);
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let json = typed(&["show", &folder, "--format", "json"], 0);
    let results = home.path().display().to_string();
    let list = typed(&["list", "runs", "--results", &results], 0);
    assert!(list.contains("explanation") && list.contains("80 %"), "{list}");
    assert!([text, csv, json, list].iter().all(|text| !text.contains('\u{1b}')));
    let told = typed(&["report", &folder], 0);
    assert!(told.contains("f was ready 100 ms"), "{told}");
    let page = fs::read_to_string(home.path().join("why/explain.html")).unwrap();
    assert!(page.contains("f was ready 100 ms") && !page.contains('\u{1b}'));
    fs::write(home.path().join("why/explain.json"), "{").unwrap();
    let output = coldstart(&["show", &folder]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(err(&output).contains("coldstart explain"), "{}", err(&output));
}
