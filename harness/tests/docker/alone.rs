//! Without a daemon, the rest of what the program does: images that are in no folders, the verbs
//! that measure many starts, and what a killed run leaves of networks.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use coldstart::engine::docker::DockerEngine;
use coldstart::engine::oci::OciEngine;
use coldstart::engine::{
    BuildOutput, BuildSpec, Credentials, Engine, EngineError, EngineInfo, Exit, Image, ImageStore,
    InstanceId, InstanceSpec, InstanceState, ListedInstance, Listener, Strangers,
};
use coldstart::sample::Mark;
use coldstart::spec::factor::{Attachment, EngineKind, Network};
use libtest_mimic::Trial;
use tokio::sync::oneshot;

use crate::bench::{Bench, Tested};
use crate::oci::{Own, finish};
use crate::program::coldstart;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("without_folders_of_layers_an_image_is_unpacked_once", unpacked),
        Bench::trial("without_a_daemon_the_same_against_itself_is_judged", against_itself),
        Bench::trial("without_a_daemon_memory_limits_are_tuned", tuned),
        Bench::trial("without_a_daemon_four_start_at_a_time", four_at_a_time),
        Bench::trial("without_a_daemon_and_with_one_quotas_are_set_where_each_has_them", quotas),
        Bench::trial("without_a_daemon_clean_removes_what_a_killed_run_left", killed),
    ]
}

/// Only a broken run comes near it.
const PATIENCE: Duration = Duration::from_secs(60);

/// An engine that keeps images, and does not say in which folders.
struct Closed {
    engine: Arc<DockerEngine>,
    exports: AtomicU32,
}

macro_rules! passed_on {
    ($($call:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(async fn $call(&self, $($argument: $type),*) -> Result<$result, EngineError> {
            self.engine.$call($($argument),*).await
        })*
    };
}

impl Engine for Closed {
    passed_on! {
        describe() -> EngineInfo;
        listen(at: Attachment) -> Listener;
        create(spec: &InstanceSpec) -> InstanceId;
        start(id: &InstanceId) -> ();
        inspect(id: &InstanceId) -> InstanceState;
        remove(id: &InstanceId) -> ();
        output(id: &InstanceId) -> String;
        strangers() -> Arc<Strangers>;
        instances(run: Option<&str>) -> Vec<ListedInstance>;
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        self.engine.watch_exit(id)
    }
}

impl ImageStore for Closed {
    passed_on! {
        image(reference: &str) -> Option<Image>;
        pull(reference: &str, login: Option<&Credentials>, printed: BuildOutput<'_>) -> ();
        import(tag: &str, archive: &Path) -> ();
        build(spec: &BuildSpec, printed: BuildOutput<'_>) -> ();
        run_once(
            image: &str, run: &str, command: &[String], env: &BTreeMap<String, String>
        ) -> String;
        extensions(image: &str, run: &str) -> Vec<String>;
        platform() -> String;
        images() -> Vec<String>;
        remove_image(reference: &str) -> ();
    }

    async fn image_folders(&self, _: &str) -> Result<Vec<PathBuf>, EngineError> {
        let (doing, message) = ("find the folders of an image".to_owned(), "of a test".to_owned());
        Err(EngineError::Refused { doing, message })
    }

    async fn export(&self, image: &str, run: &str, to: &Path) -> Result<(), EngineError> {
        self.exports.fetch_add(1, Ordering::Relaxed);
        self.engine.export(image, run, to).await
    }
}

/// What there is to see of files: what layers below leave, and who owns what.
const FILES: &str = "import os\nfor name in ['/', '/kept', '/gone', '/tmp', '/.dockerenv', '/own']:\n\
                     \ttry: s = os.stat(name); print(name, oct(s.st_mode), s.st_uid, s.st_gid)\n\
                     \texcept OSError as e: print(name, e.strerror)";

fn unpacked(bench: &Bench) -> Tested {
    let own = Own::new(bench, &[])?;
    let layers = "RUN [\"python3\", \"-c\", \"import os; open('/gone', 'w'); open('/kept', 'w'); \
                  open('/own', 'w'); os.chown('/own', 12, 34); os.chmod('/own', 0o4711)\"]\n\
                  RUN [\"python3\", \"-c\", \"import os; os.remove('/gone')\"]\n";
    let command = serde_json::to_string(&["python3", "-c", FILES])?;
    let image = bench.build("python", &format!("{layers}CMD {command}"))?;
    let spec = own.spec(&image, Network::None);
    let home = tempfile::tempdir()?;
    let closed = || Arc::new(Closed { engine: bench.engine.clone(), exports: AtomicU32::new(0) });
    let (one, other) = (closed(), closed());
    let engines = [&one, &other].map(|images| {
        let engine = OciEngine::new(images.clone(), home.path(), &[])?;
        engine.make_ready().map(|()| engine)
    });
    let [first, second] = engines;
    let (first, second) = (first?, second?);
    bench.wait(async {
        let (_, expected) = own.run(&spec).await?;
        assert!(expected.contains("/gone No such file"), "{expected}");
        assert!(expected.contains("/own 0o104711 12 34"), "{expected}");
        // Two drivers at once, which share what is unpacked, and one of them again.
        let both = tokio::join!(finish(&first, &spec, |_| ()), finish(&second, &spec, |_| ()));
        for ended in [both.0, both.1, finish(&first, &spec, |_| ()).await] {
            assert_eq!(ended?, (Some(0), expected.clone()));
        }
        anyhow::Ok(())
    })?;
    let exports = [one, other].map(|images| images.exports.load(Ordering::Relaxed));
    assert_eq!(exports.iter().sum::<u32>(), 1, "it is unpacked once");
    let images = home.path().join("oci/images");
    let kept: Vec<_> = fs::read_dir(&images)?.flatten().collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let mut names: Vec<_> =
        fs::read_dir(kept[0].path())?.flatten().map(|e| e.file_name()).collect();
    names.retain(|name| name != "unpacking.lock");
    assert_eq!(names, ["root"], "nothing of the way there stays");
    Ok(())
}

fn against_itself(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("aa");
    let mut command = coldstart(bench);
    command.args(["aa", "--functions", "rust", "--runs", "2", "--rounds", "3", "--inject", "40ms"]);
    command.args(["--engine", "oci", "--networks", "host", "--quiet", "--out"]).arg(&folder);
    let output = command.output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("aa.json"))?)?;
    assert!(found.to_string().contains("rust"), "{found}");
    let runs = walk(&folder, "run.json");
    assert!(runs.len() >= 4, "two gates of two sides: {runs:?}");
    for run in runs {
        let run = coldstart::store::open(run.parent().unwrap()).map_err(|e| format!("{e:#}"))?;
        assert_eq!(run.record.engine.kind, "oci");
        assert!(run.samples.iter().all(|sample| sample.outcome.is_ok()));
    }
    Ok(())
}

/// Every file of such a name.
fn walk(folder: &Path, name: &str) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(folder).into_iter().flatten();
    all.filter(|entry| entry.file_name() == name).map(walkdir::DirEntry::into_path).collect()
}

