//! The whole program on the real engine: interrupted once and twice, killed,
//! and beside another.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use coldstart::engine::{Engine, ListedInstance};
use coldstart::sample::Mark;
use coldstart::spec::control::{Control, SERIES};
use coldstart::store::{self, Run};
use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, Tested, root};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("an_interrupted_run_keeps_its_rows_and_leaves_nothing", interrupted),
        Bench::trial("interrupted_again_it_stops_at_once_and_leaves_nothing", interrupted_twice),
        Bench::trial("after_a_kill_clean_removes_what_is_left", killed),
        Bench::trial("a_killed_run_goes_on_to_its_end", gone_on),
        Bench::trial("an_image_is_measured_as_it_is", image),
        Bench::trial("a_run_has_controls_and_what_the_kernel_told", controlled),
        Bench::trial("two_runs_at_a_time_do_not_touch_each_other", two_runs),
    ]
}

/// A scenario whose trials have one container and last as long as a pause, which
/// is shorter than the keep-alive.
pub(crate) fn patient(folder: &Path, keep_alive: &str, pause: &str) -> Result<String, Failed> {
    let text = format!(
        r#"
        name = "patient"
        rounds = 100
        controls = false
        keep-alive = "{keep_alive}"
        [[pattern]]
        name = "pause"
        steps = [{{ name = "one", burst = 1 }}, {{ name = "two", after = "{pause}", burst = 1 }}]
        "#
    );
    let file = folder.join("patient.toml");
    fs::write(&file, text)?;
    Ok(file.display().to_string())
}

/// How long a run may take to get somewhere; only a broken one comes near it.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn coldstart(bench: &Bench) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coldstart"));
    command.current_dir(root()).env("DOCKER_HOST", bench.address());
    command
}

/// A run of the program: killed, and its containers removed, when the test ends
/// before it does.
pub(crate) struct Program<'a> {
    bench: &'a Bench,
    pub(crate) child: Child,
    stderr: BufReader<ChildStderr>,
    folder: PathBuf,
    /// What it has said so far.
    pub(crate) told: String,
}

