//! `gate`: two sides, measured in turns, judged, and what alarms measured again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow};

use super::matched_functions::Sides;
use super::more_rounds::MoreRounds;
use super::repeat::Words;
use super::{
    ExitReason, budgets, compare, cost, engine_choice, explain, info, load_scenario, publish, run,
    runtime, stdout, warn,
};
use crate::cli::{self, Amount, FactorFlags, MeasureFlags, SightFlags};
use crate::terminal::TerminalObserver;
use crate::terminal::interrupt::{self, Phase};
use coldstart::compare::{Comparison, ExplainedAlarm, Rules, SideData};
use coldstart::cost::Question;
use coldstart::drive::{RunEnd, Stop};
use coldstart::measure::{self, Measurement, PreparedEngine, RunControl, RunIdentity, Side};
use coldstart::provision::Consent;
use coldstart::spec::budget;
use coldstart::spec::function::listed;
use coldstart::spec::scenario::Scenario;
use coldstart::store::{self, SideRecord};

/// Measures, judges, and fails when the head is slower.
pub(super) fn run(args: &cli::Gate) -> Result<(), ExitReason> {
    let mut scenario = scenario(&args.scenario, &args.measure, args.sight, &args.factors)?;
    let engine = engine_choice::without_daemon(&mut scenario);
    let sleep_ms = args.inject.map(|injection| injected_ms(injection.amount)).transpose()?;
    let mut stop = interrupt::heard()?;
    let sides = sides(args, &scenario, &stop)?;
    let mut request = request(args, scenario, &sides, sleep_ms)?;
    let rules = args.judge.rules(&request.plan.scenario.margins);
    let asks = budget::need_prices(&request.plan.scenario.budgets);
    let question = asks.then(|| cost::of_a_run(&args.prices, &args.common.functions_file));
    let question = question.transpose()?;
    if args.measure.dry_run {
        stdout::only_text(args.printed.format, "a plan")?;
        return Ok(stdout::result(&request.describe())?);
    }
    let reserved = run::reserve(folder(&request), args.measure.out.is_some())?;
    for side in &mut request.sides {
        side.folder = reserved.folder().join(&side.name);
    }
    announce(&sides);
    engine.iter().for_each(|chosen| info(chosen));
    let consent = Consent::from_flag(args.common.provision);
    let observer = TerminalObserver::default();
    let mut more = MoreRounds::new(&request.plan.scenario, !args.no_confirm);
    let ended = runtime(request.engine().is_simulated())?.block_on(async {
        let engine = PreparedEngine::get(&request, consent, &stop, &observer).await?;
        let ask = || {
            let found = judge(&request, &rules, &BTreeSet::new(), question.as_ref())?;
            Ok(more.after(&[found]))
        };
        let control = RunControl { stop: &mut stop, more: Some(Box::new(ask)) };
        engine.measure(&request, control, &observer).await
    });
    let alarmed = more.alarmed;
    let why = match &ended {
        Ok(RunEnd::Complete | RunEnd::OutOfTime) if args.explain => {
            explained(&request, &rules, &alarmed, consent, &stop)
        }
        _ => Vec::new(),
    };
    // What ends the process from here on takes no checkout along.
    let Sides { base, head, only, .. } = sides;
    drop((base, head));
    interrupt::now(Phase::Showing);
    match ended? {
        RunEnd::Complete => {}
        RunEnd::Stopped => {
            let folder = folder(&request);
            if folder.exists() {
                info(&format!("not judged; what was measured is in {}", folder.display()));
            }
            return Err(ExitReason::Interrupted);
        }
        RunEnd::GivenUp => return Err(nothing_answers(folder(&request))),
        RunEnd::OutOfTime => warn(run::OUT_OF_TIME),
    }
    let mut found = judge(&request, &rules, &alarmed, question.as_ref())?;
    found.lack(&only[0], coldstart::compare::Side::Head);
    found.lack(&only[1], coldstart::compare::Side::Base);
    found.explained = why;
    publish::give(&found, (folder(&request), ""), args.strict, args.printed.format)
}