fn tuned(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("tuned");
    let mut command = coldstart(bench);
    command.args(["tune", "rust", "--memory", "128,1024", "--rounds", "3", "--engine", "oci"]);
    command.args(["--network", "host", "--quiet", "--format", "json", "--out"]).arg(&folder);
    let output = command.output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let sizes = found["functions"][0]["sizes"].as_array().ok_or("no sizes")?;
    assert_eq!(sizes.len(), 2);
    let run = coldstart::store::open(&folder).map_err(|e| format!("{e:#}"))?;
    let cold = run.samples.iter().filter(|s| s.cell.control.is_none());
    let cold: Vec<_> = cold.filter(|s| s.marks.get(Mark::Exec).is_some()).collect();
    assert!(cold.iter().all(|s| s.cell.factors.engine == EngineKind::Oci));
    assert!(!cold.is_empty() && cold.iter().all(|s| s.marks.get(Mark::Throttled).is_some()));
    Ok(())
}

fn four_at_a_time(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("run");
    let mut command = coldstart(bench);
    command.args(["run", "single", "--functions", "rust", "--rounds", "2", "--parallel", "4"]);
    command.args(["--engine", "oci", "--networks", "host,none,bridge", "--quiet", "--out"]);
    let output = command.arg(&folder).output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let run = coldstart::store::open(&folder).map_err(|e| format!("{e:#}"))?;
    let failed = run.samples.iter().find(|sample| !sample.outcome.is_ok());
    assert!(failed.is_none(), "{failed:?}");
    // They are at it together, and each is removed within what is counted.
    let of = |network| {
        let all = run.samples.iter().filter(move |s| s.cell.factors.network == network);
        all.filter_map(|s| {
            Some((s.trial, s.marks.get(Mark::Intended)?, s.marks.get(Mark::Removed)?))
        })
    };
    for network in [Network::Host, Network::None, Network::Bridge] {
        let all: Vec<_> = of(network).collect();
        let most = all.iter().map(|(trial, from, _)| {
            let beside = |(other, begin, end): &&(u32, u64, u64)| {
                other == trial && begin <= from && from < end
            };
            all.iter().filter(beside).count()
        });
        assert_eq!(most.max(), Some(4), "{network}");
    }
    Ok(())
}

