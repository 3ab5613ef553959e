//! One file a verb. A verb loads, acts, shows; the work is in the modules below.
//!
//! stdout is the result, stderr is everything else, and goes through `terminal`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, anyhow};

use crate::cli::{Cli, FunctionFlags, Verb};
use crate::terminal;
use coldstart::spec::function::{self, Function};
use coldstart::spec::scenario::{self, Scenario};
use coldstart::text::diagnostic::did_you_mean;

mod aa;
mod budgets;
mod build;
mod clean;
mod compare;
mod completions;
mod cost;
mod doctor;
mod engine_choice;
mod explain;
mod failure;
mod fleet;
mod gate;
mod holds;
mod image;
mod images;
mod init;
mod invoke;
mod kept;
mod list;
mod man;
mod matched_functions;
mod more_rounds;

mod publish;
mod repeat;
mod replay;
mod report;
mod run;
mod serve;
mod serving;
mod show;
mod stdout;
mod study;
mod tune;

use crate::terminal::{info, warn};

pub(crate) use failure::ExitReason;

/// Does what was typed; returns the exit code.
#[must_use]
pub(crate) fn execute(cli: &Cli) -> ExitCode {
    terminal::begin(&cli.talk);
    coldstart::system::descriptors::raise();
    let done = match &cli.verb {
        Verb::Run(args) => run::run(args),
        Verb::Gate(args) => gate::run(args),
        Verb::Compare(args) => compare::run(args),
        Verb::Tune(args) => tune::run(args),
        Verb::Study(args) => study::run(args),
        Verb::Aa(args) => aa::run(args),
        Verb::Build(args) => build::run(args),
        Verb::Fleet(args) => fleet::run(args),
        Verb::Image(args) => image::run(args),
        Verb::Report(args) => report::run(args),
        Verb::Clean(args) => clean::run(args),
        Verb::Doctor(args) => doctor::run(args),
        Verb::Serve(args) => serve::run(args),
        Verb::Invoke(args) => invoke::run(args),
        Verb::Explain(args) => explain::run(args),
        Verb::Replay(args) => replay::run(args),
        Verb::Show(args) => show::run(args),
        Verb::List(args) => list::run(args),
        Verb::Init(args) => init::run(args),
        Verb::Completions(args) => completions::run(args),
        Verb::Man(args) => man::run(args),
    };
    let Err(failure) = done else { return ExitCode::SUCCESS };
    let (code, message) = failure.report();
    if let Some(message) = message {
        terminal::error(&message);
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
/// scenario, else all but the optional ones.
fn load_functions(
    common: &FunctionFlags,
    scenario: &[String],
) -> Result<Vec<Function>, ExitReason> {
    let file: &Path = &common.functions_file;
    let all = function::load(file).map_err(ExitReason::Usage)?;
    let names = common.functions.as_deref().unwrap_or(scenario);
    function::choose(&all, names)
        .map_err(|e| ExitReason::Usage(e.context(format!("{}", file.display()))))
}

/// Loads the scenario that was typed: a file, or the name of one of the project's, or of
/// one that this program brings along.
fn load_scenario(typed: &str) -> Result<Scenario, ExitReason> {
    let file = if typed.contains('/') || typed.ends_with(".toml") {
        PathBuf::from(typed)
    } else {
        Path::new(list::FOLDER).join(format!("{typed}.toml"))
    };
    if let Some(shipped) = scenario::shipped(typed).filter(|_| !file.exists()) {
        return shipped.map_err(ExitReason::Usage);
    }
    scenario::load(&file).map_err(|error| {
        if file.exists() {
            return ExitReason::Usage(error);
        }
        let meant = did_you_mean(typed, list::scenario_names());
        ExitReason::Usage(anyhow!("{error:#}: `coldstart list scenarios` names them{meant}"))
    })
}

#[cfg(test)]
mod tests;
