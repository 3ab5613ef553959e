use std::future::poll_fn;
use std::path::Path;

use serde_json::json;
use tokio::sync::watch;
use uuid::Uuid;

use super::*;
use crate::drive::Stop;
use crate::measure::{PreparedEngine, RunIdentity, Side};
use crate::observer::Silent;
use crate::pool::PolicyChoice;
use crate::provision::Consent;
use crate::sample::{Mark, Temperature};
use crate::serve::{Client, Piece, Pieces, Reason, Request, Status};
use crate::spec::factor::FactorMatrix;
use crate::spec::function::{Function, HttpRequest, ReplyCheck};
use crate::spec::scenario::{OUTSIDE_STEPS, Scenario};
use crate::store::{self, Run};

const ROOM: PoolFunction = PoolFunction { memory: 128 << 20, reserved: None, provisioned: 0 };

fn measurement(folder: &Path) -> Measurement {
    let mut factors = FactorMatrix::default();
    factors.set("engine", &["fake".to_owned()]).unwrap();
    let scenario = Scenario::from_outside("serve", factors);
    let proves = |function| Function { reply: ReplyCheck::Proof, ..function };
    let functions = vec![
        proves(Function::of_image("one", "one:1", "{}", 0)),
        proves(Function::of_image("two", "two:1", "{}", 1)),
    ];
    let folder = folder.join("run");
    let side = Side { name: "run".to_owned(), functions, null: None, folder, record: None };
    let identity = RunIdentity::now();
    let id = identity.id("serve");
    Measurement::new(&identity, id, scenario, vec![side], 7).unwrap()
}

/// Serves two functions, does something with them, and reads what is left of it.
async fn served<T, F: Future<Output = T>>(
    rules: impl FnOnce(&mut Rules),
    with: impl FnOnce(Session) -> F,
) -> (T, Counters, Run) {
    served_by(|_| {}, rules, with).await
}

/// The same, with the second function changed.
async fn served_by<T, F: Future<Output = T>>(
    change: impl FnOnce(&mut Function),
    rules: impl FnOnce(&mut Rules),
    with: impl FnOnce(Session) -> F,
) -> (T, Counters, Run) {
    let home = tempfile::tempdir().unwrap();
    let mut request = measurement(home.path());
    change(&mut request.sides[0].functions[1]);
    let (_sender, stop) = watch::channel(Stop::No);
    let engine = PreparedEngine::get(&request, Consent::Withheld, &stop, &Silent).await.unwrap();
    let outside = engine.open(&request, &stop, &Silent).await.unwrap().unwrap();
    let mut own = Rules {
        limits: Limits::LAMBDA,
        functions: vec![ROOM; 2],
        policy: "fixed:60s".parse::<PolicyChoice>().unwrap().build(),
        init: Duration::from_secs(10),
        reports: None,
    };
    rules(&mut own);
    let folder = request.sides[0].folder.clone();
    let mut opened = Session::open(request, outside, own);
    let act = with(opened.session.clone());
    let done = opened.with(&engine, Consent::Withheld, &Silent, act).await;
    let counters = opened.end(&stop, &Silent).await.unwrap();
    (done, counters, store::open(&folder).unwrap())
}

fn a_call(session: &Session, function: &str) -> Call {
    Call {
        function: function.into(),
        request: Uuid::new_v4(),
        event: json!({ "a": 1 }).to_string().into(),
        arrived: session.clock().now(),
        wants_log: false,
        client: Client::default(),
    }
}

async fn call(session: &Session, function: &str) -> Done {
    session.call(a_call(session, function)).await
}

fn is_answered(done: &Done) -> bool {
    matches!(&done.end, End::Response(body) if String::from_utf8_lossy(body).contains("\"a\":1"))
}

#[tokio::test(start_paused = true)]
async fn the_first_call_is_cold_the_next_is_warm_and_both_are_rows() {
    let (calls, counters, run) = served(
        |_| {},
        |session| async move { [call(&session, "one").await, call(&session, "one").await] },
    )
    .await;
    assert!(calls.iter().all(is_answered), "{calls:?}");
    let reports = calls.each_ref().map(|done| done.report.clone().unwrap());
    assert_eq!(reports.each_ref().map(|r| r.temperature), [Temperature::Cold, Temperature::Warm]);
    assert!(reports[0].init.is_some() && reports[1].init.is_none());
    assert!(reports.iter().all(|report| report.status == Status::Success));
    assert!(reports[0].waited > reports[1].waited);
    assert_eq!(run.samples.len(), 2);
    assert!(run.record.complete && run.samples.iter().all(|row| row.outcome.is_ok()));
    let cold = &run.samples[0];
    assert!(cold.proof.as_ref().is_some_and(|proof| proof.invocation == 1), "{cold:?}");
    assert_eq!(counters.all_starts(), 1);
}

