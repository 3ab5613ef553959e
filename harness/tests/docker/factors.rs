//! What an instance is started under reaches it: networks, limits, log drivers,
//! OCI runtimes; and what cannot be had is said.

use std::time::Duration;

use coldstart::drive::{Driver, Targets};
use coldstart::engine::Engine;
use coldstart::measure::preflight;
use coldstart::platform::Visit;
use coldstart::probe::cgroup;
use coldstart::probe::exec_trace::ExecTrace;
use coldstart::sample::{Resources, Temperature};
use coldstart::spec::factor::{Combination, Network};
use coldstart::spec::plan::Plan;
use coldstart::spec::scenario;
use coldstart::text::units::Cpus;
use libtest_mimic::{Failed, Trial};

use crate::bench::Tested;
use crate::subject::{FUNCTIONS, TrialSubject, ok};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for name in FUNCTIONS {
        let what = format!("{name}_answers_without_a_network_cold_and_warm");
        trials.push(TrialSubject::trial(&what, name, answers_without_network));
    }
    trials.extend([
        TrialSubject::trial("a_cpu_quota_throttles_and_its_cgroup_says_so", "python", throttled),
        TrialSubject::trial("a_memory_limit_is_that_of_the_cgroup", "python", memory_is_limited),
        TrialSubject::trial("too_little_memory_is_a_failure_that_says_so", "python", out_of_memory),
        TrialSubject::trial("without_a_log_a_crash_still_has_a_cause", "rust", crash_without_log),
        TrialSubject::trial("an_oci_runtime_that_cannot_start_is_told_why", "rust", other_runtimes),
        TrialSubject::trial("an_oci_runtime_that_is_not_heard_is_refused", "rust", unheard),
    ]);
    trials
}

const SINGLE: &str = r#"
name = "t"
rounds = 1
controls = false
keep-alive = "100ms"
[[pattern]]
name = "single"
steps = [{ name = "call", burst = 1 }]
"#;

fn answers_without_network(subject: &TrialSubject) -> Tested {
    let target = subject.made(subject.making(Network::None));
    let cold = subject.invoke(&target);
    ok(&cold)?;
    assert_eq!((cold.temperature, cold.dropped_marks), (Temperature::Cold, 0));
    for count in 2..5 {
        let warm = subject.invoke(&target);
        ok(&warm)?;
        assert_eq!((warm.temperature, &warm.id), (Temperature::Warm, &cold.id));
        assert_eq!(warm.proof.unwrap().invocation, count);
    }
    assert!(subject.platform.warnings().is_empty(), "{:?}", subject.platform.warnings());
    Ok(())
}

/// What a successful visit's instance has used, read as the driver reads it.
fn used(subject: &TrialSubject, visit: &Visit) -> Result<Resources, Failed> {
    ok(visit)?;
    let id = visit.id.as_ref().unwrap();
    let pid = subject.bench.wait(subject.bench.engine.inspect(id))?.pid;
    let pid = pid.ok_or("the engine does not tell the process")?;
    Ok(cgroup::read(pid, &id.0).ok_or("its cgroup was not found")?)
}

fn throttled(subject: &TrialSubject) -> Tested {
    let target = subject.changed(|making| {
        making.factors.cpus = Cpus::from_cores(0.1).ok();
        making.function.timeout = Duration::from_secs(60);
    });
    let slow = used(subject, &subject.invoke(&target))?;
    assert!(slow.throttled_periods > Some(0) && slow.throttled_us > Some(0), "{slow:?}");
    let free = subject.target(subject.function.clone());
    let free = used(subject, &subject.invoke(&free))?;
    assert_eq!(free.throttled_periods.unwrap_or(0), 0, "without a quota: {free:?}");
    Ok(())
}

fn memory_is_limited(subject: &TrialSubject) -> Tested {
    const LIMIT: u64 = 64 << 20;
    let target = subject.changed(|making| making.factors.memory = LIMIT);
    let used = used(subject, &subject.invoke(&target))?;
    let peak = used.peak_memory.ok_or("no peak: is this Linux older than 5.19?")?;
    assert!(peak > 0 && peak <= LIMIT, "{used:?}");
    assert_eq!(used.oom_kills.unwrap_or(0), 0);
    Ok(())
}

