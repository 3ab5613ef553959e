//! The CPU rules on the real engine: what is throttled, from when, and how much.

use std::time::Duration;

use coldstart::engine::Engine;
use coldstart::platform::{Invocation, Target, TargetSpec, Visit};
use coldstart::probe::cgroup;
use coldstart::sample::{Mark, Temperature};
use coldstart::spec::factor::{CpuRule, Factors, Network};
use coldstart::spec::function::{Function, HttpRequest, Method};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::bench::{Bench, Tested};
use crate::program::coldstart;
use crate::subject::{TrialSubject, ok};

/// What it uses of a processor, in milliseconds: some periods even at a fourteenth.
const INIT: f64 = 150.0;
const EVENT: f64 = 40.0;
/// How much longer a seventh of a processor takes at least, and a whole one at most, on a
/// machine with others on it: half of the truth.
const STRETCHED: f64 = 1_769.0 / 256.0 * 0.5;

pub(crate) fn trials() -> Vec<Trial> {
    let of = |what, test| TrialSubject::trial(what, "python", test);
    vec![
        of("on_demand_the_init_is_free_and_the_event_is_throttled", on_demand),
        of("provisioned_all_of_it_is_throttled", provisioned),
        of("what_listens_is_throttled_from_when_it_does", listening),
        Bench::trial("a_size_that_is_too_small_is_a_row_and_the_other_is_chosen", tuned),
        of("without_its_place_nothing_is_started_that_would_not_be_throttled", no_place),
    ]
}

/// An image of it.
fn image(bench: &Bench) -> Result<String, Failed> {
    let lines = "COPY burner.py /burner.py\nCMD [\"python3\", \"/burner.py\"]";
    let file = ("burner.py", include_bytes!("burner.py").as_slice());
    bench.build_of("python", lines, &[file])
}

