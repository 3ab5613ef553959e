//! Signals at moments that can be chosen: while a side is unpacked, while trials run.
//! What a killed process leaves, and what `clean` makes of it.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command as Program, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::*;

/// Only something broken comes near it.
const PATIENCE: Duration = Duration::from_secs(60);

const EACH: [(&str, Signal); 3] =
    [("INT", Signal::INT), ("TERM", Signal::TERM), ("HUP", Signal::HUP)];

/// A repository, and a git that stops for ever once it unpacks.
struct Repo {
    home: TempDir,
}

impl Repo {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["bin", "tmp", "repo/functions/one"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        let repo = Self { home };
        // In the way of what is kept for the next time.
        fs::create_dir_all(repo.at("state/coldstart")).unwrap();
        fs::write(repo.at("state/coldstart/checkouts"), "").unwrap();
        let functions = "[[function]]\nname = \"one\"\ncontext = \"one\"\nfiles = [\"Dockerfile\"]\n\
             version-command = [\"true\"]\nmemory = \"64MiB\"\ntimeout = \"1s\"\nevent = \"{}\"\n";
        fs::write(repo.at("repo/functions/functions.toml"), functions).unwrap();
        fs::write(repo.at("repo/functions/one/Dockerfile"), "FROM scratch\n").unwrap();
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo.git(&["add", "--all"]);
        repo.git(&[
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.invalid",
            "commit",
            "-qm",
            "x",
        ]);
        let stops = format!(
            "#!/bin/sh\ncase \"$*\" in *checkout-index*)\n\
             echo $$ >{stopped}.new; mv {stopped}.new {stopped}; exec sleep 1000;; esac\n\
             PATH={path} exec git \"$@\"\n",
            stopped = repo.at("stopped").display(),
            path = std::env::var("PATH").unwrap(),
        );
        fs::write(repo.at("bin/git"), stops).unwrap();
        fs::set_permissions(repo.at("bin/git"), fs::Permissions::from_mode(0o755)).unwrap();
        repo
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn git(&self, arguments: &[&str]) {
        let status = Program::new("git").arg("-C").arg(self.at("repo")).args(arguments).status();
        assert!(status.unwrap().success());
    }

    fn program(&self, arguments: &[&str]) -> Program {
        let path = format!("{}:{}", self.at("bin").display(), std::env::var("PATH").unwrap());
        let mut program = Program::new(assert_cmd::cargo::cargo_bin("coldstart"));
        program.current_dir(self.at("repo")).env("PATH", path).env("TMPDIR", self.at("tmp"));
        program.env("XDG_STATE_HOME", self.at("state"));
        program.env("DOCKER_HOST", "unix:///nowhere/docker.sock").args(arguments);
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        program
    }

    /// A gate that is just unpacking its base.
    fn unpacking(&self) -> Child {
        let gate = self.program(&["gate", "--base", "main", "--engine", "fake"]).spawn().unwrap();
        until("a checkout", || self.at("stopped").exists());
        gate
    }

    /// The process of the git that stopped.
    fn stopped(&self) -> Pid {
        let text = fs::read_to_string(self.at("stopped")).unwrap();
        Pid::from_raw(text.trim().parse().unwrap()).unwrap()
    }

    fn checkouts(&self) -> usize {
        fs::read_dir(self.at("tmp")).unwrap().count()
    }

    /// What `clean` says where there is no engine.
    fn clean(&self) -> String {
        let output = self.program(&["clean"]).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "no engine answers: {}", err(&output));
        out(&output)
    }
}

fn until(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "no {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn is_gone(pid: Pid) -> bool {
    rustix::process::test_kill_process(pid).is_err()
}

#[test]
fn a_gate_interrupted_while_it_unpacks_ends_at_once_and_leaves_nothing() {
    for (name, signal) in EACH {
        let repo = Repo::new();
        let gate = repo.unpacking();
        assert_eq!(repo.checkouts(), 1);
        send(&gate, signal);
        let output = gate.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{name}: {}", err(&output));
        assert!(err(&output).contains("stopping; what was made so far is removed"), "{name}");
        assert_eq!(repo.checkouts(), 0, "{name}");
        assert!(is_gone(repo.stopped()), "{name}: git goes on");
        assert!(!repo.at("repo/results").exists(), "{name}");
    }
}

/// Ended while it showed its verdict, it left the checkouts of both sides.
#[test]
fn a_gate_that_shows_its_verdict_has_no_checkout_left() {
    let repo = Repo::new();
    fs::remove_file(repo.at("bin/git")).unwrap();
    let out = repo.at("repo/results/out");
    // More than a pipe of one page holds, so that it waits while it shows it.
    let (read, write) = rustix::pipe::pipe().unwrap();
    rustix::pipe::fcntl_setpipe_size(&write, 4096).unwrap();
    let mut gate = repo.program(&["gate", "--base", "main", "--head", "main", "--engine", "fake"]);
    gate.args(["--rounds", "6", "--format", "json", "--out"]).arg(&out).stdout(write);
    let mut child = gate.spawn().unwrap();
    drop(gate);
    until("verdict", || out.join("compare.json").exists() && out.join("compare.txt").exists());
    assert_eq!(repo.checkouts(), 0);
    send(&child, Signal::INT);
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let (status, said) = ended(&mut child, stderr);
    assert_eq!(status, Some(130), "{said}");
    assert!(said.contains("ended while results were shown"), "{said}");
    assert_eq!(repo.checkouts(), 0);
    drop(read);
}

