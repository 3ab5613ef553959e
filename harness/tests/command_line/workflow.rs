//! The GitHub workflow that is there to be copied: its script, run with a `gh` that
//! keeps what it was told.

use std::os::unix::fs::PermissionsExt;

use super::gate::Gate;
use super::*;

/// The script of the step that posts the comment, without its indentation.
fn script() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/workflows/coldstart.yml");
    let text = fs::read_to_string(file).unwrap();
    let (_, step) = text.split_once("- name: Post or refresh the comment").unwrap();
    let (_, script) = step.split_once("run: |\n").unwrap();
    let indented = script.lines().map_while(|line| line.strip_prefix("          "));
    indented.map(|line| format!("{line}\n")).collect()
}

/// Runs it in a folder where `gate` may be, with comments of these beginnings there
/// already; what `gh` was told to do at last, and the comment.
fn commented(home: &Path, there: &[&str]) -> (String, String) {
    // Of its own filters `gh` is asked for the one that finds a comment by its beginning.
    let gh = "#!/usr/bin/env bash\n\
        printf '%s ' \"$@\" >> calls; echo >> calls\n\
        [[ $* == *--paginate* ]] || exit 0\n\
        mark=\"$(grep --only-matching 'startswith(\"[^\"]*\")' <<< \"$*\" | cut -d'\"' -f2)\"\n\
        while IFS=: read -r id body; do [[ $body == \"$mark\"* ]] && echo \"$id\"; done < there\n\
        true\n";
    fs::create_dir_all(home.join("bin")).unwrap();
    fs::write(home.join("bin/gh"), gh).unwrap();
    fs::set_permissions(home.join("bin/gh"), fs::Permissions::from_mode(0o755)).unwrap();
    let lines = there.iter().enumerate().map(|(id, body)| format!("{id}:{body}\n"));
    fs::write(home.join("there"), lines.collect::<String>()).unwrap();
    let path = format!("{}:{}", home.join("bin").display(), std::env::var("PATH").unwrap());
    let mut command = std::process::Command::new("bash");
    command.args(["-eo", "pipefail", "-c", &script()]).current_dir(home).env("PATH", path);
    for (name, value) in [
        ("GITHUB_SERVER_URL", "https://forge.example"),
        ("GITHUB_REPOSITORY", "team/project"),
        ("GITHUB_RUN_ID", "1"),
        ("NUMBER", "7"),
        ("RESULT", "failure"),
    ] {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    let calls = fs::read_to_string(home.join("calls")).unwrap();
    (calls.lines().last().unwrap().to_owned(), fs::read_to_string(home.join("body.md")).unwrap())
}

#[test]
fn a_comment_with_the_marker_of_compare_md_is_refreshed_and_no_second_one_is_made() {
    let gate = Gate::new(&["--rounds", "2"]);
    let marker = "<!-- coldstart -->";
    let page = fs::read_to_string(gate.folder().join("compare.md")).unwrap();
    assert_eq!(page.lines().next(), Some(marker));
    let (call, body) = commented(gate.home.path(), &["LGTM"]);
    assert!(call.contains("--method POST repos/team/project/issues/7/comments"), "{call}");
    assert!(body.starts_with(&page) && body.matches(marker).count() == 1, "{body}");
    // What it posted is found again, and another's is left alone.
    let first_line = body.lines().next().unwrap();
    let (call, _) = commented(gate.home.path(), &["LGTM", first_line, "<!-- other -->"]);
    assert!(call.contains("--method PATCH repos/team/project/issues/comments/1 "), "{call}");
}

#[test]
fn a_comment_without_a_comparison_has_the_marker_too() {
    let home = tempfile::tempdir().unwrap();
    let (_, body) = commented(home.path(), &[]);
    assert!(body.starts_with("<!-- coldstart -->\n"), "{body}");
    assert!(body.contains("no comparison was made (the job's result: failure)"), "{body}");
    fs::create_dir(home.path().join("gate")).unwrap();
    fs::write(home.path().join("gate/compare.md"), "x".repeat(60_001)).unwrap();
    let (_, body) = commented(home.path(), &[]);
    assert!(body.starts_with("<!-- coldstart -->\n") && body.contains("too long"), "{body}");
}
