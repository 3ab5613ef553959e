//! Phases: the named intervals between marks.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The interval between two neighbouring marks of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Intended to dispatched: the driver's own lateness.
    Queue,
    /// Dispatched to the start call: listener armed, container created.
    Create,
    /// Start call to exec: the engine, its shim, its runtime, the network.
    Engine,
    /// Exec to main: the language runtime.
    Boot,
    /// Main to ready: the function's own start-up.
    Init,
    /// Ready (or, warm, dispatched) to responded.
    Invoke,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Phase; 6] =
        [Phase::Queue, Phase::Create, Phase::Engine, Phase::Boot, Phase::Init, Phase::Invoke];

    /// Its name in tables and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Phase::Queue => "queue",
            Phase::Create => "create",
            Phase::Engine => "engine",
            Phase::Boot => "boot",
            Phase::Init => "init",
            Phase::Invoke => "invoke",
        }
    }
}

/// One or more neighbouring phases. More than one where the marks between them
/// are missing: then they are merged, and the name says so (`engine+boot`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phases {
    /// The first phase of the span.
    pub first: Phase,
    /// The last phase of the span; the same as `first` when nothing is merged.
    pub last: Phase,
}

impl fmt::Display for Phases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Phase::ALL
            .into_iter()
            .filter(|p| (self.first..=self.last).contains(p))
            .map(Phase::name)
            .collect();
        f.pad(&names.join("+"))
    }
}