#[test]
fn clean_removes_the_checkout_of_a_killed_gate_and_not_that_of_a_living_one() {
    let repo = Repo::new();
    let mut gate = repo.unpacking();
    assert!(!repo.clean().contains("coldstart-side-"));
    assert_eq!(repo.checkouts(), 1, "it took a living one's");
    gate.kill().unwrap();
    gate.wait().unwrap();
    kill_process(repo.stopped(), Signal::KILL).unwrap();
    assert_eq!(repo.checkouts(), 1, "the kill left nothing: this shows nothing");
    let said = repo.clean();
    assert!(said.contains("coldstart-side-") && said.contains("a killed process left"), "{said}");
    assert_eq!(repo.checkouts(), 0);
}

#[test]
fn a_checkout_that_is_kept_is_no_longer_when_nobody_uses_it_and_it_is_cleaned() {
    let repo = Repo::new();
    fs::remove_file(repo.at("state/coldstart/checkouts")).unwrap();
    let kept = || fs::read_dir(repo.at("state/coldstart/checkouts")).unwrap().count();
    let mut gate = repo.unpacking();
    assert_eq!((repo.checkouts(), kept()), (0, 2), "one, and its lock");
    repo.clean();
    assert_eq!(kept(), 2, "it took a living one's");
    send(&gate, Signal::INT);
    assert_eq!(gate.wait().unwrap().code(), Some(130));
    assert!(is_gone(repo.stopped()), "git goes on");
    let said = repo.clean();
    assert!(said.contains("removed the checkouts that were kept: 1"), "{said}");
    assert_eq!(kept(), 0);
}

/// A simulated run that takes its time, in a shell that first says what signals are to be.
fn run(folder: &Path, first: &str) -> Child {
    let script = format!(
        "{first} exec {} run quick --engine fake --no-controls --functions rust --rounds 1000 \
         --out {}",
        assert_cmd::cargo::cargo_bin("coldstart").display(),
        folder.display()
    );
    Program::new("sh")
        .args(["-c", &script])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads what it says until it says something.
fn says(child: &mut Child, words: &str) -> BufReader<std::process::ChildStderr> {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(words) {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it never said `{words}`");
    }
    stderr
}

/// The rest of what it says, and its status.
fn ended(child: &mut Child, mut stderr: impl BufRead) -> (Option<i32>, String) {
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), said)
}

#[test]
fn each_signal_ends_a_run_after_its_trial_and_keeps_its_rows() {
    for (name, signal) in EACH {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("run");
        let mut child = run(&folder, "");
        let stderr = says(&mut child, " of 1000");
        send(&child, signal);
        let (status, said) = ended(&mut child, stderr);
        assert_eq!(status, Some(130), "{name}: {said}");
        assert!(said.contains("stopping after this trial"), "{name}: {said}");
        let run = coldstart::store::open(&folder).unwrap();
        assert!(!run.record.complete && !run.samples.is_empty() && !run.truncated, "{name}");
        assert_eq!(run.record.stopped.as_deref(), Some("interrupted"), "{name}");
        assert!(folder.join("report.html").is_file(), "{name}");
    }
}

#[test]
fn under_nohup_the_end_of_the_terminal_does_not_end_a_run() {
    let home = tempfile::tempdir().unwrap();
    let mut child = run(&home.path().join("run"), "trap '' HUP;");
    let stderr = says(&mut child, " of 1000");
    send(&child, Signal::HUP);
    std::thread::sleep(Duration::from_millis(100));
    send(&child, Signal::TERM);
    let (status, said) = ended(&mut child, stderr);
    assert_eq!(status, Some(130), "{said}");
    assert_eq!(said.matches("stopping").count(), 1, "the first was heard too: {said}");
}

#[test]
fn with_too_few_file_descriptors_a_run_is_refused_before_anything_is_made_and_the_cure_told() {
    for (limit, hard, refused) in [(60, true, true), (20, true, true), (60, false, false)] {
        let home = tempfile::tempdir().unwrap();
        let scenario = home.path().join("burst.toml");
        let text = "name = \"burst\"\nrounds = 2\ncontrols = false\nkeep-alive = \"1s\"\n\
             [[pattern]]\nname = \"surge\"\n\
             steps = [{ name = \"out\", burst = 16 }]\n";
        fs::write(&scenario, text).unwrap();
        let script = format!(
            "ulimit {} {limit}; exec {} run {} --out {}",
            if hard { "-n" } else { "-Sn" },
            assert_cmd::cargo::cargo_bin("coldstart").display(),
            scenario.display(),
            home.path().join("run").display()
        );
        let mut program = Program::new("sh");
        program.args(["-c", &script]).current_dir(env!("CARGO_MANIFEST_DIR"));
        program.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
        let output = program.output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{}", err(&output));
        let said = flat(&err(&output));
        let told = said.contains("16 instances at a time need 112 file descriptors")
            && said.contains("`ulimit -n 112`");
        assert_eq!(told, refused, "limit {limit}, hard: {hard}: {said}");
        // A soft limit is raised: then only the engine is missing.
        assert_eq!(said.contains("/nowhere/docker.sock"), !refused, "{said}");
        assert!(!said.contains("is the disk full"), "{said}");
        assert!(!home.path().join("run").exists());
    }
}
