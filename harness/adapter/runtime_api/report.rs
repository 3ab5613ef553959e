//! What a function says of its failures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Answer;
use super::http::Failure;
use crate::text::sanitize::printable;

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
