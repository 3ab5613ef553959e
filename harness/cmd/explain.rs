//! `explain`: why starts take as long as they do.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, anyhow};
use tokio::sync::watch;

use super::matched_functions::Sides;
use super::repeat::Words;
use super::{ExitReason, engine_choice, images, info, load_functions, run, runtime, stdout};
use crate::cli::{self, FunctionFlags};
use crate::terminal::interrupt::{self, Phase};
use crate::terminal::{self, TerminalObserver};
use coldstart::compare::ExplainedAlarm;
use coldstart::drive::Stop;
use coldstart::explain::{self, ExplainedSide, Explaining, Explanation, Layouts, Profilers};
use coldstart::measure::{self, Measurement, PreparedEngine, RunIdentity};
use coldstart::provision::Consent;
use coldstart::report::explanation;
use coldstart::report::form::Printed;
use coldstart::spec::factor::{FACTORS, FactorMatrix};
use coldstart::spec::function::{Function, TypedImage};
use coldstart::store;

/// What is explained.
struct Asked {
    head: ExplainedSide,
    base: Option<ExplainedSide>,
    /// The checkouts, for as long as they are needed.
    _sides: Option<Sides>,
}

/// Starts, watches, writes and shows.
pub(super) fn run(args: &cli::Explain) -> Result<(), ExitReason> {
    let how = how(args)?;
    let stop = interrupt::heard()?;
    let asked = asked(args, &stop)?;
    let identity = RunIdentity::now();
    let (mut request, engine) = request(args, &asked, &identity)?;
    let folder = args.out.clone();
    let folder = folder.unwrap_or_else(|| Path::new("results").join(identity.name("explain")));
    let reserved = run::reserve(&folder, args.out.is_some())?;
    engine.iter().for_each(|chosen| info(chosen));
    let consent = Consent::from_flag(args.common.provision);
    let observer = TerminalObserver::default();
    let found = runtime(false)?.block_on(async {
        let engine = PreparedEngine::get(&request, consent, &stop, &observer).await?;
        explain::explain(&engine, &mut request, &how, &stop, &observer).await
    })?;
    interrupt::now(Phase::Showing);
    give(&found, reserved.folder(), args)
}

fn how(args: &cli::Explain) -> Result<Explaining, ExitReason> {
    let layouts = args.layouts.as_deref().map_or_else(Layouts::shipped, Layouts::load);
    let profilers = args.profilers.as_deref().map_or_else(Profilers::shipped, Profilers::load);
    let layouts = layouts.map_err(ExitReason::Usage)?;
    let described = images::described(&args.common.functions_file)?;
    let profilers = profilers.map_err(ExitReason::Usage)?;
    Ok(Explaining { layouts, profilers, described, hurries: args.rounds.is_none() })
}

fn asked(args: &cli::Explain, stop: &watch::Receiver<Stop>) -> Result<Asked, ExitReason> {
    let common = named(args);
    match (&args.image, &args.base) {
        (Some(image), Some(base)) => {
            let base: TypedImage =
                base.parse().map_err(|why| ExitReason::Usage(anyhow!("--base: {why}")))?;
            let sides = Sides::of_images([&base, image], &args.of_images, &common)?;
            Ok(of_sides(sides))
        }
        (Some(image), None) => {
            let name = coldstart::spec::function::names(std::slice::from_ref(image), &[]);
            let name = name.map_err(|why| ExitReason::Usage(anyhow!(why)))?.remove(0);
            let head = images::images(&[(image, name)], &args.of_images, &common.functions_file)?;
            Ok(Asked { head: alone(head), base: None, _sides: None })
        }
        (None, Some(base)) => {
            let sides = Sides::open(base, None, &common, &[]);
            let sides = runtime(false)?.block_on(measure::unless(stop, sides));
            Ok(of_sides(sides.ok_or(ExitReason::Interrupted)??))
        }
        (None, None) => {
            Ok(Asked { head: alone(load_functions(&common, &[])?), base: None, _sides: None })
        }
    }
}

fn of_sides(sides: Sides) -> Asked {
    let [base, head] = sides.functions.clone();
    Asked { head: alone(head), base: Some(alone(base)), _sides: Some(sides) }
}

/// Functions that are a side of no measurement.
fn alone(functions: Vec<Function>) -> ExplainedSide {
    ExplainedSide { functions, record: None }
}

/// The flags of functions, with those that were named as words.
fn named(args: &cli::Explain) -> FunctionFlags {
    let names = (!args.names.is_empty()).then(|| args.names.clone());
    let common = args.common.clone();
    FunctionFlags { functions: names.or(common.functions.clone()), ..common }
}

