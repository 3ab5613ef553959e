//! `run`: from what was typed to a run's folder and its table.

use std::path::Path;

use anyhow::{Result, anyhow};

use super::repeat::Words;
use super::{
    ExitReason, budgets, cost, holds, images, load_scenario, report, runtime, stdout, warn,
};
use crate::cli;
use crate::terminal::interrupt::{self, Phase};
use crate::terminal::{self, TerminalObserver};
use coldstart::analysis::Analysis;
use coldstart::cost::Question;
use coldstart::drive::RunEnd;
use coldstart::measure::{Measurement, PreparedEngine, RunControl, RunIdentity, Side};
use coldstart::provision::Consent;
use coldstart::report::form::Form;
use coldstart::spec::budget;
use coldstart::spec::function::{Function, TypedImage};
use coldstart::spec::scenario::Scenario;
use coldstart::store::{self, Reservation};
use coldstart::text::units::{format_exactly, format_share};

/// Rounds of a run that stops when it knows enough: never reached in practice.
const UNTIL_ROUNDS: u32 = 1_000;

/// What is said of a measurement that its time limit ended.
pub(super) const OUT_OF_TIME: &str =
    "the time limit ended it, not every round was measured: raise --max-time for all of them";

/// Measures a scenario, or shows its plan.
pub(super) fn run(args: &cli::Run) -> Result<(), ExitReason> {
    let mut request = match &args.go_on {
        Some(folder) => rest(args, folder)?,
        None => request(args)?,
    };
    request.keeps_words = terminal::is_verbose();
    let scenario = &request.plan.scenario;
    if args.check {
        budgets::to_check(scenario)?;
    }
    // A file of prices that is none is told before anything is measured.
    let question = args.cost.are_asked() || budget::need_prices(&scenario.budgets);
    let question = question.then(|| cost::of_a_run(&args.cost.prices, &args.common.functions_file));
    let question = question.transpose()?;
    if args.measure.dry_run {
        stdout::only_text(args.printed.format, "a plan")?;
        return Ok(stdout::result(&request.describe())?);
    }
    let next = |run: &store::Run, written: bool| next(run, written, args);
    let (provision, named) = (args.common.provision, args.measure.out.is_some());
    let check = args.check.then_some(args.strict);
    let showing = Showing { format: args.printed.format, next: &next, question, check };
    measured(request, provision, named, showing)
}

/// How what was measured is shown.
pub(super) struct Showing<'a> {
    /// In which form.
    pub(super) format: &'a Form,
    /// What is told below it.
    pub(super) next: &'a dyn Fn(&store::Run, bool) -> Next,
    /// What its calls would have cost, where that is asked.
    pub(super) question: Option<Question>,
    /// Whether budgets decide, and then whether what cannot be told of them fails too.
    pub(super) check: Option<Strict>,
}

/// Whether what cannot be told fails.
pub(super) type Strict = bool;

/// Measures what was asked for, and shows it, however it ended.
pub(super) fn measured(
    mut request: Measurement,
    provision: bool,
    is_named: bool,
    showing: Showing,
) -> Result<(), ExitReason> {
    // Before anything is built, and until the end: it goes where nothing came of it.
    let mut reserved = None;
    if !request.resumed {
        let folder = &mut request.sides[0].folder;
        let made = reserve(folder, is_named)?;
        made.folder().clone_into(folder);
        reserved = Some(made);
    }
    let consent = Consent::from_flag(provision);
    let observer = TerminalObserver::default();
    let mut stop = interrupt::heard()?;
    let ended = runtime(request.engine().is_simulated())?.block_on(async {
        let engine = PreparedEngine::get(&request, consent, &stop, &observer).await?;
        let control = RunControl { stop: &mut stop, more: None };
        Ok(engine.measure(&request, control, &observer).await?)
    });
    interrupt::now(Phase::Showing);
    let finished = finish(&request, ended, &showing);
    drop(reserved);
    finished
}

pub(super) fn request(args: &cli::Run) -> Result<Measurement, ExitReason> {
    let mut scenario = load_scenario(&args.scenario)?;
    let functions = images::functions(args, &scenario.functions)?;
    let typed = change(&mut scenario, args)?;
    let null = null(&args.common.functions_file, &scenario)?;
    let begun = RunIdentity::now();
    let (id, seed) = (begun.id(&scenario.name), begun.seed(args.measure.seed));
    let folder = args.measure.folder(begun.name(&scenario.name));
    let side = Side { name: "run".to_owned(), functions, null, folder, record: None };
    let request = Measurement::new(&begun, id, scenario, vec![side], seed);
    let request = request.map_err(ExitReason::Usage)?;
    let file = &args.common.functions_file;
    if !request.plan.scenario.budgets.is_empty() {
        budgets::known(&request.plan.scenario, &budgets::described(file))?;
    }
    let command = command(args, &request.plan.scenario, seed, typed);
    Ok(args.measure.apply(request, command))
}

