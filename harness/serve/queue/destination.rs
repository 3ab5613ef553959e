//! Lambda's record of an event that came to nothing.

use serde_json::{Value, json};

use super::{Given, Waiting};
use crate::serve::names::{LATEST, arn, arn_of_none};
use crate::serve::report_line::time;
use crate::serve::{Done, End, Served};

/// The record; `done` is the last call, where there was one.
pub(super) fn record(
    waiting: &Waiting,
    function: Option<&Served>,
    event: &[u8],
    (why, done): (Given, Option<&Done>),
    wall_ms: u64,
) -> String {
    let name = function.map_or_else(|| arn_of_none(&waiting.function), arn);
    let condition = match why {
        Given::EventAgeExceeded => "EventAgeExceeded",
        // Lambda knows no word for a function that is gone; the status below says it.
        Given::RetriesExhausted | Given::NotFound => "RetriesExhausted",
    };
    let mut record = json!({
        "version": "1.0",
        "timestamp": time(wall_ms),
        "requestContext": {
            "requestId": waiting.id.to_string(),
            "functionArn": format!("{name}:{LATEST}"),
            "condition": condition,
            "approximateInvokeCount": waiting.attempts,
        },
        "requestPayload": document(event),
    });
    if let Some(done) = done {
        let (status, failure) = match &done.end {
            End::Response(_) => (200, None),
            End::Failed(_) => (200, Some("Unhandled")),
            End::Throttled { .. } => (429, None),
            End::NotFound => (404, None),
            End::Stopping => (503, None),
            End::Unavailable(_) => (500, None),
        };
        record["responseContext"] = json!({ "statusCode": status, "executedVersion": LATEST });
        if let Some(failure) = failure {
            record["responseContext"]["functionError"] = failure.into();
        }
        if let End::Response(bytes) | End::Failed(bytes) = &done.end {
            record["responsePayload"] = document(bytes);
        }
    }
    record.to_string()
}

/// As it is where it is JSON, else as a text.
fn document(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into())
}
