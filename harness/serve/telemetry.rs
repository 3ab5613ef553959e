//! A call as the events of Lambda's Telemetry API tell it, a line of JSON each.
//!
//! They are written when the call is over, in the order in which they were, with the times at
//! which they were.

use std::time::Duration;

use serde_json::{Value, json};

use super::names::LATEST;
use super::report_line::{ErrorDocument, megabytes_begun, nanoseconds, time, whole_megabytes};
use super::{Call, Done, End, Report, Status};
use crate::clock::Clock;

/// The lines of a call; none of one that met no instance.
#[must_use]
pub fn lines(call: &Call, done: &Done, clock: &Clock) -> String {
    let Some(report) = &done.report else { return String::new() };
    let given = call.arrived.saturating_add(nanoseconds(report.waited));
    let ended = given.saturating_add(nanoseconds(report.duration));
    let line = |at: u64, kind: &str, record: Value| {
        let time = time(clock.wall_ms(at));
        format!("{}\n", json!({ "time": time, "type": kind, "record": record }))
    };
    let mut lines = String::new();
    if let Some(init) = report.init {
        let begun = given.saturating_sub(nanoseconds(init));
        lines.push_str(&line(begun, "platform.initStart", init_start(call, report)));
        lines.push_str(&line(given, "platform.initRuntimeDone", init_done()));
        lines.push_str(&line(given, "platform.initReport", init_report(init)));
    }
    let request = report.request.to_string();
    let start = json!({ "requestId": request, "version": LATEST });
    lines.push_str(&line(given, "platform.start", start));
    let status = status(report, &done.end);
    let mut done_metrics = json!({ "durationMs": milliseconds(report.duration) });
    if let End::Response(bytes) | End::Failed(bytes) = &done.end {
        done_metrics["producedBytes"] = bytes.len().into();
    }
    let runtime_done = json!({ "requestId": request, "metrics": done_metrics });
    lines.push_str(&line(ended, "platform.runtimeDone", with(runtime_done, &status)));
    let all = json!({ "requestId": request, "metrics": metrics(report) });
    lines.push_str(&line(ended, "platform.report", with(all, &status)));
    lines
}

fn init_start(call: &Call, report: &Report) -> Value {
    let mut record = json!({
        "initializationType": "on-demand",
        "phase": "init",
        "functionName": &*call.function,
        "functionVersion": LATEST,
    });
    if let Some(memory) = report.memory {
        record["instanceMaxMemory"] = whole_megabytes(memory).into();
    }
    record
}

fn init_done() -> Value {
    json!({ "initializationType": "on-demand", "phase": "init", "status": "success" })
}

fn init_report(init: Duration) -> Value {
    let mut record = init_done();
    record["metrics"] = json!({ "durationMs": milliseconds(init) });
    record
}

/// `status`, and the type of an error.
fn status(report: &Report, end: &End) -> Value {
    match report.status {
        Status::Success => json!({ "status": "success" }),
        Status::Timeout => json!({ "status": "timeout" }),
        Status::Error => {
            let kind = ErrorDocument::of(end).kind;
            json!({ "status": "error", "errorType": kind.as_deref().unwrap_or("Unknown") })
        }
    }
}

fn with(mut record: Value, more: &Value) -> Value {
    if let (Value::Object(record), Value::Object(more)) = (&mut record, more) {
        record.extend(more.clone());
    }
    record
}

fn metrics(report: &Report) -> Value {
    let mut metrics = json!({
        "durationMs": milliseconds(report.duration),
        "billedDurationMs": u64::try_from(report.billed.as_millis()).unwrap_or(u64::MAX),
    });
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            metrics[name] = value;
        }
    };
    add("memorySizeMB", report.memory.map(|bytes| whole_megabytes(bytes).into()));
    add("maxMemoryUsedMB", report.used.map(|bytes| megabytes_begun(bytes).into()));
    add("initDurationMs", report.init.map(|init| milliseconds(init).into()));
    metrics
}

/// To a microsecond, as Lambda has them.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests;
