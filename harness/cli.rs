//! What the user typed: clap types only, no effect.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::factors::{FactorLists, Network, PageCache};
use crate::scenario::MAX_WORKERS;
use crate::units::{Cpus, parse_duration, parse_precision, parse_size};

mod judging;
mod output;

pub use judging::{Aa, Compare, Gate, Injection, JudgeFlags, TurnFlags};
pub use output::{Colour, Format, Printed, Talk};

/// How long does a function take to answer when nothing is warm, and why?
#[derive(Debug, Parser)]
#[command(
    name = "coldstart",
    version,
    after_help = "Examples:\n  \
        coldstart run --provision           measure the default scenario on a bare machine\n  \
        coldstart run quick --dry-run       show what would be done, and how long it takes\n  \
        coldstart run --networks bridge,host,none --until 2%\n  \
        coldstart run --parallel 4          starts a minute, four at a time\n  \
        coldstart gate --base origin/main   did this change make starts slower?\n  \
        coldstart compare RUN1 RUN2         the same of two runs that are there\n  \
        coldstart aa                        how often would the gate cry wolf here?\n  \
        coldstart report results/reference  draw a run again from its samples\n  \
        coldstart doctor                    what is here, what is missing, what to type\n\n\
        Exit codes: 0 ok, 1 slower, 2 usage, 3 unclear (--strict), 4 environment or invalid,\n\
        130 interrupted.",
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,

    /// How it talks.
    #[command(flatten)]
    pub talk: Talk,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Measure a scenario: idle, then bursts, at every function
    Run(Box<Run>),
    /// Measure two sides in turns, and fail when the head starts slower
    Gate(Box<Gate>),
    /// Compare two runs
    Compare(Compare),
    /// Measure the same code on both sides, again and again: how often does the gate
    /// alarm, and what does it find?
    Aa(Box<Aa>),
    /// Build the functions' images
    Build(Build),
    /// Write a run's summary, charts and report again, from its samples alone
    Report(Report),
    /// Remove what carries our label: containers that a killed run left
    Clean(Clean),
    /// Say what is here, what is missing and what to type
    Doctor(Doctor),
}

/// Flags of every verb that touches functions and an engine.
#[derive(Debug, Args)]
pub struct Common {
    /// Functions to take, separated by commas [default: the scenario's, or all]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub functions: Option<Vec<String>>,

    /// The file that describes the functions
    #[arg(long, value_name = "FILE", default_value = "functions/functions.toml")]
    pub functions_file: PathBuf,

    /// Install and start what is missing: an engine, base images
    /// [env: COLDSTART_PROVISION=1]
    #[arg(long)]
    pub provision: bool,
}

/// The event of an image, unless one is typed.
pub const NO_EVENT: &str = "{}";

/// Flags of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// A scenario file, or the name of one in benches/scenarios
    #[arg(default_value = "default")]
    pub scenario: String,

    /// What to measure, and with what.
    #[command(flatten)]
    pub common: Common,

    /// Visits to every cell [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rounds: Option<u32>,

    /// Measure each cell until the 95 % interval of its median is within so much of
    /// it, such as 2%, at least 10 rounds
    #[arg(long, value_name = "SHARE", value_parser = parse_precision)]
    pub until: Option<f64>,

    /// Begin no trial after so long, such as 10m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub max_time: Option<Duration>,

    /// Measure throughput: start N instances at a time, and one at a time beside
    /// it, instead of the scenario's patterns
    #[arg(long, value_name = "N",
        value_parser = clap::value_parser!(u32).range(2..=i64::from(MAX_WORKERS)))]
    pub parallel: Option<u32>,

    /// Leave the controls out: the null process, the null container, the
    /// calibration. The run then cannot say how wrong it is
    #[arg(long)]
    pub no_controls: bool,

    /// Do not listen to the kernel's exec events: phases of the engine are merged
    #[arg(long)]
    pub no_exec_trace: bool,

    /// Seed of the shuffled order [default: a random one, recorded]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// The run's folder, which must not exist [default: results/DATE-TIME-SCENARIO]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,

    /// Measure this image as it is, such as an AWS Lambda image; may be typed again for
    /// another
    #[arg(long, value_name = "REF")]
    pub image: Vec<String>,

    /// The event that images are invoked with: JSON, or @FILE
    #[arg(long, value_name = "JSON", default_value = NO_EVENT)]
    pub event: String,

    /// Go on with a run that was stopped or killed, by the same plan. A limit of time
    /// counts anew
    #[arg(long = "continue", value_name = "RUN", conflicts_with_all = [
        "functions", "rounds", "until", "max_time", "parallel", "no_controls", "no_exec_trace",
        "seed", "out", "dry_run",
    ])]
    pub go_on: Option<PathBuf>,

    /// Print the plan, the number of starts and the estimated time, and stop
    #[arg(long)]
    pub dry_run: bool,

    /// The engine; `fake` simulates, to try the harness itself
    #[arg(long, value_enum, default_value_t, hide = true)]
    pub engine: EngineChoice,

    /// What instances are started under.
    #[command(flatten)]
    pub factors: FactorFlags,
}

