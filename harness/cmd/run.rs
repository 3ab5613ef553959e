//! `run`: from what was typed to a run's folder and its table.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::progress::Progress;
use super::{Failure, load_functions, report, runtime, say};
use crate::cli::{self, EngineChoice};
use crate::clock::Clock;
use crate::drive::{Driver, Ended, Stop, Targets};
use crate::engine::Engine;
use crate::engine::fake::FakeEngine;
use crate::functions::Function;
use crate::host::{self, Host};
use crate::images;
use crate::plan::Plan;
use crate::platform::{Platform, Target};
use crate::provision::bases::Bases;
use crate::provision::{Consent, Surroundings, engine};
use crate::scenario::{self, Scenario};
use crate::stats;
use crate::store::{self, Counts, FORMAT, FunctionRecord, RunRecord, Writer};
use crate::units::format_wait;

/// What to measure, checked and ready.
struct Request {
    scenario: Scenario,
    functions: Vec<Function>,
    plan: Plan,
    folder: PathBuf,
    /// The run's id: unique on the engine, whatever the folder is called.
    id: String,
    started: jiff::Timestamp,
    consent: Consent,
    command: String,
}

/// Measures a scenario, or shows its plan.
pub(super) fn run(args: &cli::Run) -> Result<(), Failure> {
    let request = Request::new(args)?;
    if args.dry_run {
        print!("{}", request.describe());
        return Ok(());
    }
    let simulated = args.engine == EngineChoice::Fake;
    let ended = runtime(simulated)?.block_on(async {
        match args.engine {
            EngineChoice::Docker => {
                let around = Surroundings::read();
                let engine = engine::find(&around, request.consent, &say).await?;
                let bases = Bases::new(&around, request.consent, &say);
                let images =
                    images::ensure(&engine, &request.functions, &bases, &request.id).await?;
                measure(&request, Arc::new(engine), Clock::start(), images).await
            }
            EngineChoice::Fake => {
                let clock = Clock::paused();
                let engine = FakeEngine::new(clock, request.plan.seed, Default::default());
                let images = images::simulated(&request.functions);
                measure(&request, Arc::new(engine), clock, images).await
            }
        }
    });
    finish(&request, ended)
}

impl Request {
    fn new(args: &cli::Run) -> Result<Self, Failure> {
        let mut scenario =
            scenario::load(&scenario_file(&args.scenario)).map_err(Failure::Usage)?;
        let functions = load_functions(&args.common, &scenario.functions)?;
        scenario.functions = functions.iter().map(|f| f.name.clone()).collect();
        scenario.rounds = args.rounds.unwrap_or(scenario.rounds);
        let random = RandomState::new().hash_one(0);
        let seed = args.seed.unwrap_or(random >> 32);
        let started = jiff::Timestamp::now();
        let stamp = started.strftime("%Y-%m-%d-%H%M%S");
        let name = format!("{stamp}-{}", scenario.name);
        Ok(Self {
            plan: Plan::new(&scenario, functions.len(), seed),
            folder: args.out.clone().unwrap_or_else(|| Path::new("results").join(&name)),
            id: format!("{name}-{:06x}", random & 0xff_ffff),
            command: command(args, &scenario, seed),
            consent: Consent::from_flag(args.common.provision),
            started,
            scenario,
            functions,
        })
    }

    fn describe(&self) -> String {
        let Self { plan, scenario, .. } = self;
        format!(
            "{}\nscenario {}, seed {}, {} rounds, {} trials\n{} container starts, {} invocations\n\
             about {} once the images are there\n",
            plan.describe(scenario, &scenario.functions),
            scenario.name,
            plan.seed,
            scenario.rounds,
            plan.trials.len(),
            plan.starts(scenario),
            plan.invocations(scenario),
            format_wait(plan.estimate(scenario)),
        )
    }

    fn record(
        &self,
        engine: crate::engine::EngineInfo,
        functions: Vec<FunctionRecord>,
        warnings: Vec<String>,
    ) -> RunRecord {
        RunRecord {
            format: FORMAT,
            id: self.id.clone(),
            tool: format!("coldstart {}", env!("CARGO_PKG_VERSION")),
            command: self.command.clone(),
            started: self.started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            elapsed: None,
            complete: false,
            stopped: None,
            scenario: self.scenario.clone(),
            seed: self.plan.seed,
            host: Host::read(),
            engine,
            functions,
            counts: Counts { planned: self.plan.invocations(&self.scenario), ..Counts::default() },
            driver_memory: None,
            warnings,
        }
    }
}

/// A name is looked up among the project's scenarios; anything else is a path.
fn scenario_file(text: &str) -> PathBuf {
    if text.contains('/') || text.ends_with(".toml") {
        return PathBuf::from(text);
    }
    Path::new("benches/scenarios").join(format!("{text}.toml"))
}

/// The command that repeats the run.
fn command(args: &cli::Run, scenario: &Scenario, seed: u64) -> String {
    format!(
        "coldstart run {} --functions {} --rounds {} --seed {seed}",
        args.scenario,
        scenario.functions.join(","),
        scenario.rounds
    )
}

