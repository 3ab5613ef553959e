//! The program in a terminal of 40, 80 and 200 columns, and in a pipe: what is on the
//! screen at the end, and which codes were sent to get there.

use std::fs::File;
use std::io::Read;
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command as Program, ExitStatus, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::*;

/// Rows of the terminal: enough for a whole report.
const ROWS: u16 = 300;

/// Flags, and variables of the environment.
type Typed = (&'static [&'static str], &'static [(&'static str, &'static str)]);

/// What came out of a terminal.
struct Shown {
    bytes: Vec<u8>,
    columns: u16,
    status: ExitStatus,
}

impl Shown {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The final screen, line by line.
    fn lines(&self) -> Vec<String> {
        let size = |n| NonZero::new(n).unwrap();
        let mut parser = vt100::Parser::new(size(ROWS), size(self.columns), 0);
        parser.process(&self.bytes);
        assert!(!parser.screen().hide_cursor(), "the cursor is hidden at the end");
        let text = parser.screen().contents();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// Lines that were sent in full, as long as they were sent: what was drawn over is
    /// the last that stood there.
    fn sent(&self) -> Vec<String> {
        let size = |n| NonZero::new(n).unwrap();
        let mut parser = vt100::Parser::new(size(ROWS), size(2_000), 0);
        parser.process(&self.bytes);
        let text = parser.screen().contents();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    fn has_codes(&self) -> bool {
        self.bytes.contains(&0x1b)
    }
}

/// A terminal of so many columns: its two ends.
fn terminal(columns: u16) -> (OwnedFd, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let theirs = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).unwrap();
    let size = Winsize { ws_row: ROWS, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&theirs, size).unwrap();
    (ours, theirs)
}

/// The program with both of its outputs in a terminal.
fn shown(columns: u16, args: &[&str], variables: &[(&str, &str)]) -> Shown {
    interrupted(columns, args, variables, None)
}

/// The same, and Ctrl-C once a text is on its way.
fn interrupted(
    columns: u16,
    args: &[&str],
    variables: &[(&str, &str)],
    mut at: Option<&str>,
) -> Shown {
    let (ours, theirs) = terminal(columns);
    let mut program = program(args, variables);
    program.stdout(theirs.try_clone().unwrap()).stderr(theirs);
    let mut child = program.spawn().unwrap();
    // It holds their end: with it open, ours would never end.
    drop(program);
    let mut bytes = Vec::new();
    let mut end = File::from(ours);
    let mut chunk = [0; 4096];
    // The kernel ends a terminal whose other end is closed with an error.
    while let Ok(n @ 1..) = end.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..n]);
        if at.is_some_and(|at| String::from_utf8_lossy(&bytes).contains(at)) {
            at = None;
            let pid = rustix::process::Pid::from_child(&child);
            rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        }
    }
    Shown { bytes, columns, status: child.wait().unwrap() }
}

/// The program in the project's folder, in an environment that is known.
fn program(args: &[&str], variables: &[(&str, &str)]) -> Program {
    let mut program = Program::new(assert_cmd::cargo::cargo_bin("coldstart"));
    program.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI", "LC_ALL", "LC_CTYPE"] {
        program.env_remove(name);
    }
    program.env_remove("COLDSTART_PROVISION").env_remove("GITHUB_STEP_SUMMARY");
    program.env_remove("GITHUB_ACTIONS").env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    program.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
    program.envs(variables.iter().copied());
    program
}

/// A simulated run in a terminal; its folder has a short name.
fn run(columns: u16, folder: &Path, more: &[&str], variables: &[(&str, &str)]) -> Shown {
    let folder = folder.display().to_string();
    let mut args = vec!["run", "quick", "--engine", "fake", "--seed", "7", "--out", &folder];
    args.extend(more);
    shown(columns, &args, variables)
}

/// Paths and commands are to be copied: they alone may be wider.
fn is_to_be_copied(line: &str) -> bool {
    ["kept in ", "open ", "next ", "  coldstart "].iter().any(|start| line.starts_with(start))
}

