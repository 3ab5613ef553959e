//! Without a daemon: containers that are created ahead of their start, runtimes that are called
//! in a way of their own, and several drivers at once.

use std::fs;
use std::path::Path;

use coldstart::engine::{Engine, InstanceSpec};
use coldstart::spec::factor::{Factors, Network, StartFrom};
use coldstart::store::Run;
use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, Tested};
use crate::oci::{Own, script};
use crate::program::coldstart;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("created_ahead_an_instance_starts_or_ends_and_leaves_nothing", lifecycle),
        Bench::trial("created_ahead_what_cannot_be_created_says_why", refused),
        Bench::trial("created_ahead_rows_have_nothing_of_the_creation", measured),
        Bench::trial("a_runtime_that_wants_one_version_of_cgroups_sees_one", aside),
        Bench::trial("a_runtime_with_a_network_of_its_own_is_told_to_leave_it", options),
        Bench::trial("without_a_daemon_two_drivers_share_the_bridge", two_drivers),
        Bench::trial("without_a_daemon_conditions_of_every_kind_are_measured", conditions),
    ]
}

fn ahead(spec: InstanceSpec) -> InstanceSpec {
    let factors = Factors { start_from: Some(StartFrom::Created), ..spec.factors };
    InstanceSpec { factors, ..spec }
}

fn lifecycle(bench: &Bench) -> Tested {
    let own = Own::new(bench, &[])?;
    let said = bench.derive("rust", &["/function", "--version"])?;
    let sleeps = bench.derive("python", &["python3", "-c", "import time; time.sleep(1000)"])?;
    let all = [Network::Host, Network::None, Network::Bridge];
    let specs = all.map(|network| ahead(own.spec(&said, network)));
    let spec = ahead(own.spec(&sleeps, Network::Bridge));
    bench.wait(async {
        for spec in &specs {
            let (code, output) = own.run(spec).await?;
            assert!(code == Some(0) && !output.is_empty(), "{code:?}, {output}");
            assert_eq!(own.left(), [""; 0]);
        }
        // One that is started and killed, and several that are there and never started.
        let mut all = Vec::new();
        for _ in 0..3 {
            let id = own.engine.create(&spec).await?;
            assert_eq!(own.engine.inspect(&id).await?.pid, None, "it does not run yet");
            all.push((own.engine.watch_exit(&id), id));
        }
        own.engine.start(&all[0].1).await?;
        assert!(own.engine.inspect(&all[0].1).await?.pid.is_some());
        let mut codes = Vec::new();
        for (exit, id) in all {
            own.engine.remove(&id).await?;
            codes.push(exit.await?.code);
        }
        assert_eq!(codes, [Some(137), None, None]);
        assert_eq!(own.left(), [""; 0]);
        Ok(())
    })
}

fn refused(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let runtime = script(home.path(), "echo 'no such thing here' >&2; exit 1")?;
    let own = Own::new(bench, std::slice::from_ref(&runtime))?;
    let image = bench.derive("rust", &["/function", "--version"])?;
    let mut spec = ahead(own.spec(&image, Network::Host));
    spec.factors.runtime = runtime;
    let error = bench.wait(own.engine.create(&spec)).unwrap_err().to_string();
    assert!(error.contains("create an instance") && error.contains("no such thing"), "{error}");
    assert_eq!(own.left(), [""; 0]);
    let log = "while [ $# -gt 0 ]; do [ \"$1\" = --log ] && echo 'as its log says' > \"$2\"; shift; \
               done; exit 1";
    spec.factors.runtime = script(home.path(), log)?;
    let error = bench.wait(own.engine.create(&spec)).unwrap_err().to_string();
    assert!(error.contains("as its log says"), "{error}");
    Ok(())
}

/// A run of the whole program, its arguments after the folder.
fn run(bench: &Bench, home: &Path, arguments: &[&str]) -> Result<(Run, String), Failed> {
    let folder = home.join("run");
    let mut command = coldstart(bench);
    command.env("XDG_STATE_HOME", home).args(["run", "single", "--engine", "oci", "--out"]);
    let told = command.arg(&folder).args(arguments).output()?;
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let run = coldstart::store::open(&folder).map_err(|e| format!("{e:#}"))?;
    for sample in &run.samples {
        assert!(sample.outcome.is_ok(), "{sample:?}");
    }
    Ok((run, fs::read_to_string(folder.join("report.md"))?))
}

