//! `replay`: a trace of calls, played against policies on the virtual clock.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow};

use super::failure::of_files;
use super::repeat::Words;
use super::{ExitReason, info, kept, run, stdout};
use crate::cli;
use crate::terminal;
use coldstart::cost::{Prices, prices};
use coldstart::measure::RunIdentity;
use coldstart::pool::{Limits, PolicyChoice};
use coldstart::replay::measured::MeasuredFunction;
use coldstart::replay::played::{FORMAT, MappedFunction, MeasuredFacts, Tariff, TraceFacts};
use coldstart::replay::trace::generate::{Wanted, generate};
use coldstart::replay::trace::{self, Reading};
use coldstart::replay::virtual_clock::{Runs, Setting, play};
use coldstart::replay::{Measured, Played, Replay, Trace, played};
use coldstart::report;
use coldstart::report::form::Printed;
use coldstart::store;
use coldstart::store::catalog::{self, Kind};
use coldstart::text::units::{format_exactly, format_size, format_wait};

mod real;

use real::Real;

/// What is played where nobody says; those of the second list where memory is short.
const USUAL: [&str; 6] =
    ["fixed:1m", "fixed:10m", "fixed:1h", "hybrid", "cidre:10m", "provisioned"];
const UNDER_A_LIMIT: [&str; 3] = ["lru", "greedy-dual", "cidre"];

/// Plays, writes and shows; or makes a trace.
pub(super) fn run(args: &cli::Replay) -> Result<(), ExitReason> {
    if let Some(file) = &args.generate {
        return make(args, file);
    }
    let Some(file) = &args.trace else {
        return Err(ExitReason::Usage(anyhow!("name a trace, or make one with --generate")));
    };
    let policies = policies(args)?;
    let tariff = tariff(args)?;
    let reading = Reading {
        limit: args.limit.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
        longest: args.longest,
        speed: args.speed,
        seed: args.seed,
    };
    let trace = trace::read(file, &reading).map_err(ExitReason::Usage)?;
    let folder = measured_folder(args)?;
    let measured = Measured::of(&kept::run(&folder, false)?, &args.functions);
    let measured = measured.map_err(ExitReason::Usage)?;
    let identity = RunIdentity::now();
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| Path::new("results").join(identity.name("replay")));
    let reserved = run::reserve(&out, args.out.is_some())?;
    let mapping = measured.nearest(&trace.average_runs());
    let (traced, mapped) = facts_of(&trace, file, &measured, &mapping);
    // What is really called is a function that was measured, whoever it stands for.
    let (trace, mapping) = match args.real {
        true => {
            let names = measured.functions.iter().map(|of| of.name.clone()).collect();
            (trace.of_others(&mapping, names), (0..measured.functions.len()).collect())
        }
        false => (trace, mapping),
    };
    // What real instances do takes as long as it takes.
    let measured_runs = args.measured_durations || args.real;
    let runs = if measured_runs { Runs::Measured } else { Runs::Trace };
    let setting = Setting {
        trace: &trace,
        measured: &measured,
        mapping: &mapping,
        limits: Limits { account: args.concurrency, memory: args.memory, ..Limits::LAMBDA },
        runs,
        seed: args.seed,
        tariff: &tariff,
    };
    let all = all_played(args, &setting, &policies, reserved.folder())?;
    let measured = MeasuredFacts {
        run: measured.run.clone(),
        place: measured.place.clone(),
        simulated: measured.simulated,
        invalid: measured.invalid,
        runs: runs.to_string(),
        functions: mapped,
    };
    let command = command(args, file, &folder, &policies);
    let started = identity.started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let found = told(args, (command, started), (traced, measured), &tariff, all);
    Ok(give(&found, reserved.folder(), args)?)
}

/// All that is kept of it.
fn told(
    args: &cli::Replay,
    (command, started): (String, String),
    (trace, measured): (TraceFacts, MeasuredFacts),
    tariff: &Tariff,
    policies: Vec<Played>,
) -> Replay {
    Replay {
        format: FORMAT,
        tool: format!("coldstart {}", env!("CARGO_PKG_VERSION")),
        command,
        started,
        seed: args.seed,
        trace,
        measured,
        memory: args.memory,
        concurrency: args.concurrency,
        currency: tariff.prices.currency.clone(),
        region: tariff.prices.region.clone(),
        prices_as_of: tariff.prices.as_of.clone(),
        architecture: args.arch,
        policies,
    }
}

/// Plays every policy on the virtual clock, and those that were typed on real instances too,
/// where that is asked for.
fn all_played(
    args: &cli::Replay,
    setting: &Setting<'_>,
    policies: &[PolicyChoice],
    folder: &Path,
) -> Result<Vec<Played>, ExitReason> {
    let mut all: Vec<Played> = Vec::new();
    for policy in policies {
        let _step = terminal::step(&format!("playing {policy}"));
        all.push(play(setting, *policy));
    }
    if args.real {
        let Setting { trace, measured, mapping, tariff, .. } = setting;
        let real = Real { args, trace, measured, mapping, tariff, folder };
        for policy in policies {
            // What is compared with is virtual, unless somebody asked for it.
            if args.policy.contains(policy) {
                all.push(real.play(*policy)?);
            }
        }
    }
    played::compare(&mut all);
    Ok(all)
}

