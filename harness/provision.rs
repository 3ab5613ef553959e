//! Getting an engine and base images onto a bare machine.
//!
//! Looking, pulling and building are normal use. Installing packages, starting
//! daemons and bootstrapping change the machine: they need [`Consent`]. Nothing
//! here is timed.

use crate::engine::EngineError;

pub mod bases;
pub mod bootstrap;
pub mod checkout;
mod command;
pub mod contained;
mod credentials;
pub mod daemon;
mod docker_host;
pub mod doctor;
pub mod engine;
mod environment;
pub mod images;
pub mod launcher;
mod lock;
pub mod own_image;
mod packages;
pub mod podman;

pub(crate) use command::{captured, captured_unless, last_lines};
pub(crate) use docker_host::hex;
pub use environment::Surroundings;

/// Whether packages may be installed and daemons started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Yes.
    Given,
    /// No: say what is missing instead.
    Withheld,
}

impl Consent {
    /// Consent is the flag, or `COLDSTART_PROVISION` set to `1` or `true`.
    #[must_use]
    pub fn from_flag(flag: bool) -> Self {
        let variable = std::env::var("COLDSTART_PROVISION").unwrap_or_default();
        if flag || matches!(variable.as_str(), "1" | "true") { Self::Given } else { Self::Withheld }
    }
}

/// Why there is no engine, or no base image.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// Something is missing, and nothing was changed.
    #[error("{missing}\n{cure}")]
    Missing {
        /// What is missing.
        missing: String,
        /// What to type.
        cure: String,
    },
    /// An attempt to get it failed.
    #[error("cannot {doing}: {message}")]
    Failed {
        /// What was attempted.
        doing: String,
        /// Why it failed, with the last lines of what it printed.
        message: String,
    },
    /// The engine failed while it was used.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl ProvisionError {
    fn failed(doing: impl Into<String>, message: impl ToString) -> Self {
        Self::Failed { doing: doing.into(), message: message.to_string() }
    }
}

/// How to give consent, as the end of a message.
const HOW_TO_CONSENT: &str = "`coldstart run --provision` (or COLDSTART_PROVISION=1)";
