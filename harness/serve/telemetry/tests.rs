use bytes::Bytes;
use serde_json::Value;
use uuid::Uuid;

use super::*;
use crate::serve::Client;
use crate::serve::tests::{failed, report};

fn told(report: Report, end: End) -> Vec<Value> {
    let (event, request) = (Bytes::new(), report.request);
    let call = Call {
        function: "f".into(),
        request,
        event,
        arrived: 0,
        wants_log: false,
        client: Client::default(),
    };
    let done = Done { end, version: 1, report: Some(report), log: None };
    let lines = lines(&call, &done, &Clock::paused());
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_cold_call_is_its_init_and_itself_in_order() {
    let events = told(report(Uuid::nil(), Status::Success), End::Response(Bytes::from("abc")));
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "platform.initStart",
            "platform.initRuntimeDone",
            "platform.initReport",
            "platform.start",
            "platform.runtimeDone",
            "platform.report",
        ]
    );
    let times: Vec<&str> = events.iter().map(|event| event["time"].as_str().unwrap()).collect();
    assert!(times.is_sorted());
    // 150 ms after it came, less the init.
    assert_eq!(times[0], "1970-01-01T00:00:00.026Z");
    assert_eq!(times[5], "1970-01-01T00:00:00.151Z");
    assert_eq!(events[2]["record"]["metrics"]["durationMs"], 123.454);
    assert_eq!(events[4]["record"]["metrics"]["producedBytes"], 3);
    let metrics = &events[5]["record"]["metrics"];
    assert_eq!(metrics["durationMs"], 1.235);
    assert_eq!(metrics["billedDurationMs"], 125);
    assert_eq!(metrics["initDurationMs"], 123.454);
    assert_eq!(metrics["maxMemoryUsedMB"], 35);
    assert_eq!(metrics["memorySizeMB"], 128);
    assert_eq!(events[5]["record"]["status"], "success");
}

#[test]
fn a_warm_failure_names_its_type_and_has_no_init() {
    let warm = Report { init: None, ..report(Uuid::nil(), Status::Error) };
    let events = told(warm, failed());
    assert_eq!(events.len(), 3);
    for event in &events[1..] {
        assert_eq!(event["record"]["status"], "error");
        assert_eq!(event["record"]["errorType"], "Oops");
    }
}
