//! Controls beside what is measured.

use super::*;
use crate::spec::control::SERIES;

/// One call of one function, and the controls, on two networks.
const CONTROLLED: &str = r#"
name = "t"
rounds = 2
networks = ["bridge", "host"]
keep-alive = "300ms"
[[pattern]]
name = "single"
steps = [{ name = "call", burst = 1 }]
"#;

/// Every start takes the same time.
fn steady(text: &str) -> Setup {
    let script = Script { spread: 0.0, ..Script::default() };
    measuring(scenario::parse(text, "t.toml").unwrap(), &[script], |e| e, |making| making)
}

fn of(samples: &[Sample], control: Control) -> Vec<&Sample> {
    samples.iter().filter(|s| s.cell.control == Some(control)).collect()
}

#[tokio::test(start_paused = true)]
async fn controls_are_rows_of_their_own_and_always_cold() {
    let setup = steady(CONTROLLED);
    let (ended, samples) = run(&setup).await;
    assert_eq!(ended.unwrap(), RunEnd::Complete);
    let controls: Vec<_> = samples.iter().filter(|s| s.cell.control.is_some()).collect();
    assert_eq!(controls.len(), 2 * (2 + 4 + 5));
    assert_eq!(samples.len() - controls.len(), 2 * 2, "and those of the function");
    for sample in &controls {
        assert!(sample.outcome.is_ok(), "{sample:?}");
        assert_eq!(sample.cell.temperature, Temperature::Cold);
        assert_eq!((sample.cell.pattern.as_str(), sample.cell.step.as_str()), ("control", "call"));
        assert_eq!(sample.proof.as_ref().unwrap().invocation, 1);
    }
    let networks: std::collections::BTreeSet<Network> =
        of(&samples, Control::Container(0)).iter().map(|s| s.cell.factors.network).collect();
    assert_eq!(networks.len(), 2, "the null container under every combination");
}

#[tokio::test(start_paused = true)]
async fn a_control_is_not_kept_for_another_call() {
    let setup = steady(CONTROLLED);
    let trials = setup.driver.plan.trials.iter();
    for trial in trials.filter(|t| matches!(t.subject, TrialSubject::Control { .. })).take(8) {
        setup.driver.trial(trial).await.unwrap();
        let before = setup.clock.now();
        setup.driver.platform.settle().await.unwrap();
        let waited = setup.clock.now() - before;
        assert!(waited < 300_000_000, "a keep-alive was waited for: {waited} ns");
        assert!(setup.driver.engine.instances(None).await.unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_known_sleep_is_measured_to_the_nanosecond_on_paused_time() {
    let setup = steady(CONTROLLED);
    let (_, samples) = run(&setup).await;
    let latency = |control| of(&samples, control)[0].latency().unwrap();
    for ms in SERIES {
        let known = u64::from(ms) * 1_000_000;
        assert_eq!(latency(Control::Process(ms)) - latency(Control::Process(0)), known);
        assert_eq!(latency(Control::Container(ms)) - latency(Control::Container(0)), known);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_has_no_engine_in_its_way_and_the_factors_of_a_process() {
    let setup = steady(CONTROLLED);
    let (_, samples) = run(&setup).await;
    let (process, container) =
        (of(&samples, Control::Process(0)), of(&samples, Control::Container(0)));
    assert!(process.iter().all(|s| s.cell.factors == Factors::of_a_process()));
    assert!(process.iter().all(|s| s.latency() < container[0].latency()));
    assert_eq!(process.len(), 2, "once a round, however many combinations there are");
}

#[tokio::test(start_paused = true)]
async fn a_control_that_fails_is_a_row_with_its_cause() {
    let setup = setup_of(CONTROLLED, Fault::ExitsAtOnce, |e| e);
    let (ended, samples) = run(&setup).await;
    assert_eq!(ended.unwrap(), RunEnd::Complete);
    let failed = of(&samples, Control::Process(5));
    assert!(failed.len() == 2 && failed.iter().all(|s| s.outcome.kind() == "crashed"));
    setup.driver.platform.clear().await.unwrap();
    assert!(setup.driver.engine.instances(None).await.unwrap().is_empty());
}
