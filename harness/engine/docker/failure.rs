//! bollard's errors -> [`EngineError`]: is the engine gone, or did it refuse?

use bollard::errors::Error;

use crate::engine::EngineError;

/// What an error means, when the engine was asked to do something.
pub(super) fn failed(doing: &str, error: Error) -> EngineError {
    match error {
        Error::DockerResponseServerError { message, .. } => {
            refused(doing, message.trim().to_owned())
        }
        Error::DockerStreamError { error } => refused(doing, error.trim().to_owned()),
        Error::RequestTimeoutError => {
            refused(doing, format!("no answer within {} s", super::TIMEOUT))
        }
        // The transport broke before or during the answer: whatever the reason
        // (no socket, refused, cut short), there is nobody to talk to.
        Error::SocketNotFoundError(path) => {
            EngineError::Gone(format!("{doing}: no socket at {path}"))
        }
        error @ (Error::HyperLegacyError { .. }
        | Error::HyperResponseError { .. }
        | Error::IOError { .. }) => EngineError::Gone(format!("{doing}: {}", root(&error))),
        error => refused(doing, root(&error)),
    }
}

/// The engine answered, with this status.
pub(super) fn has_status(error: &Error, status: u16) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code, .. } if *status_code == status)
}

/// The registry answered the engine, and does not have the image. Most engines
/// give status 500 for this too: there is only the text to go by.
pub(super) fn is_not_found(error: &Error) -> bool {
    const WORDS: [&str; 3] = ["manifest unknown", "not found", "does not exist"];
    let text = match error {
        Error::DockerResponseServerError { message, .. } => message,
        Error::DockerStreamError { error } => error,
        _ => return false,
    };
    has_status(error, 404) || WORDS.iter().any(|words| text.contains(words))
}

/// It answered, and did not do it.
pub(super) fn refused(doing: &str, message: String) -> EngineError {
    EngineError::Refused { doing: doing.to_owned(), message }
}

/// The innermost cause: "connection refused" rather than the layers it went
/// through.
fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_such_image_and_no_registry_are_told_apart() {
        let answered = |status_code, message: &str| Error::DockerResponseServerError {
            status_code,
            message: message.to_owned(),
        };
        assert!(is_not_found(&answered(404, "pull access denied for x")));
        assert!(is_not_found(&answered(500, "manifest unknown")));
        assert!(!is_not_found(&answered(500, "dial tcp: lookup x: no such host")));
        let told = |error: &str| Error::DockerStreamError { error: error.to_owned() };
        assert!(is_not_found(&told("failed to resolve reference \"x\": x: not found")));
        assert!(!is_not_found(&told("failed to do request: dial tcp: connection refused")));
    }
}
