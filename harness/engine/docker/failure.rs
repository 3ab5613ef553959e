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
