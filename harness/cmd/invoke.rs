//! `invoke`: one call of one function, on a session of its own.

use std::cell::Cell;
use std::path::Path;

use anyhow::{Result, anyhow};
use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::repeat::Words;
use super::{ExitReason, images, info, serving, stdout};
use crate::cli::{self, ImageFlags, NO_EVENT, RuleFlags, ServingFlags};
use crate::terminal;
use crate::terminal::interrupt::{self, Phase};
use coldstart::clock::Clock;
use coldstart::drive::Stop;
use coldstart::serve::trigger::event::SAMPLES;
use coldstart::serve::{Call, Client, Done, End, Platform, Session, report_line};
use coldstart::spec::function::{TIMEOUTS, read_event};
use coldstart::store;
use coldstart::text::sanitize::{plain, uncoloured};
use coldstart::text::units::format_ms;

mod live;

use live::Live;

/// What a function is told that is to wait for a debugger.
const DEBUG_PORT: &str = "DEBUG_PORT";

/// What a call was, and what came of it.
struct Called {
    call: Call,
    done: Done,
    clock: Clock,
    /// Whether some of its log was shown while it was made.
    is_shown: bool,
}

/// Calls, and shows what came of it.
pub(super) fn run(args: &cli::Invoke) -> Result<(), ExitReason> {
    let serving = serving(args)?;
    let mut request = serving::request(&serving, "invoke", command(args))?;
    if let Some(port) = args.debug {
        // It would wait for a debugger, and then once more.
        request.tries = false;
        for function in request.sides.iter_mut().flat_map(|side| &mut side.functions) {
            function.timeout = *TIMEOUTS.end();
            function.env.insert(DEBUG_PORT.to_owned(), port.to_string());
        }
        info(&format!("a debugger can attach to 127.0.0.1:{port} once the function waits for one"));
    }
    let functions = request.sides.iter().flat_map(|side| &side.functions);
    let Some(function) = functions.last().cloned() else {
        return Err(ExitReason::Usage(anyhow!("no function is named")));
    };
    let sample = SAMPLES.iter().find(|(name, _)| args.sample.as_deref() == Some(name));
    let event: Bytes = match (sample, args.of_images.event.as_str()) {
        (Some((_, made)), _) => made(jiff::Timestamp::now()),
        (None, NO_EVENT) => function.event.clone().into(),
        (None, typed) => read_event(typed).map_err(ExitReason::Usage)?.into(),
    };
    let (reports, mut told) = mpsc::unbounded_channel();
    let act = async |session: Session, _: &Path, stop: watch::Receiver<Stop>| {
        call(session, &function.name, event, stop).await
    };
    let served = serving::session(request, &serving, Some(reports), false, act)?;
    interrupt::now(Phase::Showing);
    let Some(Called { call, mut done, clock, is_shown }) = served.done else {
        return Err(ExitReason::Interrupted);
    };
    // What it took in the end.
    if let (Some(report), Some(known)) = (&mut done.report, told.try_recv().ok()) {
        *report = known;
    }
    let log = report_line::log(&call, &done, &clock);
    let start = report_line::start(call.request);
    show(log.strip_prefix(start.as_bytes()).filter(|_| is_shown).unwrap_or(&log));
    phases(&served.folder)?;
    serving::keep(&served.folder)?;
    terminal::hint("kept in ", &served.folder.display().to_string());
    answer(&done.end)
}

/// One call; none where it was stopped first.
async fn call(
    session: Session,
    function: &str,
    event: Bytes,
    mut stop: watch::Receiver<Stop>,
) -> Result<Option<Called>> {
    let clock = session.clock();
    let (request, arrived) = (Uuid::new_v4(), clock.now());
    let (function, client) = (function.into(), Client::default());
    let call = Call { function, request, event, arrived, wants_log: true, client };
    let (mut live, is_shown) = (Live::begin(&session), Cell::new(false));
    let shows = |lines: &[u8]| {
        if !is_shown.replace(true) {
            show(report_line::start(request).as_bytes());
        }
        show(lines);
    };
    let mut done = tokio::select! {
        done = session.call(call.clone()) => done,
        _ = stop.wait_for(|stop| *stop != Stop::No) => return Ok(None),
        never = live.follow(&session, shows) => match never {},
    };
    if live.has_begun() {
        let log = done.log.take().unwrap_or_default();
        show(&live.rest(&session, &log).await);
    }
    Ok(Some(Called { call, done, clock, is_shown: live.has_begun() }))
}