/// Makes the folder of a result, before anything is built: the one that was named, or the
/// first of its name that is free.
pub(super) fn reserve(folder: &Path, is_named: bool) -> Result<Reservation> {
    if is_named { Reservation::of(folder) } else { Reservation::first_free(folder) }
}

/// Shows what was measured, however it ended.
fn finish(
    request: &Measurement,
    ended: Result<RunEnd, ExitReason>,
    showing: &Showing,
) -> Result<(), ExitReason> {
    let folder = &request.sides[0].folder;
    let Showing { format, next, question, check } = showing;
    if let Some(question) = question.as_ref().filter(|_| folder.join(store::RECORD).exists()) {
        store::ask_cost(folder, question)?;
    }
    let stopped = matches!(ended, Err(_) | Ok(RunEnd::Stopped));
    let run = match store::open(folder) {
        Ok(run) => Some(run),
        // A run that never began left nothing to read.
        Err(_) if stopped && !folder.join(store::RECORD).exists() => None,
        // What was measured and cannot be read is no success.
        Err(error) if ended.is_ok() => return Err(error.into()),
        Err(error) => {
            warn(&format!("{error:#}"));
            None
        }
    };
    if let Some(run) = &run {
        let written = match report::write(&Analysis::of(run), format) {
            // A terminal that was closed shows nothing, and that was no failure.
            Ok(text) => match stdout::result(&text) {
                Err(error) if !matches!(ended, Ok(RunEnd::Stopped)) => return Err(error.into()),
                _ => true,
            },
            Err(error) if ended.is_ok() => {
                where_it_is(run, false, next);
                return Err(error.into());
            }
            Err(error) => {
                warn(&format!("the report could not be written: {error:#}"));
                false
            }
        };
        where_it_is(run, written, next);
    }
    match ended? {
        RunEnd::Stopped => return Err(ExitReason::Interrupted),
        RunEnd::OutOfTime => warn(OUT_OF_TIME),
        RunEnd::Complete => {}
        RunEnd::GivenUp if run.as_ref().and_then(all_failed).is_none() => {
            return Err(anyhow!(
                "no function answers any more, and all of them were given up: what was measured \
                 before is kept, and why is told above"
            )
            .into());
        }
        RunEnd::GivenUp => {}
    }
    match run.as_ref().and_then(all_failed) {
        Some(cause) => {
            Err(anyhow!("nothing was measured, every invocation failed: {cause}").into())
        }
        None => match (&run, *check) {
            (Some(run), Some(strict)) => budgets::check(run, strict),
            _ => Ok(()),
        },
    }
}

/// The page that shows what was measured, and what is worth typing next.
pub(super) struct Next {
    page: &'static str,
    command: Words,
}

impl Next {
    /// Of a page in the run's folder, and a command.
    pub(super) fn of(page: &'static str, command: Words) -> Self {
        Self { page, command }
    }
}

/// Where everything is, and what is worth typing next. A page that could not be written
/// is not named: of what is there under its name only a part may be, or an older one.
fn where_it_is(run: &store::Run, written: bool, next: &dyn Fn(&store::Run, bool) -> Next) {
    let folder = run.folder.display();
    let Next { page, command } = next(run, written);
    terminal::hint("kept in ", &folder.to_string());
    if written {
        terminal::hint("open    ", &format!("{folder}/{page}"));
    }
    // The same again would come to the same.
    if run.record.complete || run.record.stopped.as_deref() != Some(store::NOTHING_ANSWERS) {
        terminal::hint("next    ", &command.line());
    }
}

fn next(run: &store::Run, written: bool, args: &cli::Run) -> Next {
    let folder = run.folder.display();
    let command = match (run.record.complete, written) {
        (true, true) => Words::of("compare").word(folder).word("OTHER_RUN"),
        (true, false) => Words::of("report").word(folder),
        (false, _) => with_images(Words::of("run").flag("--continue", folder), args)
            .described(&args.common.functions_file),
    };
    Next::of("report.html", command)
}

/// The first cause, when nothing succeeded at all.
fn all_failed(run: &store::Run) -> Option<String> {
    let mut measured = run.samples.iter().filter(|s| s.cell.control.is_none());
    let none = measured.clone().all(|s| !s.outcome.is_ok());
    let cause = measured.find_map(|s| s.outcome.cause().map(|c| (&s.cell, c)));
    cause.filter(|_| none).map(|(cell, cause)| format!("{cell}: {cause}"))
}

