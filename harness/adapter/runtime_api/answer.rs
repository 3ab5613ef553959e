//! What an instance answers, and who it was that answered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::http::Failure;
use crate::engine::Evidence;
use crate::text::sanitize::printable;

/// How an invocation was answered, and by whom.
#[derive(Debug)]
pub struct Answered {
    /// What came.
    pub answer: Answer,
    /// Everybody who had a part in it, as far as that is known: who asked first, who was
    /// given the event, who answered.
    pub callers: Vec<Evidence>,
}

/// How an invocation was answered.
#[derive(Debug)]
pub enum Answer {
    /// A response, whatever it says.
    Response {
        /// When the last byte of it was read.
        responded: u64,
        /// `Coldstart-Replied-Ns`: the function's own stamp, kernel monotonic
        /// nanoseconds, not yet believed.
        replied: Option<u64>,
        /// Its beginning, as much as was asked for.
        body: Bytes,
        /// All its bytes.
        length: usize,
    },
    /// The function says that this invocation failed.
    FunctionError(String),
    /// The function says that it cannot start.
    InitError(String),
    /// The response is larger than [`super::MAX_REPLY`], or ended before its end.
    Unreadable(String),
    /// The driver could not take the connection of an instance: no fault of a function.
    Unreachable(String),
}

impl From<Failure> for Answer {
    /// A stream that ends in an error is an error, however much of it came before.
    fn from(failure: Failure) -> Self {
        let Failure { kind, body } = failure;
        // What is no base64 is shown as it came.
        let body = STANDARD.decode(&body).unwrap_or_else(|_| body.into_bytes());
        Answer::FunctionError(error_text(&body, Some(&kind)))
    }
}

/// The function's own words out of an error report; `header` is the type that came
/// beside it, for a report that has none.
pub(super) fn error_text(body: &[u8], header: Option<&str>) -> String {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Report {
        error_message: String,
        error_type: Option<String>,
    }
    let (kind, text) = match serde_json::from_slice::<Report>(body) {
        Ok(report) => (report.error_type, report.error_message),
        Err(_) => (None, String::from_utf8_lossy(body).into_owned()),
    };
    let kind = kind.as_deref().or(header).filter(|kind| !kind.is_empty());
    let text = match kind {
        Some(kind) if text.is_empty() => kind.to_owned(),
        Some(kind) => format!("{kind}: {text}"),
        None => text,
    };
    printable(&text, 500)
}