fn measured(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let of = ["--functions", "rust", "--rounds", "2", "--networks", "host,none,bridge"];
    let arguments = [&of[..], &["--start-from", "bundle,created"]].concat();
    let (run, report) = run(bench, home.path(), &arguments)?;
    let cold = run.samples.iter().filter(|sample| sample.cell.control.is_none());
    let mut created = 0;
    for sample in cold {
        let names: Vec<String> = sample.phases().iter().map(|(p, _)| p.to_string()).collect();
        let is_ahead = sample.cell.factors.is_created_ahead();
        created += usize::from(is_ahead);
        let part = if is_ahead { "start" } else { "sandbox" };
        assert_eq!(names[..4], ["queue", "create", "spawn", part], "{sample:?}");
        use coldstart::sample::Mark;
        assert_eq!(sample.marks.get(Mark::Created).is_none(), is_ahead);
    }
    assert_eq!(created, 6);
    assert!(report.contains("from created"), "{report}");
    Ok(())
}

/// Whether this machine has controllers in both versions of cgroups.
fn is_hybrid() -> bool {
    let text = fs::read_to_string("/sys/fs/cgroup/unified/cgroup.controllers");
    text.is_ok_and(|text| !text.trim().is_empty())
}

fn aside(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let text = "grep -q ' /sys/fs/cgroup/unified ' /proc/self/mountinfo && echo seen >&2\n\
                exec runc \"$@\"";
    let runtime = home.path().join("crun-of-the-test");
    fs::rename(script(home.path(), text)?, &runtime)?;
    let runtime = runtime.display().to_string();
    let own = Own::new(bench, std::slice::from_ref(&runtime))?;
    let image = bench.derive("rust", &["/function", "--version"])?;
    for network in [Network::Host, Network::Bridge] {
        let mut spec = own.spec(&image, network);
        spec.factors.runtime = runtime.clone();
        for spec in [spec.clone(), ahead(spec)] {
            let (code, output) = bench.wait(own.run(&spec))?;
            assert_eq!(code, Some(0), "{output}");
            assert!(!is_hybrid() || !output.contains("seen"), "{output}");
            assert_eq!(own.left(), [""; 0]);
        }
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    assert_eq!(
        mounts.contains(" /sys/fs/cgroup/unified "),
        Path::new("/sys/fs/cgroup/unified").exists()
    );
    Ok(())
}

fn options(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let runtime = home.path().join("runsc");
    fs::rename(script(home.path(), "echo \"$@\" >&2; exit 1")?, &runtime)?;
    let runtime = runtime.display().to_string();
    let own = Own::new(bench, std::slice::from_ref(&runtime))?;
    let image = bench.derive("rust", &["/function", "--version"])?;
    let told = |network| {
        let mut spec = own.spec(&image, network);
        spec.factors.runtime = runtime.clone();
        bench.wait(own.run(&spec)).unwrap_err().to_string()
    };
    assert!(told(Network::Host).contains("--network=host run"));
    assert!(told(Network::None).contains("--network=host --host-uds=all run"));
    Ok(())
}

fn two_drivers(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let mut all = Vec::new();
    for name in ["one", "other"] {
        let mut command = coldstart(bench);
        command.env("XDG_STATE_HOME", home.path());
        command.args(["run", "quick", "--engine", "oci", "--functions", "rust", "--rounds", "2"]);
        command.args(["--networks", "bridge", "--out"]).arg(home.path().join(name));
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
        all.push((name, command.spawn()?));
    }
    for (name, child) in all {
        let told = child.wait_with_output()?;
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        let run = coldstart::store::open(&home.path().join(name)).map_err(|e| format!("{e:#}"))?;
        let failed = run.samples.iter().find(|sample| !sample.outcome.is_ok());
        assert!(failed.is_none(), "{failed:?}");
    }
    Ok(())
}

fn conditions(bench: &Bench) -> Tested {
    let of = ["--functions", "python", "--rounds", "1", "--networks", "host"];
    let measured = |more: &[&str]| {
        let home = tempfile::tempdir()?;
        let (run, report) = run(bench, home.path(), &[&of[..], more].concat())?;
        Ok::<_, Failed>((run.samples, report))
    };
    let (samples, _) = measured(&["--cpus", "0.1", "--memory", "256MiB"])?;
    let throttled = |s: &&coldstart::sample::Sample| {
        s.resources.as_ref().is_some_and(|used| used.throttled_periods > Some(0))
    };
    assert!(samples.iter().filter(throttled).count() > 0, "a tenth of a processor is enough");
    let (samples, _) = measured(&["--cpu-rule", "lambda", "--start-from", "bundle,created"])?;
    let has =
        |s: &coldstart::sample::Sample| s.marks.get(coldstart::sample::Mark::Throttled).is_some();
    assert!(samples.iter().filter(|s| s.cell.control.is_none()).all(has));
    let (_, report) = measured(&["--parallel", "2", "--start-from", "bundle,created"])?;
    assert!(report.contains("a minute"), "{report}");
    Ok(())
}