/// It was a wrong reply, and the end of its instance.
#[tokio::test(start_paused = true)]
async fn what_a_reply_is_to_hold_is_not_asked_of_other_events() {
    let wants = |function: &mut Function| {
        function.reply = r#"{ pointer = "/never", equals = 1 }"#.parse().unwrap();
    };
    let (calls, counters, run) = served_by(
        wants,
        |_| {},
        |session| async move { [call(&session, "two").await, call(&session, "two").await] },
    )
    .await;
    assert!(calls.iter().all(is_answered), "{calls:?}");
    assert_eq!((counters.all_starts(), counters.gone), (1, 0));
    assert!(run.samples.iter().all(|row| row.outcome.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn a_surge_starts_as_many_as_it_takes_and_a_limit_refuses_the_rest() {
    let surge = |session: Session| async move {
        let calls = (0..6).map(|_| call(&session, "one"));
        futures_util::future::join_all(calls).await
    };
    let limits = |rules: &mut Rules| rules.functions[0].reserved = Some(4);
    let (calls, counters, run) = served(limits, surge).await;
    assert_eq!(calls.iter().filter(|done| is_answered(done)).count(), 4);
    let is_refused =
        |done: &&Done| matches!(done.end, End::Throttled { reason: Reason::Function, .. });
    assert_eq!(calls.iter().filter(is_refused).count(), 2);
    assert_eq!((counters.all_starts(), counters.all_throttled()), (4, 2));
    assert_eq!(run.samples.iter().filter(|row| row.outcome.is_ok()).count(), 4);
    assert_eq!(run.samples.len(), 6, "a refusal is a row");
}

#[tokio::test(start_paused = true)]
async fn what_is_always_to_be_there_is_met_by_a_call_that_says_so() {
    let provisioned = |rules: &mut Rules| rules.functions[1].provisioned = 1;
    let (done, _, run) = served(provisioned, |session| async move {
        tokio::time::sleep(Duration::from_secs(20)).await;
        call(&session, "two").await
    })
    .await;
    assert!(is_answered(&done), "{done:?}");
    assert_eq!(done.report.unwrap().init, None);
    assert_eq!(run.samples[0].cell.step, OUTSIDE_STEPS[1]);
    assert_eq!(run.samples[0].trial, 3, "a span of time is a trial");
}

#[tokio::test(start_paused = true)]
async fn idle_instances_go_when_their_time_is_over_and_an_update_replaces_them() {
    let ((), counters, run) = served(
        |_| {},
        |session| async move {
            call(&session, "one").await;
            tokio::time::sleep(Duration::from_secs(61)).await;
            call(&session, "one").await;
            assert_eq!(session.update("one", Some("other:2".to_owned())).await, Ok(2));
            assert_eq!(session.update("none", None).await, Err(NotUpdated::NotFound));
            let after = call(&session, "one").await;
            assert_eq!(after.version, 2);
        },
    )
    .await;
    assert_eq!(counters.all_starts(), 3);
    assert!(run.samples.iter().all(|row| row.cell.temperature == Temperature::Cold));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_not_found_and_who_gives_up_loses_no_row() {
    let (done, _, run) = served(
        |_| {},
        |session| async move {
            drop(call(&session, "one"));
            let impatient = tokio::time::timeout(Duration::from_millis(1), call(&session, "one"));
            assert!(impatient.await.is_err());
            call(&session, "three").await
        },
    )
    .await;
    assert_eq!(done.end, End::NotFound);
    assert_eq!(run.samples.len(), 1, "a call that was never begun is none");
    assert!(run.samples[0].outcome.is_ok());
}

/// The function of the controls.
fn null() -> Function {
    let null = Function::of_image("null", "null:1", "{}", 2);
    let process = vec!["null".to_owned()];
    Function { is_null: true, process, reply: ReplyCheck::Proof, ..null }
}

#[tokio::test(start_paused = true)]
async fn controls_are_measured_before_the_first_call_and_after_the_last() {
    let home = tempfile::tempdir().unwrap();
    let mut request = measurement(home.path());
    let mut side = request.sides.remove(0);
    side.null = Some(null());
    let scenario = Scenario::from_outside("serve", request.plan.scenario.factors.clone());
    let identity = RunIdentity::now();
    let request = Measurement::new(&identity, request.id, scenario, vec![side], 7).unwrap();
    let (_sender, stop) = watch::channel(Stop::No);
    let engine = PreparedEngine::get(&request, Consent::Withheld, &stop, &Silent).await.unwrap();
    let outside = engine.open(&request, &stop, &Silent).await.unwrap().unwrap();
    let rules = Rules {
        limits: Limits::LAMBDA,
        functions: vec![ROOM; 2],
        policy: "fixed:60s".parse::<PolicyChoice>().unwrap().build(),
        init: Duration::from_secs(10),
        reports: None,
    };
    let folder = request.sides[0].folder.clone();
    let opened = Session::open(request, outside, rules);
    for _ in 0..3 {
        call(&opened.session, "one").await;
        tokio::time::sleep(Duration::from_secs(15)).await;
    }
    opened.end(&stop, &Silent).await.unwrap();
    let run = store::open(&folder).unwrap();
    assert!(run.record.complete, "{:?}", run.record.stopped);
    let is_control: Vec<bool> = run.samples.iter().map(|s| s.cell.control.is_some()).collect();
    // Three rounds of ten starts each, around what was called.
    let expected = [vec![true; 30], vec![false; 3], vec![true; 30]].concat();
    assert_eq!(is_control, expected);
    let analysis = crate::analysis::Analysis::of(&run);
    assert!(analysis.controls.are_there() && analysis.controls.kinds.len() == 2);
    assert!(analysis.controls.kinds.iter().all(|kind| kind.line.is_some()));
    assert_eq!(run.record.counts.planned, 63);
}

#[tokio::test(start_paused = true)]
async fn calls_at_a_time_are_made_its_own_while_it_is_called() {
    let (done, counters, run) = served(
        |rules| rules.limits.account = 5,
        |session| async move {
            assert_eq!(session.reserve("none", Some(1)), Err(NotReserved::NotFound));
            assert_eq!(session.reserve("one", Some(6)), Err(NotReserved::Exceeds(5)));
            assert_eq!(session.functions()[0].reserved, None);
            session.reserve("one", Some(2)).unwrap();
            assert_eq!(session.functions()[0].reserved, Some(2));
            let calls = (0..3).map(|_| call(&session, "one"));
            futures_util::future::join_all(calls).await
        },
    )
    .await;
    assert_eq!(done.iter().filter(|done| is_answered(done)).count(), 2);
    assert_eq!(counters.all_throttled(), 1);
    let told = run.record.warnings.iter().any(|told| told.contains("2 calls at a time of its own"));
    assert!(told, "{:?}", run.record.warnings);
}

#[tokio::test(start_paused = true)]
async fn a_clients_own_request_goes_to_a_function_that_listens_and_its_row_is_good() {
    let listens = |function: &mut Function| {
        let asked = HttpRequest { status: 404, ..HttpRequest::default() };
        *function = Function { reply: ReplyCheck::Any, ..function.clone() }.listening(asked);
    };
    let ((done, came), _, run) = served_by(
        listens,
        |_| {},
        |session| async move {
            assert!(session.functions()[1].listens && !session.functions()[0].listens);
            let (pieces, mut coming) = Pieces::channel();
            let request = Request {
                method: "POST".to_owned(),
                target: "/orders".to_owned(),
                fields: vec![("host".to_owned(), "h".into())],
                body: "{\"a\":1}".into(),
            };
            let (context, request) = (None, Some(Arc::new(request)));
            let client = Client { context, request, pieces: Some(pieces) };
            let done = session.call(Call { client, ..a_call(&session, "two") }).await;
            let mut came = Vec::new();
            let soon = Duration::from_millis(1);
            while let Ok(piece) =
                tokio::time::timeout(soon, poll_fn(|context| coming.poll_next(context))).await
            {
                came.push(piece);
            }
            (done, came)
        },
    )
    .await;
    assert!(is_answered(&done), "{done:?}");
    let [Piece::Head(head), Piece::Data(data), ..] = &came[..] else { panic!("{came:?}") };
    // It is expected of the function's own request alone.
    assert_eq!(head.status, Some(200));
    assert!(String::from_utf8_lossy(data).contains("\"a\":1"), "{data:?}");
    let [row] = &run.samples[..] else { panic!("{:?}", run.samples) };
    assert!(row.outcome.is_ok() && row.proof.is_none(), "{row:?}");
    let order = [Mark::Listening, Mark::Sent, Mark::FirstByte, Mark::Responded];
    assert!(order.map(|mark| row.marks.get(mark)).is_sorted(), "{row:?}");
}
