//! When an event is called for again, on time that is waited for by nobody.

use serde_json::{Value, json};

use super::*;
use crate::serve::tests::failed;
use crate::serve::{End, Platform, Reason};

/// A platform that notes when it was called, on a clock that can be paused.
struct Timed {
    worked: Worked,
    _folder: TempDir,
}

fn timed(rules: Rules) -> Timed {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::on(Clock::paused(), &["f", "destination"]);
    let worked = worked(folder.path(), rules, &fake);
    Timed { worked, _folder: folder }
}

impl Timed {
    /// Seconds at which the function was called again, until it was called so often. Time runs
    /// ahead only where nothing is waited for but time.
    async fn spacing(&self, ends: impl IntoIterator<Item = End>, calls: usize) -> Vec<f64> {
        let Worked { fake, queue, .. } = &self.worked;
        fake.script("f", ends);
        queue.accept(event("f", "{\"a\":1}")).await.unwrap();
        while fake.calls().len() < calls {
            fake.is_called().await;
        }
        let calls = fake.calls();
        let after = |at: u64| Duration::from_nanos(at - calls[0].arrived).as_secs_f64();
        calls.iter().skip(1).map(|call| after(call.arrived)).collect()
    }

    /// Waits until an event was given up; why.
    async fn given_up(&self) -> Given {
        loop {
            let said = self.worked.said.list();
            let why = said.iter().find_map(|happened| match happened {
                Happened::GivenUp { why, .. } => Some(*why),
                _ => None,
            });
            if let Some(why) = why {
                return why;
            }
            self.worked.said.more().await;
        }
    }
}

fn throttled() -> End {
    End::Throttled { reason: Reason::Account, retry_after: Duration::ZERO }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_fails_is_called_again_after_one_and_two_minutes() {
    let timed = timed(Rules::default());
    let after = timed.spacing([failed(), failed(), failed(), failed()], 3).await;
    assert_eq!(after, [60.0, 180.0]);
    assert_eq!(timed.given_up().await, Given::RetriesExhausted);
    let said = timed.worked.said.list();
    assert!(matches!(said[0], Happened::Again { attempt: 2, after: After::Error, .. }));
    assert!(matches!(said[1], Happened::Again { attempt: 3, after: After::Error, .. }));
    assert!(matches!(said[2], Happened::GivenUp { why: Given::RetriesExhausted, .. }));
}

#[tokio::test(start_paused = true)]
async fn without_an_instance_the_waits_double_and_errors_keep_their_number() {
    let timed = timed(Rules::default());
    let gone = || End::Unavailable("gone".to_owned());
    let ends = [throttled(), gone(), throttled(), failed(), throttled()];
    assert_eq!(timed.spacing(ends, 6).await, [1.0, 3.0, 7.0, 67.0, 68.0]);
}

#[tokio::test(start_paused = true)]
async fn rules_that_were_typed_hold() {
    let rules = Rules { retries: 0, ..Rules::default() };
    let none = timed(rules);
    assert_eq!(none.spacing([failed()], 1).await, [0.0; 0]);
    assert_eq!(none.given_up().await, Given::RetriesExhausted);
    let scale = Scale::of(60.0).unwrap();
    let rules = Rules { scale, ..Rules::default() };
    assert_eq!(timed(rules).spacing([failed(), failed()], 3).await, [1.0, 3.0]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_old_is_not_called_for() {
    let rules = Rules { oldest: Duration::from_secs(10), ..Rules::default() };
    let timed = timed(rules);
    assert_eq!(timed.spacing((0..9).map(|_| throttled()), 4).await, [1.0, 3.0, 7.0]);
    assert_eq!(timed.given_up().await, Given::EventAgeExceeded);
    assert_eq!(timed.worked.fake.calls().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_comes_to_nothing_leaves_lambdas_record_in_a_folder() {
    let records = tempfile::tempdir().unwrap();
    let on_failure = Some(Destination::Folder(records.path().join("new")));
    let timed = timed(Rules { retries: 1, on_failure, ..Rules::default() });
    timed.spacing([failed(), failed()], 2).await;
    timed.given_up().await;
    let files: Vec<_> = fs::read_dir(records.path().join("new")).unwrap().collect();
    assert_eq!(files.len(), 1);
    let file = files[0].as_ref().unwrap().path();
    let record: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let id = timed.worked.fake.calls()[0].request.to_string();
    assert_eq!(file.file_stem().unwrap().to_str().unwrap(), id);
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST";
    let context = json!({
        "requestId": id,
        "functionArn": arn,
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 2,
    });
    assert_eq!(record["version"], "1.0");
    assert_eq!(record["requestContext"], context);
    assert_eq!(record["requestPayload"], json!({ "a": 1 }));
    let response =
        json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" });
    assert_eq!(record["responseContext"], response);
    assert_eq!(record["responsePayload"], json!({ "errorMessage": "no", "errorType": "Oops" }));
}

#[tokio::test(start_paused = true)]
async fn another_function_gets_the_record_as_an_event_and_none_of_its_own_failure() {
    let on_failure = Some(Destination::Function("destination".into()));
    let timed = timed(Rules { retries: 0, on_failure, ..Rules::default() });
    timed.worked.fake.script("destination", [failed()]);
    timed.spacing([failed()], 2).await;
    let calls = timed.worked.fake.calls();
    let names: Vec<&str> = calls.iter().map(|call| &*call.function).collect();
    assert_eq!(names, ["f", "destination"]);
    let record: Value = serde_json::from_slice(&calls[1].event).unwrap();
    assert_eq!(record["requestContext"]["requestId"], calls[0].request.to_string());
    assert_ne!(calls[1].request, calls[0].request);
    timed.worked.end().await;
}

#[tokio::test]
async fn an_event_for_a_function_that_is_gone_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::of(&["f"]);
    fake.remove("f");
    assert_eq!(fake.functions().len(), 0);
    let worked = worked(folder.path(), Rules::default(), &fake);
    worked.queue.accept(event("f", "1")).await.unwrap();
    worked.is_done().await;
    let said = worked.said.list();
    assert!(matches!(said[..], [Happened::GivenUp { why: Given::NotFound, .. }]));
    worked.end().await;
}

/// Waits, errors and ages go on where they were.
#[tokio::test]
async fn a_restart_forgets_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::of(&["f"]);
    let rules = Rules { scale: Scale::of(60.0).unwrap(), ..Rules::default() };
    fake.script("f", [failed(), failed(), failed(), failed()]);
    let first = worked(folder.path(), rules.clone(), &fake);
    first.queue.accept(event("f", "1")).await.unwrap();
    while !first.said.list().iter().any(|s| matches!(s, Happened::Again { .. })) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    first.kill().await;
    is_free(folder.path()).await;
    let second = worked(folder.path(), rules, &fake);
    second.is_done().await;
    assert_eq!(fake.calls().len(), 3);
    let said = second.said.list();
    assert!(matches!(said[0], Happened::Again { attempt: 3, after: After::Error, .. }), "{said:?}");
    second.end().await;
}