/// What was asked for, each once, after the one that keeps nothing.
fn policies(args: &cli::Replay) -> Result<Vec<PolicyChoice>, ExitReason> {
    let read =
        |name: &str| name.parse::<PolicyChoice>().map_err(|why| ExitReason::Usage(anyhow!(why)));
    let mut asked = args.policy.clone();
    if asked.is_empty() {
        let more = UNDER_A_LIMIT.iter().filter(|_| args.memory.is_some());
        asked = USUAL.iter().chain(more).map(|name| read(name)).collect::<Result<_, _>>()?;
    }
    let mut all = vec![PolicyChoice::Nothing];
    for policy in asked {
        if policy.needs_memory_limit() && args.memory.is_none() {
            return Err(ExitReason::Usage(anyhow!(
                "--policy {policy} removes instances for want of memory alone: say how much there \
                 is, as in --memory 16GiB"
            )));
        }
        if !all.contains(&policy) {
            all.push(policy);
        }
    }
    Ok(all)
}

fn tariff(args: &cli::Replay) -> Result<Tariff, ExitReason> {
    let prices = args.prices.as_deref().map_or_else(Prices::builtin, prices::load);
    Ok(Tariff { prices: prices.map_err(ExitReason::Usage)?, architecture: args.arch })
}

/// The run that was typed, or the newest that says what starts take, of those that were planned.
fn measured_folder(args: &cli::Replay) -> Result<PathBuf, ExitReason> {
    if let Some(folder) = &args.run {
        return Ok(folder.clone());
    }
    let all = catalog::scan(Path::new("results"));
    let tells = |folder: &Path| {
        let run = store::open(folder).ok().filter(|run| !run.record.scenario.is_from_outside());
        run.is_some_and(|run| Measured::of(&run, &args.functions).is_ok())
    };
    let mut runs = all.into_iter().filter(|f| f.kind == Kind::Run && f.broken.is_none());
    let newest = runs.find(|found| tells(&found.folder));
    let newest = newest.ok_or_else(|| {
        of_files(
            "results holds no run yet that says what starts take: `coldstart run` measures one, \
             and --run names one elsewhere"
                .to_owned(),
        )
    })?;
    info(&format!("starts as measured in {}", newest.folder.display()));
    Ok(newest.folder)
}

/// What there is to say of a trace, and of the functions that its own stand for.
fn facts_of(
    trace: &Trace,
    file: &Path,
    measured: &Measured,
    mapping: &[usize],
) -> (TraceFacts, Vec<MappedFunction>) {
    let mut calls = vec![0u64; measured.functions.len()];
    for call in &trace.calls {
        calls[mapping[call.function as usize]] += 1;
    }
    let of = |(at, function): (usize, &MeasuredFunction)| MappedFunction {
        function: function.name.clone(),
        stands_for: mapping.iter().filter(|one| **one == at).count(),
        calls: calls[at],
        memory: function.memory,
        start_p50: function.median_start(),
        warm_p50: function.median(),
        starts: function.starts.len(),
    };
    let mapped = measured.functions.iter().enumerate().map(of).collect();
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    (TraceFacts::of(trace, name), mapped)
}

/// The command that plays the same again.
fn command(args: &cli::Replay, file: &Path, folder: &Path, policies: &[PolicyChoice]) -> String {
    let names: Vec<String> = policies.iter().map(ToString::to_string).collect();
    let functions = (!args.functions.is_empty()).then(|| args.functions.join(","));
    Words::of("replay")
        .word(file.display())
        .flag("--run", folder.display())
        .some("--functions", functions)
        .flag("--policy", names.join(","))
        .some("--memory", args.memory.map(|bytes| format!("{bytes}B")))
        .flag("--concurrency", args.concurrency)
        .some("--limit", args.limit)
        .some("--speed", (args.speed != 1.0).then_some(args.speed))
        .some(
            "--longest",
            (args.longest != trace::LONGEST_CALL).then(|| format_exactly(args.longest)),
        )
        .switch("--measured-durations", args.measured_durations)
        .switch("--real", args.real)
        .some("--engine", args.engine.as_ref())
        .some("--network", args.network.as_ref())
        .described(&args.functions_file)
        .some("--prices", args.prices.as_ref().map(|file| file.display()))
        .flag("--arch", args.arch)
        .flag("--seed", args.seed)
        .line()
}

fn give(found: &Replay, folder: &Path, args: &cli::Replay) -> Result<()> {
    for file in report::replay::files(found)? {
        store::write(folder, &file.path, &file.bytes)?;
    }
    stdout::result(&stdout::form(args.printed.format, &Printed::Replay(found))?)?;
    terminal::hint("kept in ", &folder.display().to_string());
    terminal::hint("open    ", &folder.join("replay.html").display().to_string());
    Ok(())
}

/// Writes a trace that nobody recorded.
fn make(args: &cli::Replay, file: &Path) -> Result<(), ExitReason> {
    stdout::only_text(args.printed.format, "what --generate says")?;
    let usual = Wanted::default();
    let wanted = Wanted {
        functions: args.trace_functions.unwrap_or(usual.functions),
        time: args.trace_time.unwrap_or(usual.time),
        calls: args.trace_calls.unwrap_or(usual.calls),
        seed: args.seed,
    };
    let text = generate(&wanted).map_err(|why| ExitReason::Usage(anyhow!(why)))?;
    if !store::create_new(file, &text)? {
        return Err(of_files(format!("{} is there already", file.display())).into());
    }
    // All lines but the first are calls.
    let calls = text.lines().count() - 1;
    Ok(stdout::result(&format!(
        "{calls} calls of {} functions in {}, {}: {}",
        wanted.functions,
        format_wait(Duration::from_secs(wanted.time.as_secs())),
        format_size(text.len() as u64),
        file.display()
    ))?)
}