impl<'a> Program<'a> {
    /// Measures the function that is fastest into a folder.
    pub(crate) fn start(bench: &'a Bench, scenario: &str, rounds: &str, folder: PathBuf) -> Self {
        let mut child = coldstart(bench)
            .args(["run", scenario, "--functions", "rust", "--rounds", rounds, "--out"])
            .arg(&folder)
            // Of its own, as a shell gives it: an interrupt of the terminal is sent to all of it.
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { bench, child, stderr, folder, told: String::new() }
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits until it says something.
    pub(crate) fn says(&mut self, words: &str) -> Tested {
        while !self.told.contains(words) {
            if self.stderr.read_line(&mut self.told)? == 0 {
                return Err(format!("it never said `{words}`: {}", self.told).into());
            }
        }
        Ok(())
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> Result<ExitStatus, Failed> {
        while self.stderr.read_line(&mut self.told)? > 0 {}
        Ok(self.child.wait()?)
    }

    /// Waits until something is so, as long as it runs.
    pub(crate) fn until(&mut self, what: &str, mut so: impl FnMut(&Self) -> bool) -> Tested {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && self.child.try_wait()?.is_none() {
            if so(self) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child.kill()?;
        self.end()?;
        Err(format!("no {what}: {}", self.told).into())
    }

    pub(crate) fn has_rows(&self) -> bool {
        fs::metadata(self.folder.join("samples.jsonl")).is_ok_and(|m| m.len() > 0)
    }

    pub(crate) fn opened(&self) -> Result<Run, Failed> {
        Ok(store::open(&self.folder).map_err(|e| format!("{e:#}"))?)
    }

    /// Its containers; none before it has begun.
    fn found(&self) -> Vec<ListedInstance> {
        let Ok(run) = self.opened() else { return Vec::new() };
        self.bench.wait(self.bench.engine.instances(Some(&run.record.id))).unwrap()
    }

    pub(crate) fn containers(&self) -> usize {
        self.found().len()
    }

    /// Whether it has a container that no row tells of yet.
    fn is_in_a_trial(&self) -> bool {
        let Ok(run) = self.opened() else { return false };
        let told = |found: &ListedInstance| {
            run.samples.iter().any(|s| s.instance.as_deref() == Some(found.id.short()))
        };
        self.found().iter().any(|found| found.running && !told(found))
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        // Ended already, most of the time.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let Ok(run) = self.opened() else { return };
        let engine = &self.bench.engine;
        self.bench.wait(async {
            for found in engine.instances(Some(&run.record.id)).await.unwrap_or_default() {
                let _ = engine.remove(&found.id).await;
            }
        });
    }
}

fn interrupted(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let mut program = Program::start(bench, "quick", "1000", home.path().join("run"));
    program.until("rows", Program::has_rows)?;
    program.signal("INT");
    let status = program.end()?;
    let told = &program.told;
    assert_eq!(status.code(), Some(130), "{told}");
    assert!(told.contains("stopping after this trial"), "{told}");
    assert_eq!(program.containers(), 0);
    let run = program.opened()?;
    assert!(!run.record.complete && !run.samples.is_empty() && !run.truncated);
    assert_eq!(run.record.stopped.as_deref(), Some("interrupted"));
    assert!(program.folder.join("report.html").is_file(), "what was measured is reported");
    Ok(())
}

fn interrupted_twice(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let scenario = patient(home.path(), "1h", "10m")?;
    let mut program = Program::start(bench, &scenario, "2", home.path().join("run"));
    program.until("container", |program| program.containers() > 0)?;
    // Its first call is answered by then, and the second is minutes away: a trial in which
    // nothing has answered would end at once.
    std::thread::sleep(Duration::from_secs(5));
    program.signal("INT");
    // Two of a kind at a time would be one.
    program.says("stopping after this trial")?;
    assert!(program.containers() > 0, "the trial goes on");
    program.signal("INT");
    let status = program.end()?;
    assert_eq!(status.code(), Some(130), "{}", program.told);
    assert!(program.told.contains("stopping at once"), "{}", program.told);
    assert_eq!(program.containers(), 0);
    let run = program.opened()?;
    assert!(!run.record.complete && run.samples.is_empty(), "the trial was not cut short");
    assert_eq!(run.record.stopped.as_deref(), Some("interrupted"));
    Ok(())
}

fn killed(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    // Long enough to be killed in, well before it ends.
    let scenario = patient(home.path(), "3s", "2s")?;
    let mut program = Program::start(bench, &scenario, "100", home.path().join("run"));
    program.until("rows", Program::has_rows)?;
    program.until("container of the next trial", Program::is_in_a_trial)?;
    program.signal("KILL");
    program.end()?;
    let run = program.opened()?;
    assert!(!run.record.complete && !run.samples.is_empty());
    assert!(program.containers() > 0, "the kill left nothing to clean: the test shows nothing");
    let cleaned = coldstart(bench).args(["clean", "--run", &run.record.id]).output()?;
    assert!(cleaned.status.success(), "{}", String::from_utf8_lossy(&cleaned.stderr));
    assert_eq!(program.containers(), 0);
    Ok(())
}

fn gone_on(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let mut program = Program::start(bench, "quick", "6", home.path().join("run"));
    program.until("rows", Program::has_rows)?;
    program.until("container of a next trial", Program::is_in_a_trial)?;
    program.signal("KILL");
    program.end()?;
    let before = program.opened()?;
    assert!(program.containers() > 0, "the kill left nothing behind: the test shows less");
    let run = |folder: &Path| coldstart(bench).args(["run", "--continue"]).arg(folder).output();
    let output = run(&program.folder)?;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(program.containers(), 0);
    let after = program.opened()?;
    assert!(after.record.complete && after.record.counts.failed == 0, "{told}");
    assert_eq!(after.samples.len() as u64, after.record.counts.planned);
    let trials: Vec<u32> = after.trials.iter().map(|trial| trial.trial).collect();
    assert_eq!(trials, (1..=trials.len() as u32).collect::<Vec<_>>());
    // What was whole before is there as it was.
    let kept = before.trials.len();
    assert_eq!(after.trials[..kept], before.trials[..]);
    assert!(!run(&program.folder)?.status.success(), "a complete run was gone on with");
    Ok(())
}

/// One of our images as if it were a foreign one: its replies prove nothing.
fn image(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("run");
    let (_, record) = bench.function("rust")?;
    let mut command = coldstart(bench);
    command.args(["run", "quick", "--rounds", "2", "--no-controls", "--image", &record.image]);
    let output = command.arg("--out").arg(&folder).output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let run = store::open(&folder).map_err(|e| format!("{e:#}"))?;
    assert!(run.record.complete && run.record.counts.failed == 0, "{told}");
    let [function] = run.record.functions.as_slice() else { panic!("not one function") };
    assert_eq!((&*function.digest, &*function.version), (&*record.digest, "not asked"));
    let mut absent = coldstart(bench);
    absent.args([
        "run",
        "quick",
        "--no-controls",
        "--image",
        "coldstart.invalid/absent:1",
        "--out",
    ]);
    let output = absent.arg(home.path().join("absent")).output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("coldstart.invalid/absent:1"), "{told}");
    assert!(!home.path().join("absent").exists());
    Ok(())
}

fn controlled(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let mut program = Program::start(bench, "quick", "2", home.path().join("run"));
    let status = program.end()?;
    assert!(status.success(), "{}", program.told);
    let run = program.opened()?;
    assert!(run.record.complete && run.record.counts.failed == 0, "{}", program.told);
    for ms in SERIES {
        for control in [Control::Process(ms), Control::Container(ms)] {
            let rows = run.samples.iter().filter(|s| s.cell.control == Some(control)).count();
            assert_eq!(rows, 2, "{control}: one a round");
        }
    }
    let lines = fs::read_to_string(program.folder.join("trials.jsonl"))?.lines().count();
    assert_eq!((lines, run.trials.len()), (2 * (2 + 10), 2 * (2 + 10)));
    let measured = || run.samples.iter().filter(|s| s.cell.control.is_none());
    assert!(measured().any(|s| s.resources.is_some()), "no cgroup was read");
    match &run.record.kernel_events.silent {
        Some(reason) => eprintln!("left out: {reason}"),
        None => {
            assert!(measured().any(|s| s.marks.get(Mark::Exec).is_some()));
            assert!(program.folder.join("charts/waterfall.svg").is_file());
        }
    }
    assert_eq!(program.containers(), 0);
    Ok(())
}

fn two_runs(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let folder = |name: &str| -> PathBuf { Path::join(home.path(), name) };
    let programs = ["one", "two"].map(|name| Program::start(bench, "quick", "2", folder(name)));
    for mut program in programs {
        let status = program.end()?;
        assert!(status.success(), "{}", program.told);
        let run = program.opened()?;
        let failed: Vec<_> = run.samples.iter().filter_map(|s| s.outcome.cause()).collect();
        assert!(run.record.complete && failed.is_empty(), "{failed:?}: {}", program.told);
        assert_eq!(program.containers(), 0);
    }
    Ok(())
}
