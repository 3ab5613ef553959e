//! What a reader must know of each side.

use std::collections::BTreeMap;

use crate::spec::function::{HttpRequest, Launch, Limits, ReplyCheck};
use crate::stats::Fault;
use crate::store::{BaseRecord, EnvironmentRecord, EventRecord, Shortfall};

/// What is known of one side.
#[derive(Debug, Clone, PartialEq)]
pub struct SideInfo {
    /// What a reader calls it: `main (1a2b3c4d5e6f)`, or the run's folder.
    pub label: String,
    /// The run's id.
    pub run: String,
    /// When it was measured, RFC 3339, UTC.
    pub started: String,
    /// The command that measured it.
    pub command: String,
    /// Machine and engine in a line.
    pub place: String,
    /// Rounds that were measured, the first included.
    pub rounds: u32,
    /// Why its figures are not to be believed; empty when they are.
    pub invalid: Vec<Fault>,
    /// Whether it was cut short.
    pub partial: bool,
    /// What it lacks of its plan, where that is known.
    pub shortfall: Option<Shortfall>,
    /// Whether its figures are made up.
    pub simulated: bool,
    /// Milliseconds that functions were told to sleep in their init, by name.
    pub injected: BTreeMap<String, u32>,
    /// Whether they were told to work for so long instead.
    pub works: bool,
    /// The functions, by name.
    pub functions: BTreeMap<String, FunctionFacts>,
}

impl SideInfo {
    /// Whether its figures are to be believed, as far as its controls can tell.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.invalid.is_empty()
    }
}

/// A function as one side had it.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionFacts {
    /// Position in `functions.toml`: its colour.
    pub position: usize,
    /// Content address of the image.
    pub digest: String,
    /// Bytes of the image on disk.
    pub size: u64,
    /// What an instance may use, unless the scenario says otherwise.
    pub limits: Limits,
    /// What its version command printed.
    pub version: String,
    /// Its bases, by build argument.
    pub bases: BTreeMap<String, BaseRecord>,
    /// What was asked of it.
    pub asked: Asked,
}

/// What was asked of a function, by whom it is measured: none of it is the function's
/// own. What is none was not recorded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// Time limit of an invocation, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// How replies were verified.
    pub reply: Option<ReplyCheck>,
    /// The event.
    pub event: Option<EventRecord>,
    /// The environment of its instances.
    pub environment: Option<EnvironmentRecord>,
    /// How its instances were started where that was not what the image says.
    pub launch: Option<Launch>,
    /// How it was asked; none where it asks for its events.
    pub request: Option<HttpRequest>,
}
