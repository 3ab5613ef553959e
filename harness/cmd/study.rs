//! `study`: a platform is called in a certain way, and what that told is shown.

use std::fmt::Display;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::sync::watch;

use super::repeat::Words;
use super::{ExitReason, info, serving, stdout};
use crate::cli::{Idle, Rounds, ServingFlags, StudyVerb, SurgeStudy, What};
use crate::terminal;
use coldstart::drive::Stop;
use coldstart::measure::Interrupted;
use coldstart::pool::Counters;
use coldstart::report::form::{Form, Printed};
use coldstart::serve::Session;
use coldstart::spec::function::Function;
use coldstart::study::idle::{self, Search};
use coldstart::study::surge::{self, Shape, Surges};
use coldstart::study::{FORMAT, Found, Of, Study, chain, spike};
use coldstart::text::units::format_exactly;
use coldstart::{report, store};

mod foreign;
mod ladder;
mod thumbnail;

/// Makes the calls, and shows what they told.
pub(super) fn run(args: &StudyVerb) -> Result<(), ExitReason> {
    match &args.what {
        What::Idle(args) => idled(args),
        What::Surge(args) => {
            let command = surge_again(args);
            let surges = Surges {
                sizes: args.sizes.clone(),
                rounds: args.rounds,
                shape: args.shape,
                pause: args.pause,
                seed: args.seed,
            };
            let study = async |session: &Session, name: &Arc<str>, event: &str| {
                let told = |surge: &surge::Surge| {
                    let surge::Surge { round, size, cold, refused, .. } = surge;
                    info(&format!(
                        "{name}: round {round}, {size} at once: {cold} cold, {refused} refused"
                    ));
                };
                surge::surges(session, name, event, &surges, told).await
            };
            studied(&args.serving, ("surge", command), args.printed.format, study, Found::Surge)
        }
        What::Spike(args) => spiked(args),
        What::Chain(args) => chained(args),
        What::Ladder(args) => ladder::run(args),
        What::Thumbnail(args) => thumbnail::run(args),
    }
}

/// For how long instances are kept, here or on a platform of somebody else.
fn idled(args: &Idle) -> Result<(), ExitReason> {
    let usual = u32::from(args.foreign.url.is_none());
    let probes = args.probes.unwrap_or(usual);
    let search = Search { most: args.most, within: args.within, probes };
    if search.within >= search.most {
        return Err(ExitReason::Usage(anyhow!("--within must be less than --most")));
    }
    if let Some((url, sign)) = args.foreign.asked() {
        return foreign::run(args, (url, sign), search);
    }
    let command = idle_again(args, probes);
    let study = async |session: &Session, name: &Arc<str>, event: &str| {
        let told = |probe: &idle::Probe| info(&format!("{name}: {}", probed(probe)));
        idle::search(session, name, event, search, told).await
    };
    studied(&args.serving, ("idle", command), args.printed.format, study, Found::Idle)
}

/// What a pause was followed by.
fn probed(probe: &idle::Probe) -> String {
    let met = if probe.cold { "cold" } else { "warm" };
    format!("{met} after {}", shortly(probe.pause))
}

/// All functions at one instant, and each alone.
fn spiked(args: &Rounds) -> Result<(), ExitReason> {
    let command = rounds_again("spike", args);
    let rounds = (args.rounds, args.pause);
    let act = async |session: &Session, functions: &[Function]| {
        let called: Vec<(Arc<str>, String)> =
            functions.iter().map(|f| (f.name.as_str().into(), f.event.clone())).collect();
        let told = |round: u32| info(&format!("round {round}"));
        let all = spike::shots(session, &called, rounds, told).await;
        let of = |(function, found): (&Function, Vec<spike::Shot>)| Of {
            function: function.name.clone(),
            found,
        };
        Found::Spike(functions.iter().zip(all).map(of).collect())
    };
    acted(&args.serving, ("spike", command), args.printed.format, act)
}

/// The answer of each function is the event of the next.
fn chained(args: &Rounds) -> Result<(), ExitReason> {
    let command = rounds_again("chain", args);
    let rounds = (args.rounds, args.pause);
    let act = async |session: &Session, functions: &[Function]| {
        let chain: Vec<Arc<str>> = functions.iter().map(|f| f.name.as_str().into()).collect();
        let told = |pass: &chain::Pass| {
            info(&format!("round {}: {} cold", pass.round, pass.cold));
        };
        let event = functions.first().map_or("{}", |first| first.event.as_str());
        let found = chain::passes(session, &chain, event, rounds, told).await;
        Found::Chain(vec![Of { function: chain.join(" -> "), found }])
    };
    acted(&args.serving, ("chain", command), args.printed.format, act)
}

