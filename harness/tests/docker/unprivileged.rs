//! Starts explained by somebody who may not see all of them: what is lost is said once, with
//! its cure, and the rest is explained.

use std::fs::{self, Permissions};
use std::io;
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use coldstart::explain::Explanation;
use libtest_mimic::Trial;

use crate::bench::{Bench, Tested};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("an_ordinary_user_explains_what_can_be_seen", ordinary),
        Bench::trial("root_without_capabilities_explains_what_can_be_seen", powerless),
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

/// Explains an image as somebody else, who reaches the engine and the program, and no other
/// file of ours.
fn explain(bench: &Bench, image: &str, who: &[&str], home: &Path) -> io::Result<Output> {
    let open = |path: &Path| fs::set_permissions(path, Permissions::from_mode(0o777));
    let (program, socket) = (home.join("coldstart"), home.join("engine.sock"));
    fs::copy(env!("CARGO_BIN_EXE_coldstart"), &program)?;
    forward(&socket, bench.address())?;
    [home, &program, &socket].into_iter().try_for_each(open)?;
    let mut command = Command::new("setpriv");
    command.args(who).arg("--").arg(&program).current_dir(home);
    command.env("DOCKER_HOST", format!("unix://{}", socket.display())).env("HOME", home);
    command.env_remove("XDG_STATE_HOME").env_remove("XDG_RUNTIME_DIR");
    command.args(["explain", "--image", image, "--rounds", "2", "--out", "why"]).output()
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