/// Enough for the engine to start it, or nearly, and not for an interpreter.
fn out_of_memory(subject: &TrialSubject) -> Tested {
    let target = subject.changed(|making| making.factors.memory = 6 << 20);
    let visit = subject.invoke(&target);
    let cause = visit.outcome.cause().ok_or("it answered within 6 MiB")?;
    eprintln!("{}: {cause}", visit.outcome.kind());
    match visit.outcome.kind() {
        "crashed" | "timed_out" => {
            assert!(cause.contains("ran out of memory"), "{cause}");
        }
        // The OCI runtime's own process may be what does not fit.
        "engine_error" => assert!(!cause.is_empty()),
        other => return Err(format!("{other}: {cause}").into()),
    }
    Ok(())
}

fn crash_without_log(subject: &TrialSubject) -> Tested {
    let image = subject.bench.derive("rust", &["/function", "--version"])?;
    let target = subject.changed(|making| {
        making.source = coldstart::engine::InstanceSource::Image(image);
        making.factors.log_driver = "none".to_owned();
    });
    let visit = subject.invoke(&target);
    assert_eq!(visit.outcome.kind(), "crashed", "{:?}", visit.outcome);
    let cause = visit.outcome.cause().unwrap();
    assert!(cause.contains("exited with code 0: it never asked for an event"), "{cause}");
    assert!(!cause.contains("rustc"), "nothing was kept of what it wrote: {cause}");
    Ok(())
}

/// Engines list OCI runtimes that they cannot start.
fn other_runtimes(subject: &TrialSubject) -> Tested {
    let info = subject.bench.wait(subject.bench.engine.describe())?;
    let [default, others @ ..] = info.offers.runtimes() else {
        return Err("an engine without an OCI runtime".into());
    };
    let tried = |runtime: &str| {
        let target = subject.changed(|making| making.factors.runtime = runtime.to_owned());
        let runtime = Some(runtime.to_owned());
        let combination = Combination { runtime, ..Combination::on(Network::Bridge) };
        let visit = subject.invoke(&target);
        subject.bench.wait(subject.platform.clear())?;
        preflight::check_tried(&combination, &target, visit.outcome.cause())
    };
    if let Err(error) = tried(default) {
        return Err(format!("{error:#}").into());
    }
    if others.is_empty() {
        eprintln!("the engine has no OCI runtime but {default}");
    }
    if let Some(unheard) =
        info.oci_programs.keys().find(|name| !info.offers.runtimes().contains(name))
    {
        eprintln!("left out: the engine lists {unheard} and does not hear which one is wanted");
        return Ok(());
    }
    // What it does not even list cannot be started for sure.
    for other in others.iter().map(String::as_str).chain(["no-such-runtime"]) {
        let Err(error) = tried(other) else { continue };
        let text = format!("{error:#}");
        let name = &subject.function.name;
        let begin =
            format!("`bridge, {other}` cannot be measured here: `{name}` was tried under it: ");
        assert!(text.starts_with(&begin) && text.len() > begin.len(), "{text}");
    }
    let unknown = tried("no-such-runtime").err().ok_or("it was started")?.to_string();
    assert_eq!(unknown.matches("no-such-runtime").count(), 2, "the engine's own words: {unknown}");
    Ok(())
}

/// Of what an engine lists it may hear nothing, and run its default instead.
fn unheard(subject: &TrialSubject) -> Tested {
    let engine = subject.bench.engine.clone();
    let info = subject.bench.wait(engine.describe())?;
    let trace = match subject.bench.wait(async { ExecTrace::start(subject.platform.clock()) }) {
        Ok(trace) => trace,
        Err(reason) => return Err(format!("no kernel events: {reason}").into()),
    };
    let scenario = scenario::parse(SINGLE, "t.toml")?;
    let plan = Plan::new(&scenario, 1, 7);
    let (platform, targets) = (subject.platform.clone(), Targets::default());
    let driver = Driver::new(engine, platform, plan, targets, Some(trace));
    assert!(!info.oci_programs.is_empty(), "{info:?}");
    for runtime in info.oci_programs.keys() {
        let target = subject.changed(|making| making.factors.runtime = runtime.clone());
        let tried = subject.bench.wait(driver.first_try(&target))?;
        let heard = &tried.oci_runtimes;
        if tried.cause.is_some() {
            eprintln!("{runtime} cannot be started: {:?}", tried.cause);
            continue;
        }
        assert!(!heard.is_empty(), "nothing was heard of {runtime}");
        let checked = preflight::check_oci_runtime(&target, &info, heard);
        if info.offers.runtimes().contains(runtime) {
            assert_eq!(checked?.as_ref(), heard.last());
        } else if !heard.contains(&info.oci_programs[runtime]) {
            let text = checked.err().ok_or("it was let pass")?.to_string();
            assert!(text.contains(&format!("where the OCI runtime `{runtime}` was")), "{text}");
        }
    }
    Ok(())
}
