//! Throughput: starts many at a time.

use super::*;
use crate::spec::factor::StartFrom;

fn parallel(workers: u32, fault: Fault, change: impl FnOnce(FakeEngine) -> FakeEngine) -> Setup {
    let mut scenario = scenario::parse(SCENARIO, "t.toml").unwrap();
    scenario.in_parallel(workers);
    let script = Script { fault, ..Script::default() };
    measuring(scenario, &[script], change, |making| making)
}

fn of<'a>(samples: &'a [Sample], pattern: &str, round: u32) -> Vec<&'a Sample> {
    samples.iter().filter(|s| s.cell.pattern == pattern && s.round == round).collect()
}

/// The most instances that existed at one time, by their marks.
fn at_a_time(samples: &[&Sample]) -> i32 {
    let mut changes = Vec::new();
    for sample in samples {
        changes.push((sample.marks.get(Mark::CreateCalled).unwrap(), 1));
        changes.push((sample.marks.get(Mark::Removed).unwrap(), -1));
    }
    // At the same instant one is gone before the next begins.
    changes.sort_unstable();
    let mut now = 0;
    let counts = changes.iter().map(|(_, change)| {
        now += change;
        now
    });
    counts.max().unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_start_is_cold_and_its_instance_is_gone_before_the_trial_ends() {
    let setup = parallel(3, Fault::None, |e| e);
    let mut samples = Vec::new();
    for trial in setup.driver.plan.trials.clone() {
        samples.extend(setup.driver.trial(&trial).await.unwrap().samples);
        let left = setup.driver.engine.instances(None).await.unwrap();
        assert!(left.is_empty(), "left to be removed later: {left:?}");
    }
    assert_eq!(samples.len(), 2 * (5 + 30));
    assert_eq!(setup.driver.engine.starts("f"), 2 * (5 + 30));
    for sample in &samples {
        assert!(sample.outcome.is_ok(), "{sample:?}");
        assert_eq!(sample.cell.temperature, Temperature::Cold);
        assert!(sample.marks.between(Mark::Responded, Mark::Removed) > Some(0));
        assert_eq!(sample.proof.as_ref().unwrap().invocation, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn as_many_as_there_are_workers_live_at_a_time_and_no_more() {
    let setup = parallel(3, Fault::None, |e| e);
    let (_, samples) = run(&setup).await;
    for round in 1..=2 {
        assert_eq!(at_a_time(&of(&samples, "one", round)), 1);
        assert_eq!(at_a_time(&of(&samples, "many", round)), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_intends_its_next_start_when_its_last_instance_is_gone() {
    let setup = parallel(3, Fault::None, |e| e);
    let (_, samples) = run(&setup).await;
    let many = of(&samples, "many", 1);
    let intended: Vec<u64> = many.iter().map(|s| s.marks.get(Mark::Intended).unwrap()).collect();
    let first = *intended.iter().min().unwrap();
    assert_eq!(intended.iter().filter(|at| **at == first).count(), 3, "released together");
    let gone: Vec<u64> = many.iter().map(|s| s.marks.get(Mark::Removed).unwrap()).collect();
    assert!(intended.iter().all(|at| *at == first || gone.contains(at)));
    assert!(many.iter().all(|s| s.lag() == Some(0)));
}

#[tokio::test(start_paused = true)]
async fn what_is_created_ahead_is_wanted_when_it_is_there() {
    let mut scenario = scenario::parse(SCENARIO, "t.toml").unwrap();
    scenario.in_parallel(3);
    let ahead = |mut making: TargetSpec| {
        making.factors.start_from = Some(StartFrom::Created);
        making
    };
    let setup = measuring(scenario, &[Script::default()], |e| e, ahead);
    let (_, samples) = run(&setup).await;
    assert_eq!(samples.len(), 2 * (5 + 30));
    for sample in &samples {
        assert!(sample.outcome.is_ok(), "{sample:?}");
        let phases = sample.phases();
        assert_eq!((phases[0].1, phases[1].1), (0, 0), "nothing is left of queue and create");
        assert_eq!(sample.marks.get(Mark::CreateCalled), None);
    }
    assert_eq!(setup.driver.engine.starts("f"), 2 * (5 + 30));
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_a_row_and_the_worker_goes_on() {
    let setup = parallel(3, Fault::CrashesOnEvent, |e| e);
    let mut samples = Vec::new();
    for trial in &setup.driver.plan.trials[..2] {
        samples.extend(setup.driver.trial(trial).await.unwrap().samples);
    }
    assert_eq!(samples.len(), 5 + 30);
    assert!(samples.iter().all(|s| s.outcome.kind() == "crashed"));
    assert!(samples.iter().all(|s| s.marks.get(Mark::Removed).is_none()));
    assert!(setup.driver.engine.instances(None).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_vanishes_leaves_a_row_for_every_start_of_the_trial() {
    let setup = parallel(3, Fault::None, |engine| engine.gone_after(8));
    let plan = &setup.driver.plan;
    for trial in &plan.trials {
        let samples = setup.driver.trial(trial).await.unwrap().samples;
        assert_eq!(samples.len() as u64, plan.invocations_of(trial));
        if samples.iter().any(|s| s.outcome.kind() == "engine_error") {
            return;
        }
    }
    panic!("no trial met the engine's end");
}