/// What was written, line by line, tamed.
fn show(log: &[u8]) {
    for line in String::from_utf8_lossy(log).lines().filter(|line| !line.is_empty()) {
        // Fields of the REPORT line are separated by tabs.
        let fields: Vec<String> = line.split('\t').map(|field| plain(&uncoloured(field))).collect();
        terminal::hint("", fields.join("\t").trim_end());
    }
}

/// Where the time of its row went.
fn phases(folder: &Path) -> Result<()> {
    let run = store::open(folder)?;
    let Some(row) = run.samples.last() else { return Ok(()) };
    #[expect(clippy::cast_precision_loss, reason = "a time that is shown")]
    let line = |name: &str, ns: u64| {
        terminal::hint("", &format!("{name:<12} {:>8} ms", format_ms(ns as f64)))
    };
    for (phase, ns) in row.phases() {
        line(&phase.to_string(), ns);
    }
    if let Some(latency) = row.latency() {
        line("in all", latency);
    }
    Ok(())
}

/// The answer itself.
fn answer(end: &End) -> Result<(), ExitReason> {
    let give = |bytes: &Bytes| stdout::result(&stdout::text(bytes));
    let failed = match end {
        End::Response(bytes) => return Ok(give(bytes)?),
        End::Failed(document) => {
            give(document)?;
            anyhow!("the function failed")
        }
        End::Throttled { .. } => anyhow!("no instance was to be had for it"),
        End::NotFound => anyhow!("there is no such function"),
        End::Stopping => return Err(ExitReason::Interrupted),
        End::Unavailable(why) => anyhow!("it could not be called: {why}"),
    };
    Err(failed.into())
}

/// As a session is asked for.
fn serving(args: &cli::Invoke) -> Result<ServingFlags, ExitReason> {
    let unasked = ImageFlags { event: NO_EVENT.to_owned(), ..args.of_images.clone() };
    let of_images = if args.image.is_some() { args.of_images.clone() } else { unasked };
    if args.image.is_none() && images::are_typed(&of_images) {
        let why = "how an instance is started is typed for an --image; of a function it is in its \
                   file";
        return Err(ExitReason::Usage(anyhow!(why)));
    }
    Ok(ServingFlags {
        functions: args.function.iter().cloned().collect(),
        image: args.image.iter().cloned().collect(),
        of_images,
        functions_file: args.functions_file.clone(),
        provision: args.provision,
        network: args.debug.map(|_| "host".to_owned()).or(args.network.clone()),
        engine: args.engine.clone(),
        // Of one call nobody asks how wrong it is.
        no_controls: true,
        no_exec_trace: args.no_exec_trace,
        callback: args.callback,
        out: args.out.clone(),
        rules: match args.debug {
            Some(_) => RuleFlags { init_limit: *TIMEOUTS.end(), ..RuleFlags::of_one_call() },
            None => RuleFlags::of_one_call(),
        },
    })
}

/// The command that calls the same again.
fn command(args: &cli::Invoke) -> String {
    let words = args.function.iter().fold(Words::of("invoke"), |words, name| words.word(name));
    images::again(words.some("--image", args.image.as_ref()), &args.of_images)
        .some("--sample", args.sample.as_ref())
        .described(&args.functions_file)
        .some("--debug", args.debug)
        .some("--network", args.network.as_ref())
        .some("--engine", args.engine.as_ref())
        .switch("--no-exec-trace", args.no_exec_trace)
        .some("--callback", args.callback)
        .line()
}
