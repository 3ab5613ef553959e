//! One file a verb. A verb loads, acts, shows; the work is in the modules below.
//!
//! stdout is the result, stderr is everything else, and goes through `voice`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{Cli, Common, Verb};
use crate::functions::{self, Function};

mod aa;
mod build;
mod clean;
mod compare;
mod doctor;
mod gate;
mod measure;
mod progress;
mod report;
mod run;
mod sides;
mod verdict;
mod voice;

use voice::{say, warn};

/// Why a verb did not do what it was asked to: each kind has its exit code.
#[derive(Debug)]
pub enum Failure {
    /// What was typed or written in a file is wrong. Exit code 2.
    Usage(anyhow::Error),
    /// The machine, the engine, the disk or a run folder stands in the way. Exit
    /// code 4.
    Environment(anyhow::Error),
    /// What was compared got worse; that is told already. Exit code 1.
    Regression,
    /// What was compared cannot be told from its margin, and that was to be strict;
    /// told already. Exit code 3.
    Inconclusive,
    /// What was compared cannot be judged; told already. Exit code 4.
    Invalid,
    /// Ctrl-C. Exit code 130.
    Interrupted,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Environment(error.into())
    }
}

impl Failure {
    /// The exit code, and the message of the error chain, if there is one to show.
    #[must_use]
    pub fn report(&self) -> (u8, Option<String>) {
        match self {
            Failure::Usage(error) => (2, Some(format!("{error:#}"))),
            Failure::Environment(error) => (4, Some(format!("{error:#}"))),
            Failure::Regression => (1, None),
            Failure::Inconclusive => (3, None),
            Failure::Invalid => (4, None),
            Failure::Interrupted => (130, None),
        }
    }
}

/// Does what was typed; returns the exit code.
#[must_use]
pub fn execute(cli: &Cli) -> ExitCode {
    voice::begin(&cli.talk);
    let done = match &cli.verb {
        Verb::Run(args) => run::run(args),
        Verb::Gate(args) => gate::run(args),
        Verb::Compare(args) => compare::run(args),
        Verb::Aa(args) => aa::run(args),
        Verb::Build(args) => build::run(args),
        Verb::Report(args) => report::run(args),
        Verb::Clean(args) => clean::run(args),
        Verb::Doctor(args) => doctor::run(args),
    };
    let Err(failure) = done else { return ExitCode::SUCCESS };
    let (code, message) = failure.report();
    if let Some(message) = message {
        voice::error(&message);
    }
    ExitCode::from(code)
}

/// The runtime of a verb that talks to an engine: one thread, because the thread
/// that fires a burst must not share its two processors with helpers.
fn runtime(paused: bool) -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().start_paused(paused).build()?)
}

/// Loads `functions.toml` and picks: the ones that were typed, else those of the
/// scenario, else all.
fn load_functions(common: &Common, scenario: &[String]) -> Result<Vec<Function>, Failure> {
    let file: &Path = &common.functions_file;
    let all = functions::load(file).map_err(Failure::Usage)?;
    let names = common.functions.as_deref().unwrap_or(scenario);
    if names.is_empty() {
        return Ok(all);
    }
    functions::select(&all, names)
        .map_err(|e| Failure::Usage(e.context(format!("{}", file.display()))))
}
