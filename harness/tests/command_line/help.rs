//! Help, completions and manual pages: the program as it tells of itself.

use clap::CommandFactory;
use coldstart::cli::{Cli, pages};

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
    assert!(short.lines().count() < 40 && !short.contains("Examples\n"), "{short}");
}

#[test]
fn every_verb_and_flag_of_all_is_on_the_first_page() {
    let text = typed(&["--help"], 0);
    let mut verbs = pages::verbs();
    verbs.push("help".to_owned());
    for verb in &verbs {
        assert!(text.contains(&format!("\n  {verb:<11}  ")), "{verb} is not in {text}");
    }
    for flag in Cli::command().get_arguments().filter_map(|flag| flag.get_long()) {
        assert!(text.contains(&format!("--{flag}")), "--{flag} is not in {text}");
    }
}

#[test]
fn every_page_fits_a_terminal_and_has_examples_that_can_be_typed() {
    for verb in pages::verbs() {
        let text = typed(&["help", &verb], 0);
        assert_eq!(text, typed(&[&verb, "--help"], 0));
        assert!(text.contains("Examples\n"), "{verb}");
        let short = typed(&[&verb, "-h"], 0);
        assert!(!short.contains("Examples\n"));
        for line in text.lines().chain(short.lines()) {
            assert!(line.chars().count() <= 80, "{verb}: {line}");
        }
        // What clap takes; what it does is for the tests of each verb.
        for line in text.lines().filter_map(|line| line.strip_prefix("  coldstart ")) {
            let end = line.find(['>', '|']).unwrap_or(line.len());
            let words = line[..end].split("   ").next().unwrap().split_whitespace();
            let typed = Cli::command().try_get_matches_from(["coldstart"].into_iter().chain(words));
            assert!(typed.is_ok(), "{line}: {}", typed.unwrap_err());
        }
    }
    for page in ["-h", "--help"] {
        let text = typed(&[page], 0);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
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
    let verbs = pages::verbs();
    assert_eq!(told.lines().count(), verbs.len() + 1);
    for verb in verbs {
        let page = fs::read_to_string(folder.join(format!("coldstart-{verb}.1"))).unwrap();
        assert!(page.contains(&format!(".TH coldstart-{verb} 1")), "{page}");
        assert!(page.contains(".SH EXAMPLES\n.nf\n\\&  coldstart "), "{page}");
        assert_eq!(typed(&["man", &verb], 0).trim_end(), page.trim_end());
    }
    let both = coldstart(&["man", "run", "--out", "x"]).output().unwrap();
    assert_eq!(both.status.code(), Some(2));
}