#[track_caller]
fn nothing_is_too_wide(shown: &Shown) {
    let lines = shown.sent();
    assert!(lines.len() > 3, "{lines:?}");
    for line in lines.iter().filter(|line| !is_to_be_copied(line)) {
        let width = unicode_width::UnicodeWidthStr::width(line.as_str());
        assert!(width <= shown.columns.into(), "{width} columns: {line}");
    }
}

#[test]
fn a_run_fits_any_terminal_and_leaves_no_litter() {
    for columns in [40, 80, 200] {
        let home = tempfile::tempdir().unwrap();
        let shown = run(columns, &home.path().join("run"), &[], &[]);
        assert_eq!(shown.status.code(), Some(0), "{}", shown.text());
        nothing_is_too_wide(&shown);
        let lines = shown.lines();
        let all = lines.join(" ");
        assert!(all.contains("measured for") && all.contains("SIMULATED"), "{all}");
        assert!(!all.contains(" left ") && !all.contains("writing the report"), "{all}");
        assert!(shown.text().contains("round 1 of 3"), "{}", shown.text());
        assert!(lines.iter().any(|line| line.starts_with("next    coldstart compare")), "{all}");
        assert!(all.contains('█') || all.contains('▂'), "{all}");
        assert!(shown.has_codes(), "colours in a terminal");
    }
}

#[test]
fn an_interrupted_run_leaves_the_terminal_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run").display().to_string();
    let rounds = ["--rounds", "5000", "--no-controls", "--functions", "rust"];
    let args = ["run", "quick", "--engine", "fake", "--seed", "7", "--out", &folder];
    let shown = interrupted(60, &[&args[..], &rounds].concat(), &[], Some(" of 5000"));
    assert_eq!(shown.status.code(), Some(130), "{}", shown.text());
    let all = shown.lines().join("\n");
    assert!(all.contains("stopping after this trial") && all.contains("INCOMPLETE"), "{all}");
    assert!(all.contains(&format!("kept in {folder}").chars().take(60).collect::<String>()));
    assert!(!all.contains(" of 5000  "), "the line is still there: {all}");
}

#[test]
fn without_colour_a_terminal_gets_no_code_at_all() {
    let plain: [Typed; 4] = [
        (&[], &[("NO_COLOR", "1")]),
        (&["--color", "never"], &[("CLICOLOR_FORCE", "1")]),
        (&[], &[("TERM", "dumb")]),
        (&[], &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]),
    ];
    for (flags, variables) in plain {
        let home = tempfile::tempdir().unwrap();
        let shown = run(80, &home.path().join("run"), flags, variables);
        assert!(!shown.has_codes(), "{flags:?} {variables:?}: {}", shown.text());
    }
    // An empty NO_COLOR is none.
    let home = tempfile::tempdir().unwrap();
    assert!(run(80, &home.path().join("run"), &[], &[("NO_COLOR", "")]).has_codes());
}

#[test]
fn a_terminal_that_cannot_draw_has_lines_like_a_pipe() {
    let home = tempfile::tempdir().unwrap();
    let shown = run(80, &home.path().join("run"), &[], &[("TERM", "dumb")]);
    let text = shown.text();
    assert!(
        text.contains("round 3 of 3: ") && !text.replace("\r\n", "\n").contains('\r'),
        "{text}"
    );
}

#[test]
fn a_pipe_gets_no_codes_unless_it_is_told_to() {
    let home = tempfile::tempdir().unwrap();
    let output = simulate(&home.path().join("one"), &[]);
    let both = out(&output) + &err(&output);
    assert!(!both.contains(['\u{1b}', '\r']), "{both}");
    let output = simulate(&home.path().join("two"), &["--color", "always", "-v"]);
    assert!(out(&output).contains('\u{1b}') && err(&output).contains('\u{1b}'));
    let folder = home.path().join("three").display().to_string();
    let args = ["run", "quick", "--engine", "fake", "--out", &folder];
    let output = coldstart(&args).env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR").output();
    assert!(out(&output.unwrap()).contains('\u{1b}'));
}

