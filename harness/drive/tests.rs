use std::path::Path;
use std::sync::Mutex;

use super::*;
use crate::clock::Clock;
use crate::engine::InstanceSource;
use crate::engine::fake::{FakeEngine, Fault, Script};
use crate::platform::{KeepAlive, TargetSpec};
use crate::sample::{Mark, Temperature};
use crate::spec::control::Control;
use crate::spec::factor::{Factors, Network};
use crate::spec::function;
use crate::spec::plan::TrialSubject;
use crate::spec::scenario::{self, Scenario};

mod cgroup_moves;
mod controls;
mod hopeless;
mod listening;
mod page_cache;
mod parallel;
mod slow;
mod stopping_rule;
mod throttled;

const FUNCTIONS: &str = r#"
[[function]]
name = "f"
context = "f"
files = ["Dockerfile"]
version-command = ["f", "--version"]
memory = "128MiB"
timeout = "2s"
event = '{"n": 12345678901234567890, "s": "grüße"}'
"#;

const SCENARIO: &str = r#"
name = "t"
rounds = 2
controls = false
keep-alive = "300ms"
[[pattern]]
name = "single"
steps = [{ name = "call", burst = 1 }]
[[pattern]]
name = "surge"
steps = [
    { name = "out", burst = 4 },
    { name = "again", after = "50ms", burst = 4 },
    { name = "steady", after = "50ms", sequence = 20 },
]
"#;

struct Setup<E = FakeEngine> {
    driver: Driver<E>,
    clock: Clock,
}

fn setup(fault: Fault, change: impl FnOnce(FakeEngine) -> FakeEngine) -> Setup {
    setup_of(SCENARIO, fault, change)
}

fn setup_of<E: Engine>(text: &str, fault: Fault, change: impl FnOnce(FakeEngine) -> E) -> Setup<E> {
    let script = Script { fault, ..Script::default() };
    measuring(scenario::parse(text, "t.toml").unwrap(), &[script], change, |making| making)
}

/// A driver of simulated functions, `f`, `g` and so on; the first is the null
/// function too.
fn measuring<E: Engine>(
    scenario: Scenario,
    scripts: &[Script],
    change: impl FnOnce(FakeEngine) -> E,
    adapt: impl Fn(TargetSpec) -> TargetSpec,
) -> Setup<E> {
    let clock = Clock::paused();
    let names: Vec<String> = ('f'..).take(scripts.len()).map(String::from).collect();
    let scripts = names.iter().cloned().zip(scripts.iter().copied()).collect();
    let engine = Arc::new(change(FakeEngine::new(clock, 7, scripts)));
    let plan = Plan::new(&scenario, names.len(), 1);
    let platform = Arc::new(Platform::new(engine.clone(), clock, "run-1".into()));
    let mut targets = Targets::default();
    for trial in &plan.trials {
        let making = adapt(making(trial.subject, &scenario, &names));
        targets.add(trial.side, trial.subject, Target::new(making, "run-1", targets.next_key()));
    }
    let driver = Driver::new(engine, platform, plan, targets, None);
    Setup { driver, clock }
}

fn making(subject: TrialSubject, scenario: &Scenario, names: &[String]) -> TargetSpec {
    let (function, combination, control) = match subject {
        TrialSubject::Function { function, combination, .. } => (function, combination, None),
        TrialSubject::Control { control, combination } => (0, combination, Some(control)),
    };
    let mut known = function::parse(FUNCTIONS, "f.toml", Path::new("/")).unwrap().remove(0);
    known.name.clone_from(&names[function]);
    let combination = scenario.factors.combinations().swap_remove(combination);
    let factors = combination.resolve(known.limits, "fake");
    let plain = TargetSpec::plain(known, format!("image-{function}"), Network::Bridge, "fake");
    match control {
        None => TargetSpec {
            factors,
            keep_alive: KeepAlive::Fixed(scenario.keep_alive.unwrap()),
            ..plain
        },
        Some(Control::Container(_)) => TargetSpec { factors, control, ..plain },
        Some(Control::Listener(_)) => TargetSpec {
            function: function::Function {
                reply: function::ReplyCheck::Proof,
                ..plain.function.clone().listening(function::HttpRequest {
                    method: function::Method::Post,
                    ..function::HttpRequest::default()
                })
            },
            factors,
            control,
            ..plain
        },
        Some(Control::Process(_)) => TargetSpec {
            factors: Factors::of_a_process(),
            source: InstanceSource::Command(vec!["f".to_owned()]),
            control,
            ..plain
        },
    }
}

async fn run<E: Engine>(setup: &Setup<E>) -> (Result<RunEnd, DriveError>, Vec<Sample>) {
    let (_sender, mut stop) = watch::channel(Stop::No);
    let mut all = Vec::new();
    let ended = setup
        .driver
        .run(&mut stop, |_, done| {
            all.extend(done.samples);
            Ok(())
        })
        .await;
    (ended, all)
}

fn count(samples: &[Sample], step: &str, temperature: Temperature) -> usize {
    samples.iter().filter(|s| s.cell.step == step && s.cell.temperature == temperature).count()
}

