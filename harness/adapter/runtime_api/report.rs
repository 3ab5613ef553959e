//! What a function says of its failures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::Answer;
use super::http::{Body, Failure};
use crate::text::sanitize::{both_ends, printable};

/// The most that is kept of a function's words, in characters: of longer ones both ends.
const WORDS: usize = 1000;

/// The function's own words in an error report.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Report {
    error_message: Option<String>,
    error_type: Option<String>,
}

impl From<Failure> for Answer {
    /// A stream that ends in an error is an error, however much of it came before.
    fn from(failure: Failure) -> Self {
        let Failure { kind, body } = failure;
        // A long one was cut; what is no base64 is shown as it came.
        let whole = &body[..body.len() / 4 * 4];
        let body = STANDARD.decode(whole).unwrap_or_else(|_| body.into_bytes());
        let cause = words(&body, b"", Some(&kind));
        Answer::FunctionError { cause, document: body.into() }
    }
}

/// The function's own words out of the body of an error report, as far as it was kept;
/// `header` is the type that came beside it, for a report that has none.
pub(super) fn error_text(body: &Body, header: Option<&str>) -> String {
    words(&body.kept, &body.end, header)
}

fn words(body: &[u8], end: &[u8], header: Option<&str>) -> String {
    let text = || String::from_utf8_lossy(body).into_owned();
    let report = match serde_json::from_slice::<Report>(body) {
        Ok(Report { error_message: None, error_type: None }) if body != b"{}" => {
            Report { error_message: Some(text()), error_type: None }
        }
        Ok(report) => report,
        Err(_) => Report {
            error_type: member(body, "errorType").or_else(|| member(end, "errorType")),
            error_message: Some(member(body, "errorMessage").unwrap_or_else(text)),
        },
    };
    // Nothing is left of some texts: then they say nothing.
    let plain = |text: &str| Some(printable(text, usize::MAX)).filter(|text| !text.is_empty());
    let kind = report.error_type.as_deref().or(header).and_then(plain);
    let text = match (kind, report.error_message.as_deref().and_then(plain)) {
        (Some(kind), None) => kind,
        (Some(kind), Some(text)) => format!("{kind}: {text}"),
        (None, None) => "it does not say which".to_owned(),
        (None, Some(text)) => text,
    };
    both_ends(&text, WORDS)
}

/// A text by its name out of a report that is cut, or odd otherwise.
fn member(body: &[u8], name: &str) -> Option<String> {
    let body = String::from_utf8_lossy(body);
    let (_, rest) = body.split_once(&format!("\"{name}\""))?;
    let value = rest.trim_start().strip_prefix(':')?;
    serde_json::Deserializer::from_str(value).into_iter::<String>().next()?.ok()
}

#[cfg(test)]
mod tests;
