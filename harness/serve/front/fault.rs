//! What a client is told that asks for something which cannot be: in the shape that the AWS SDKs
//! turn into their exceptions, by the name in `x-amzn-ErrorType`.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderName, RETRY_AFTER};
use serde_json::json;
use uuid::Uuid;

use super::reply::{self, Response};
use crate::serve::Reason;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// What a client is told that asks for something which cannot be.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    /// The exception's name.
    kind: &'static str,
    message: String,
    throttled: Option<(Reason, Duration)>,
}

impl Fault {
    pub(super) fn of(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), throttled: None }
    }

    pub(super) fn not_found(arn: &str) -> Self {
        let message = format!("Function not found: {arn}");
        Self::of(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message)
    }

    pub(super) fn invalid_name(words: &str) -> Self {
        let words = crate::text::sanitize::printable(words, 200);
        let message = format!(
            "1 validation error detected: Value '{words}' at 'functionName' failed to satisfy \
             constraint: it is no name of a function and no ARN of one"
        );
        Self::of(StatusCode::BAD_REQUEST, "ValidationException", message)
    }

    pub(super) fn two_qualifiers() -> Self {
        Self::invalid(
            "The derived qualifier from the function name does not match the specified qualifier.",
        )
    }

    pub(super) fn no_json(why: impl std::fmt::Display) -> Self {
        let message = format!("Could not parse request body into json: {why}");
        Self::of(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message)
    }

    /// In Lambda's words.
    pub(super) fn no_context() -> Self {
        let message = "Client context must be a valid Base64-encoded JSON object.";
        Self::of(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message)
    }

    pub(super) fn long_context(most: usize) -> Self {
        let message = format!("Client context must be at most {most} bytes as it is sent.");
        Self::of(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message)
    }

    pub(super) fn too_large(most: usize) -> Self {
        let message =
            format!("Request must be smaller than {most} bytes for the InvokeFunction operation");
        Self::of(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message)
    }

    pub(super) fn slow(limit: Duration) -> Self {
        let message = format!("the rest of the request did not come within {limit:?}");
        Self::of(StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException", message)
    }

    pub(super) fn broken(why: impl std::fmt::Display) -> Self {
        Self::of(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            format!("half a request: {why}"),
        )
    }

    pub(super) fn throttled(reason: Reason, after: Duration) -> Self {
        let throttled = Some((reason, after));
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { throttled, ..Self::of(status, "TooManyRequestsException", "Rate Exceeded.") }
    }

    pub(super) fn stopping() -> Self {
        let message = "the platform stops, and takes no more calls";
        Self::of(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", message)
    }

    pub(super) fn unavailable(why: &str) -> Self {
        let why = crate::text::sanitize::printable(why, 1000);
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", why)
    }

    pub(super) fn not_served(method: &hyper::Method, path: &str) -> Self {
        let path = crate::text::sanitize::printable(path, 200);
        let message = format!(
            "{method} {path} is nothing that `coldstart serve` does: it invokes functions, lists \
             them, and serves their URLs"
        );
        Self::of(StatusCode::NOT_FOUND, "UnknownOperationException", message)
    }

    /// As an answer. SDKs differ in whether they read `Message` or `message`.
    pub(super) fn response(self, id: Uuid) -> Response {
        let Self { status, kind, message, throttled } = self;
        let whose = if status.is_server_error() { "Service" } else { "User" };
        let mut body = json!({ "Type": whose, "Message": message, "message": message });
        if let Some((reason, _)) = throttled {
            body["Reason"] = limit(reason).into();
        }
        let mut response = reply::json(status, id, body.to_string());
        reply::set(&mut response, ERROR_TYPE, kind);
        if let Some((_, after)) = throttled {
            // Whole seconds: a part of one counts as all.
            let seconds = after.as_millis().div_ceil(1000).max(1);
            reply::set(&mut response, RETRY_AFTER, seconds.to_string());
        }
        response
    }
}

/// A limit by Lambda's name.
fn limit(reason: Reason) -> &'static str {
    match reason {
        // Lambda has no limit of memory for an account.
        Reason::Account | Reason::Memory => "ConcurrentInvocationLimitExceeded",
        Reason::Function => "ReservedFunctionConcurrentInvocationLimitExceeded",
        Reason::Scaling => "FunctionInvocationRateLimitExceeded",
    }
}
