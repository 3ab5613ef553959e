use super::*;
use crate::serve::Status;
use crate::serve::tests::{Fake, failed, report};

type Heard = Arc<Mutex<Vec<(Call, Done)>>>;

fn told(fake: &Fake) -> (Told<Fake>, Arc<Ledger>, Heard) {
    let heard = Heard::default();
    let to = heard.clone();
    let hear: Hear = Arc::new(move |call, done| {
        to.lock().unwrap().push((call.clone(), done.clone()));
    });
    let ledger = Ledger::of(hear);
    (Told::of(fake.clone(), ledger.clone()), ledger, heard)
}

fn call(function: &str) -> Call {
    let (request, event) = (Uuid::new_v4(), Bytes::from("{}"));
    Call {
        function: function.into(),
        request,
        event,
        arrived: 0,
        wants_log: false,
        client: Client::default(),
    }
}

#[tokio::test]
async fn a_call_is_told_once_both_halves_are_there_in_either_order() {
    let (platform, ledger, heard) = told(&Fake::of(&["f"]));
    let first = call("f");
    platform.call(first.clone()).await;
    assert_eq!(heard.lock().unwrap().len(), 0);
    let later = Report { used: Some(7), ..report(first.request, Status::Success) };
    ledger.reported(later.clone());
    let (told, done) = heard.lock().unwrap().pop().unwrap();
    assert_eq!((told.request, told.event.len()), (first.request, 0));
    assert_eq!(done.report, Some(later));
    let second = call("f");
    ledger.reported(report(second.request, Status::Success));
    assert_eq!(heard.lock().unwrap().len(), 0);
    platform.call(second).await;
    assert_eq!(heard.lock().unwrap().len(), 1);
    assert!(ledger.halves.lock().unwrap().is_empty());
}

#[tokio::test]
async fn who_gives_up_is_told_of_all_the_same() {
    let fake = Fake::of(&["slow"]);
    let (platform, ledger, heard) = told(&fake);
    let call = call("slow");
    let request = call.request;
    let waits = tokio::spawn(async move { platform.call(call).await });
    while fake.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    waits.abort();
    ledger.reported(report(request, Status::Success));
    fake.let_go(1);
    while heard.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_met_no_instance_took_nothing() {
    let fake = Fake::of(&["f"]);
    let (platform, ledger, heard) = told(&fake);
    platform.call(call("g")).await;
    fake.script("f", [End::Unavailable("x".to_owned()), failed()]);
    for has_report in [false, true] {
        let call = call("f");
        ledger.reported(report(call.request, Status::Error));
        platform.call(call).await;
        let (_, done) = heard.lock().unwrap().pop().unwrap();
        assert_eq!(done.report.is_some(), has_report);
    }
    assert_eq!(heard.lock().unwrap()[0].1.end, End::NotFound);
    assert!(ledger.halves.lock().unwrap().is_empty());
}
