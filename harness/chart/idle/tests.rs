use std::time::Duration;

use super::super::ChartSpec;
use super::super::tests::{holds, wide};
use crate::report::tests::synthetic;
use crate::sample::{Mark, Outcome, Temperature};
use crate::spec::scenario::{LoadShape, Pattern, Step};
use crate::store::Run;

/// A pattern of single calls: one, then one after each pause.
fn paused(pauses_ms: &[u64]) -> Run {
    let mut run = synthetic::run(&synthetic::FOUR, 12);
    run.samples.retain(|s| s.cell.step == "call");
    let step = |i: usize, ms: u64| Step {
        name: format!("pause_{i}"),
        after: Duration::from_millis(ms),
        act: LoadShape::Burst(1),
    };
    let mut steps = vec![step(0, 0)];
    steps.extend(pauses_ms.iter().enumerate().map(|(i, ms)| step(i + 1, *ms)));
    let calls = run.samples.clone();
    run.samples.clear();
    for (i, step) in steps.iter().enumerate() {
        for mut sample in calls.clone() {
            sample.cell.pattern = "pauses".into();
            sample.cell.step.clone_from(&step.name);
            if i > 0 && step.after < Duration::from_secs(10) {
                sample.cell.temperature = Temperature::Warm;
                let at = sample.marks.get(Mark::Intended).unwrap();
                sample.marks = [
                    (Mark::Intended, at),
                    (Mark::Dispatched, at + 1000),
                    (Mark::Responded, at + 900_000 + 10_000 * u64::from(sample.round)),
                ]
                .into_iter()
                .collect();
            }
            run.samples.push(sample);
        }
    }
    run.record.scenario.keep_alive = Some(Duration::from_secs(10));
    run.record.scenario.patterns = vec![Pattern { name: "pauses".into(), steps }];
    run
}

fn idle(run: &Run) -> Option<ChartSpec> {
    wide(run, "idle")
}

#[test]
fn shares_and_latencies_after_pauses() {
    let chart = idle(&paused(&[500, 2_000, 8_000, 15_000, 60_000])).unwrap();
    assert!(holds(&chart, "keep-alive"));
    insta::assert_snapshot!(chart.caption, @r#"Cold: after pauses shorter than the keep-alive of 10 s 0 of 132; after pauses as long as the keep-alive of 10 s 88 of 88."#);
    insta::assert_snapshot!(chart.data.rows[4].join(" | "), @r#"python | 60 | 11 | 0 | 11 | 100.0 (71.5–100.0) | 213 (206–228)"#);
}

#[test]
fn none_without_two_pauses() {
    assert!(idle(&synthetic::four(4)).is_none());
    assert!(idle(&paused(&[500])).is_none());
    assert!(idle(&paused(&[500, 500])).is_none());
    let mut lost = paused(&[500, 2_000]);
    for sample in &mut lost.samples {
        sample.outcome = Outcome::TimedOut { cause: "x".into() };
    }
    assert!(idle(&lost).is_none());
}

#[test]
fn a_burst_that_outgrows_what_is_left_says_nothing_of_the_pause() {
    let mut run = paused(&[500, 2_000]);
    for step in &mut run.record.scenario.patterns[0].steps[1..] {
        step.act = LoadShape::Burst(8);
    }
    // The second follows one of its own size; the first does not.
    assert!(idle(&run).is_none());
}
