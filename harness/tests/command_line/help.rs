//! Help, completions and manual pages: the program as it tells of itself.

use super::*;

#[test]
fn help_begins_with_what_it_is_for_and_examples() {
    let text = typed(&["--help"], 0);
    assert!(text.starts_with("How long does a function take"), "{text}");
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("no `{part}` in {text}"));
    let order = ["coldstart run --provision", "Usage: ", "Measure\n", "Options\n", "Exit status\n"];
    assert!(order.map(place).is_sorted(), "{text}");
    place("130  interrupted");
    for code in ["usage", "input", "missing", "engine", "files", "environment"] {
        place(&format!("\n  {code} "));
    }
    let short = typed(&["-h"], 0);
    assert!(short.lines().count() < 50 && !short.contains("Examples\n"), "{short}");
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = typed(&["completions", shell], 0);
        assert!(script.contains("coldstart") && script.contains("page-cache"), "{shell}");
    }
    let program = assert_cmd::cargo::cargo_bin("coldstart");
    let script = format!("source <({} completions bash)", program.display());
    let output = std::process::Command::new("bash").args(["-c", &script]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", err(&output));
}

#[test]
fn manual_pages_are_printed_or_written_one_a_verb() {
    let page = typed(&["man"], 0);
    assert!(page.contains(".TH coldstart 1") && page.contains("\n\\&Exit status\n"), "{page}");
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("man1");
    let told = typed(&["man", "--out", &folder.display().to_string()], 0);
    let (first, verbs) = told.split_once('\n').unwrap();
    assert_eq!(fs::read_to_string(first).unwrap().trim_end(), page.trim_end());
    assert_eq!(verbs.lines().count(), 21, "{told}");
    for path in verbs.lines() {
        let verb = path.rsplit_once("coldstart-").unwrap().1.strip_suffix(".1").unwrap();
        let page = fs::read_to_string(path).unwrap();
        assert!(page.contains(&format!(".TH coldstart-{verb} 1")), "{page}");
        assert!(page.contains(".SH EXAMPLES\n.nf\n\\&  coldstart "), "{page}");
        assert_eq!(typed(&["man", verb], 0).trim_end(), page.trim_end());
    }
    let both = coldstart(&["man", "run", "--out", "x"]).output().unwrap();
    assert_eq!(both.status.code(), Some(2));
}