/// Why each function that alarmed did. The verdict stands without it: what goes wrong is told.
fn explained(
    request: &Measurement,
    rules: &Rules,
    again: &BTreeSet<String>,
    consent: Consent,
    stop: &tokio::sync::watch::Receiver<Stop>,
) -> Vec<ExplainedAlarm> {
    let of = || {
        let alarmed = judge(request, rules, again, None)?.alarmed();
        if alarmed.is_empty() {
            return Ok(Vec::new());
        }
        info(&format!("{}: slower, and explained now", listed(&alarmed)));
        let into = folder(request).join("explain");
        coldstart::store::create(&into)?;
        explain::of_gate(request, &alarmed, (&into, consent), stop)
    };
    of().unwrap_or_else(|error| {
        warn(&format!("what alarmed could not be explained: {error:#}"));
        Vec::new()
    })
}

/// Both sides, as they were typed.
fn sides(
    args: &cli::Gate,
    scenario: &Scenario,
    stop: &tokio::sync::watch::Receiver<Stop>,
) -> Result<Sides, ExitReason> {
    match (&args.base_image, &args.head_image) {
        (Some(base), Some(head)) => {
            return Sides::of_images([base, head], &args.of_images, &args.common);
        }
        // Where something else stands in its way, a flag is not asked for what it needs.
        (None, None) if super::images::are_typed(&args.of_images) => {
            return Err(ExitReason::Usage(anyhow!(
                "how an image is started is typed of images alone, --base-image and --head-image: \
                 what a functions file describes has it there"
            )));
        }
        (None, None) => {}
        _ => {
            let message = "two images make a gate: --base-image and --head-image";
            return Err(ExitReason::Usage(anyhow!(message)));
        }
    }
    let base = args.base.as_deref().unwrap_or_default();
    let sides = Sides::open(base, args.head.as_deref(), &args.common, &scenario.functions);
    // A runtime whose time goes by: git takes its own.
    let sides = runtime(false)?.block_on(measure::unless(stop, sides));
    sides.ok_or(ExitReason::Interrupted)?
}

/// Why a measurement in turns is not judged when no function answers on any side.
pub(super) fn nothing_answers(folder: &Path) -> ExitReason {
    anyhow!(
        "not judged: no function answers on any side, and all of them were given up; why is told \
         above, and every failure is a row in {}",
        folder.display()
    )
    .into()
}

/// The scenario of a measurement in turns, changed as was typed.
pub(super) fn scenario(
    name: &str,
    flags: &MeasureFlags,
    sight: SightFlags,
    factors: &FactorFlags,
) -> Result<Scenario, ExitReason> {
    let mut scenario = load_scenario(name)?;
    if scenario.until.is_some() {
        return Err(ExitReason::Usage(anyhow!(
            "scenario {name}: `until` is for `run`: stopping when the figures please makes false \
             alarms; name `rounds`"
        )));
    }
    scenario.rounds = flags.rounds.unwrap_or(scenario.rounds);
    scenario.sight = sight.of(scenario.sight, flags.rounds.is_some());
    let changed = factors.change(&mut scenario.factors);
    changed.map_err(|reason| ExitReason::Usage(anyhow!(reason)))?;
    Ok(scenario)
}

/// Sleeps are told to functions in whole milliseconds.
pub(super) fn whole_ms(time: Duration) -> Result<u32, ExitReason> {
    let is_whole = time.subsec_nanos().is_multiple_of(1_000_000);
    let ms = u32::try_from(time.as_millis()).ok().filter(|ms| *ms > 0 && is_whole);
    ms.ok_or_else(|| {
        ExitReason::Usage(anyhow!(
            "a function sleeps or works whole milliseconds: 1ms or more, below 49 days"
        ))
    })
}

fn injected_ms(amount: Amount) -> Result<u32, ExitReason> {
    match amount {
        Amount::Time(time) => whole_ms(time),
        Amount::Share(_) => Err(ExitReason::Usage(anyhow!(
            "a gate does not know yet what a share is of: write `--inject` with a time, as 10ms"
        ))),
    }
}

