//! `run`: from what was typed to a run's folder and its table.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use super::measure::{Begun, Ready, Request, Side, Steering, interrupts, nothing_again};
use super::{Failure, load_functions, report, runtime, voice, warn};
use crate::cli::{self, EngineChoice};
use crate::drive::Ended;
use crate::functions::{self, Function};
use crate::plan::Plan;
use crate::provision::Consent;
use crate::scenario::{self, Scenario};
use crate::stats;
use crate::store;
use crate::units::format_share;

/// Rounds of a run that stops when it knows enough: never reached in practice.
const UNTIL_ROUNDS: u32 = 1_000;

/// What is said of a measurement that its time limit ended.
pub(super) const OUT_OF_TIME: &str =
    "the time limit ended it, not every round was measured: raise --max-time for all of them";

/// Measures a scenario, or shows its plan.
pub(super) fn run(args: &cli::Run) -> Result<(), Failure> {
    let request = request(args)?;
    if args.dry_run {
        print!("{}", request.describe());
        return Ok(());
    }
    let consent = Consent::from_flag(args.common.provision);
    let ended = runtime(args.engine == EngineChoice::Fake)?.block_on(async {
        let ready = Ready::get(args.engine, consent, &request).await?;
        let steering = Steering { stop: &mut interrupts()?, again: nothing_again };
        ready.measure(&request, steering).await
    });
    finish(&request, ended)
}

fn request(args: &cli::Run) -> Result<Request, Failure> {
    let mut scenario = scenario::load(&scenario_file(&args.scenario)).map_err(Failure::Usage)?;
    let functions = load_functions(&args.common, &scenario.functions)?;
    scenario.functions = functions.iter().map(|f| f.name.clone()).collect();
    let typed = change(&mut scenario, args)?;
    let null = null(&args.common.functions_file, &mut scenario)?;
    let begun = Begun::now();
    let seed = begun.seed(args.seed);
    let default = || Path::new("results").join(begun.name(&scenario.name));
    let side = Side {
        name: "run".to_owned(),
        null,
        folder: args.out.clone().unwrap_or_else(default),
        record: None,
        functions,
    };
    Ok(Request {
        plan: Plan::new(&scenario, side.functions.len(), seed),
        id: begun.id(&scenario.name),
        command: command(args, &scenario, seed, &typed),
        started: begun.started,
        traced: !args.no_exec_trace,
        sides: vec![side],
        scenario,
    })
}

/// Shows what was measured, however it ended.
fn finish(request: &Request, ended: Result<Ended>) -> Result<(), Failure> {
    let folder = &request.sides[0].folder;
    // A run that never began has no folder: another run may bear the name.
    let run = store::open(folder).ok().filter(|run| run.record.id == request.id);
    if let Some(run) = &run {
        match report::write(run, &stats::summarise(&run.samples)) {
            Ok(table) => println!("{table}"),
            Err(error) if ended.is_ok() => return Err(error.into()),
            Err(error) => warn(&format!("the report could not be written: {error:#}")),
        }
        where_it_is(folder);
    }
    match ended? {
        Ended::Stopped => return Err(Failure::Interrupted),
        Ended::OutOfTime => warn(OUT_OF_TIME),
        Ended::Complete => {}
    }
    match run.as_ref().and_then(all_failed) {
        Some(cause) => {
            Err(anyhow!("nothing was measured, every invocation failed: {cause}").into())
        }
        None => Ok(()),
    }
}

/// Where everything is, and what is worth typing next.
fn where_it_is(folder: &Path) {
    let folder = folder.display();
    voice::point("kept in ", &folder.to_string());
    voice::point("open    ", &format!("{folder}/report.html"));
    voice::point("next    ", &format!("coldstart compare {folder} OTHER_RUN"));
}

/// The first cause, when nothing succeeded at all.
fn all_failed(run: &store::Run) -> Option<String> {
    let mut measured = run.samples.iter().filter(|s| s.cell.control.is_none());
    let none = measured.clone().all(|s| !s.outcome.is_ok());
    let cause = measured.find_map(|s| s.outcome.cause().map(|c| (&s.cell, c)));
    cause.filter(|_| none).map(|(cell, cause)| format!("{cell}: {cause}"))
}

/// A name is looked up among the project's scenarios; anything else is a path.
pub(super) fn scenario_file(text: &str) -> PathBuf {
    if text.contains('/') || text.ends_with(".toml") {
        return PathBuf::from(text);
    }
    Path::new("benches/scenarios").join(format!("{text}.toml"))
}

/// Changes a scenario as was typed; returns the flags that say so again.
fn change(scenario: &mut Scenario, args: &cli::Run) -> Result<Vec<String>, Failure> {
    let mut typed = Vec::new();
    scenario.until = args.until.or(scenario.until);
    // Who types only when it is enough does not mean the scenario's rounds.
    let most = if args.until.is_some() { UNTIL_ROUNDS } else { scenario.rounds };
    scenario.rounds = args.rounds.unwrap_or(most);
    if let Some(share) = args.until {
        typed.push(format!("--until {}", format_share(share)));
    }
    scenario.max_time = args.max_time.or(scenario.max_time);
    if let Some(time) = args.max_time {
        typed.push(format!("--max-time {}ms", time.as_millis()));
    }
    args.factors.change(&mut scenario.factors, &mut typed);
    scenario.factors.check().map_err(|reason| Failure::Usage(anyhow!(reason)))?;
    if let Some(workers) = args.parallel {
        scenario.in_parallel(workers);
        typed.push(format!("--parallel {workers}"));
    }
    scenario.controls &= !args.no_controls;
    if args.no_controls {
        typed.push("--no-controls".to_owned());
    }
    if args.no_exec_trace {
        typed.push("--no-exec-trace".to_owned());
    }
    Ok(typed)
}

/// The function of the controls. Where none is named there can be no controls.
pub(super) fn null(
    functions_file: &Path,
    scenario: &mut Scenario,
) -> Result<Option<Function>, Failure> {
    if !scenario.controls {
        return Ok(None);
    }
    let all = functions::load(functions_file).map_err(Failure::Usage)?;
    let null = all.into_iter().find(|f| f.is_null);
    if null.is_none() {
        scenario.controls = false;
        let file = functions_file.display();
        warn(&format!("no controls: {file} names no `null` function, so nothing is calibrated"));
    }
    Ok(null)
}

/// The command that repeats the run.
fn command(args: &cli::Run, scenario: &Scenario, seed: u64, typed: &[String]) -> String {
    let mut parts = vec![format!(
        "coldstart run {} --functions {}",
        args.scenario,
        scenario.functions.join(","),
    )];
    // The most rounds of a run that stops by itself say nothing.
    if args.until.is_none() || args.rounds.is_some() {
        parts.push(format!("--rounds {}", scenario.rounds));
    }
    parts.extend(typed.iter().cloned());
    parts.push(format!("--seed {seed}"));
    parts.join(" ")
}
