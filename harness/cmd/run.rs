//! `run`: from what was typed to a run's folder and its table.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::progress::Progress;
use super::{Failure, report, runtime, say};
use crate::cli::{self, EngineChoice};
use crate::clock::Clock;
use crate::drive::{Driver, Ended, Stop};
use crate::engine::fake::FakeEngine;
use crate::engine::process::WithProcesses;
use crate::engine::{Engine, ImageStore};
use crate::exec_trace::ExecTrace;
use crate::host;
use crate::images;
use crate::machine::Reading;
use crate::platform::Platform;
use crate::provision::bases::Bases;
use crate::provision::{Surroundings, engine};
use crate::sample::Meanwhile;
use crate::stats;
use crate::store::{self, FunctionRecord, Writer};

mod prepare;
mod request;

use request::Request;

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
                    images::ensure(&engine, &request.with_null(), &bases, &request.id).await?;
                let clock = Clock::start();
                let trace = listen(args, clock);
                let containers = Arc::new(engine);
                let engine = Arc::new(WithProcesses::new(containers.clone()));
                measure(&request, containers.as_ref(), engine, clock, images, trace).await
            }
            EngineChoice::Fake => {
                let clock = Clock::paused();
                let engine = FakeEngine::new(clock, request.plan.seed, Default::default());
                let engine = Arc::new(engine);
                let images = images::simulated(&request.with_null());
                let silent = Err("simulated: there is no kernel to listen to".to_owned());
                measure(&request, engine.as_ref(), engine.clone(), clock, images, silent).await
            }
        }
    });
    finish(&request, ended)
}

/// The listener to the kernel, or why there is none.
type Trace = Result<ExecTrace, String>;

fn listen(args: &cli::Run, clock: Clock) -> Trace {
    if args.no_exec_trace {
        return Err("switched off".to_owned());
    }
    ExecTrace::start(clock).map_err(|reason| {
        say(&format!("phases of the engine will be merged: {reason}"));
        reason.to_string()
    })
}

/// Everything from an engine with images to rows on disk. Whatever happens after
/// the first trial, the instances are removed and the record is saved. The clock
/// was started when all was prepared: its epoch is the run's begin.
async fn measure<E: Engine>(
    request: &Request,
    images: &impl ImageStore,
    engine: Arc<E>,
    clock: Clock,
    records: Vec<FunctionRecord>,
    trace: Trace,
) -> Result<Ended> {
    let mut info = engine.describe().await?;
    info.address = without_home(&info.address);
    let warnings = other_runs(images).await?;
    let targets = prepare::targets(request, images, &info, &records).await?;
    let platform = Arc::new(Platform::new(engine.clone(), clock, request.id.clone()));
    prepare::try_all(request, &platform, &targets).await?;
    let mut record = request.record(info, records, warnings);
    record.kernel_events.silent = trace.as_ref().err().cloned();
    let writer = Writer::create(&request.folder, record)?;
    let (scenario, plan) = (request.scenario.clone(), request.plan.clone());
    let driver = Driver::new(engine, platform, scenario, plan, targets, trace.ok());
    drive(request, &driver, writer).await
}

async fn drive<E: Engine>(
    request: &Request,
    driver: &Driver<E>,
    mut writer: Writer,
) -> Result<Ended> {
    say(&request.announce());
    let (begun, before) = (Instant::now(), Reading::now());
    writer.record.machine.load_at_start = before.load;
    let mut progress = Progress::new(request.plan.trials.len(), request.rounds());
    let mut stop = interrupts()?;
    let mut asked = 0;
    let ended = driver
        .run(&mut stop, |trial, done| {
            asked += request.plan.invocations_of(&request.scenario, trial);
            writer.append(&done.record, &done.samples)?;
            progress.trial(trial, &done.samples);
            Ok(())
        })
        .await;
    progress.end(begun.elapsed());
    let cleared = driver.platform().clear().await;
    let record = &mut writer.record;
    let nanoseconds = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
    record.machine.meanwhile = Some(Meanwhile::between(&before, &Reading::now(), nanoseconds));
    record.elapsed = Some(begun.elapsed().as_secs_f64());
    record.driver_memory = Some(host::peak_memory());
    record.warnings.extend(driver.platform().warnings());
    if let Some(trace) = driver.trace() {
        (record.kernel_events.seen, record.kernel_events.lost) = (trace.seen(), trace.lost());
    }
    // Whichever comes first, enough or the limit, is the end of a run until enough.
    let by_itself = request.scenario.until.is_some() && matches!(ended, Ok(Ended::OutOfTime));
    record.complete = matches!(ended, Ok(Ended::Complete)) || by_itself;
    if record.complete {
        // Cells that were known well enough were not measured to the last round.
        record.counts.planned = asked;
    }
    record.stopped = match &ended {
        Ok(Ended::Complete) => None,
        Ok(Ended::OutOfTime) => Some(store::OUT_OF_TIME.to_owned()),
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
    match ended? {
        Ended::Stopped => return Err(Failure::Interrupted),
        Ended::OutOfTime => say("the time limit ended it: not every round was measured"),
        Ended::Complete => {}
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
    let mut measured = run.samples.iter().filter(|s| s.cell.control.is_none());
    let none = measured.clone().all(|s| !s.outcome.is_ok());
    let cause = measured.find_map(|s| s.outcome.cause().map(|c| (&s.cell, c)));
    cause.filter(|_| none).map(|(cell, cause)| format!("{cell}: {cause}"))
}