/// The same of each function by itself.
fn studied<T>(
    args: &ServingFlags,
    name: (&str, String),
    format: &Form,
    study: impl AsyncFn(&Session, &Arc<str>, &str) -> T,
    found: fn(Vec<Of<T>>) -> Found,
) -> Result<(), ExitReason> {
    let act = async |session: &Session, functions: &[Function]| {
        let mut all = Vec::new();
        for function in functions {
            let name: Arc<str> = function.name.as_str().into();
            let found = study(session, &name, &function.event).await;
            all.push(Of { function: function.name.clone(), found });
        }
        found(all)
    };
    acted(args, name, format, act)
}

fn acted(
    args: &ServingFlags,
    (name, command): (&str, String),
    format: &Form,
    study: impl AsyncFn(&Session, &[Function]) -> Found,
) -> Result<(), ExitReason> {
    let request = serving::request(args, &format!("study-{name}"), command)?;
    let (id, command) = (request.id.clone(), request.command.clone());
    let side = request.sides.first();
    let functions = side.map(|side| side.functions.clone()).unwrap_or_default();
    let served = serving::session(request, args, None, true, async |session, _, stop| {
        unless_stopped(stop, study(&session, &functions)).await
    })?;
    let serving::Served { done: found, counters, folder } = served;
    let policy = args.rules.policy.to_string();
    keep(&folder, (id, command, policy), (found, &counters), format)
}

/// Keeps what calls of a run told, beside its rows, and shows it.
fn keep(
    folder: &Path,
    (id, command, policy): (String, String, String),
    (found, counters): (Found, &Counters),
    format: &Form,
) -> Result<(), ExitReason> {
    let run = store::open(folder)?;
    let study = Study {
        format: FORMAT,
        run: Some(id),
        started: None,
        command,
        place: format!("{}, policy {policy}", run.record.place()),
        starts: Some(counters.all_starts()),
        unused: Some(counters.all_unused()),
        invalid: false,
        simulated: false,
        found,
    };
    serving::keep(folder)?;
    show(folder, &study.graded(&run), format)
}

/// Writes the files of a study, and shows it.
fn show(folder: &Path, study: &Study, format: &Form) -> Result<(), ExitReason> {
    for file in report::study::files(study)? {
        store::write(folder, Path::new(&file.path), &file.bytes)?;
    }
    stdout::result(&stdout::form(format, &Printed::Study(study))?)?;
    terminal::hint("kept in ", &folder.display().to_string());
    terminal::hint("open    ", &folder.join("study.html").display().to_string());
    Ok(())
}

/// Does something until that is done, or it is asked to stop.
async fn unless_stopped<T>(
    mut stop: watch::Receiver<Stop>,
    act: impl Future<Output = T>,
) -> Result<T> {
    let asked = stop.wait_for(|asked| *asked >= Stop::AfterTrial);
    tokio::select! {
        biased;
        Ok(_) = asked => Err(Interrupted.into()),
        found = act => Ok(found),
    }
}

fn shortly(time: Duration) -> impl Display {
    format!("{:.3} s", time.as_secs_f64())
}

fn idle_again(args: &Idle, probes: u32) -> String {
    serving::again(Words::of("study").word("idle"), &args.serving)
        .flag("--most", format_exactly(args.most))
        .flag("--within", format_exactly(args.within))
        .flag("--probes", probes)
        .line()
}

fn rounds_again(study: &str, args: &Rounds) -> String {
    serving::again(Words::of("study").word(study), &args.serving)
        .flag("--rounds", args.rounds)
        .flag("--pause", format_exactly(args.pause))
        .line()
}

fn surge_again(args: &SurgeStudy) -> String {
    let sizes: Vec<String> = args.sizes.iter().map(ToString::to_string).collect();
    let shape = match args.shape {
        Shape::AtOnce => "at-once".to_owned(),
        Shape::Ramp(over) => format!("ramp:{}", format_exactly(over)),
        Shape::Poisson(over) => format!("poisson:{}", format_exactly(over)),
    };
    serving::again(Words::of("study").word("surge"), &args.serving)
        .flag("--sizes", sizes.join(","))
        .flag("--rounds", args.rounds)
        .flag("--shape", shape)
        .flag("--pause", format_exactly(args.pause))
        .flag("--seed", args.seed)
        .line()
}
