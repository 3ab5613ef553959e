//! Instances by an OCI runtime that is called directly: as the engine makes them, in a state
//! folder of the test's own; and the whole program with them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coldstart::engine::docker::DockerEngine;
use coldstart::engine::oci::OciEngine;
use coldstart::engine::{
    Engine, EngineError, ImageStore, InstanceId, InstanceSource, InstanceSpec, LABEL_FUNCTION,
    LABEL_MAKER, LABEL_RUN,
};
use coldstart::sample::{Mark, Temperature};
use coldstart::spec::factor::{Combination, EngineKind, Network};
use coldstart::spec::function::{Launch, Limits};
use coldstart::system::maker::Maker;
use libtest_mimic::Trial;

use crate::bench::{Bench, Tested};
use crate::program::coldstart;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("without_a_daemon_an_instance_from_create_to_removal", lifecycle),
        Bench::trial("without_a_daemon_an_instance_sees_what_docker_gives_it", same),
        Bench::trial("without_a_daemon_nothing_dead_is_kept", dead),
        Bench::trial("without_a_daemon_output_is_the_bounded_end", output),
        Bench::trial("without_a_daemon_limits_hold_and_are_told", limits),
        Bench::trial("without_a_daemon_what_cannot_start_says_why", refusals),
        Bench::trial("without_a_daemon_a_runtime_may_be_a_script_that_talks", talking),
        Bench::trial("without_a_daemon_a_run_has_rows_with_its_phases", measured),
        Bench::trial("without_a_daemon_what_a_runtime_loads_is_told", explained),
        Bench::trial("without_a_daemon_and_with_one_take_turns_in_one_run", in_turns),
    ]
}

type Oci = OciEngine<DockerEngine>;

/// How long what is left of an instance may take to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// An engine of the test's own, and all that it makes.
pub(crate) struct Own<'a> {
    bench: &'a Bench,
    pub(crate) home: tempfile::TempDir,
    pub(crate) engine: Oci,
}

impl<'a> Own<'a> {
    pub(crate) fn new(
        bench: &'a Bench,
        runtimes: &[String],
    ) -> Result<Self, libtest_mimic::Failed> {
        let home = tempfile::tempdir()?;
        let engine = OciEngine::new(bench.engine.clone(), home.path(), runtimes)?;
        engine.make_ready()?;
        Ok(Self { bench, home, engine })
    }

    pub(crate) fn spec(&self, image: &str, network: Network) -> InstanceSpec {
        self.spec_by("runc", image, network)
    }

    fn spec_by(&self, runtime: &str, image: &str, network: Network) -> InstanceSpec {
        let limits = Limits { memory: 64 << 20, cpus: None, processes: None };
        let asked = Combination { engine: Some(EngineKind::Oci), ..Combination::on(network) };
        let found = self.bench.wait(self.engine.image(image)).unwrap().unwrap_or_default();
        let labels = [
            (LABEL_RUN, self.bench.run.clone()),
            (LABEL_FUNCTION, "null".to_owned()),
            (LABEL_MAKER, Maker::own().to_string()),
        ];
        InstanceSpec {
            source: InstanceSource::Image(image.to_owned()),
            image: Arc::new(found.config),
            factors: asked.resolve(limits, runtime),
            processes: None,
            socket: None,
            env: BTreeMap::from([("A".to_owned(), "b c".to_owned())]),
            launch: Launch::default(),
            launcher: None,
            labels: labels.map(|(name, value)| (name.to_owned(), value)).into(),
        }
    }

    /// Starts it, waits for its end, and gives its exit status and output.
    pub(crate) async fn run(
        &self,
        spec: &InstanceSpec,
    ) -> Result<(Option<i64>, String), EngineError> {
        finish(&self.engine, spec, |_| ()).await
    }

