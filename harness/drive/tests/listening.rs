//! Functions that listen: the same platform, the same driver, another adapter.

use super::*;
use crate::sample::ReadinessSource;
use crate::spec::function::{HttpRequest, Method, ReplyCheck};

const SECOND: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;

/// The functions, all of which listen and prove that they read the event.
fn listening(text: &str, script: Script) -> Setup {
    let proves = HttpRequest { method: Method::Post, ..HttpRequest::default() };
    asked(text, script, proves, ReplyCheck::Proof)
}

fn asked(text: &str, script: Script, request: HttpRequest, reply: ReplyCheck) -> Setup {
    let adapt = |making: TargetSpec| {
        let function = making.function.clone().listening(request.clone());
        TargetSpec { function: function::Function { reply, ..function }, ..making }
    };
    let script = Script { spread: 0.0, ..script };
    measuring(scenario::parse(text, "t.toml").unwrap(), &[script], |e| e, adapt)
}

#[tokio::test(start_paused = true)]
async fn a_function_that_listens_is_cold_and_warm_by_proof_and_ready_when_it_listens() {
    let setup = listening(SCENARIO, Script::default());
    let (ended, samples) = run(&setup).await;
    assert_eq!(ended.unwrap(), RunEnd::Complete);
    let failed: Vec<_> = samples.iter().filter(|s| !s.outcome.is_ok()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(samples.iter().all(|s| s.proof.is_some() && s.cell.adapter.name() == "http"));
    assert_eq!(count(&samples, "steady", Temperature::Warm), 40);
    let cold = samples.iter().filter(|s| s.cell.temperature == Temperature::Cold);
    for sample in cold {
        let marks = &sample.marks;
        assert!(marks.get(Mark::Ready).is_none());
        let init = marks.between(Mark::StartCalled, Mark::Listening).unwrap();
        assert!((180 * MS..=182 * MS).contains(&init), "{init}");
        let readiness = sample.readiness.unwrap();
        assert_eq!((readiness.source, readiness.not_yet), (ReadinessSource::Connect, 0));
        assert!(readiness.resolution_ns <= MS, "{readiness:?}");
        assert!(marks.get(Mark::Sent) >= marks.get(Mark::Listening));
        let parts: u64 = sample.phases().iter().map(|(_, ns)| ns).sum();
        assert_eq!(Some(parts), sample.latency());
    }
    let warm = samples.iter().filter(|s| s.cell.temperature == Temperature::Warm);
    for sample in warm {
        assert!(sample.readiness.is_none() && sample.marks.get(Mark::Listening).is_none());
        // Paused time goes on by whole milliseconds.
        assert_eq!(sample.latency(), Some(MS), "nothing is waited for");
    }
}

/// The first status that is not `503` decides, and it counts from the listening socket.
#[tokio::test(start_paused = true)]
async fn one_that_says_that_it_is_not_ready_is_asked_again_until_it_is() {
    let setup = listening(SCENARIO, Script { fault: Fault::NotYet, ..Script::default() });
    let (_, samples) = run(&setup).await;
    for sample in samples.iter().filter(|s| s.cell.temperature == Temperature::Cold) {
        assert!(sample.outcome.is_ok(), "{sample:#?}");
        assert_eq!(sample.readiness.unwrap().not_yet, 3);
        let asked = sample.marks.between(Mark::Listening, Mark::Sent).unwrap();
        assert!((15 * MS..=18 * MS).contains(&asked), "three pauses of 5 ms: {asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_server_does_wrong_is_a_row_with_its_cause() {
    let check = async |fault: Fault, request: HttpRequest, kind: &str, part: &str| {
        let script = Script { fault, ..Script::default() };
        let setup = asked(SCENARIO, script, request, ReplyCheck::Any);
        let (_, samples) = run(&setup).await;
        let row = samples.iter().find(|s| !s.outcome.is_ok()).unwrap();
        let cause = row.outcome.cause().unwrap();
        assert_eq!(row.outcome.kind(), kind, "{fault:?}: {cause}");
        assert!(cause.contains(part), "{fault:?}: {cause}");
    };
    let plain = HttpRequest::default;
    check(Fault::WrongPath, plain(), "wrong_reply", "GET / was answered with status 404").await;
    check(Fault::WrongPath, plain(), "wrong_reply", "expected 200: `no such path`").await;
    check(Fault::Garbage, plain(), "wrong_reply", "what is not HTTP").await;
    check(Fault::NeverAsks, plain(), "timed_out", "it never listened on port 8080").await;
    check(Fault::NeverAnswers, plain(), "timed_out", "has not answered it").await;
    check(Fault::ExitsAtOnce, plain(), "crashed", "never listened on port 8080").await;
    let text = HttpRequest { body: Some("fine".to_owned()), ..plain() };
    check(Fault::None, text, "wrong_reply", "expected to have `fine`").await;
    let created = HttpRequest { status: 201, ..plain() };
    check(Fault::None, created, "wrong_reply", "status 200, expected 201").await;
}

#[tokio::test(start_paused = true)]
async fn a_run_of_what_never_listens_ends_in_three_of_its_time_outs() {
    let text = SCENARIO.replace("rounds = 2", "rounds = 20").replace("= 20 }", "= 200 }");
    let setup = listening(&text, Script { fault: Fault::NeverAsks, ..Script::default() });
    let began = setup.clock.now();
    let (ended, _) = run(&setup).await;
    assert_eq!(ended.unwrap(), RunEnd::GivenUp);
    let took = setup.clock.now() - began;
    assert!(took <= 7 * SECOND, "a time-out is 2 s, and it took {took} ns");
}

/// In a run of what listens, and in no other, the null function listens too.
#[tokio::test(start_paused = true)]
async fn a_control_listens_where_a_function_does_and_a_known_sleep_is_seen() {
    const CONTROLLED: &str = r#"
name = "t"
rounds = 1
keep-alive = "300ms"
[[pattern]]
name = "single"
steps = [{ name = "call", burst = 1 }]
"#;
    let scenario = scenario::parse(CONTROLLED, "t.toml").unwrap();
    let script = Script { spread: 0.0, ..Script::default() };
    let measured = async |listening| {
        let scenario = Scenario { listening, ..scenario.clone() };
        run(&measuring(scenario, &[script], |e| e, |making| making)).await.1
    };
    let listens = |s: &&Sample| matches!(s.cell.control, Some(Control::Listener(_)));
    assert_eq!(measured(false).await.iter().filter(listens).count(), 0);
    let samples = measured(true).await;
    let latency = |ms| {
        let of = samples.iter().find(|s| s.cell.control == Some(Control::Listener(ms))).unwrap();
        assert!(of.outcome.is_ok() && of.marks.get(Mark::Listening).is_some(), "{of:#?}");
        of.latency().unwrap()
    };
    for ms in crate::spec::control::SERIES {
        let (known, seen) = (u64::from(ms) * MS, latency(ms) - latency(0));
        assert!(seen.abs_diff(known) <= MS, "{ms}: {seen}");
    }
}
