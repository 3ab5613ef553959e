//! What became of a call, in the words of those who called.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::adapter::MAX_REPLY;
use crate::platform::{Target, Visit};
use crate::pool;
use crate::sample::{Mark, Marks, Outcome, Sample, Temperature};
use crate::serve::{Call, Done, End, Report, Status};

/// How a call ended, from what was seen of it.
pub(super) fn end(visit: &Visit, timeout: Duration) -> End {
    match &visit.outcome {
        // What answered is the function, right or not: whoever called judges.
        Outcome::Ok | Outcome::NotCold { .. } | Outcome::WrongReply { .. }
            if visit.marks.get(Mark::Responded).is_some() =>
        {
            End::Response(visit.reply.clone())
        }
        Outcome::FunctionError { cause } if visit.reply.is_empty() => {
            let (kind, message) = cause.split_once(": ").unwrap_or(("Error", cause));
            End::Failed(document(kind, message))
        }
        Outcome::FunctionError { .. } => End::Failed(visit.reply.clone()),
        Outcome::TimedOut { .. } => {
            let seconds = timeout.as_secs_f64();
            End::Failed(document(
                "Sandbox.Timedout",
                &format!("Task timed out after {seconds:.2} seconds"),
            ))
        }
        Outcome::Crashed { cause } => End::Failed(document("Runtime.ExitError", cause)),
        Outcome::InitError { cause } => End::Failed(document("Runtime.InitError", cause)),
        Outcome::NotCold { cause } | Outcome::WrongReply { cause } => {
            End::Failed(document("Runtime.InvalidResponse", cause))
        }
        Outcome::Stranger { cause }
        | Outcome::EngineError { cause }
        | Outcome::NotTried { cause } => End::Unavailable(cause.clone()),
        Outcome::Ok => End::Unavailable("it was answered by nobody".to_owned()),
    }
}

/// How a call ended whose answer was larger than can be given back as one; none where it was not.
pub(super) fn exceeds(visit: &Visit) -> Option<End> {
    let is_cut = visit.outcome.is_ok() && visit.replied_bytes > MAX_REPLY;
    is_cut.then(|| {
        let message = format!(
            "Response payload size exceeded maximum allowed payload size ({MAX_REPLY} bytes)."
        );
        End::Failed(document("Function.ResponseSizeTooLarge", &message))
    })
}

/// As Lambda writes what a function itself does not.
fn document(kind: &str, message: &str) -> Bytes {
    Bytes::from(json!({ "errorType": kind, "errorMessage": message }).to_string())
}

/// Which limit that is.
pub(super) fn limit(reason: pool::Reason) -> &'static str {
    match reason {
        pool::Reason::Account => "the limit of calls at a time, of all functions",
        pool::Reason::Function => "the function's limit of calls at a time",
        pool::Reason::Scaling => "the limit of starts of a function in a time",
        pool::Reason::Memory => "the limit of what instances may take together",
        pool::Reason::Draining => "the platform stops",
    }
}

/// What a call took, as far as that is known when it is answered.
pub(super) fn report(
    call: &Call,
    visit: &Visit,
    target: &Target,
    (exec, used): (Option<u64>, Option<u64>),
) -> Report {
    let mut marks = visit.marks;
    if let Some(exec) = exec {
        marks.set(Mark::Exec, exec);
    }
    of(call, (&marks, visit.temperature, &visit.outcome), target, used)
}

/// The same of the row of it.
pub(super) fn report_of_row(
    call: &Call,
    row: &Sample,
    target: &Target,
    used: Option<u64>,
) -> Report {
    of(call, (&row.marks, row.cell.temperature, &row.outcome), target, used)
}

fn of(
    call: &Call,
    (marks, temperature, outcome): (&Marks, Temperature, &Outcome),
    target: &Target,
    used: Option<u64>,
) -> Report {
    let timeout = target.function.timeout;
    let between =
        |from: Option<u64>, to: Option<u64>| Some(Duration::from_nanos(to?.checked_sub(from?)?));
    let is_late = matches!(outcome, Outcome::TimedOut { .. });
    let given = marks.get(Mark::Sent);
    let duration = between(given, marks.get(Mark::Responded));
    let duration = duration.unwrap_or(if is_late { timeout } else { Duration::ZERO });
    let began = marks.get(Mark::Exec).or(marks.get(Mark::StartCalled));
    // Of an instance that was started before, init is no part of the call.
    let is_its_own = temperature == Temperature::Cold && marks.get(Mark::StartCalled).is_some();
    let init = if is_its_own { between(began, marks.ready()) } else { None };
    Report {
        request: call.request,
        duration,
        billed: billed(duration + init.unwrap_or_default()),
        memory: Some(target.factors().memory).filter(|memory| *memory > 0),
        used,
        init,
        waited: between(marks.get(Mark::Intended), given).unwrap_or_default(),
        temperature,
        status: match outcome {
            Outcome::TimedOut { .. } => Status::Timeout,
            outcome if outcome.is_ok() => Status::Success,
            _ => Status::Error,
        },
    }
}

/// Whole milliseconds, the last one too.
fn billed(took: Duration) -> Duration {
    let ms = took.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX))
}

impl Done {
    /// Of a call of which nothing else is known.
    pub(crate) fn without(end: End) -> Self {
        Self { end, version: 0, report: None, log: None }
    }
}
