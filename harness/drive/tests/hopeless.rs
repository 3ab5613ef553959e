//! What does not answer: tried before the plan, given up by a rule, and told.

use super::*;

/// One call a round.
const SINGLE: &str = r#"
name = "t"
rounds = 20
controls = false
keep-alive = "100ms"
[[pattern]]
name = "single"
steps = [{ name = "call", burst = 1 }]
"#;

/// One start after another of what never answers a second time.
const LONG: &str = r#"
name = "t"
rounds = 3
controls = false
keep-alive = "0s"
[[pattern]]
name = "long"
steps = [{ name = "calls", sequence = 200 }, { name = "more", burst = 4 }]
"#;

const SECOND: u64 = 1_000_000_000;

/// `f` and, where there are two faults, `g`.
fn faulty(text: &str, faults: &[Fault]) -> Setup {
    let of = |fault: &Fault| Script { fault: *fault, spread: 0.0, ..Script::default() };
    let scripts: Vec<Script> = faults.iter().map(of).collect();
    measuring(scenario::parse(text, "t.toml").unwrap(), &scripts, |e| e, |making| making)
}

fn target(setup: &Setup, function: usize) -> Arc<Target> {
    let subject = TrialSubject::Function { function, combination: 0, pattern: 0 };
    setup.driver.targets.of(0, subject).clone()
}

/// Everything that was given up, as a person is told, with how it ended and its rows.
async fn told(setup: &Setup) -> (RunEnd, Vec<Sample>, Vec<String>) {
    let (_sender, mut stop) = watch::channel(Stop::No);
    let (mut all, mut told) = (Vec::new(), Vec::new());
    let ended = setup
        .driver
        .run(&mut stop, |_, done| {
            all.extend(done.samples);
            told.extend(done.given_up.map(|given_up| given_up.to_string()));
            Ok(())
        })
        .await;
    (ended.unwrap(), all, told)
}