#[test]
fn a_locale_without_unicode_gets_plain_blocks() {
    let home = tempfile::tempdir().unwrap();
    let shown = run(80, &home.path().join("run"), &[], &[("LC_ALL", "C")]);
    assert!(!shown.text().contains(['█', '▂', '░', '…']), "{}", shown.text());
}

#[test]
fn quiet_leaves_the_result_and_verbose_shows_every_trial() {
    let home = tempfile::tempdir().unwrap();
    let quiet = simulate(&home.path().join("quiet"), &["--quiet"]);
    assert_eq!(err(&quiet), "");
    let usual = simulate(&home.path().join("usual"), &[]);
    let verbose = simulate(&home.path().join("verbose"), &["-v"]);
    let lines = |output: &Output| err(output).lines().count();
    assert!(lines(&verbose) > lines(&usual) + 20, "{}", err(&verbose));
    assert!(err(&verbose).contains("trial 1, round 1: "), "{}", err(&verbose));
    // What follows the figures is about this machine, and changes.
    let result = |output: &Output| {
        let text = out(output);
        let (result, _) = text.split_once("\nHow far to trust it\n").unwrap();
        result.to_owned()
    };
    assert_eq!(result(&quiet), result(&usual));
    assert!(out(&verbose).contains("driver lag") && !out(&usual).contains("driver lag"));
    // Nothing is drawn either.
    let shown = run(80, &home.path().join("drawn"), &["-q"], &[]);
    assert!(!shown.text().contains("round 1 of"), "{}", shown.text());
}

#[test]
fn many_rounds_have_few_lines_in_a_pipe() {
    let home = tempfile::tempdir().unwrap();
    let output = simulate(&home.path().join("run"), &["--rounds", "60"]);
    let told = err(&output).lines().filter(|line| line.starts_with("round ")).count();
    assert!((8..=12).contains(&told), "{}", err(&output));
    assert!(err(&output).contains("round 60 of 60"), "{}", err(&output));
}

#[test]
fn warnings_and_errors_are_marked() {
    let home = tempfile::tempdir().unwrap();
    let shown = run(80, &home.path().join("run"), &["--no-controls"], &[]);
    let all = flat(&shown.lines().join(" "));
    assert!(all.contains("warning: no controls: "), "{all}");
    assert!(all.contains("measure without `--no-controls`"), "{all}");
    assert!(all.contains("warning: 3 rounds: too few for an interval"), "{all}");
    let wrong = super::coldstart(&["report", "nowhere"]).output().unwrap();
    assert!(err(&wrong).starts_with("error[files]: "), "{}", err(&wrong));
}

#[test]
fn a_gate_fits_any_terminal() {
    for columns in [40, 80, 200] {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("gate").display().to_string();
        let shown = shown(
            columns,
            &[
                "gate",
                "--base",
                "./",
                "--functions",
                "rust,node",
                "--rounds",
                "6",
                "--engine",
                "fake",
                "--seed",
                "7",
                "--out",
                &folder,
            ],
            &[],
        );
        nothing_is_too_wide(&shown);
    }
}

#[test]
fn doctor_fits_any_terminal() {
    for columns in [40, 80, 200] {
        let shown = shown(columns, &["doctor"], &[]);
        assert_eq!(shown.status.code(), Some(0), "{}", shown.text());
        let lines = shown.sent();
        // What is one word, such as a reference by digest, stays one.
        let wide = |line: &&String| {
            line.chars().count() > columns.into() && line.trim_start().contains(' ')
        };
        let wide: Vec<&String> = lines.iter().filter(wide).collect();
        assert!(wide.is_empty(), "{columns}: {wide:#?}");
    }
}