    /// What is left of instances here: mounts, cgroups, folders. What is taken away beside
    /// whatever is done next has its time.
    pub(crate) fn left(&self) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let left = self.left_now();
            if left.is_empty() || begun.elapsed() >= PATIENCE {
                return left;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn left_now(&self) -> Vec<String> {
        let state = self.home.path().join("oci");
        let entries = |at: &Path| fs::read_dir(at).into_iter().flatten().flatten();
        let mut left: Vec<String> = entries(&state)
            .map(|entry| entry.path().display().to_string())
            // What all instances have in common is no instance's.
            .filter(|path| !path.ends_with(".lock") && !path.ends_with("/places"))
            .collect();
        let held = entries(Path::new("/run/coldstart/addresses")).map(|entry| entry.path());
        let is_ours = |file: &PathBuf| {
            let holder = fs::read_to_string(file).unwrap_or_default();
            Path::new(&holder).starts_with(&state)
        };
        left.extend(held.filter(is_ours).map(|file| file.display().to_string()));
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let ours = |line: &&str| line.contains(&*state.to_string_lossy());
        left.extend(mounts.lines().filter(ours).map(str::to_owned));
        left
    }
}

pub(crate) async fn finish(
    engine: &impl Engine,
    spec: &InstanceSpec,
    look: impl FnOnce(&InstanceId),
) -> Result<(Option<i64>, String), EngineError> {
    let id = engine.create(spec).await?;
    let exit = engine.watch_exit(&id);
    let started = engine.start(&id).await;
    let ended = match started {
        Ok(()) => Ok((exit.await.unwrap().code, engine.output(&id).await?)),
        Err(error) => Err(error),
    };
    look(&id);
    engine.remove(&id).await?;
    ended
}

/// What a runtime forks to leave its terminal ends, and its number is free again.
fn dead(bench: &Bench) -> Tested {
    let own = Own::new(bench, &[])?;
    let offers = bench.wait(own.engine.describe())?.offers;
    let image = bench.derive("rust", &["/function", "--version"])?;
    for runtime in offers.runtimes().iter().filter(|name| ["runc", "crun"].contains(&&***name)) {
        let spec = own.spec_by(runtime, &image, Network::Host);
        assert_eq!(bench.wait(own.run(&spec))?.0, Some(0));
        let before = dead_of(runtime);
        assert_eq!(bench.wait(own.run(&spec))?.0, Some(0));
        let after = dead_of(runtime);
        assert!(!before.iter().any(|pid| after.contains(pid)), "{runtime}: {before:?}, {after:?}");
    }
    Ok(())
}

/// The dead children of this process that have the name of a program.
fn dead_of(program: &str) -> Vec<String> {
    let is_one = |pid: &str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.contains(&format!("({program}) Z "))
    };
    let own = std::process::id();
    let all = fs::read_to_string(format!("/proc/self/task/{own}/children")).unwrap();
    all.split_whitespace().filter(|pid| is_one(pid)).map(str::to_owned).collect()
}

fn lifecycle(bench: &Bench) -> Tested {
    let own = Own::new(bench, &[])?;
    let image = bench.derive("rust", &["/function", "--version"])?;
    let all = [Network::Host, Network::None, Network::Bridge];
    let specs = all.map(|network| own.spec(&image, network));
    bench.wait(async {
        for spec in specs.iter().cycle().take(6) {
            let id = own.engine.create(spec).await?;
            let found = own.engine.instances(Some(&bench.run)).await?;
            assert_eq!((found.len(), &found[0].id, found[0].running), (1, &id, false));
            assert_eq!(found[0].maker.as_ref(), Some(Maker::own()));
            let exit = own.engine.watch_exit(&id);
            own.engine.start(&id).await?;
            assert_eq!(exit.await?.code, Some(0));
            assert_eq!(own.engine.inspect(&id).await?.pid, None);
            own.engine.remove(&id).await?;
            own.engine.remove(&id).await?;
            assert_eq!(own.left(), [""; 0]);
        }
        // One that never runs, and one that runs for ever.
        let id = own.engine.create(&specs[0]).await?;
        let exit = own.engine.watch_exit(&id);
        own.engine.remove(&id).await?;
        assert_eq!(exit.await?.code, None);
        assert!(own.engine.instances(Some(&bench.run)).await?.is_empty());
        anyhow::Ok(())
    })?;
    let image = bench.derive("python", &["python3", "-c", "import time; time.sleep(1000)"])?;
    let spec = own.spec(&image, Network::None);
    bench.wait(async {
        let id = own.engine.create(&spec).await?;
        let exit = own.engine.watch_exit(&id);
        own.engine.start(&id).await?;
        let pid = own.engine.inspect(&id).await?.pid.unwrap();
        let cgroups = fs::read_to_string(format!("/proc/{pid}/cgroup"))?;
        assert!(cgroups.contains(&id.0), "{cgroups}");
        own.engine.remove(&id).await?;
        assert_eq!(exit.await?.code, Some(137));
        assert_eq!(own.left(), [""; 0]);
        Ok(())
    })
}

/// What a process finds of its world, that does not differ from one instance to the next.
const WORLD: &str = r#"
import json, os, resource
def status(*names):
    lines = dict(l.strip().split(":\t", 1) for l in open("/proc/self/status") if ":\t" in l)
    return {n: lines.get(n) for n in names}
def mounts():
    for line in open("/proc/self/mountinfo"):
        before, after = line.split(" - ")
        yield before.split()[4], after.split()[0], "ro" if "ro" in before.split()[5].split(",") else "rw"
