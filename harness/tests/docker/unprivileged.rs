//! Starts explained and measured by somebody who may not see all of them: what is lost is said
//! once, with its cure, and the rest is there.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::net::Shutdown;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use coldstart::explain::Explanation;
use coldstart::store;
use libtest_mimic::Trial;

use crate::bench::{Bench, Tested};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("an_ordinary_user_explains_what_can_be_seen", ordinary),
        Bench::trial("root_without_capabilities_explains_what_can_be_seen", powerless),
        Bench::trial("an_ordinary_user_in_the_engines_group_measures", grouped),
    ]
}

/// Nobody, whose programs have no capability.
const ORDINARY: [&str; 4] = ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"];
/// Root, whose programs lack those that watching and sampling need.
const POWERLESS: [&str; 2] = ["--bounding-set=-sys_admin,-perfmon", "--inh-caps=-all"];

fn ordinary(bench: &Bench) -> Tested {
    explained_as(bench, &ORDINARY)
}

fn powerless(bench: &Bench) -> Tested {
    explained_as(bench, &POWERLESS)
}

/// Of the group that may use the engine, in the test's stead of `docker`.
const GROUP: u32 = 64_124;

/// All that is not root's works for who is in the group; what is, is refused with its cure, and
/// so is who is not in the group.
fn grouped(bench: &Bench) -> Tested {
    let (_, record) = bench.function("rust")?;
    let home = tempfile::tempdir()?;
    let member = ["--reuid=65534", "--regid=65534", "--groups=64124", "--inh-caps=-all"];
    let reached = Reached::new(bench, home.path())?;
    chown(&reached.socket, Some(0), Some(GROUP))?;
    fs::set_permissions(&reached.socket, Permissions::from_mode(0o660))?;
    let measure = |who: &[&str], more: &[&str]| {
        let words = ["run", "single", "--no-controls", "--rounds", "2", "--image", &record.image];
        reached.typed(who, &[&words[..], more].concat())
    };
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let networks = ["--networks", "bridge,host,none", "--out", "all"];
    let output = measure(&member, &networks)?;
    assert!(output.status.success(), "{}", said(&output));
    let run = store::open(&home.path().join("all")).map_err(|e| format!("{e:#}"))?;
    assert!(run.samples.len() == 6 && run.record.counts.failed == 0, "{}", said(&output));
    let warned = run.record.warnings.iter().collect::<BTreeSet<_>>();
    assert_eq!(warned.len(), run.record.warnings.len(), "told twice: {warned:?}");
    for cold in ["image-cold", "host-cold"] {
        let output = measure(&member, &["--page-cache", cold, "--out", cold])?;
        assert_eq!(output.status.code(), Some(4), "{}", said(&output));
        assert!(said(&output).contains("root"), "{}", said(&output));
    }
    let output = measure(&ORDINARY, &["--out", "refused"])?;
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let told = said(&output);
    assert!(told.contains("permission denied") && told.contains("usermod -aG docker"), "{told}");
    Ok(())
}

fn explained_as(bench: &Bench, who: &[&str]) -> Tested {
    let (_, record) = bench.function("python")?;
    let home = tempfile::tempdir()?;
    let output = explain(bench, &record.image, who, home.path())?;
    let words = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (said, told) = (words(&output.stdout), words(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{told}");
    let text = fs::read_to_string(home.path().join("why/explain.json"))?;
    let found: Explanation = serde_json::from_str(&text)?;
    let of = &found.functions[0];
    // What is lost, each once and with what to do.
    for (what, cure) in [("file events", "run as root"), ("no native profile", "run as root")] {
        let told = found.lost.iter().filter(|why| why.contains(what)).collect::<Vec<_>>();
        assert!(told.len() == 1 && told[0].ends_with(cure), "{what}: {:?}", found.lost);
        assert_eq!(said.matches(what).count(), 1, "{what} in {said}");
    }
    // No more is claimed than was seen.
    assert!(of.native.is_none() && of.unopened.is_none() && of.packages.is_empty());
    assert!(!said.contains("never opened"), "{said}");
    // And what can be seen is: how long it takes, and what its runtime loads.
    assert_eq!((of.starts.plain.len(), of.starts.profiled.len()), (2, 2));
    assert!(said.contains("was ready"), "{said}");
    let modules = of.modules.as_ref().ok_or("no modules")?;
    assert!(modules.modules.iter().any(|module| module.name == "json"));
    let page = fs::read_to_string(home.path().join("why/explain.html"))?;
    assert!(page.contains("What was loaded"));
    Ok(())
}

fn explain(bench: &Bench, image: &str, who: &[&str], home: &Path) -> io::Result<Output> {
    let words = ["explain", "--image", image, "--rounds", "2", "--out", "why"];
    Reached::new(bench, home)?.typed(who, &words)
}

/// The engine and the program, and no other file of ours, as somebody else reaches them.
struct Reached<'a> {
    home: &'a Path,
    program: PathBuf,
    socket: PathBuf,
}

impl<'a> Reached<'a> {
    fn new(bench: &Bench, home: &'a Path) -> io::Result<Self> {
        let open = |path: &Path| fs::set_permissions(path, Permissions::from_mode(0o777));
        let (program, socket) = (home.join("coldstart"), home.join("engine.sock"));
        fs::copy(env!("CARGO_BIN_EXE_coldstart"), &program)?;
        forward(&socket, bench.address())?;
        [home, &program, &socket].into_iter().try_for_each(open)?;
        Ok(Self { home, program, socket })
    }

    fn typed(&self, who: &[&str], words: &[&str]) -> io::Result<Output> {
        let mut command = Command::new("setpriv");
        command.args(who).arg("--").arg(&self.program).current_dir(self.home);
        command.env("DOCKER_HOST", format!("unix://{}", self.socket.display()));
        command.env("HOME", self.home).env_remove("XDG_STATE_HOME").env_remove("XDG_RUNTIME_DIR");
        command.args(words).output()
    }
}

/// A socket that leads to the engine's, which is root's: threads that end with the test's
/// process.
fn forward(socket: &Path, engine: &str) -> io::Result<()> {
    let listener = UnixListener::bind(socket)?;
    let engine = engine.trim_start_matches("unix://").to_owned();
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let Ok(far) = UnixStream::connect(&engine) else { continue };
            let ends = near.try_clone().and_then(|near| Ok((near, far.try_clone()?)));
            let Ok((to_near, to_far)) = ends else { continue };
            thread::spawn(move || copied(near, to_far));
            thread::spawn(move || copied(far, to_near));
        }
    });
    Ok(())
}

fn copied(mut from: UnixStream, mut to: UnixStream) {
    // Whoever broke off is told of by the end.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