/// What is measured, and what is to be said of its engine.
fn request(
    args: &cli::Explain,
    asked: &Asked,
    identity: &RunIdentity,
) -> Result<(Measurement, Option<String>), ExitReason> {
    let seed = identity.seed(args.seed);
    let mut engine = None;
    let request = explain::request(
        identity,
        &asked.head,
        asked.base.as_ref(),
        (args.rounds.unwrap_or(explain::USUAL), seed),
        |scenario| {
            args.factors.change(&mut scenario.factors).map_err(|reason| anyhow!(reason))?;
            engine = engine_choice::without_daemon(scenario);
            match scenario.factors.combinations().len() {
                1 => Ok(()),
                _ => Err(anyhow!("one value of each factor: starts are explained, not compared")),
            }
        },
    );
    let request = request.map_err(ExitReason::Usage)?;
    let command = command(args, &request, seed);
    Ok((Measurement { command, ..request }, engine))
}

/// The command that explains the same again.
fn command(args: &cli::Explain, request: &Measurement, seed: u64) -> String {
    let words = Words::of("explain").all(args.names.clone());
    let functions = args.common.functions.as_ref().map(|names| names.join(","));
    let words = words
        .some("--functions", functions)
        .described(&args.common.functions_file)
        .some("--image", args.image.as_ref());
    images::again(words, &args.of_images)
        .some("--base", args.base.as_ref())
        .some("--rounds", args.rounds)
        .all(args.factors.again(&request.plan.scenario.factors))
        .some("--layouts", args.layouts.as_ref().map(|file| file.display()))
        .some("--profilers", args.profilers.as_ref().map(|file| file.display()))
        .flag("--seed", seed)
        .line()
}

fn give(found: &Explanation, folder: &Path, args: &cli::Explain) -> Result<(), ExitReason> {
    for file in explanation::files(found)? {
        store::write(folder, &file.path, &file.bytes)?;
    }
    stdout::result(&stdout::form(args.printed.format, &Printed::Explanation(found))?)?;
    terminal::hint("kept in ", &folder.display().to_string());
    terminal::hint("open    ", &folder.join("explain.html").display().to_string());
    if found.functions.iter().all(|function| function.starts.plain.is_empty()) {
        let failure = found.functions.iter().find_map(|function| function.failure.clone());
        let failure = failure.unwrap_or_else(|| "no start was ready".to_owned());
        return Err(anyhow!("explained as far as it came, no start was ready: {failure}").into());
    }
    Ok(())
}

/// Starts of each kind of what alarmed: the gate has measured how much, this says of what.
const ROUNDS: u32 = 5;
/// Names that a verdict is given of each kind; all are on the page.
const MOST: usize = 50;
/// A package's change that is worth its name, in nanoseconds.
const LEAST: u64 = 500_000;

/// Explains functions that alarmed, on both sides of a gate, into a folder; what is new in
/// head of each.
pub(super) fn of_gate(
    request: &Measurement,
    alarmed: &BTreeSet<String>,
    (folder, consent): (&Path, Consent),
    stop: &watch::Receiver<Stop>,
) -> Result<Vec<ExplainedAlarm>> {
    let side = |at: usize| {
        let side = &request.sides[at];
        let chosen = side.functions.iter().filter(|function| alarmed.contains(&function.name));
        ExplainedSide { functions: chosen.cloned().collect(), record: side.record.clone() }
    };
    let (layouts, profilers) = (Layouts::shipped()?, Profilers::shipped()?);
    let how = Explaining { layouts, profilers, described: Vec::new(), hurries: false };
    let factors = &request.plan.scenario.factors;
    let identity = RunIdentity::now();
    let seed = (ROUNDS, request.plan.seed);
    let (base, head) = (side(0), side(1));
    let mut again = explain::request(&identity, &head, Some(&base), seed, |scenario| {
        first_values(&mut scenario.factors, factors)
    })?;
    again.command.clone_from(&request.command);
    let observer = TerminalObserver::default();
    let found = runtime(false)?.block_on(async {
        let engine = PreparedEngine::get(&again, consent, stop, &observer).await?;
        explain::explain(&engine, &mut again, &how, stop, &observer).await
    })?;
    for file in explanation::files(&found)? {
        store::write(folder, &file.path, &file.bytes)?;
    }
    Ok(found.functions.iter().filter_map(alarm).collect())
}

/// Of each list of factors the first value: one combination is explained.
fn first_values(of: &mut FactorMatrix, lists: &FactorMatrix) -> Result<()> {
    for (factor, values) in FACTORS.iter().zip(lists.typed()) {
        if let Some(first) = values.first() {
            let first = std::slice::from_ref(first);
            of.set(factor.list, first).map_err(|reason| anyhow!(reason))?;
        }
    }
    Ok(())
}

fn alarm(of: &explain::Explained) -> Option<ExplainedAlarm> {
    let difference = of.difference.as_ref()?;
    let more = difference.packages.iter().filter(|p| p.head >= p.base + LEAST);
    Some(ExplainedAlarm {
        function: of.function.clone(),
        loads: difference.new_modules.iter().take(MOST).cloned().collect(),
        opens: difference.new_files.iter().take(MOST).cloned().collect(),
        takes: more.take(MOST).map(|p| (p.package.clone(), p.head - p.base)).collect(),
    })
}
