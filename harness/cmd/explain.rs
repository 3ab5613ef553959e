//! `explain`: why starts take as long as they do.

use std::path::Path;

use anyhow::{Result, anyhow};

use super::matched_functions::Sides;
use super::repeat::Words;
use super::{ExitReason, images, load_functions, run, runtime, stdout};
use crate::cli::{self, FunctionFlags};
use crate::terminal::interrupt::{self, Phase};
use crate::terminal::{self, TerminalObserver};
use coldstart::explain::{self, Explaining, Explanation, Layouts, Profilers};
use coldstart::measure::{self, Measurement, PreparedEngine, RunIdentity};
use coldstart::provision::Consent;
use coldstart::report::explanation;
use coldstart::report::form::Printed;
use coldstart::spec::function::{Function, TypedImage};
use coldstart::store;

/// What is explained.
struct Asked {
    head: Vec<Function>,
    base: Option<Vec<Function>>,
    /// The checkouts, for as long as they are needed.
    _sides: Option<Sides>,
}

/// Starts, watches, writes and shows.
pub(super) fn run(args: &cli::Explain) -> Result<(), ExitReason> {
    let how = how(args)?;
    let stop = interrupt::heard()?;
    let asked = asked(args, &stop)?;
    let identity = RunIdentity::now();
    let mut request = request(args, &asked, &identity)?;
    let folder = args.out.clone();
    let folder = folder.unwrap_or_else(|| Path::new("results").join(identity.name("explain")));
    let reserved = run::reserve(&folder, args.out.is_some())?;
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
    Ok(Explaining { layouts, profilers: profilers.map_err(ExitReason::Usage)? })
}

fn asked(
    args: &cli::Explain,
    stop: &tokio::sync::watch::Receiver<coldstart::drive::Stop>,
) -> Result<Asked, ExitReason> {
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
            Ok(Asked { head, base: None, _sides: None })
        }
        (None, Some(base)) => {
            let sides = Sides::open(base, None, &common, &[]);
            let sides = runtime(false)?.block_on(measure::unless(stop, sides));
            Ok(of_sides(sides.ok_or(ExitReason::Interrupted)??))
        }
        (None, None) => Ok(Asked { head: load_functions(&common, &[])?, base: None, _sides: None }),
    }
}

fn of_sides(sides: Sides) -> Asked {
    let [base, head] = sides.functions.clone();
    Asked { head, base: Some(base), _sides: Some(sides) }
}

/// The flags of functions, with those that were named as words.
fn named(args: &cli::Explain) -> FunctionFlags {
    let names = (!args.names.is_empty()).then(|| args.names.clone());
    let common = args.common.clone();
    FunctionFlags { functions: names.or(common.functions.clone()), ..common }
}

fn request(
    args: &cli::Explain,
    asked: &Asked,
    identity: &RunIdentity,
) -> Result<Measurement, ExitReason> {
    let seed = identity.seed(args.seed);
    let request = explain::request(
        identity,
        &asked.head,
        asked.base.as_deref(),
        (args.rounds, seed),
        |scenario| {
            args.factors.change(&mut scenario.factors).map_err(|reason| anyhow!(reason))?;
            match scenario.factors.combinations().len() {
                1 => Ok(()),
                _ => Err(anyhow!("one value of each factor: starts are explained, not compared")),
            }
        },
    );
    let request = request.map_err(ExitReason::Usage)?;
    let command = command(args, &request, seed);
    Ok(Measurement { command, ..request })
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
        .flag("--rounds", args.rounds)
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