/// The rest of a run that stopped early, with the functions as they are now.
fn rest(args: &cli::Run, folder: &Path) -> Result<Measurement, ExitReason> {
    holds::a_run(folder)?;
    let record = store::record(folder)?;
    if !record.fleet.is_empty() {
        let why = "is of a fleet, which is not gone on with: measure it again";
        return Err(ExitReason::Usage(anyhow!("{} {why}", folder.display())));
    }
    let file = &args.common.functions_file;
    // What was typed comes before what is described under the same name.
    let names = images::recorded_names(&args.image, &record).map_err(ExitReason::Usage)?;
    let typed: Vec<(&TypedImage, String)> = args.image.iter().zip(names).collect();
    let mut all = images::images(&typed, &args.of_images, file)?;
    all.extend(images::described(file)?);
    Measurement::resume(record, folder, &all).map_err(ExitReason::Usage)
}

/// Changes a scenario as was typed; returns the words that say so again.
fn change(scenario: &mut Scenario, args: &cli::Run) -> Result<Vec<String>, ExitReason> {
    let mut typed = Vec::new();
    scenario.until = args.until.or(scenario.until);
    // Who types only when it is enough does not mean the scenario's rounds.
    let most = if args.until.is_some() { UNTIL_ROUNDS } else { scenario.rounds };
    scenario.rounds = args.measure.rounds.unwrap_or(most);
    let mut flag = |name: &str, value: String| typed.extend([name.to_owned(), value]);
    if let Some(share) = args.until {
        flag("--until", format_share(share));
    }
    scenario.max_time = args.max_time.or(scenario.max_time);
    if let Some(time) = args.max_time {
        flag("--max-time", format_exactly(time));
    }
    let changed = args.factors.change(&mut scenario.factors);
    changed.map_err(|reason| ExitReason::Usage(anyhow!(reason)))?;
    typed.extend(args.factors.again(&scenario.factors));
    if let Some(workers) = args.parallel {
        scenario.in_parallel(workers);
        typed.extend(["--parallel".to_owned(), workers.to_string()]);
    }
    scenario.controls &= !args.no_controls;
    if args.no_controls {
        typed.push("--no-controls".to_owned());
    }
    if args.measure.no_exec_trace {
        typed.push("--no-exec-trace".to_owned());
    }
    Ok(typed)
}

/// The function of the controls. Where none is named there can be no controls.
pub(super) fn null(file: &Path, scenario: &Scenario) -> Result<Option<Function>, ExitReason> {
    if !scenario.controls {
        return Ok(None);
    }
    let null = images::described(file)?.into_iter().find(|f| f.is_null);
    if null.is_none() {
        let file = file.display();
        warn(&format!("no controls: {file} names no `null` function, so nothing is calibrated"));
    }
    Ok(null)
}

/// The command that repeats the run.
fn command(args: &cli::Run, scenario: &Scenario, seed: u64, typed: Vec<String>) -> String {
    // Those that are described come first in the list.
    let described = scenario.functions.len() - args.image.len();
    let described = &scenario.functions[..described];
    // The most rounds of a run that stops by itself say nothing.
    let rounds = args.until.is_none() || args.measure.rounds.is_some();
    let described = (!described.is_empty()).then(|| described.join(","));
    let words =
        with_images(Words::of("run").word(&args.scenario).some("--functions", described), args)
            .described(&args.common.functions_file)
            .some("--rounds", rounds.then_some(scenario.rounds));
    let words = words.all(typed).switch("--check", args.check).switch("--strict", args.strict);
    let words = words.some("--callback", args.measure.callback);
    cost::again(words, &args.cost).flag("--seed", seed).line()
}

/// With the images that were typed, and how they are started and invoked.
fn with_images(words: Words, args: &cli::Run) -> Words {
    let words = args.image.iter().fold(words, |words, image| words.flag("--image", image));
    images::again(words, &args.of_images)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// What was asked for, with a folder that nothing was written into.
    fn never_began(ended: Result<RunEnd, ExitReason>) -> ExitReason {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("run").display().to_string();
        let typed = ["coldstart", "run", "quick", "--engine", "fake", "--out", &out];
        let cli::Verb::Run(args) = cli::Cli::parse_from(typed).verb else { panic!("not a run") };
        let request = request(&args).unwrap();
        let next = |run: &store::Run, written| next(run, written, &args);
        let format = args.printed.format;
        let showing = Showing { format, next: &next, question: None, check: None };
        finish(&request, ended, &showing).unwrap_err()
    }

    /// It was exit status 4, and a folder that is no run's.
    #[test]
    fn a_run_that_is_stopped_before_it_began_was_interrupted() {
        let failure = never_began(Ok(RunEnd::Stopped));
        assert!(matches!(failure, ExitReason::Interrupted), "{failure:?}");
    }

    #[test]
    fn a_run_that_ended_and_has_no_folder_is_no_success() {
        let failure = never_began(Ok(RunEnd::Complete));
        assert!(matches!(failure, ExitReason::Environment(_)), "{failure:?}");
    }
}
