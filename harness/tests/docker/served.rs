//! Calls from outside, on real instances: what a client may meet, and that every call is a row.

use std::path::PathBuf;
use std::time::Duration;

use coldstart::drive::Stop;
use coldstart::engine::Engine;
use coldstart::measure::{Measurement, PreparedEngine, RunIdentity, Side};
use coldstart::observer::Lines;
use coldstart::pool::{Counters, Limits, PolicyChoice, PoolFunction};
use coldstart::provision::Consent;
use coldstart::sample::{Mark, Outcome, Temperature};
use coldstart::serve::{Call, Client, Done, End, Platform, Rules, Session};
use coldstart::spec::factor::{FactorMatrix, Factors};
use coldstart::spec::function::{self, Function};
use coldstart::spec::scenario::{OUTSIDE_STEPS, Scenario};
use coldstart::store::{self, Run};
use libtest_mimic::Trial;
use tokio::sync::watch;
use uuid::Uuid;

use crate::bench::{Bench, Tested};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("calls_from_outside_are_cold_and_warm_rows", cold_and_warm),
        Bench::trial("an_instance_that_dies_is_told_replaced_and_counted", killed),
        Bench::trial("a_surge_from_outside_meets_its_limit", surge),
        Bench::trial("a_function_without_a_container_stands_beside_itself_in_one", bare),
        Bench::trial("what_an_instance_writes_is_there_while_it_is_called", written),
    ]
}

/// The shipped functions of a name, under a limit of time.
fn functions(name: &str, timeout: Duration) -> Result<Vec<Function>, libtest_mimic::Failed> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("functions/functions.toml");
    let all = function::load(&file).map_err(|e| format!("{e:#}"))?;
    let named = all.into_iter().filter(|function| function.name == name);
    Ok(named.map(|function| Function { timeout, ..function }).collect())
}

/// Serves one function without a daemon, does something with it, and reads what is left.
fn served<F: Future<Output = ()>>(
    bench: &Bench,
    functions: Vec<Function>,
    reserved: Option<u32>,
    with: impl FnOnce(Session, String) -> F,
) -> Result<(Counters, Run), libtest_mimic::Failed> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("run");
    let mut factors = FactorMatrix::default();
    factors.set("networks", &["host".to_owned()])?;
    let side = Side {
        name: "run".to_owned(),
        functions,
        null: None,
        folder: folder.clone(),
        record: None,
    };
    let n = side.functions.len();
    let identity = RunIdentity::now();
    let scenario = Scenario::from_outside("serve", factors);
    let id = identity.id("serve");
    let request = Measurement::new(&identity, id.clone(), scenario, vec![side], 7);
    let request = request.map_err(|e| format!("{e:#}"))?;
    let observer = Lines(|text: &str| eprintln!("{text}"));
    let done = bench.wait(async {
        let (_sender, stop) = watch::channel(Stop::No);
        let engine = PreparedEngine::get(&request, Consent::Withheld, &stop, &observer).await?;
        let outside = engine.open(&request, &stop, &observer).await?;
        let memory = 128 << 20;
        let rules = Rules {
            limits: Limits::LAMBDA,
            functions: vec![PoolFunction { memory, reserved, provisioned: 0 }; n],
            policy: "fixed:60s".parse::<PolicyChoice>().unwrap().build(),
            init: Duration::from_secs(30),
            reports: None,
        };
        let opened = Session::open(request, outside.unwrap(), rules);
        with(opened.session.clone(), id).await;
        opened.end(&stop, &observer).await
    });
    let counters = done.map_err(|e: anyhow::Error| format!("{e:#}"))?;
    Ok((counters, store::open(&folder).map_err(|e| format!("{e:#}"))?))
}

async fn call(session: &Session, event: &str) -> Done {
    call_one(session, 0, event).await
}

async fn call_one(session: &Session, function: usize, event: &str) -> Done {
    let call = Call {
        function: session.functions()[function].name.as_str().into(),
        request: Uuid::new_v4(),
        event: event.to_owned().into(),
        arrived: session.clock().now(),
        wants_log: false,
        client: Client::default(),
    };
    session.call(call).await
}

