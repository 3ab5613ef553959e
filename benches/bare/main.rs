//! What the harness costs on top of the engine, on the real one. Six parts, each
//! of two sides that take turns, because an engine drifts; so not a criterion
//! benchmark, which runs one side and then the other:
//!
//! - `start`: cold starts through the driver against a bare loop that makes the
//!   same three Engine API calls (create, start, remove) with blocking sockets and
//!   nothing else.
//! - `parallel`: starts a minute of `run --parallel 4` against four such loops.
//! - `listener`: cold starts through the driver while it listens to the kernel
//!   against the same while it does not. Another run that listens meanwhile would
//!   make both sides alike.
//! - `launcher`: cold starts by the program that starts external extensions against
//!   without it, of an image that has none.
//! - `runtime`: cold starts without a daemon (`--engine oci`) against bare calls of the same
//!   runtime (`runc run`, `crun run`, where they are) on a bundle that the engine has made.
//! - `runtime-several`: starts a minute of the same, four at a time, against four bare loops on
//!   bundles that are there, against four that mount a root file system for each start as a
//!   cold start has to, and against Docker's on the host's network.
//!
//! A measurement (`coldstart::measure`) has all turns to itself, and one listener or none
//! for all of them: sides of which one is no function's, or differs in the driver, take
//! turns on the platform itself.
//!
//! `cargo bench --bench bare` runs all of them, `cargo bench --bench bare -- start`
//! one (any part of its name will do). It prints the medians of both sides and their
//! ratio. `COLDSTART_BARE_ROUNDS` sets the rounds of all but `parallel` and
//! `runtime-several` (default 40), `COLDSTART_BARE_ROUNDS_PARALLEL` those of these (default 3). With
//! `--test` each is one round, of four starts where it is theirs. Without an
//! engine it says so and measures nothing.

use std::num::NonZeroU32;
use std::sync::LazyLock;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

mod bundle;
mod client;
mod driver;
mod launcher;
mod listener;
mod oci;
mod parallel;
mod ready;
mod runtime;
mod start;
mod turns;

use ready::Ready;

/// The function with the fastest start shows the driver's cost best.
const FUNCTION: &str = "rust";
/// The id that everything made here is labelled with: of this process alone, as what carries it
/// is removed after each start, and another may measure meanwhile.
static RUN: LazyLock<String> = LazyLock::new(|| format!("bench-bare-{}", std::process::id()));
/// Starts of each side in a round of `parallel`.
const STARTS: u32 = 40;
/// The same with `--test`.
const FEW_STARTS: u32 = 4;

/// One part, by the name that it is asked for.
#[derive(Debug, Clone, Copy)]
enum Part {
    Start,
    Parallel,
    Listener,
    Launcher,
    Runtime,
    RuntimeParallel,
}

const PARTS: [(&str, Part); 6] = [
    ("start", Part::Start),
    ("parallel", Part::Parallel),
    ("listener", Part::Listener),
    ("launcher", Part::Launcher),
    ("runtime", Part::Runtime),
    ("runtime-several", Part::RuntimeParallel),
];

fn main() -> Result<()> {
    let (options, filters): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with('-'));
    let test = options.iter().any(|option| option == "--test");
    let wanted = |name: &str| filters.is_empty() || filters.iter().any(|f| name.contains(f));
    let parts: Vec<Part> = PARTS.iter().filter(|(name, _)| wanted(name)).map(|p| p.1).collect();
    if parts.is_empty() {
        eprintln!(
            "skipped, no part of `bare` is named so: start, parallel, listener, launcher, \
             runtime, runtime-several"
        );
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ready = match runtime.block_on(Ready::find()) {
        Ok(ready) => ready,
        Err(error) => {
            eprintln!("skipped, nothing was measured: {error:#}");
            return Ok(());
        }
    };
    for part in parts {
        let measured = part.measure(&runtime, &ready, test);
        // Whatever came of it, nothing is left behind.
        let cleared = runtime.block_on(ready.platform().clear());
        measured?;
        cleared?;
    }
    Ok(())
}

impl Part {
    fn measure(self, runtime: &Runtime, ready: &Ready, test: bool) -> Result<()> {
        let some = || rounds("COLDSTART_BARE_ROUNDS", 40, test);
        match self {
            Part::Start => start::measure(runtime, ready, some()?),
            Part::Listener => listener::measure(runtime, ready, some()?),
            Part::Launcher => launcher::measure(runtime, ready, some()?),
            Part::Runtime => runtime::measure(runtime, ready, some()?),
            Part::RuntimeParallel => {
                let rounds = rounds("COLDSTART_BARE_ROUNDS_PARALLEL", 3, test)?;
                let starts = if test { FEW_STARTS } else { STARTS };
                runtime::measure_parallel(runtime, ready, rounds, starts)
            }
            Part::Parallel => {
                let rounds = rounds("COLDSTART_BARE_ROUNDS_PARALLEL", 3, test)?;
                parallel::measure(runtime, ready, rounds, if test { FEW_STARTS } else { STARTS })
            }
        }
    }
}

fn rounds(variable: &str, default: u32, test: bool) -> Result<u32> {
    match std::env::var(variable) {
        Ok(text) => {
            let rounds: NonZeroU32 =
                text.parse().with_context(|| format!("{variable} is no number from 1 on"))?;
            Ok(rounds.get())
        }
        Err(_) if test => Ok(1),
        Err(_) => Ok(default),
    }
}
