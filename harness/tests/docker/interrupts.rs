//! The program on the real engine, interrupted where it hurts: while it prepares, while a
//! burst is being created, with the whole group of the terminal; and `clean` beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use coldstart::engine::Engine;
use coldstart::system::process::Stat;
use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, Tested};
use crate::program::{Program, coldstart, patient};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("a_run_interrupted_while_it_prepares_leaves_no_container", preparing),
        Bench::trial("a_third_interrupt_ends_it_at_once_and_says_what_is_left", thrice),
        Bench::trial("a_burst_that_is_given_up_while_it_is_created_leaves_nothing", creating),
        Bench::trial("an_interrupt_of_the_terminal_is_no_crash_of_a_process", terminal),
        Bench::trial("clean_names_a_living_run_and_takes_it_only_when_forced", living),
    ]
}

/// Only something broken comes near it.
const PATIENCE: Duration = Duration::from_secs(60);

fn until(what: &str, mut so: impl FnMut() -> bool) -> Tested {
    let begun = Instant::now();
    while !so() {
        if begun.elapsed() > PATIENCE {
            return Err(format!("no {what}").into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn signal(child: &Child, name: &str) -> Tested {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status()?;
    if status.success() { Ok(()) } else { Err(format!("kill: {status}").into()) }
}

/// Containers that a process made.
fn of(bench: &Bench, child: &Child) -> usize {
    let all = bench.wait(bench.engine.instances(None)).unwrap();
    let made = |found: &&coldstart::engine::ListedInstance| {
        found.maker.as_ref().is_some_and(|maker| maker.pid() == child.id())
    };
    all.iter().filter(made).count()
}

/// A functions file of one function, `lines` aside.
fn functions(folder: &Path, lines: &str) -> Result<PathBuf, Failed> {
    let file = folder.join("functions.toml");
    let text = format!(
        "[[function]]\nname = \"only\"\nmemory = \"64MiB\"\ntimeout = \"10s\"\nevent = '{{}}'\n{lines}\n"
    );
    fs::write(&file, text)?;
    Ok(file)
}

fn preparing(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    // Its version is asked for, and it sleeps instead.
    let (_, record) = bench.function("python")?;
    let sleep = r#"["python3", "-c", "import time; time.sleep(600)"]"#;
    let lines = format!("image = \"{}\"\nversion-command = {sleep}", record.image);
    let file = functions(home.path(), &lines)?;
    for name in ["INT", "TERM", "HUP"] {
        let folder = home.path().join(name);
        let mut run = coldstart(bench);
        run.args(["run", "quick", "--no-controls", "--functions-file"]).arg(&file).arg("--out");
        let child = run.arg(&folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        until("container", || of(bench, &child) > 0)?;
        signal(&child, name)?;
        let id = child.id();
        let Output { status, stderr, .. } = child.wait_with_output()?;
        let told = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(130), "{name}: {told}");
        let left = bench.wait(bench.engine.instances(None))?;
        let left = left.iter().filter(|f| f.maker.as_ref().is_some_and(|m| m.pid() == id));
        assert_eq!(left.count(), 0, "{name}: {told}");
        assert!(!folder.exists(), "{name}");
    }
    Ok(())
}

fn thrice(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let ready = home.path().join("ready");
    // It does not heed what asks it to end.
    let script = "trap '' TERM; echo $$ >new; mv new ready; while :; do sleep 1; done";
    let lines = format!(
        "context = \".\"\nfiles = [\"functions.toml\"]\nversion-command = [\"/function\"]\n\
         prepare = [\"sh\", \"-c\", \"{script}\"]"
    );
    let file = functions(home.path(), &lines)?;
    let mut build = coldstart(bench);
    build.arg("build").arg("--functions-file").arg(&file);
    let child = build.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    until("prepare command", || ready.exists())?;
    for _ in 0..3 {
        signal(&child, "INT")?;
        // Two of a kind at a time would be one.
        std::thread::sleep(Duration::from_millis(300));
    }
    let ended = child.wait_with_output()?;
    let pid = fs::read_to_string(ready)?;
    let killed = Command::new("kill").args(["-s", "KILL", pid.trim()]).status()?;
    let told = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{told}");
    assert!(killed.success(), "it was waited for: {told}");
    for part in ["left as it is: containers of run ", "-build-", "`coldstart clean`"] {
        assert!(told.contains(part), "`{part}` is not in: {told}");
    }
    Ok(())
}

fn creating(bench: &Bench) -> Tested {
    for wait in [0, 40, 120] {
        let home = tempfile::tempdir()?;
        let text = "name = \"surge\"\nrounds = 50\ncontrols = false\nkeep-alive = \"100ms\"\n\
             [[pattern]]\nname = \"surge\"\nsteps = [{ name = \"out\", burst = 12 }]\n";
        let scenario = home.path().join("surge.toml");
        fs::write(&scenario, text)?;
        let scenario = scenario.display().to_string();
        let mut program = Program::start(bench, &scenario, "50", home.path().join("run"));
        program.until("container", |program| program.containers() > 0)?;
        program.signal("INT");
        program.says("stopping after this trial")?;
        std::thread::sleep(Duration::from_millis(wait));
        // It may have ended by now, which is as good.
        let _ = Command::new("kill").args(["-s", "INT", &program.child.id().to_string()]).status();
        let status = program.end()?;
        assert_eq!(status.code(), Some(130), "{}", program.told);
        // What comes late, comes within this.
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(program.containers(), 0, "{}", program.told);
    }
    Ok(())
}

/// Whether one of its processes runs, as the controls have them.
fn has_a_process(program: &Program<'_>) -> bool {
    let own = program.child.id();
    let stat = |entry: fs::DirEntry| Stat::of(entry.file_name().display());
    let mut all = fs::read_dir("/proc").unwrap().flatten().filter_map(stat);
    all.any(|stat| stat.parent == own)
}

fn terminal(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let mut program = Program::start(bench, "quick", "1000", home.path().join("run"));
    program.until("rows", Program::has_rows)?;
    program.until("process", has_a_process)?;
    // To the group, as Ctrl-C is.
    let group = format!("-{}", program.child.id());
    assert!(Command::new("kill").args(["-s", "INT", "--", &group]).status()?.success());
    let status = program.end()?;
    assert_eq!(status.code(), Some(130), "{}", program.told);
    let run = program.opened()?;
    assert_eq!(run.record.counts.failed, 0, "{}", program.told);
    assert!(run.samples.iter().all(|sample| sample.outcome.is_ok()));
    Ok(())
}

fn living(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let scenario = patient(home.path(), "1h", "10m")?;
    let mut program = Program::start(bench, &scenario, "2", home.path().join("run"));
    program.until("container", |program| program.containers() > 0)?;
    let id = program.opened()?.record.id;
    let clean = |more: &[&str]| coldstart(bench).args(["clean", "--run", &id]).args(more).output();
    let cleaned = clean(&[])?;
    let said = String::from_utf8_lossy(&cleaned.stdout) + String::from_utf8_lossy(&cleaned.stderr);
    assert_eq!(cleaned.status.code(), Some(4), "{said}");
    assert!(said.contains(&format!("process {} lives", program.child.id())), "{said}");
    assert!(said.contains(&id) && said.contains("--force"), "{said}");
    assert!(program.containers() > 0, "it destroyed a run that is under way");
    // Its images are in use, and so is its engine: nothing of this may be removed.
    let images = clean(&["--images"])?;
    let told = String::from_utf8_lossy(&images.stderr);
    assert_eq!(images.status.code(), Some(4), "{told}");
    assert!(told.contains("the images stayed, in use by ") && told.contains(&id), "{told}");
    let forced = clean(&["--force"])?;
    assert!(forced.status.success(), "{}", String::from_utf8_lossy(&forced.stderr));
    assert_eq!(program.containers(), 0);
    program.signal("KILL");
    program.end()?;
    Ok(())
}
