//! `serve`: functions that clients call over HTTP, and every call is a row of a run.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use tokio::sync::{mpsc, watch};

use super::repeat::Words;
use super::{ExitReason, info, serving, stdout, warn};
use crate::cli::{self, EventFlags};
use crate::terminal;
use crate::terminal::interrupt::{self, Phase};
use coldstart::drive::Stop;
use coldstart::pool::{Counters, Met};
use coldstart::serve::front::{self, Front, Limits};
use coldstart::serve::queue::{self, After, Destination, Given, Happened, Queue};
use coldstart::serve::told::{Ledger, Told};
use coldstart::serve::{Platform, Report, Session};
use coldstart::text::units::format_exactly;

mod log;
pub(super) mod triggers;

use log::Log;
use triggers::Triggers;

/// What each call took, as Lambda's Telemetry API tells it.
const TELEMETRY: &str = "telemetry.jsonl";
/// Reports that are taken at once.
const MOST: usize = 1_000;

/// Serves until it is interrupted, and says what came of it.
pub(super) fn run(args: &cli::Serve) -> Result<(), ExitReason> {
    // Before anything is built: of two on one port the second is told so at once.
    let listener = listener(args)?;
    let mut request = serving::request(&args.serving, "serve", command(args))?;
    on_failure_is_served(args, &request)?;
    let triggers = Triggers::of(&args.triggers, listen(args), &mut request)?;
    // Nobody else is to have it, and it is to be one: before an engine is asked for.
    let typed = args.events.event_queue.as_deref();
    let queue = typed.map(|folder| open_queue(&args.events, folder)).transpose()?;
    let (reports, told) = mpsc::unbounded_channel();
    let told = Arc::new(tokio::sync::Mutex::new(told));
    let rest = told.clone();
    let act = async |session: Session, folder: &Path, stop: watch::Receiver<Stop>| {
        serve(args, (listener, triggers, queue), (session, told), folder, stop).await
    };
    let served = serving::session(request, &args.serving, Some(reports), false, act)?;
    interrupt::now(Phase::Showing);
    let serving::Served { done: Done { unfinished, ledger, log }, counters, folder } = served;
    // What came while the session was closed.
    if let Ok(mut told) = rest.try_lock() {
        while let Ok(report) = told.try_recv() {
            ledger.reported(report);
        }
    }
    log.end().iter().for_each(|lost| warn(lost));
    if unfinished > 0 {
        let queue = args.events.event_queue.clone().unwrap_or_else(|| folder.clone());
        warn(&format!(
            "{unfinished} events are not finished: type --event-queue {} to go on with them",
            queue.display()
        ));
    }
    say_what_came(&counters);
    serving::keep(&folder)?;
    terminal::hint("kept in ", &folder.display().to_string());
    Ok(())
}

fn say_what_came(counters: &Counters) {
    let (calls, cold) = (counters.all_calls(), counters.met(Met::Cold));
    let mut told = format!("{calls} calls, {cold} of them cold; {} starts", counters.all_starts());
    for (n, words) in [
        (counters.all_unused(), "were for nothing"),
        (counters.gone, "instances ended by themselves"),
        (counters.all_throttled(), "calls were refused"),
    ] {
        if n > 0 {
            told.push_str(&format!(", {n} {words}"));
        }
    }
    info(&told);
}

