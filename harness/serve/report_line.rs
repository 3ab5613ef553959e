//! What Lambda writes into a function's log around a call: START, END and the REPORT line,
//! byte for byte, so that parsers which people have work on it.
//!
//! A figure that is not known is left out, and not made up: `Max Memory Used` where the kernel
//! does not say it, `Memory Size` where there is no limit.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use uuid::Uuid;

use super::names::LATEST;
use super::{Call, Done, End, Report, Status};
use crate::clock::Clock;

/// The most of a log that is given back: its end, in bytes.
pub const MOST_LOG: usize = 4096;
/// What the types of errors begin with that are the platform's words, not the function's.
const OF_THE_PLATFORM: &str = "Runtime.";

/// The line at a call's begin.
#[must_use]
pub fn start(request: Uuid) -> String {
    format!("START RequestId: {request} Version: {LATEST}\n")
}

/// The lines at a call's end: END, and the REPORT.
#[must_use]
pub fn end(report: &Report, end: &End) -> String {
    format!("END RequestId: {}\n{}", report.request, line(report, end))
}

/// The REPORT line. Its fields are separated by tabs, and one more ends the line unless a
/// status does.
#[must_use]
pub fn line(report: &Report, end: &End) -> String {
    let Report { request, duration, billed, .. } = report;
    let mut line = format!(
        "REPORT RequestId: {request}\tDuration: {} ms\tBilled Duration: {} ms\t",
        milliseconds(*duration),
        billed.as_millis(),
    );
    // Writing to a text cannot fail.
    let mut add = |name: &str, value: Option<String>| {
        let _ = value.map(|value| write!(line, "{name}: {value}\t"));
    };
    add("Memory Size", report.memory.map(|bytes| format!("{} MB", whole_megabytes(bytes))));
    add("Max Memory Used", report.used.map(|bytes| format!("{} MB", megabytes_begun(bytes))));
    add("Init Duration", report.init.map(|init| format!("{} ms", milliseconds(init))));
    match report.status {
        Status::Timeout => line.push_str("Status: timeout"),
        Status::Error => {
            let kind = ErrorDocument::of(end).kind;
            let told = kind.filter(|kind| kind.starts_with(OF_THE_PLATFORM));
            let _ = told.map(|kind| write!(line, "Status: error\tError Type: {kind}"));
        }
        Status::Success => {}
    }
    line.push('\n');
    line
}

/// All of a call's log, or its end where it is long: the lines above and below what the
/// instance wrote.
#[must_use]
pub fn log(call: &Call, done: &Done, clock: &Clock) -> Bytes {
    let mut log = start(call.request).into_bytes();
    log.extend_from_slice(done.log.as_deref().unwrap_or_default());
    if log.last().is_some_and(|last| *last != b'\n') {
        log.push(b'\n');
    }
    if let Some(report) = &done.report {
        if report.status == Status::Timeout {
            let ended = call.arrived.saturating_add(nanoseconds(report.waited + report.duration));
            let (time, request) = (time(clock.wall_ms(ended)), call.request);
            let words = ErrorDocument::of(&done.end).timed_out(report.duration);
            log.extend_from_slice(format!("{time} {request} {words}\n\n").as_bytes());
        }
        log.extend_from_slice(end(report, &done.end).as_bytes());
    }
    let log = Bytes::from(log);
    log.slice(log.len().saturating_sub(MOST_LOG)..)
}

/// What a function's error says of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorDocument {
    #[serde(rename = "errorType")]
    pub(super) kind: Option<String>,
    #[serde(rename = "errorMessage")]
    message: Option<String>,
}

impl ErrorDocument {
    /// Nothing of what is no error, or none that can be read.
    pub(super) fn of(end: &End) -> Self {
        let End::Failed(document) = end else { return Self::default() };
        let mut read: Self = serde_json::from_slice(document).unwrap_or_default();
        // It stands in a line of its own.
        read.kind = read.kind.map(|kind| crate::text::sanitize::printable(&kind, 200));
        read
    }

    fn timed_out(&self, duration: Duration) -> String {
        let words = self.message.as_deref().and_then(|text| text.find(WORDS).map(|at| &text[at..]));
        let own = || format!("{WORDS} {:.2} seconds", duration.as_secs_f64());
        words.map_or_else(own, |words| crate::text::sanitize::printable(words, 200))
    }
}

const WORDS: &str = "Task timed out after";

/// An instant as Lambda writes it.
#[must_use]
pub(super) fn time(wall_ms: u64) -> String {
    let known =
        i64::try_from(wall_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    known.unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// With two decimals, as they all have.
fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

pub(super) fn whole_megabytes(bytes: u64) -> u64 {
    bytes >> 20
}

/// Of memory that is used a part counts as all.
pub(super) fn megabytes_begun(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

#[cfg(test)]
mod tests;