/// Everything from an engine with images to rows on disk. Whatever happens after
/// the first trial, the instances are removed and the record is saved. The clock
/// was started when all was prepared: its epoch is the run's begin.
async fn measure<E: Engine>(
    request: &Request,
    engine: Arc<E>,
    clock: Clock,
    images: Vec<FunctionRecord>,
) -> Result<Ended> {
    let mut info = engine.describe().await?;
    info.address = without_home(&info.address);
    let warnings = other_runs(engine.as_ref()).await?;
    let targets = targets(request, &images);
    let writer = Writer::create(&request.folder, request.record(info, images, warnings))?;
    let scenario = request.scenario.clone();
    let keep_alive = scenario.keep_alive;
    let platform = Arc::new(Platform::new(engine.clone(), clock, request.id.clone(), keep_alive));
    let driver = Driver { engine, platform, scenario, targets };
    drive(request, &driver, writer).await
}

async fn drive<E: Engine>(
    request: &Request,
    driver: &Driver<E>,
    mut writer: Writer,
) -> Result<Ended> {
    let estimate = format_wait(request.plan.estimate(&request.scenario));
    say(&format!("measuring {} trials, about {estimate}", request.plan.trials.len()));
    let begun = Instant::now();
    let mut progress = Progress::new(request.plan.trials.len(), request.scenario.rounds);
    let mut stop = interrupts()?;
    let ended = driver
        .run(&request.plan, &mut stop, |trial, samples| {
            writer.append(&samples)?;
            progress.trial(trial, &samples);
            Ok(())
        })
        .await;
    progress.end(begun.elapsed());
    let cleared = driver.platform.clear().await;
    writer.record.elapsed = Some(begun.elapsed().as_secs_f64());
    writer.record.driver_memory = Some(host::peak_memory());
    writer.record.warnings.extend(driver.platform.warnings());
    writer.record.complete = matches!(ended, Ok(Ended::Complete));
    writer.record.stopped = match &ended {
        Ok(Ended::Complete) => None,
        Ok(Ended::Stopped) => Some("interrupted".to_owned()),
        Err(error) => Some(format!("{error:#}")),
    };
    let saved = writer.save();
    let ended = ended?;
    saved?;
    cleared.context("removing the run's containers: `coldstart clean` tries again")?;
    Ok(ended)
}

/// A run's folder is made to be shared: it need not say whose home it was made in.
fn without_home(text: &str) -> String {
    match std::env::var("HOME") {
        Ok(home) if home.len() > 1 => text.replace(&home, "~"),
        _ => text.to_owned(),
    }
}

/// Other runs on the same engine disturb this one's figures, and it theirs.
async fn other_runs(engine: &impl Engine) -> Result<Vec<String>> {
    let found = engine.instances(None).await?;
    let mut runs: Vec<&str> = found.iter().filter(|f| f.running).map(|f| f.run.as_str()).collect();
    runs.sort_unstable();
    runs.dedup();
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let warning = format!(
        "containers of another run were up ({}): the two disturb each other's figures; wait for it, \
         or remove its leftovers with `coldstart clean`",
        runs.join(", ")
    );
    say(&format!("warning: {warning}"));
    Ok(vec![warning])
}

fn targets(request: &Request, records: &[FunctionRecord]) -> Targets {
    let target = |function: &Function, record: &FunctionRecord, network| {
        // By digest: a tag can be moved while the run goes.
        let target = Target::new(function.clone(), network, record.digest.clone(), &request.id);
        (network, Arc::new(target))
    };
    let of = |(function, record): (&Function, &FunctionRecord)| {
        request.scenario.networks.iter().map(|n| target(function, record, *n)).collect()
    };
    request.functions.iter().zip(records).map(of).collect()
}

/// Ctrl-C (or SIGTERM) once: after the trial. Twice: now. A third time nothing is
/// cleaned up any more.
fn interrupts() -> Result<watch::Receiver<Stop>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (sender, receiver) = watch::channel(Stop::No);
    tokio::spawn(async move {
        for (stop, text) in [
            (Stop::AfterTrial, "stopping after this trial; press Ctrl-C again to stop at once"),
            (Stop::Now, "stopping at once; press Ctrl-C again to leave containers behind"),
        ] {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            say(text);
            sender.send_replace(stop);
        }
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        say("left as it is: `coldstart clean` removes what is left");
        std::process::exit(130);
    });
    Ok(receiver)
}

/// Shows what was measured, however it ended.
fn finish(request: &Request, ended: Result<Ended>) -> Result<(), Failure> {
    // A run that never began has no folder: another run may bear the name.
    let run = store::open(&request.folder).ok().filter(|run| run.record.id == request.id);
    if let Some(run) = &run {
        match report::write(run, &stats::summarise(&run.samples)) {
            Ok(table) => println!("{table}"),
            Err(error) if ended.is_ok() => return Err(error.into()),
            Err(error) => say(&format!("the report could not be written: {error:#}")),
        }
        say(&format!("kept in {}", request.folder.display()));
    }
    if ended? == Ended::Stopped {
        return Err(Failure::Interrupted);
    }
    match run.as_ref().and_then(all_failed) {
        Some(cause) => {
            Err(anyhow!("nothing was measured, every invocation failed: {cause}").into())
        }
        None => Ok(()),
    }
}

/// The first cause, when nothing succeeded at all.
fn all_failed(run: &store::Run) -> Option<String> {
    let none = run.record.counts.ok == 0;
    let cause = run.samples.iter().find_map(|s| s.outcome.cause().map(|c| (&s.cell, c)));
    cause.filter(|_| none).map(|(cell, cause)| format!("{cell}: {cause}"))
}