fn request(
    args: &cli::Gate,
    scenario: Scenario,
    sides: &Sides,
    sleep_ms: Option<u32>,
) -> Result<Measurement, ExitReason> {
    let names: Vec<String> = sides.functions[0].iter().map(|f| f.name.clone()).collect();
    // A narrower choice of functions must not make a team's margins a mistake.
    let described = sides.all.each_ref().map(|all| all.iter().map(|f| f.name.clone()).collect());
    known_exceptions(&scenario, &described, &names)?;
    let all: Vec<String> = described.iter().flatten().chain(&names).cloned().collect();
    budgets::known(&scenario, &all)?;
    let begun = RunIdentity::now();
    let (id, seed) = (begun.id("gate"), begun.seed(args.measure.seed));
    let folder = args.measure.folder(begun.name("gate"));
    let sleeps = names.into_iter().filter_map(|name| Some((name, sleep_ms?))).collect();
    let side = |index: usize, name: &str, injected| {
        let side = [&sides.base, &sides.head][index];
        Side {
            name: name.to_owned(),
            functions: sides.functions[index].clone(),
            null: sides.all[index].iter().find(|f| f.is_null).cloned(),
            folder: folder.join(name),
            record: Some(SideRecord {
                pair: id.clone(),
                label: side.label.clone(),
                commit: side.commit.clone(),
                dirty: side.dirty,
                injected,
                works: index == 1 && args.inject.is_some_and(|injection| injection.works),
            }),
        }
    };
    let sides = vec![side(0, "base", BTreeMap::new()), side(1, "head", sleeps)];
    let request = Measurement::new(&begun, id.clone(), scenario, sides, seed);
    let request = request.map_err(ExitReason::Usage)?;
    let command = command(args, &request.plan.scenario, seed);
    Ok(args.measure.apply(request, command))
}

/// A margin for a function that is not measured would hold nowhere.
pub(super) fn known_exceptions(
    scenario: &Scenario,
    only: &[Vec<String>],
    names: &[String],
) -> Result<(), ExitReason> {
    let named = scenario.margins.exceptions.iter().filter_map(|e| e.function.as_ref());
    let known = |name: &&String| names.contains(name) || only.iter().flatten().any(|n| n == *name);
    match named.filter(|name| !known(name)).min() {
        None => Ok(()),
        Some(name) => Err(ExitReason::Usage(anyhow!(
            "scenario {}: a gate.cell names `{name}`, which is not measured: measured are {}",
            scenario.name,
            listed(names)
        ))),
    }
}

fn announce(sides: &Sides) {
    info(&format!("base: {}", sides.base.label));
    info(&format!("head: {}", sides.head.label));
    for (name, only) in ["base", "head"].iter().zip(&sides.only) {
        if !only.is_empty() {
            info(&format!("only in {name}: {}", listed(only)));
        }
    }
}

fn folder(request: &Measurement) -> &Path {
    request.sides[0].folder.parent().unwrap_or(Path::new("."))
}

/// Compares what is on disk.
fn judge(
    request: &Measurement,
    rules: &Rules,
    again: &BTreeSet<String>,
    question: Option<&Question>,
) -> Result<Comparison> {
    for (side, question) in request.sides.iter().filter_map(|side| Some((side, question?))) {
        store::ask_cost(&side.folder, question)?;
    }
    let folders: Vec<&PathBuf> = request.sides.iter().map(|side| &side.folder).collect();
    let (base, _): (SideData, _) = compare::open(folders[0], false)?;
    let (head, _): (SideData, _) = compare::open(folders[1], false)?;
    Ok(coldstart::compare::compare(&base, &head, rules, again))
}

/// The command that repeats the gate.
fn command(args: &cli::Gate, scenario: &Scenario, seed: u64) -> String {
    let words = Words::of("gate")
        .word(&args.scenario)
        .some("--base", args.base.as_ref())
        .some("--head", args.head.as_ref())
        .some("--base-image", args.base_image.as_ref())
        .some("--head-image", args.head_image.as_ref());
    let functions = args.base_image.is_none().then(|| scenario.functions.join(","));
    cost::prices_again(super::images::again(words, &args.of_images), &args.prices)
        .some("--functions", functions)
        .described(&args.common.functions_file)
        .flag("--rounds", scenario.rounds)
        .all(SightFlags::again(scenario.sight))
        .all(args.judge.repeat())
        .all(args.factors.again(&scenario.factors))
        .some("--inject", args.inject)
        .switch("--strict", args.strict)
        .switch("--no-confirm", args.no_confirm)
        .switch("--explain", args.explain)
        .switch("--no-exec-trace", args.measure.no_exec_trace)
        .some("--callback", args.measure.callback)
        .flag("--seed", seed)
        .line()
}
