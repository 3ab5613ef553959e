//! What the user typed: clap types only, no effect.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// How long does a function take to answer when nothing is warm, and why?
#[derive(Debug, Parser)]
#[command(
    name = "coldstart",
    version,
    after_help = "Examples:\n  \
        coldstart run --provision           measure the default scenario on a bare machine\n  \
        coldstart run quick --dry-run       show what would be done, and how long it takes\n  \
        coldstart report results/reference  draw a run again from its samples\n  \
        coldstart doctor                    what is here, what is missing, what to type\n\n\
        Exit codes: 0 ok, 2 usage, 4 environment, 130 interrupted.",
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Measure a scenario: idle, then bursts, at every function
    Run(Run),
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

    /// Seed of the shuffled order [default: a random one, recorded]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// The run's folder, which must not exist [default: results/DATE-TIME-SCENARIO]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,

    /// Print the plan, the number of starts and the estimated time, and stop
    #[arg(long)]
    pub dry_run: bool,

    /// The engine; `fake` simulates, to try the harness itself
    #[arg(long, value_enum, default_value_t, hide = true)]
    pub engine: EngineChoice,
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