print(json.dumps({
    "env": dict(os.environ), "user": [os.getuid(), os.getgid(), os.getgroups()],
    "cwd": os.getcwd(), "umask": os.umask(0), "dev": sorted(os.listdir("/dev")),
    "status": status("CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"),
    "files": resource.getrlimit(resource.RLIMIT_NOFILE), "root": os.stat("/").st_mode,
    "adjusted": open("/proc/self/oom_score_adj").read(),
    "mounts": sorted(m for m in mounts() if not m[0].startswith(("/sys/fs/cgroup", "/sys/dev", "/proc/i"))),
}, sort_keys=True, indent=1))
"#;

fn same(bench: &Bench) -> Tested {
    if bench.leaves_out("its containers have capabilities and open files of its own")? {
        return Ok(());
    }
    let own = Own::new(bench, &[])?;
    let lines = "RUN [\"python3\", \"-c\", \"open('/etc/passwd', 'a').write('app:x:1234:1235::/srv:/\\\\n'); \
                 open('/etc/group', 'a').write('more:x:77:root,app\\\\n')\"]\n";
    for user in ["", "USER app\nWORKDIR /not/there\nENV A=of_the_image B=2\n"] {
        let command = serde_json::to_string(&["-c", WORLD])?;
        let image = bench
            .build("python", &format!("{lines}{user}ENTRYPOINT [\"python3\"]\nCMD {command}"))?;
        let spec = own.spec(&image, Network::Host);
        bench.wait(async {
            let (code, without) = own.run(&spec).await?;
            assert_eq!(code, Some(0), "{without}");
            let mut factors = spec.factors.clone();
            factors.log_driver = "json-file".to_owned();
            let spec = InstanceSpec { factors, ..spec };
            let (_, with) = finish(&*bench.engine, &spec, |_| ()).await?;
            compare(&with, &without);
            anyhow::Ok(())
        })?;
    }
    Ok(())
}

/// Told line by line: a whole world is hard to compare.
fn compare(with: &str, without: &str) {
    let lines = |text: &str| text.lines().map(|l| l.trim().to_owned()).collect::<Vec<_>>();
    let (with, without) = (lines(with), lines(without));
    let more: Vec<_> = with.iter().filter(|line| !without.contains(line)).collect();
    let less: Vec<_> = without.iter().filter(|line| !with.contains(line)).collect();
    assert!(more.is_empty() && less.is_empty(), "with: {more:#?}, without: {less:#?}");
}

fn output(bench: &Bench) -> Tested {
    let own = Own::new(bench, &[])?;
    let script = "import os, sys\nfor n in range(9999): print('line', n, 'x' * 20, file=sys.stderr)\n\
                  sys.exit('A is ' + os.environ['A'])";
    let image = bench.derive("python", &["python3", "-c", script])?;
    let spec = own.spec(&image, Network::Host);
    bench.wait(async {
        let (code, output) = own.run(&spec).await?;
        assert_eq!(code, Some(1));
        assert!(output.len() <= 16 << 10, "{}", output.len());
        let (early, late) = (output.contains("line 9001"), output.contains("line 9998"));
        assert!(!early && late && output.contains("A is b c"), "{output}");
        Ok(())
    })
}

fn limits(bench: &Bench) -> Tested {
    let own = Own::new(bench, &[])?;
    let hungry = "x = []\nwhile True: x.append(bytearray(1 << 20))";
    let image = bench.derive("python", &["python3", "-c", hungry])?;
    let spec = own.spec(&image, Network::Host);
    bench.wait(async {
        let id = own.engine.create(&spec).await?;
        let exit = own.engine.watch_exit(&id);
        own.engine.start(&id).await?;
        assert_eq!(exit.await?.code, Some(137));
        let state = own.engine.inspect(&id).await?;
        assert!(state.out_of_memory && state.pid.is_none(), "{state:?}");
        own.engine.remove(&id).await?;
        anyhow::Ok(())
    })?;
    let written = "try:\n open('/etc/x', 'w')\nexcept OSError as e: print(e)";
    let image = bench.derive("python", &["python3", "-c", written])?;
    let mut spec = own.spec(&image, Network::None);
    spec.launch.read_only = true;
    bench.wait(async {
        let (_, output) = own.run(&spec).await?;
        assert!(output.contains("Read-only file system"), "{output}");
        Ok(())
    })
}