/// The kinds of a function's rows, each with its last round.
fn kinds(samples: &[Sample], function: &str) -> BTreeMap<&'static str, u32> {
    let of = samples.iter().filter(|s| s.cell.function == function);
    of.map(|s| (s.outcome.kind(), s.round)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_try_before_the_plan_tells_the_cause_and_leaves_neither_a_row_nor_an_instance() {
    let setup = faulty(SINGLE, &[Fault::None, Fault::ExitsAtOnce]);
    assert_eq!(setup.driver.try_one(&target(&setup, 0)).await.unwrap(), None);
    let cause = setup.driver.try_one(&target(&setup, 1)).await.unwrap().unwrap();
    assert!(cause.contains("code 1: it never asked for an event; it wrote: a line"), "{cause}");
    assert!(setup.driver.engine.instances(None).await.unwrap().is_empty());
    let (ended, samples, _) = told(&setup).await;
    assert_eq!(ended, RunEnd::Complete);
    assert_eq!(samples.len() as u64, setup.driver.plan.invocations());
    assert_eq!(samples.iter().map(|s| s.trial).min(), Some(1));
}

/// The default's patterns: a call, a surge and two hundred more.
#[tokio::test(start_paused = true)]
async fn a_run_of_what_never_asks_ends_in_three_of_its_time_outs_the_try_included() {
    let text = SCENARIO.replace("rounds = 2", "rounds = 20").replace("= 20 }", "= 200 }");
    let setup = faulty(&text, &[Fault::NeverAsks]);
    assert!(setup.driver.try_one(&target(&setup, 0)).await.unwrap().is_some());
    let (ended, samples, told) = told(&setup).await;
    assert_eq!(ended, RunEnd::GivenUp);
    // The time limit is two seconds; removals and pauses are no time-outs.
    assert!(setup.clock.now() < 7 * SECOND, "{} ns", setup.clock.now());
    assert_eq!(told.len(), 1);
    for part in ["`f`, bridge is given up after trial", "never asked", "counts as failed"] {
        assert!(told[0].contains(part), "{part}: {told:?}");
    }
    // A trial that was begun is whole.
    for trial in &setup.driver.plan.trials {
        let rows = samples.iter().filter(|s| s.trial == trial.number).count() as u64;
        let all = setup.driver.plan.invocations_of(trial);
        assert!([0, all].contains(&rows), "trial {}: {rows} of {all}", trial.number);
    }
}

#[tokio::test(start_paused = true)]
async fn beside_one_that_answers_the_rest_of_what_was_given_up_is_rows_that_were_not_tried() {
    let setup = faulty(SCENARIO, &[Fault::None, Fault::NeverAsks]);
    let (ended, samples, told) = told(&setup).await;
    assert_eq!(ended, RunEnd::Complete);
    assert_eq!(samples.len() as u64, setup.driver.plan.invocations());
    assert_eq!(kinds(&samples, "f"), BTreeMap::from([("ok", 2)]));
    assert_eq!(kinds(&samples, "g").into_keys().collect::<Vec<_>>(), ["not_tried", "timed_out"]);
    assert_eq!(told.len(), 1, "once: {told:?}");
    let tried = |s: &&Sample| s.cell.function == "g" && s.outcome.kind() == "timed_out";
    assert!(samples.iter().filter(tried).count() <= 12, "three waits, of four at most");
    let not_tried = samples.iter().find(|s| s.outcome.kind() == "not_tried").unwrap();
    assert!(not_tried.latency().is_none() && not_tried.instance.is_none(), "{not_tried:?}");
}

#[tokio::test(start_paused = true)]
async fn what_fails_at_once_is_given_up_after_three_whole_rounds() {
    let setup = faulty(SINGLE, &[Fault::None, Fault::CrashesOnEvent]);
    let (ended, samples, told) = told(&setup).await;
    assert_eq!(ended, RunEnd::Complete);
    assert_eq!(kinds(&samples, "g"), BTreeMap::from([("crashed", 3), ("not_tried", 20)]));
    assert_eq!(kinds(&samples, "f"), BTreeMap::from([("ok", 20)]));
    assert!(told[0].contains("pattern single is given up"), "{told:?}");
    assert!(told[0].contains("3 whole rounds in a row brought no good answer"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn what_answered_before_is_given_up_after_three_whole_rounds_in_a_row() {
    let setup = faulty(SINGLE, &[Fault::None, Fault::NeverAsksAfter(5)]);
    let (ended, samples, _) = told(&setup).await;
    assert_eq!(ended, RunEnd::Complete);
    let expected = BTreeMap::from([("ok", 5), ("timed_out", 8), ("not_tried", 20)]);
    assert_eq!(kinds(&samples, "g"), expected);
}

#[tokio::test(start_paused = true)]
async fn a_trial_of_what_answered_before_is_ended_by_three_time_outs_in_a_row() {
    let setup = faulty(LONG, &[Fault::NeverAsksAfter(1)]);
    let first = setup.driver.plan.trials[0];
    let done = setup.driver.trial(&first).await.unwrap();
    let count = |kind: &str| done.samples.iter().filter(|s| s.outcome.kind() == kind).count();
    assert_eq!([count("ok"), count("timed_out"), count("not_tried")], [1, 3, 200]);
    assert_eq!(done.given_up, None, "it may answer again");
    let indices: Vec<u32> =
        done.samples.iter().filter(|s| s.cell.step == "calls").map(|s| s.index).collect();
    assert_eq!(indices, (0..200).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn workers_in_parallel_are_ended_by_three_time_outs_too() {
    let mut scenario = scenario::parse(SINGLE, "t.toml").unwrap();
    scenario.in_parallel(4);
    let script = Script { fault: Fault::NeverAsks, ..Script::default() };
    let setup = measuring(scenario, &[script], |e| e, |making| making);
    let (ended, samples) = run(&setup).await;
    assert_eq!(ended.unwrap(), RunEnd::GivenUp);
    assert!(setup.clock.now() < 8 * SECOND, "{} ns", setup.clock.now());
    assert!(samples.iter().any(|s| s.outcome.kind() == "not_tried"));
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_does_not_hold_up_a_run_until_enough_is_known() {
    let text = SINGLE.replace("rounds = 20", "rounds = 1000\nuntil = \"1%\"");
    let setup = faulty(&text, &[Fault::None, Fault::NeverAsks]);
    let (ended, samples, _) = told(&setup).await;
    assert_eq!(ended, RunEnd::Complete);
    assert_eq!(samples.iter().map(|s| s.round).max(), Some(11));
    assert!(kinds(&samples, "g").into_values().all(|round| round <= 4));
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_until_enough_is_known_stays_left_out_when_the_run_goes_on() {
    let text = SINGLE.replace("rounds = 20", "rounds = 1000\nuntil = \"1%\"");
    let faults = [Fault::None, Fault::NeverAsks];
    let (_, samples, _) = told(&faulty(&text, &faults)).await;
    let mut before: BTreeMap<u32, Vec<Sample>> = BTreeMap::new();
    for sample in samples.into_iter().filter(|sample| sample.round <= 8) {
        before.entry(sample.trial).or_default().push(sample);
    }
    let last = *before.keys().next_back().unwrap();
    let Setup { driver, clock } = faulty(&text, &faults);
    let setup = Setup { driver: driver.going_on(before), clock };
    let (ended, samples, _) = told(&setup).await;
    assert_eq!(ended, RunEnd::Complete);
    assert!(samples.iter().all(|s| s.trial > last && s.cell.function == "f"), "{samples:?}");
}

#[tokio::test(start_paused = true)]
async fn controls_alone_do_not_keep_a_run_going() {
    let text = SINGLE.replace("controls = false", "");
    let setup = faulty(&text, &[Fault::None, Fault::NeverAsks]);
    let (ended, _, _) = told(&setup).await;
    assert_eq!(ended, RunEnd::Complete, "one function answers");
    // `f` is the null function as well: it answers as a control and not as itself.
    let alone = faulty(&text, &[Fault::NeverAsks]);
    let (ended, samples, _) = told(&alone).await;
    assert_eq!(ended, RunEnd::GivenUp);
    assert!(samples.iter().all(|s| s.round <= 3), "20 rounds of controls are of no use");
}

#[tokio::test(start_paused = true)]
async fn one_request_to_stop_ends_a_trial_in_which_nothing_has_answered() {
    let setup = faulty(SINGLE, &[Fault::NeverAnswers]);
    let (sender, mut stop) = watch::channel(Stop::No);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1000)).await;
        sender.send_replace(Stop::AfterTrial);
        std::future::pending::<()>().await;
    });
    let ended = setup.driver.run(&mut stop, |_, _| panic!("no trial can have ended")).await;
    assert_eq!(ended.unwrap(), RunEnd::Stopped);
    assert!(setup.clock.now() < 2 * SECOND, "its time limit was waited for");
    setup.driver.platform.clear().await.unwrap();
    assert!(setup.driver.engine.instances(None).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_request_to_stop_waits_for_a_trial_in_which_something_has_answered() {
    let text = SINGLE.replace("burst = 1 }", "burst = 1 }, { name = \"more\", sequence = 9000 }");
    let setup = faulty(&text, &[Fault::None]);
    let (sender, mut stop) = watch::channel(Stop::No);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        sender.send_replace(Stop::AfterTrial);
        std::future::pending::<()>().await;
    });
    let mut rows = 0;
    let ended = setup.driver.run(&mut stop, |_, done| {
        assert!(setup.clock.now() > SECOND, "it was stopped before it had begun");
        rows += done.samples.len();
        Ok(())
    });
    assert_eq!(ended.await.unwrap(), RunEnd::Stopped);
    assert_eq!(rows, 9001);
}

#[tokio::test(start_paused = true)]
async fn of_a_long_trace_that_a_crashed_function_wrote_the_line_of_the_error_is_in_its_row() {
    let calls = "  File \"/app.py\", line 6, in a\n    a(n - 1)\n".repeat(60);
    let written =
        format!("Traceback (most recent call last):\n{calls}ValueError: no table `orders`\n");
    let setup = setup(Fault::ExitsAtOnce, |engine| engine.writing(&written));
    let (_, samples) = run(&setup).await;
    let cause = samples[0].outcome.cause().unwrap();
    assert!(cause.ends_with("ValueError: no table `orders`"), "{cause}");
    assert!(cause.contains("it wrote: Traceback") && cause.len() < 1_500, "{cause}");
}
