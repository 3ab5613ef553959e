//! Help, verb by verb: what is on each page, as wide as a terminal, with examples that can
//! be typed.

use clap::CommandFactory;

use super::{Cli, pages};

/// What is shown of what was typed.
fn shown(words: &[&str]) -> String {
    let typed = ["coldstart"].iter().chain(words);
    Cli::command().try_get_matches_from(typed).unwrap_err().to_string()
}

fn fits(page: &str) {
    let wide = page.lines().find(|line| line.chars().count() > 80);
    assert_eq!(wide, None, "in {page}");
}

#[test]
fn every_verb_and_flag_of_all_is_on_the_first_page_of_help() {
    let text = shown(&["--help"]);
    let mut verbs = pages::verbs();
    verbs.push("help".to_owned());
    for verb in &verbs {
        assert!(text.contains(&format!("\n  {verb:<11}  ")), "{verb} is not in {text}");
    }
    for flag in Cli::command().get_arguments().filter_map(|flag| flag.get_long()) {
        assert!(text.contains(&format!("--{flag}")), "--{flag} is not in {text}");
    }
    fits(&text);
    fits(&shown(&["-h"]));
}

/// Clap would break a line anew, and leave its last word alone on the next.
#[test]
fn no_line_of_help_is_longer_than_a_terminal_is_wide_as_it_is_written() {
    let pages =
        [include_str!("help.rs"), include_str!("help/replay.rs"), include_str!("help/study.rs")];
    let words = pages.iter().flat_map(|page| page.lines());
    for line in words.filter(|line| !line.starts_with("//")) {
        fits(line.trim_end_matches("\";"));
    }
}

#[test]
fn every_page_of_help_fits_a_terminal_and_has_examples_that_can_be_typed() {
    for verb in pages::verbs() {
        let (text, short) = (shown(&["help", &verb]), shown(&[&verb, "-h"]));
        assert_eq!(text, shown(&[&verb, "--help"]));
        assert!(text.contains("Examples\n") && !short.contains("Examples\n"), "{verb}");
        fits(&text);
        fits(&short);
        // What clap takes; what it does is for the tests of each verb.
        for line in text.lines().filter_map(|line| line.strip_prefix("  coldstart ")) {
            let end = line.find(['>', '|']).unwrap_or(line.len());
            let words = shlex::split(line[..end].split("   ").next().unwrap()).unwrap();
            let words = words.iter().map(String::as_str);
            let typed = Cli::command().try_get_matches_from(["coldstart"].into_iter().chain(words));
            assert!(typed.is_ok(), "{line}: {}", typed.unwrap_err());
        }
    }
}

/// Broken into lines, which is how they are read.
#[test]
fn every_policy_is_on_the_page_of_help_as_its_table_has_it() {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let page = flat(&shown(&["help", "replay"]));
    for policy in &coldstart::pool::policy::POLICIES {
        let line = format!("{} {}", policy.form, policy.about);
        assert!(page.contains(&line), "`{line}` is not in {page}");
    }
}