#[tokio::test(start_paused = true)]
async fn the_default_pattern_is_cold_where_it_should_be_and_warm_where_it_should_be() {
    let setup = setup(Fault::None, |e| e);
    let (ended, samples) = run(&setup).await;
    assert_eq!(ended.unwrap(), RunEnd::Complete);
    assert!(samples.iter().all(|s| s.outcome.is_ok()), "{samples:#?}");
    assert_eq!(samples.len() as u64, setup.driver.plan.invocations());
    assert_eq!(count(&samples, "call", Temperature::Cold), 2);
    assert_eq!(count(&samples, "out", Temperature::Cold), 8);
    assert_eq!(count(&samples, "again", Temperature::Warm), 8);
    assert_eq!(count(&samples, "steady", Temperature::Warm), 40);
    assert_eq!(setup.driver.engine.starts("f"), setup.driver.plan.starts());
}

#[tokio::test(start_paused = true)]
async fn a_burst_has_one_intended_instant_and_its_marks_are_in_order() {
    let setup = setup(Fault::None, |e| e);
    let (_, samples) = run(&setup).await;
    let burst: Vec<_> = samples.iter().filter(|s| s.cell.step == "out" && s.round == 1).collect();
    let intended = burst[0].marks.get(Mark::Intended);
    for sample in &burst {
        assert_eq!(sample.marks.get(Mark::Intended), intended);
        assert_eq!(sample.lag(), Some(0), "paused time has no lateness");
        let order = [
            Mark::Dispatched,
            Mark::CreateCalled,
            Mark::Created,
            Mark::StartCalled,
            Mark::Main,
            Mark::ReadySelf,
            Mark::Ready,
            Mark::Sent,
            Mark::Responded,
        ];
        let at: Vec<_> = order.iter().map(|m| sample.marks.get(*m).unwrap()).collect();
        assert!(at.is_sorted(), "{at:?}");
        assert!(sample.marks.get(Mark::StartReturned).is_some());
    }
    let nonces: std::collections::HashSet<_> =
        burst.iter().map(|s| s.proof.clone().unwrap().nonce).collect();
    assert_eq!(nonces.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_before_a_trial_begins_or_after_a_run_is_cleared() {
    let setup = setup(Fault::None, |e| e);
    let trial = setup.driver.plan.trials[0];
    setup.driver.trial(&trial).await.unwrap();
    assert!(!setup.driver.engine.instances(None).await.unwrap().is_empty());
    let before = setup.clock.now();
    setup.driver.platform.settle().await.unwrap();
    assert!(setup.driver.engine.instances(None).await.unwrap().is_empty());
    let idled = setup.clock.now() - before;
    assert!(idled >= 250_000_000, "the keep-alive was not waited for: {idled} ns");
}

#[tokio::test(start_paused = true)]
async fn a_scenario_that_removes_at_once_waits_for_nothing_between_its_trials() {
    let took = async |extra: &str| {
        let setup = setup_of(&format!("{extra}{SCENARIO}"), Fault::None, |e| e);
        let (_, samples) = run(&setup).await;
        assert_eq!(count(&samples, "again", Temperature::Warm), 8);
        setup.clock.now()
    };
    let (waits, at_once) = (took("").await, took("remove-at-once = true").await);
    // Between four trials the keep-alive, and before each burst most of its lead.
    assert!(waits - at_once >= 3 * 250_000_000 + 4 * 7_000_000, "{waits} {at_once}");
}

/// What each fault becomes, and a part of the cause that a person is told.
#[tokio::test(start_paused = true)]
async fn every_fault_is_a_row_with_its_cause() {
    // Beside one that answers: else the run would end before its plan.
    let beside = |fault| {
        let scripts = [Script { fault, ..Script::default() }, Script::default()];
        measuring(scenario::parse(SCENARIO, "t.toml").unwrap(), &scripts, |e| e, |making| making)
    };
    let check = async |fault: Fault, kind: &str, part: &str| {
        let setup = beside(fault);
        let (ended, samples) = run(&setup).await;
        assert_eq!(ended.unwrap(), RunEnd::Complete, "{fault:?}");
        assert_eq!(samples.len() as u64, setup.driver.plan.invocations());
        let failed = samples.iter().find(|s| !s.outcome.is_ok()).expect("a failure");
        assert_eq!(failed.outcome.kind(), kind, "{fault:?}: {:?}", failed.outcome);
        let cause = failed.outcome.cause().unwrap();
        assert!(cause.contains(part), "{fault:?}: {cause}");
        assert!(!cause.chars().any(char::is_control), "{cause:?}");
        assert_eq!(failed.latency(), None);
        setup.driver.platform.clear().await.unwrap();
        assert!(setup.driver.engine.instances(None).await.unwrap().is_empty(), "{fault:?}");
    };
    check(Fault::ExitsAtOnce, "crashed", "code 1: it never asked for an event").await;
    check(Fault::NeverAsks, "timed_out", "within 2s: it never asked").await;
    check(Fault::InitError, "init_error", "Config: no [31mconfiguration").await;
    check(Fault::CrashesOnEvent, "crashed", "it got the event").await;
    check(Fault::NeverAnswers, "timed_out", "it got the event").await;
    check(Fault::Garbage, "timed_out", "sent what is not HTTP").await;
    check(Fault::NotJson, "wrong_reply", "got `sorry [2J`").await;
    check(Fault::Huge, "wrong_reply", "10000000 bytes").await;
    check(Fault::WrongPath, "timed_out", "asked for POST /health").await;
    check(Fault::FunctionError, "function_error", "Stock: sold out").await;
    check(Fault::WrongEcho, "wrong_reply", "the event as the echo").await;
    check(Fault::GuessedEcho, "wrong_reply", "the event as the echo").await;
    check(Fault::NotCold, "not_cold", "invocation 7, not 1").await;
    check(Fault::SameNonce, "not_cold", "seen before").await;
    check(Fault::Miscounts, "not_cold", "counts invocation 3 after 1").await;
    check(Fault::NeverAsksAfter(1), "timed_out", "it never asked").await;
    check(Fault::Refused, "engine_error", "refused (simulated)").await;
    check(Fault::NotStarted, "engine_error", "refused (simulated)").await;
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_answers_twice_is_told_and_used_again() {
    let setup = setup(Fault::Twice, |e| e);
    let (_, samples) = run(&setup).await;
    assert!(samples.iter().all(|s| s.outcome.is_ok()));
    assert_eq!(count(&samples, "steady", Temperature::Warm), 40);
    let warnings = setup.driver.platform.warnings();
    assert!(warnings[0].contains("not waiting for an answer"), "{warnings:?}");
}

#[tokio::test(start_paused = true)]
async fn stamps_from_a_foreign_clock_are_dropped_and_counted() {
    let setup = setup(Fault::ForeignClock, |e| e);
    let (_, samples) = run(&setup).await;
    let cold: Vec<_> = samples.iter().filter(|s| s.cell.temperature == Temperature::Cold).collect();
    assert!(cold.iter().all(|s| s.outcome.is_ok() && s.dropped_marks == 2));
    assert!(cold.iter().all(|s| s.marks.get(Mark::Main).is_none()));
    assert_eq!(cold[0].phases()[2].0.to_string(), "engine+boot+init");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_vanishes_ends_the_run_and_the_trial_that_met_it_is_no_result() {
    // Within the first trial, between two, and within bursts.
    for creates in 0..10 {
        let setup = setup(Fault::None, |engine| engine.gone_after(creates));
        let (ended, samples) = run(&setup).await;
        let message = ended.unwrap_err().to_string();
        assert!(message.contains("the engine does not answer"), "{message}");
        assert!(message.starts_with(ENGINE_FAILED), "{message}");
        assert!(samples.iter().all(|s| s.outcome.is_ok()), "{creates}: {samples:#?}");
        // What was kept is whole.
        let plan = &setup.driver.plan;
        let kept = samples.last().map_or(0, |sample| sample.trial as usize);
        let rows = plan.trials[..kept].iter();
        let rows: u64 = rows.map(|t| plan.invocations_of(t)).sum();
        assert_eq!(samples.len() as u64, rows, "{creates}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_asked_to_stop_finishes_its_trial() {
    let setup = setup(Fault::None, |e| e);
    let (sender, mut stop) = watch::channel(Stop::No);
    let trials = Mutex::new(0);
    let ended = setup
        .driver
        .run(&mut stop, |_, done| {
            assert!(!done.samples.is_empty());
            *trials.lock().unwrap() += 1;
            sender.send_replace(Stop::AfterTrial);
            Ok(())
        })
        .await;
    assert_eq!(ended.unwrap(), RunEnd::Stopped);
    assert_eq!(*trials.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_request_stops_within_a_trial() {
    let setup = setup(Fault::NeverAnswers, |e| e);
    let (sender, mut stop) = watch::channel(Stop::No);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1000)).await;
        sender.send_replace(Stop::Now);
        std::future::pending::<()>().await;
    });
    let ended = setup.driver.run(&mut stop, |_, _| panic!("no trial can have ended")).await;
    assert_eq!(ended.unwrap(), RunEnd::Stopped);
    setup.driver.platform.clear().await.unwrap();
    assert!(setup.driver.engine.instances(None).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn rows_that_cannot_be_kept_end_the_run() {
    let setup = setup(Fault::None, |e| e);
    let (_sender, mut stop) = watch::channel(Stop::No);
    let ended = setup.driver.run(&mut stop, |_, _| anyhow::bail!("the disk is full")).await;
    assert!(ended.unwrap_err().to_string().contains("the disk is full"));
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_shorter_than_the_pause_makes_the_next_step_cold() {
    let text = SCENARIO.replace("300ms", "20ms");
    let setup = setup_of(&text, Fault::None, |e| e);
    let (_, samples) = run(&setup).await;
    assert_eq!(count(&samples, "again", Temperature::Cold), 8);
}