fn target(
    subject: &TrialSubject,
    rule: CpuRule,
    mib: u64,
    change: impl FnOnce(Function) -> Function,
) -> Result<Target, Failed> {
    let image = image(subject.bench)?;
    let mut function = Function::of_image("burner", &image, r#"{"a":1}"#, 0);
    function.timeout = Duration::from_secs(60);
    function.env.insert("INIT_MS".to_owned(), INIT.to_string());
    function.env.insert("EVENT_MS".to_owned(), EVENT.to_string());
    let plain = TargetSpec::plain(change(function), image, Network::Bridge, "runc");
    let factors = Factors { cpu_rule: Some(rule), memory: mib << 20, ..plain.factors };
    Ok(subject.made(TargetSpec { factors, ..plain }))
}

/// Calls it; what init and event took by its own clock, in milliseconds.
fn call(subject: &TrialSubject, target: &Target) -> Result<(Visit, [f64; 2]), Failed> {
    let now = subject.platform.clock().now();
    let invocation = Invocation { keep: 1_000, ..target.invocation(now) };
    let visit = subject.bench.wait(subject.platform.invoke(invocation));
    ok(&visit)?;
    let reply: Value = serde_json::from_slice(&visit.reply)?;
    let took = ["init", "event"].map(|name| reply[name].as_f64().unwrap_or(0.0));
    eprintln!("{:?} of {INIT} and {EVENT} ms: {took:?}", target.factors().cpu_rule);
    Ok((visit, took))
}

/// How long its quota has held it back until now, in milliseconds: whatever else the machine
/// did, it was not for that.
fn held_back(subject: &TrialSubject, visit: &Visit) -> Result<f64, Failed> {
    let id = visit.id.as_ref().ok_or("no instance")?;
    let pid = subject.bench.wait(subject.bench.engine.inspect(id))?.pid.ok_or("no process")?;
    let used = cgroup::read(pid, &id.0).and_then(|used| used.throttled_us);
    Ok(used.ok_or("its cgroup does not tell")? as f64 / 1_000.0)
}

/// How long after its readiness it was throttled, in microseconds; and before its event.
fn delay(visit: &Visit) -> Result<u64, Failed> {
    let ready = visit.marks.ready().ok_or("never ready")?;
    let at = visit.marks.get(Mark::Throttled).ok_or("it was not throttled")?;
    assert!(ready <= at && Some(at) <= visit.marks.get(Mark::Sent), "{:?}", visit.marks);
    let after = (at - ready) / 1_000;
    eprintln!("throttled {after} us after it was ready");
    Ok(after)
}

fn on_demand(subject: &TrialSubject) -> Tested {
    let target = target(subject, CpuRule::Lambda, 256, |function| function)?;
    subject.bench.wait(subject.platform.find_quota_place(&target))?;
    let (cold, [_, event]) = call(subject, &target)?;
    let held = held_back(subject, &cold)?;
    // All of its init would be more than its event.
    assert!(held < INIT * STRETCHED, "its init was throttled: {held}");
    assert!(held > 0.0 && event > EVENT * STRETCHED, "its event was not: {event}, {held}");
    // 2 ms, and what a busy machine adds.
    assert!(delay(&cold)? < 10_000);
    let (warm, [_, event]) = call(subject, &target)?;
    assert_eq!((warm.temperature, warm.marks.get(Mark::Throttled)), (Temperature::Warm, None));
    assert!(event > EVENT * STRETCHED, "nor is a later one: {event}");
    Ok(())
}

fn provisioned(subject: &TrialSubject) -> Tested {
    let target = target(subject, CpuRule::LambdaProvisioned, 256, |function| function)?;
    let (cold, [init, event]) = call(subject, &target)?;
    assert!(init > INIT * STRETCHED, "its init was not throttled: {init}");
    assert!(event > EVENT * STRETCHED, "nor its event: {event}");
    assert_eq!(cold.marks.get(Mark::Throttled), None, "there is no instant of it");
    Ok(())
}

fn listening(subject: &TrialSubject) -> Tested {
    let target = target(subject, CpuRule::Lambda, 256, |mut function| {
        function.env.insert("ADAPTER".to_owned(), "http".to_owned());
        function.listening(HttpRequest { method: Method::Post, ..HttpRequest::default() })
    })?;
    subject.bench.wait(subject.platform.find_quota_place(&target))?;
    let (cold, [_, event]) = call(subject, &target)?;
    let held = held_back(subject, &cold)?;
    assert!(held < INIT * STRETCHED, "its init was throttled: {held}");
    assert!(held > 0.0 && event > EVENT * STRETCHED, "its event was not: {event}, {held}");
    delay(&cold)?;
    Ok(())
}

fn no_place(subject: &TrialSubject) -> Tested {
    let target = target(subject, CpuRule::Lambda, 256, |function| function)?;
    let visit = subject.invoke(&target);
    assert_eq!(visit.outcome.kind(), "engine_error");
    assert!(visit.outcome.cause().unwrap_or_default().contains("was not found out"));
    Ok(())
}

/// The whole program: one size is less than the function needs.
fn tuned(bench: &Bench) -> Tested {
    let home = tempfile::tempdir()?;
    let (folder, image) = (home.path().join("tuned"), image(bench)?);
    let mut command = coldstart(bench);
    command.args(["tune", "--image", &image, "--memory", "128,512", "--rounds", "4", "--quiet"]);
    command.args(["--env", "INIT_MS=20", "--env", "EVENT_MS=10", "--env", "HOG_MIB=200"]);
    let output = command.args(["--format", "json", "--out"]).arg(&folder).output()?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let found: Value = serde_json::from_slice(&output.stdout)?;
    let function = &found["functions"][0];
    assert_eq!((&function["cheapest"], &function["fastest"]), (&512.into(), &512.into()));
    let small = &function["sizes"][0];
    assert_eq!((&small["eligible"], &small["out_of_memory"]), (&false.into(), &true.into()));
    let run = coldstart::store::open(&folder)?;
    let works = |s: &&coldstart::sample::Sample| s.outcome.is_ok();
    let cold = |s: &&coldstart::sample::Sample| s.cell.temperature == Temperature::Cold;
    let delays = run.samples.iter().filter(works).filter(cold).map(|s| {
        let ready = s.marks.ready().ok_or("never ready")?;
        let throttled = s.marks.get(Mark::Throttled).ok_or("not throttled")?;
        Ok::<_, &str>((throttled - ready) / 1_000)
    });
    let delays = delays.collect::<Result<Vec<_>, _>>()?;
    eprintln!("throttled {delays:?} us after they were ready");
    assert!(delays.len() == 4 && delays.iter().all(|us| *us < 10_000), "{delays:?}");
    Ok(())
}