fn refusals(bench: &Bench) -> Tested {
    let own = Own::new(bench, &[])?;
    let refused = |line: &str, change: &dyn Fn(&mut InstanceSpec)| {
        let image = bench.build("python", line)?;
        let mut spec = own.spec(&image, Network::Host);
        change(&mut spec);
        let error = bench.wait(own.run(&spec)).unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error}");
        assert_eq!(own.left(), [""; 0], "after: {error}");
        Ok::<_, libtest_mimic::Failed>(error.to_string())
    };
    let plain = |_: &mut InstanceSpec| ();
    let error = refused("USER nobody_here", &plain)?;
    assert!(error.contains("unable to find user nobody_here"), "{error}");
    let error = refused("CMD [\"/no/such\"]", &plain)?;
    assert!(error.contains("/no/such") && error.contains("no such file"), "{error}");
    let error = refused("CMD [\"/etc/passwd\"]", &plain)?;
    assert!(error.contains("permission denied"), "{error}");
    let error = refused("CMD []", &plain)?;
    assert!(error.to_lowercase().contains("no command specified"), "{error}");
    let error = refused("CMD [\"x\"]", &|spec| spec.factors.runtime = "/no/such/runtime".into())?;
    assert!(error.contains("`/no/such/runtime`") && error.contains("runc"), "{error}");
    Ok(())
}

pub(crate) fn script(folder: &Path, text: &str) -> std::io::Result<String> {
    let file = folder.join("runtime");
    fs::write(&file, format!("#!/bin/sh\n{text}\n"))?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    Ok(file.display().to_string())
}

fn talking(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let image = bench.derive("rust", &["/function", "--version"])?;
    let with = |text: &str| {
        let runtime = script(home.path(), text)?;
        let own = Own::new(bench, std::slice::from_ref(&runtime))?;
        let mut spec = own.spec(&image, Network::Host);
        spec.factors.runtime = runtime;
        let ended = bench.wait(own.run(&spec));
        assert_eq!(own.left(), [""; 0]);
        Ok::<_, libtest_mimic::Failed>(ended)
    };
    let (code, output) = with("echo careful >&2\nexec runc \"$@\"")??;
    assert!(code == Some(0) && output.contains("careful"), "{output}");
    let error = with("echo 'this host is not supported' >&2; exit 1")?.unwrap_err().to_string();
    assert!(error.contains("this host is not supported"), "{error}");
    let error = with("exit 3")?.unwrap_err().to_string();
    assert!(error.contains("exit status: 3"), "{error}");
    let error = with("exit 0")?.unwrap_err().to_string();
    assert!(error.contains("tells no process"), "{error}");
    Ok(())
}

fn measured(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("run");
    let mut run = coldstart(bench);
    run.args(["run", "quick", "--functions", "rust", "--rounds", "2", "--engine", "oci"]);
    let told = run.args(["--networks", "host,none,bridge", "--out"]).arg(&folder).output()?;
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let run = coldstart::store::open(&folder).map_err(|e| format!("{e:#}"))?;
    assert_eq!(run.record.engine.kind, "oci");
    assert!(run.samples.iter().all(|sample| sample.outcome.is_ok()));
    let report = fs::read_to_string(folder.join("report.md"))?;
    assert!(report.contains("sandbox") && !report.contains("daemon"), "{report}");
    Ok(())
}

/// Each cell has the phases of its engine, and both are of one run.
fn in_turns(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("run");
    let mut run = coldstart(bench);
    run.args(["run", "quick", "--functions", "rust", "--rounds", "2", "--engine", "docker,oci"]);
    let told = run.args(["--networks", "host,none,bridge", "--out"]).arg(&folder).output()?;
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let run = coldstart::store::open(&folder).map_err(|e| format!("{e:#}"))?;
    let with = bench.wait(bench.engine.describe())?.kind;
    assert_eq!(run.record.engine.kind, format!("{with} and oci"));
    assert!(run.samples.iter().all(|sample| sample.outcome.is_ok()));
    for kind in [EngineKind::Docker, EngineKind::Oci] {
        let of = run.samples.iter().filter(|s| s.cell.factors.engine == kind);
        let cold: Vec<_> = of.filter(|s| s.cell.temperature == Temperature::Cold).collect();
        assert!(cold.len() > 6, "{kind}: {}", cold.len());
        let shims = cold.iter().filter(|s| s.marks.get(Mark::Shim).is_some()).count();
        assert_eq!(shims > 0, kind == EngineKind::Docker, "{kind}: {shims}");
    }
    let report = fs::read_to_string(folder.join("report.md"))?;
    assert!(report.contains("sandbox") && report.contains("daemon"), "{report}");
    Ok(())
}

/// What a runtime tells of its modules is in what an instance writes.
fn explained(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("why");
    let mut explain = coldstart(bench);
    explain.args(["explain", "python", "--engine", "oci", "--networks", "host", "--rounds", "2"]);
    let told = explain.arg("--out").arg(&folder).output()?;
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let found: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("explain.json"))?)?;
    let modules = found["functions"][0]["modules"]["modules"].as_array().ok_or("no modules")?;
    assert!(modules.iter().any(|module| module["name"] == "json"), "{modules:?}");
    Ok(())
}
