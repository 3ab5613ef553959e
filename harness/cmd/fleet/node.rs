//! `fleet node`: what is typed on a node, in this program's own image.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use tokio::sync::watch;

use super::{ExitReason, runtime};
use crate::cli::FleetNode;
use crate::terminal::TerminalObserver;
use crate::terminal::interrupt;
use coldstart::drive::{RunEnd, Stop};
use coldstart::fleet::{self, Job, SOCKET, VARIABLE, parcel};
use coldstart::measure::{Measurement, PreparedEngine, RunControl, RunIdentity, Side};
use coldstart::provision::{Consent, Surroundings, engine};

/// Does it, and says so on standard output, which is all that comes back.
pub(super) fn run(args: &FleetNode) -> Result<(), ExitReason> {
    let told = std::env::var(VARIABLE).map_err(|_| {
        ExitReason::Usage(anyhow!("{VARIABLE} is not set: `coldstart fleet run` sets it on nodes"))
    })?;
    let job = Job::decode(&told).map_err(ExitReason::Usage);
    let mut stop = interrupt::heard()?;
    let done = job.map_err(Told::Not).and_then(|job| match (args.beside, args.check) {
        (true, check) => beside(&job, check, &stop),
        (false, true) => check(&job),
        (false, false) => measure(&job, &mut stop),
    });
    match done {
        Ok(()) => Ok(()),
        Err(Told::Already(failure)) => Err(failure),
        Err(Told::Not(failure)) => {
            print(parcel::of_failure(&words(&failure)).as_bytes())?;
            Err(failure)
        }
    }
}

/// A failure, and whether those who asked know it.
enum Told {
    Already(ExitReason),
    Not(ExitReason),
}

impl<E: Into<ExitReason>> From<E> for Told {
    fn from(error: E) -> Self {
        Self::Not(error.into())
    }
}

/// Why, without the code that a terminal shows before it.
fn words(failure: &ExitReason) -> String {
    match failure {
        ExitReason::Usage(error) | ExitReason::Environment(error) => format!("{error:#}"),
        _ => "interrupted".to_owned(),
    }
}

fn print(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).context("cannot write to standard output")
}

/// The same words where all of the machine is, and what that printed.
fn beside(job: &Job, check: bool, stop: &watch::Receiver<Stop>) -> Result<(), Told> {
    let observer = TerminalObserver::default();
    let socket = std::env::var(SOCKET).with_context(|| format!("{SOCKET} is not set"));
    let words: &[&str] = if check { &fleet::CHECK } else { &fleet::MEASURE };
    let came = runtime(false).map_err(ExitReason::from)?.block_on(async {
        let engine = engine::find(&Surroundings::read(), Consent::Withheld, &observer).await?;
        fleet::beside(&engine, job, &socket?, words, stop).await
    });
    let came = came.map_err(ExitReason::from)?;
    print(&came.out).map_err(ExitReason::from)?;
    // Only who looks for it on the node reads it.
    let _ = std::io::stderr().write_all(&came.said);
    match came.status {
        0 => Ok(()),
        status => {
            let failure = ExitReason::from(anyhow!("it ended with exit status {status}"));
            Err(if came.out.is_empty() { Told::Not(failure) } else { Told::Already(failure) })
        }
    }
}

fn check(job: &Job) -> Result<(), Told> {
    let observer = TerminalObserver::default();
    let report = runtime(false).map_err(ExitReason::from)?.block_on(async {
        let engine = engine::find(&Surroundings::read(), Consent::Withheld, &observer).await?;
        fleet::report(&engine, job).await
    });
    let report = report.map_err(ExitReason::from)?;
    Ok(print(parcel::of_report(&report).as_bytes()).map_err(ExitReason::from)?)
}

/// The ordinary run, and its folder.
fn measure(job: &Job, stop: &mut watch::Receiver<Stop>) -> Result<(), Told> {
    let home = tempfile::tempdir().context("a temporary folder").map_err(ExitReason::from)?;
    let folder = home.path().join("run");
    let ended = measured(job, home.path(), &folder, stop);
    let mut files = parcel::Files::new();
    for name in parcel::FILES {
        if let Ok(bytes) = std::fs::read(folder.join(name)) {
            files.insert(name.to_owned(), bytes);
        }
    }
    let failure = match ended {
        Ok(RunEnd::Complete | RunEnd::OutOfTime) => None,
        Ok(RunEnd::Stopped) => Some(ExitReason::Interrupted),
        Ok(RunEnd::GivenUp) => Some(anyhow!("no function answers").into()),
        Err(failure) => Some(failure),
    };
    let told = failure.map(|failure| (parcel::of_failure(&words(&failure)), failure));
    let (first, failure) = told.map_or((String::new(), None), |(line, why)| (line, Some(why)));
    print((first + &parcel::of_files(&files)).as_bytes()).map_err(ExitReason::from)?;
    failure.map_or(Ok(()), |failure| Err(Told::Already(failure)))
}

fn measured(
    job: &Job,
    home: &Path,
    folder: &Path,
    stop: &mut watch::Receiver<Stop>,
) -> Result<RunEnd, ExitReason> {
    let observer = TerminalObserver::default();
    runtime(false)?.block_on(async {
        let (mut functions, mut null) = (job.functions.clone(), job.null.clone());
        if let Some(null) = &mut null {
            let engine = engine::find(&Surroundings::read(), Consent::Withheld, &observer).await?;
            let program = fleet::fetch_null(&engine, job, null, home).await?;
            null.process = vec![program.display().to_string()];
            // Where it is measured, too, that is the one whose process is started.
            let measured = functions.iter_mut().filter(|function| function.name == null.name);
            measured.for_each(|function| function.process.clone_from(&null.process));
        }
        let side = Side {
            name: "run".to_owned(),
            functions,
            null,
            folder: folder.to_owned(),
            record: None,
        };
        let (begun, scenario) = (RunIdentity::now(), job.scenario.clone());
        let request = Measurement::new(&begun, job.id.clone(), scenario, vec![side], job.seed)?;
        let request = Measurement { command: job.command.clone(), traced: job.traced, ..request };
        let engine = PreparedEngine::get(&request, Consent::Withheld, stop, &observer).await?;
        let control = RunControl { stop, more: None };
        Ok(engine.measure(&request, control, &observer).await?)
    })
}
