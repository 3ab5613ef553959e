//! What is asked for from outside while a verb works: Ctrl-C, SIGTERM, and SIGHUP, as when
//! the terminal is closed.
//!
//! Heard from the first moment, by a thread that sleeps until there is something to hear:
//! whatever the driver waits for, the third one ends it.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::info;
use coldstart::drive::Stop;
use coldstart::system::private::Temporary;

/// The exit status of whatever was interrupted, by whichever signal.
pub(crate) const STATUS: u8 = 130;

/// How far the verb has come: what an interrupt means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing was measured yet, and nothing is lost.
    Preparing,
    /// Trials are run.
    Measuring,
    /// Calls from outside are answered.
    Serving,
    /// All is measured and kept, and nothing of it runs any more.
    Showing,
}

/// What is told of when the process is ended without a clean-up.
struct Stake {
    phase: Phase,
    /// Runs that may have containers.
    runs: BTreeSet<String>,
}

/// Signals are a process's, and so is what they end.
static STAKE: Mutex<Stake> = Mutex::new(Stake { phase: Phase::Preparing, runs: BTreeSet::new() });

fn stake() -> MutexGuard<'static, Stake> {
    STAKE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says how far the verb has come.
pub(crate) fn now(phase: Phase) {
    stake().phase = phase;
}

/// Says that a run may have containers from here on.
pub(crate) fn may_have_containers(run: &str) {
    stake().runs.insert(run.to_owned());
}

/// Hears interrupts from here on: once, stop after the trial; twice, now. A third time
/// nothing is cleaned up any more. To be called once a process, before anything is made.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn heard() -> Result<watch::Receiver<Stop>> {
    let (sender, receiver) = watch::channel(Stop::No);
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let signals = {
        let _within = runtime.enter();
        Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: if is_nohup() { None } else { Some(signal(SignalKind::hangup())?) },
        }
    };
    let hear = move || runtime.block_on(hear(signals, &sender));
    std::thread::Builder::new().name("interrupts".to_owned()).spawn(hear)?;
    Ok(receiver)
}

/// Whether the signal of a closed terminal was to be ignored, as `nohup` has it.
fn is_nohup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|m| m & 1 == 1)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    async fn next(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hangup => {}
        }
    }
}

async fn hear(mut signals: Signals, sender: &watch::Sender<Stop>) {
    for stop in [Stop::AfterTrial, Stop::Now] {
        signals.next().await;
        let phase = stake().phase;
        if phase == Phase::Showing {
            break;
        }
        info(text(phase, stop));
        sender.send_replace(stop);
    }
    if stake().phase != Phase::Showing {
        signals.next().await;
    }
    info(&left());
    std::process::exit(STATUS.into());
}

fn text(phase: Phase, stop: Stop) -> &'static str {
    match (phase, stop) {
        (Phase::Measuring, Stop::AfterTrial) => {
            "stopping after this trial, or at once if nothing has answered in it; press Ctrl-C \
             again to stop at once in any case"
        }
        (Phase::Serving, Stop::AfterTrial) => {
            "stopping: no more calls are taken, and those that came are finished; press Ctrl-C \
             again to wait for none of them"
        }
        (_, Stop::AfterTrial) => {
            "stopping; what was made so far is removed; press Ctrl-C twice more to leave it behind"
        }
        _ => "stopping at once; press Ctrl-C again to leave containers behind",
    }
}

/// What is left behind, and the cure.
fn left() -> String {
    let stake = stake();
    if stake.phase == Phase::Showing {
        return "ended while results were shown; what was measured is kept: `coldstart show` or \
                `coldstart report` makes the rest"
            .to_owned();
    }
    let runs = stake.runs.iter().map(|run| format!("containers of run {run}, if it has any"));
    let folders = Temporary::own().into_iter().map(|path| path.display().to_string());
    let left: Vec<String> = runs.chain(folders).collect();
    if left.is_empty() {
        return "ended; nothing was made yet that could be left".to_owned();
    }
    format!("left as it is: {}: `coldstart clean` removes what is left", left.join("; "))
}