fn listen(args: &cli::Serve) -> IpAddr {
    args.listen.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// Listens on an address that a flag says.
pub(super) fn bound(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    bound.with_context(|| {
        format!("cannot listen on {address}: another program may have it: type another {flag}")
    })
}

/// Resolves once it is to stop.
pub(super) async fn until_stopped(mut stop: watch::Receiver<Stop>) {
    // Nobody is left to stop it: then it is to stop.
    let _ = stop.wait_for(|stop| *stop != Stop::No).await;
}

/// What was typed first is what is refused first.
fn listener(args: &cli::Serve) -> Result<TcpListener, ExitReason> {
    let address = SocketAddr::new(listen(args), args.port);
    let listener = bound(address, "--port")?;
    if !address.ip().is_loopback() {
        warn(&format!(
            "whoever reaches {address} can call these functions and read their variables: \
             signatures are not checked"
        ));
    }
    Ok(listener)
}

fn on_failure_is_served(
    args: &cli::Serve,
    request: &coldstart::measure::Measurement,
) -> Result<(), ExitReason> {
    let Some(Destination::Function(name)) = &args.events.on_failure else { return Ok(()) };
    let mut served = request.sides.iter().flat_map(|side| &side.functions);
    if served.any(|function| *function.name == **name) {
        return Ok(());
    }
    let why = format!("--on-failure: no function `{name}` is served; write a folder as ./{name}");
    Err(ExitReason::Usage(anyhow!(why)))
}

/// What calls took, as it is told.
type Reports = Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Report>>>;

/// What is left when no more is taken.
struct Done {
    /// Events.
    unfinished: usize,
    ledger: Arc<Ledger>,
    log: Arc<Log>,
}

/// Takes requests until it is to stop.
async fn serve(
    args: &cli::Serve,
    (listener, triggers, queue): (TcpListener, Triggers<'_>, Option<Queue>),
    (session, told): (Session, Reports),
    folder: &Path,
    stop: watch::Receiver<Stop>,
) -> Result<Done> {
    let address = listener.local_addr()?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let queue = queue.map_or_else(|| open_queue(&args.events, folder), Ok)?;
    let file = args.telemetry.then(|| folder.join(TELEMETRY));
    let log = Arc::new(Log::begin(session.clock(), file)?);
    let ledger = Ledger::of({
        let log = log.clone();
        Arc::new(move |call, done| log.call(call, done))
    });
    let reported = ledger.clone();
    // Until the session is closed, which is later than this ends.
    tokio::spawn(async move {
        let mut told = told.lock().await;
        let mut some = Vec::new();
        while told.recv_many(&mut some, MOST).await > 0 {
            some.drain(..).for_each(|report| reported.reported(report));
        }
    });
    let platform = triggers.chained(Told::of(session, ledger.clone()), &queue);
    let limits = Limits { connections: args.connections as usize, ..Limits::default() };
    let front = Front { platform: platform.clone(), queue: queue.clone(), limits };
    interrupt::now(Phase::Serving);
    say_where(address, &platform)?;
    let all = async {
        let (_, (), triggered) = tokio::join!(
            front::serve(Arc::new(front), listener, until_stopped(stop.clone())),
            queue::work(queue.clone(), platform.clone(), until_stopped(stop.clone())),
            triggers.work(&queue, folder, stop.clone()),
        );
        triggered
    };
    let at_once = until_now(stop.clone());
    tokio::select! {
        ended = all => ended?,
        () = at_once => {}
    }
    Ok(Done { unfinished: queue.unfinished(), ledger, log })
}

async fn until_now(mut stop: watch::Receiver<Stop>) {
    if stop.wait_for(|stop| *stop == Stop::Now).await.is_err() {
        std::future::pending().await
    }
}

/// What a client is told, in words that a shell takes.
fn say_where(address: SocketAddr, platform: &impl Platform) -> Result<()> {
    stdout::result(&format!("AWS_ENDPOINT_URL=http://{address}"))?;
    let port = address.port();
    for function in platform.functions().iter() {
        terminal::hint("url     ", &format!("http://{}.localhost:{port}/", function.name));
    }
    Ok(())
}

fn open_queue(args: &EventFlags, folder: &Path) -> Result<Queue> {
    let rules = queue::Rules {
        retries: args.event_retries,
        oldest: args.event_age,
        scale: args.time_scale,
        at_once: args.event_calls as usize,
        on_failure: args.on_failure.clone(),
    };
    if !args.time_scale.is_real() {
        info(&format!(
            "events wait {} times less than on Lambda, and are too old after {}",
            args.time_scale,
            format_exactly(args.time_scale.shorten(args.event_age))
        ));
    }
    let (queue, found) = Queue::open(folder, rules, Arc::new(|happened| tell(&happened)))?;
    if found.cut > 0 {
        warn(&format!(
            "{} bytes at the end of {} were no whole entry, and are cut off: no client was told \
             that they were taken",
            found.cut,
            folder.join(queue::JOURNAL).display()
        ));
    }
    if found.unfinished > 0 {
        info(&format!(
            "{} events of an earlier time are called for, {} of them for the second time or more",
            found.unfinished, found.interrupted
        ));
    }
    Ok(queue)
}

/// What becomes of events, for the person who watches.
fn tell(happened: &Happened) {
    match happened {
        Happened::Again { id, function, attempt, after } => {
            let after = match after {
                After::Error => "its function failed",
                After::Throttled => "there was no instance for it",
                After::Unavailable => "it could not be called",
                After::Interrupted => "the driver ended, and it may have been answered",
            };
            info(&format!("event {id} of {function}: try {attempt}, as {after}"));
        }
        Happened::GivenUp { id, function, why } => {
            let why = match why {
                Given::RetriesExhausted => "its function failed as often as it may",
                Given::EventAgeExceeded => "it is too old",
                Given::NotFound => "its function is not served",
            };
            info(&format!("event {id} of {function} is given up: {why}"));
        }
        Happened::Unwritten(why) => warn(why),
    }
}

/// The command that serves the same again.
fn command(args: &cli::Serve) -> String {
    let cli::Serve { port, listen, connections, telemetry, events, .. } = args;
    let words = serving::again(Words::of("serve"), &args.serving)
        .flag("--port", port)
        .some("--listen", *listen)
        .flag("--connections", connections)
        .switch("--telemetry", *telemetry);
    let destination = events.on_failure.as_ref().map(|to| match to {
        Destination::Folder(folder) => folder.display().to_string(),
        Destination::Function(function) => (**function).to_owned(),
    });
    let words = words
        .some("--event-queue", events.event_queue.as_ref().map(|folder| folder.display()))
        .flag("--event-calls", events.event_calls)
        .flag("--event-retries", events.event_retries)
        .flag("--event-age", format_exactly(events.event_age))
        .flag("--time-scale", events.time_scale)
        .some("--on-failure", destination);
    Triggers::again(words, &args.triggers).line()
}
