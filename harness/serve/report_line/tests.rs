use std::time::Duration;

use regex_lite::Regex;

use super::*;
use crate::serve::Client;
use crate::serve::tests::{failed, report};

const ID: Uuid = Uuid::from_u128(0x6f74_7c9d_6c1c_4a6c_9ffb_7d4c_4f7d_5d1c);

fn call() -> Call {
    let (event, arrived) = (Bytes::new(), 0);
    Call {
        function: "f".into(),
        request: ID,
        event,
        arrived,
        wants_log: true,
        client: Client::default(),
    }
}

fn done(status: Status, end: End, log: &'static [u8]) -> Done {
    let report = Some(Report { waited: Duration::from_secs(1), ..report(ID, status) });
    Done { end, version: 1, report, log: Some(Bytes::from_static(log)) }
}

#[test]
fn the_line_is_lambdas_to_the_byte() {
    let ok = End::Response(Bytes::new());
    assert_eq!(
        line(&report(ID, Status::Success), &ok),
        "REPORT RequestId: 6f747c9d-6c1c-4a6c-9ffb-7d4c4f7d5d1c\tDuration: 1.23 ms\t\
         Billed Duration: 125 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\t\
         Init Duration: 123.45 ms\t\n"
    );
    let warm = Report { init: None, ..report(ID, Status::Timeout) };
    assert_eq!(
        line(&warm, &ok),
        "REPORT RequestId: 6f747c9d-6c1c-4a6c-9ffb-7d4c4f7d5d1c\tDuration: 1.23 ms\t\
         Billed Duration: 125 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\tStatus: timeout\n"
    );
    let ended = End::Failed(Bytes::from_static(b"{\"errorType\":\"Runtime.ExitError\"}"));
    assert!(line(&warm, &ended).ends_with("Status: timeout\n"));
    let died = Report { init: None, ..report(ID, Status::Error) };
    assert!(line(&died, &ended).ends_with("35 MB\tStatus: error\tError Type: Runtime.ExitError\n"));
    // What a function says that it failed by is no business of the platform's line.
    assert!(line(&died, &failed()).ends_with("35 MB\t\n"));
}

#[test]
fn what_is_not_known_is_not_made_up() {
    let unknown = Report { memory: None, used: None, init: None, ..report(ID, Status::Success) };
    let line = line(&unknown, &End::Response(Bytes::new()));
    assert!(line.ends_with("\tDuration: 1.23 ms\tBilled Duration: 125 ms\t\n"), "{line}");
}

/// Expressions of the kind that log parsers have.
#[test]
fn usual_expressions_read_it() {
    let text = line(&report(ID, Status::Success), &End::Response(Bytes::new()));
    let number = |expression: &str| {
        let found = Regex::new(expression).unwrap();
        let found = found.captures(&text).unwrap();
        found.get(1).unwrap().as_str().to_owned()
    };
    assert_eq!(number(r"RequestId: ([0-9a-f-]{36})"), ID.to_string());
    assert_eq!(number(r"\tDuration: ([0-9.]+) ms"), "1.23");
    assert_eq!(number(r"Billed Duration: (\d+) ms"), "125");
    assert_eq!(number(r"Memory Size: (\d+) MB"), "128");
    assert_eq!(number(r"Max Memory Used: (\d+) MB"), "35");
    assert_eq!(number(r"Init Duration: ([0-9.]+) ms\s*$"), "123.45");
}

#[test]
fn a_log_is_what_was_written_between_the_platforms_lines() {
    let clock = Clock::paused();
    let end = End::Response(Bytes::new());
    let log = super::log(&call(), &done(Status::Success, end, b"no line's end"), &clock);
    let text = String::from_utf8(log.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], format!("START RequestId: {ID} Version: $LATEST"));
    assert_eq!(lines[1], "no line's end");
    assert_eq!(lines[2], format!("END RequestId: {ID}"));
    assert!(lines[3].starts_with("REPORT ") && lines.len() == 4);
}

#[test]
fn a_long_log_is_its_end() {
    let written = Bytes::from(vec![b'a'; MOST_LOG]);
    let done = Done { log: Some(written), ..done(Status::Success, failed(), b"") };
    let log = super::log(&call(), &done, &Clock::paused());
    assert_eq!(log.len(), MOST_LOG);
    assert!(log.ends_with(b"Init Duration: 123.45 ms\t\n") && log.starts_with(b"aaa"));
}

#[test]
fn what_takes_too_long_is_told_in_a_line_of_its_own() {
    let words = "{\"errorMessage\":\"RequestId: x Error: Task timed out after 3.00 seconds\"}";
    let end = End::Failed(words.into());
    let log = super::log(&call(), &done(Status::Timeout, end, b""), &Clock::paused());
    let text = String::from_utf8(log.to_vec()).unwrap();
    let told = format!("1970-01-01T00:00:01.001Z {ID} Task timed out after 3.00 seconds\n\n");
    assert!(text.contains(&told), "{text}");
    let log = super::log(&call(), &done(Status::Timeout, failed(), b""), &Clock::paused());
    assert!(String::from_utf8_lossy(&log).contains("Task timed out after 0.00 seconds"));
}

/// Nothing that a function says begins a line of the platform's.
#[test]
fn an_errors_type_stays_in_its_line() {
    let end = End::Failed("{\"errorType\":\"Runtime.\\nREPORT RequestId: x\"}".into());
    let line = line(&report(ID, Status::Error), &end);
    assert_eq!(line.lines().count(), 1, "{line}");
}