fn cold_and_warm(bench: &Bench) -> Tested {
    let functions = functions("rust", Duration::from_secs(30))?;
    let (_, run) = served(bench, functions, None, |session, _| async move {
        for _ in 0..3 {
            let done = call(&session, r#"{"a": 1}"#).await;
            assert!(matches!(done.end, End::Response(_)), "{done:?}");
        }
    })?;
    let temperatures: Vec<_> = run.samples.iter().map(|row| row.cell.temperature).collect();
    assert_eq!(temperatures, [Temperature::Cold, Temperature::Warm, Temperature::Warm]);
    for (count, row) in (1..).zip(&run.samples) {
        assert!(row.outcome.is_ok(), "{row:?}");
        assert_eq!(row.proof.as_ref().map(|proof| proof.invocation), Some(count));
    }
    let cold = &run.samples[0].marks;
    let order = [Mark::Intended, Mark::Dispatched, Mark::CreateCalled, Mark::Created];
    let order = order.into_iter().chain([Mark::StartCalled, Mark::Ready, Mark::Sent]);
    assert!(order.map(|mark| cold.get(mark)).is_sorted(), "{cold:?}");
    assert!(cold.get(Mark::StartReturned).is_some());
    Ok(())
}

fn bare(bench: &Bench) -> Tested {
    let mut both = functions("rust", Duration::from_secs(30))?;
    let name = "rust_process".to_owned();
    let stands_for = Some(both[0].name.clone());
    both.push(Function { name, is_bare: true, stands_for, is_null: false, ..both[0].clone() });
    let (_, run) = served(bench, both, None, |session, _| async move {
        for function in [0, 1, 1, 0] {
            let done = call_one(&session, function, r#"{"a": 1}"#).await;
            assert!(matches!(done.end, End::Response(_)), "{done:?}");
        }
    })?;
    let [one, other] = &run.record.functions[..] else { panic!("{:?}", run.record.functions) };
    assert_eq!(one.image, other.image, "its image is made once");
    for row in &run.samples {
        assert!(row.outcome.is_ok(), "{row:?}");
        let is_bare = row.cell.function == "rust_process";
        assert_eq!(row.cell.factors == Factors::of_a_process(), is_bare, "{row:?}");
    }
    let warm = run.samples.iter().filter(|row| row.cell.temperature == Temperature::Warm);
    assert_eq!((run.samples.len(), warm.count()), (4, 2));
    Ok(())
}

/// Answers with its event; to one that says so, after a minute.
const SLOW: &str = r#"
import http.client, os, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    asked = api.getresponse()
    event, request = asked.read(), asked.headers["Lambda-Runtime-Aws-Request-Id"]
    if b"slow" in event:
        time.sleep(60)
    api.request("POST", f"/2018-06-01/runtime/invocation/{request}/response", event)
    api.getresponse().read()
"#;

fn killed(bench: &Bench) -> Tested {
    let image = bench.derive("python", &["python3", "-c", SLOW])?;
    let functions = vec![Function::of_image("slow", &image, "{}", 0)];
    let engine = bench.engine.clone();
    let (counters, run) = served(bench, functions, None, |session, run| async move {
        let remove = async || {
            for instance in engine.instances(Some(&run)).await.unwrap() {
                engine.remove(&instance.id).await.unwrap();
            }
        };
        call(&session, "{}").await;
        // Idle.
        remove().await;
        let done = call(&session, "{}").await;
        assert!(matches!(done.end, End::Response(_)), "{done:?}");
        // In the middle of a call.
        let under_way = tokio::spawn({
            let session = session.clone();
            async move { call(&session, r#"{"slow": true}"#).await }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        remove().await;
        let done = under_way.await.unwrap();
        let End::Failed(told) = &done.end else { panic!("{done:?}") };
        assert!(String::from_utf8_lossy(told).contains("Runtime.ExitError"), "{told:?}");
        let done = call(&session, "{}").await;
        assert!(matches!(done.end, End::Response(_)), "{done:?}");
    })?;
    assert_eq!((counters.gone, counters.all_starts()), (2, 3));
    let outcomes: Vec<_> = run.samples.iter().map(|row| row.outcome.kind()).collect();
    assert_eq!(outcomes, ["ok", "ok", "crashed", "ok"]);
    Ok(())
}

/// Says so when it is called, and answers three seconds later.
const LOUD: &str = r#"
import http.client, os, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
print("begun", flush=True)
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    asked = api.getresponse()
    event, request = asked.read(), asked.headers["Lambda-Runtime-Aws-Request-Id"]
    print("asked", event.decode(), flush=True)
    time.sleep(3)
    api.request("POST", f"/2018-06-01/runtime/invocation/{request}/response", event)
    api.getresponse().read()
"#;

fn written(bench: &Bench) -> Tested {
    let image = bench.derive("python", &["python3", "-c", LOUD])?;
    let functions = vec![Function::of_image("loud", &image, "{}", 0)];
    served(bench, functions, None, |session, _| async move {
        session.keep_output(1 << 20);
        let under_way = tokio::spawn({
            let session = session.clone();
            async move { call(&session, "{}").await }
        });
        let said = loop {
            assert!(!under_way.is_finished(), "nothing was heard of it");
            let written = session.written(1 << 20).await;
            let said = written.first().map(|(_, said)| String::from_utf8_lossy(said).into_owned());
            if let Some(said) = said.filter(|said| said.contains("asked")) {
                break said;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(said, "begun\nasked {}\n");
        assert!(matches!(under_way.await.unwrap().end, End::Response(_)));
        let cut = session.written(5).await;
        assert_eq!(cut.first().map(|(_, said)| said.as_slice()), Some(b"begun".as_slice()));
    })?;
    Ok(())
}

fn surge(bench: &Bench) -> Tested {
    let functions = functions("rust", Duration::from_secs(30))?;
    let (counters, run) = served(bench, functions, Some(3), |session, _| async move {
        let calls = (0..5).map(|_| call(&session, r#"{"a": 2}"#));
        let done = futures_util::future::join_all(calls).await;
        let answered = done.iter().filter(|done| matches!(done.end, End::Response(_)));
        assert_eq!(answered.count(), 3, "{done:?}");
    })?;
    assert_eq!((counters.all_starts(), counters.all_throttled()), (3, 2));
    let refused = run.samples.iter().filter(|row| matches!(row.outcome, Outcome::NotTried { .. }));
    assert_eq!((run.samples.len(), refused.count()), (5, 2));
    assert!(run.samples.iter().all(|row| row.cell.step == OUTSIDE_STEPS[0]));
    Ok(())
}