/// Their cgroups are not in the same place.
fn quotas(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("run");
    let mut command = coldstart(bench);
    command.args(["run", "single", "--functions", "rust", "--rounds", "1", "--no-controls"]);
    command.args(["--engine", "docker,oci", "--networks", "host", "--cpu-rule", "lambda", "--out"]);
    let output = command.arg(&folder).arg("--quiet").output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let run = coldstart::store::open(&folder).map_err(|e| format!("{e:#}"))?;
    for kind in [EngineKind::Docker, EngineKind::Oci] {
        let of_it = run.samples.iter().filter(|s| s.cell.factors.engine == kind);
        let throttled = of_it.filter(|s| s.marks.get(Mark::Throttled).is_some());
        assert!(throttled.count() > 0, "{kind}");
    }
    assert!(run.samples.iter().all(|sample| sample.outcome.is_ok()));
    Ok(())
}

/// Killed while an instance runs: one with nothing but its root, and one that was created ahead
/// and has a network of its own.
fn killed(bench: &Bench) -> Tested {
    killed_with(bench, &["--networks", "host"], 2)?;
    killed_with(bench, &["--networks", "bridge", "--start-from", "created"], 5)
}

/// Of an instance: on the disk, and wherever what is made for the runtime is in memory.
fn folders_of(state: &Path, id: &str) -> Vec<PathBuf> {
    let memory = ["/run/coldstart-bundles", "/dev/shm/coldstart-bundles"].map(Path::new);
    let places = [state].into_iter().chain(memory).map(|place| place.join(id));
    places.filter(|at| at.is_dir()).collect()
}

/// The parts are those that an instance leaves at least.
fn killed_with(bench: &Bench, factors: &[&str], parts: usize) -> Tested {
    let home = tempfile::tempdir()?;
    let scenario = crate::program::patient(home.path(), "60s", "50s")?;
    let mut run = coldstart(bench);
    run.env("XDG_STATE_HOME", home.path()).args(["run", &scenario, "--functions", "rust"]);
    run.args(["--engine", "oci"]).args(factors).arg("--out").arg(home.path().join("run"));
    let mut child = run.stdout(std::process::Stdio::null()).spawn()?;
    let state = home.path().join("coldstart/oci");
    let folders = |id: &String| folders_of(&state, id);
    let pid = |id: &String| {
        let told = folders(id).into_iter().find_map(|at| fs::read_to_string(at.join("pid")).ok());
        told.unwrap_or_default()
    };
    let instances = || -> Vec<String> {
        let found = fs::read_dir(&state).into_iter().flatten().flatten();
        let names = found.map(|folder| folder.file_name().to_string_lossy().into_owned());
        names.filter(|id| !pid(id).is_empty()).collect()
    };
    let of = |pid: &str, file: &str| fs::read_to_string(format!("/proc/{pid}/{file}"));
    // Until then its process is the runtime's.
    let runs = |id: &String| of(&pid(id), "cmdline").is_ok_and(|c| c.starts_with("/function"));
    let begun = Instant::now();
    while !instances().iter().any(runs) && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill()?;
    child.wait()?;
    let ids = instances();
    assert!(!ids.is_empty(), "nothing was left to clean: the test shows nothing");
    let pids: Vec<_> = ids.iter().map(pid).collect();
    let left = || {
        let mut left: Vec<String> =
            ids.iter().flat_map(folders).map(|at| at.display().to_string()).collect();
        for folder in ["/sys/class/net", "/run/netns"] {
            let names = fs::read_dir(folder).into_iter().flatten().flatten();
            let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
            left.extend(names.filter(|name| ids.iter().any(|id| name.contains(&id[..12]))));
        }
        let held = fs::read_dir("/run/coldstart/addresses").into_iter().flatten().flatten();
        let is_ours = |file: &PathBuf| {
            fs::read_to_string(file).is_ok_and(|holder| Path::new(&holder).starts_with(&state))
        };
        let held = held.map(|entry| entry.path()).filter(is_ours);
        left.extend(held.map(|file| file.display().to_string()));
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let ours = mounts.lines().filter(|line| ids.iter().any(|id| line.contains(id)));
        left.extend(ours.map(str::to_owned));
        left
    };
    assert!(left().len() >= parts * ids.len(), "{:?}", left());
    let mut clean = coldstart(bench);
    let cleaned = clean.env("XDG_STATE_HOME", home.path()).arg("clean").output()?;
    let told = String::from_utf8_lossy(&cleaned.stderr).into_owned();
    assert!(cleaned.status.success(), "{told}");
    assert_eq!(left(), [""; 0], "{told}");
    for (id, pid) in ids.iter().zip(&pids) {
        // Whoever is its parent by now may not have asked yet how it ended.
        let has_ended = of(pid, "stat").is_ok_and(|s| s.contains(") Z ") || s.contains(") X "));
        let is_in_its_cgroup = of(pid, "cgroup").is_ok_and(|cgroups| cgroups.contains(id));
        assert!(has_ended || !is_in_its_cgroup, "it still runs");
    }
    Ok(())
}