/// Factors of a start: every combination of the values becomes a cell.
#[derive(Debug, Args)]
#[command(next_help_heading = "Factors (lists; every combination is measured)")]
pub struct FactorFlags {
    /// How instances reach the driver: bridge, host, none [default: the scenario's]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub networks: Option<Vec<Network>>,

    /// OCI runtimes, by the engine's names for them [default: the engine's]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub runtimes: Option<Vec<String>>,

    /// CPU quotas in cores, such as 0.5,1 [default: each function's own]
    #[arg(long, value_delimiter = ',', value_name = "CORES")]
    pub cpus: Option<Vec<Cpus>>,

    /// Memory limits, such as 128MiB,512MiB [default: each function's own]
    #[arg(long, value_delimiter = ',', value_name = "SIZES", value_parser = parse_size)]
    pub memory: Option<Vec<u64>>,

    /// What of the image is in memory before a start: warm, image-cold, host-cold
    /// (the last two need root) [default: warm]
    #[arg(long, value_delimiter = ',', value_name = "STATES")]
    pub page_cache: Option<Vec<PageCache>>,

    /// Where the engine puts what functions write, such as json-file,none
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub log_drivers: Option<Vec<String>>,
}

impl FactorFlags {
    /// Changes the lists as was typed, and adds the flags that say so again.
    pub fn change(&self, lists: &mut FactorLists, typed: &mut Vec<String>) {
        let mut flag = |name: &str, values: Vec<String>| {
            typed.push(format!("--{name} {}", values.join(",")));
        };
        if let Some(networks) = &self.networks {
            flag("networks", networks.iter().map(ToString::to_string).collect());
            lists.networks.clone_from(networks);
        }
        if let Some(runtimes) = &self.runtimes {
            flag("runtimes", runtimes.clone());
            lists.runtimes.clone_from(runtimes);
        }
        if let Some(cpus) = &self.cpus {
            flag("cpus", cpus.iter().map(ToString::to_string).collect());
            lists.cpus.clone_from(cpus);
        }
        if let Some(memory) = &self.memory {
            flag("memory", memory.iter().map(|bytes| format!("{bytes}B")).collect());
            lists.memory.clone_from(memory);
        }
        if let Some(states) = &self.page_cache {
            flag("page-cache", states.iter().map(ToString::to_string).collect());
            lists.page_cache.clone_from(states);
        }
        if let Some(drivers) = &self.log_drivers {
            flag("log-drivers", drivers.clone());
            lists.log_drivers.clone_from(drivers);
        }
    }
}

/// Which engine to measure on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum EngineChoice {
    /// The Docker Engine API.
    #[default]
    Docker,
    /// Simulated latencies, no containers.
    Fake,
}

/// Flags of `build`.
#[derive(Debug, Args)]
pub struct Build {
    /// What to build, and with what.
    #[command(flatten)]
    pub common: Common,
}

/// Flags of `report`.
#[derive(Debug, Args)]
pub struct Report {
    /// The run's folder
    pub run: PathBuf,

    /// Also put the results block into a page, between its markers
    #[arg(long, value_name = "PAGE")]
    pub splice: Option<PathBuf>,
}

/// Flags of `clean`.
#[derive(Debug, Args)]
pub struct Clean {
    /// Also stop the private engine that --provision started
    #[arg(long)]
    pub engine: bool,

    /// Only the containers of one run, by its id (`id` in its run.json)
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,

    /// Also remove the images that were built and bootstrapped
    #[arg(long)]
    pub images: bool,
}

/// Flags of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The file that describes the functions
    #[arg(long, value_name = "FILE", default_value = "functions/functions.toml")]
    pub functions_file: PathBuf,
}
