//! What became of an invocation.

use serde::{Deserialize, Serialize};

/// What became of an invocation. A failure is a value, with its cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// Answered, verified, and its temperature proved.
    Ok,
    /// No answer within the function's time limit; the instance was killed.
    TimedOut {
        /// What was waited for, and what was seen meanwhile.
        cause: String,
    },
    /// The instance ended before it answered.
    Crashed {
        /// Exit code and the last lines of its output.
        cause: String,
    },
    /// The function reported that it cannot start.
    InitError {
        /// Its own words.
        cause: String,
    },
    /// The function reported that this invocation failed. As on AWS Lambda its instance
    /// lives on where the function does.
    FunctionError {
        /// Its own words.
        cause: String,
    },
    /// The reply is not the expected one, or not a reply at all.
    WrongReply {
        /// What was expected and what came.
        cause: String,
    },
    /// The proof of temperature failed.
    NotCold {
        /// Which part of the proof failed.
        cause: String,
    },
    /// Somebody else had a part in the answer, or it cannot be told that nobody had.
    Stranger {
        /// Who it was, and who was expected.
        cause: String,
    },
    /// The engine refused or failed.
    EngineError {
        /// The engine's words.
        cause: String,
    },
    /// It was planned and left out, because nothing answered before it.
    NotTried {
        /// Since when.
        cause: String,
    },
}

/// How a cause says that memory ran out, or most likely did.
pub const OUT_OF_MEMORY: &str = "ran out of memory";

impl Outcome {
    /// Whether it failed because memory ran out, as far as its cause says so.
    #[must_use]
    pub fn is_out_of_memory(&self) -> bool {
        self.cause().is_some_and(|cause| cause.contains(OUT_OF_MEMORY))
    }

    /// Whether the invocation succeeded.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self, Outcome::Ok)
    }

    /// Whether the instance is as good for another invocation as it was for this one.
    #[must_use]
    pub fn spares_instance(&self) -> bool {
        matches!(self, Outcome::Ok | Outcome::FunctionError { .. })
    }

    /// The kind as it stands in `samples.jsonl`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::TimedOut { .. } => "timed_out",
            Outcome::Crashed { .. } => "crashed",
            Outcome::InitError { .. } => "init_error",
            Outcome::FunctionError { .. } => "function_error",
            Outcome::WrongReply { .. } => "wrong_reply",
            Outcome::NotCold { .. } => "not_cold",
            Outcome::Stranger { .. } => "stranger",
            Outcome::EngineError { .. } => "engine_error",
            Outcome::NotTried { .. } => "not_tried",
        }
    }

    /// The cause of a failure.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        match self {
            Outcome::Ok => None,
            Outcome::TimedOut { cause }
            | Outcome::Crashed { cause }
            | Outcome::InitError { cause }
            | Outcome::FunctionError { cause }
            | Outcome::WrongReply { cause }
            | Outcome::NotCold { cause }
            | Outcome::Stranger { cause }
            | Outcome::EngineError { cause }
            | Outcome::NotTried { cause } => Some(cause),
        }
    }
}
