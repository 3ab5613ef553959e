//! What the user typed: clap types only, no effect.

use std::io::IsTerminal;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use coldstart::measure::Measurement;
use coldstart::spec::function::TypedImage;
use coldstart::spec::scenario::{MAX_ROUNDS, MAX_WORKERS, NO_TIME};
use coldstart::text::units::{parse_duration, parse_precision};

mod cost;
mod explaining;
mod factors;
mod fleet;
mod help;
mod image;
mod judging;
mod output;
pub(crate) mod pages;
mod reading;
mod replaying;
mod serve;
mod serving;
mod starting;
mod studying;
mod triggers;
mod tuning;

pub(crate) use cost::{CostFlags, PriceFlags};
pub(crate) use explaining::Explain;
use factors::FACTORS_TYPED;
pub(crate) use factors::{FactorFlags, place};
pub(crate) use fleet::{
    Fleet, FleetAct, FleetCollect, FleetManifest, FleetNode, FleetRun, ToolFlags,
};
use image::IMAGES;
pub(crate) use image::{ImageFlags, NO_EVENT};
pub(crate) use judging::{Aa, Amount, Compare, Gate, Injection, SightFlags};
pub(crate) use output::{Colour, FormatFlag, OutputFlags};
pub(crate) use reading::{Doctor, List, Listed, Report, Show};
pub(crate) use replaying::Replay;
pub(crate) use serve::{EventFlags, Invoke, Serve};
pub(crate) use serving::{RuleFlags, ServingFlags, Share};
pub(crate) use starting::{Completions, Image, Init, Man};
pub(crate) use studying::{Idle, Ladder, Rounds, StudyVerb, SurgeStudy, Thumbnail, What};
pub(crate) use triggers::{Link, TriggerFlags};
pub(crate) use tuning::{Cpu, Init as TuneInit, Tune};

/// What was typed; or the exit status, where help or a mistake has been shown instead.
///
/// # Errors
/// 0 after help, 2 after a mistake.
pub(crate) fn parse() -> Result<Cli, u8> {
    Cli::try_parse().map_err(|error| {
        if !error.use_stderr() {
            // Nobody is left to be told that it could not be shown.
            let _ = error.print();
            return 0;
        }
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let text = error.render();
        let text = if colours { text.ansi().to_string() } else { text.to_string() };
        // As every other mistake: with its code.
        let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        let code = if is_help { "error:" } else { "error[usage]:" };
        eprint!("{}", text.replacen("error:", code, 1));
        2
    })
}

/// How long does a function take to answer when nothing is warm, and why?
#[derive(Debug, Parser)]
#[command(
    name = "coldstart",
    version,
    help_template = help::TEMPLATE,
    before_long_help = help::EXAMPLES,
    subcommand_value_name = "VERB",
    after_help = "Examples and exit status: coldstart --help. One verb: coldstart help VERB.",
    after_long_help = help::ENDING,
    max_term_width = 80
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,

    /// How it talks.
    #[command(flatten)]
    pub talk: OutputFlags,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Measure a scenario: idle, then bursts, at every function
    #[command(help_template = help::VERB, before_long_help = help::RUN)]
    Run(Box<Run>),
    /// Measure two sides in turns, and fail when the head starts slower
    #[command(help_template = help::VERB, before_long_help = help::GATE)]
    Gate(Box<Gate>),
    /// Compare two runs
    #[command(help_template = help::VERB, before_long_help = help::COMPARE)]
    Compare(Compare),
    /// Measure memory limits: what do calls take and cost under each, and which is best?
    #[command(help_template = help::VERB, before_long_help = help::TUNE)]
    Tune(Box<Tune>),
    /// Measure the same code on both sides, again and again: how often does the gate
    /// alarm, and what does it find?
    #[command(help_template = help::VERB, before_long_help = help::AA)]
    Aa(Box<Aa>),
    /// Measure on several machines: a Swarm's nodes, hosts by ssh, a Kubernetes cluster
    #[command(help_template = help::VERB, before_long_help = help::FLEET)]
    Fleet(Fleet),
    /// Ask a platform as a whole: for how long are instances kept, what does a surge do?
    #[command(help_template = help::VERB, before_long_help = help::STUDY)]
    Study(StudyVerb),
    /// Serve functions to clients of AWS Lambda, over HTTP, on instances of this machine
    #[command(help_template = help::VERB, before_long_help = help::SERVE)]
    Serve(Box<Serve>),
    /// Call one function once, and show what it answers, writes and takes
    #[command(help_template = help::VERB, before_long_help = help::INVOKE)]
    Invoke(Box<Invoke>),
    /// Say why a start takes as long as it does: files, modules, work and waits
    #[command(help_template = help::VERB, before_long_help = help::EXPLAIN)]
    Explain(Box<Explain>),
    /// Play a trace of calls against policies: who waits, what stands idle, what it costs
    #[command(help_template = help::VERB, before_long_help = help::REPLAY)]
    Replay(Box<Replay>),
    /// Show any result again, as it was printed
    #[command(help_template = help::VERB, before_long_help = help::SHOW)]
    Show(Show),
    /// List what can be measured, and what was
    #[command(help_template = help::VERB, before_long_help = help::LIST)]
    List(List),
    /// Write a result's pages and charts again, from what was measured alone
    #[command(help_template = help::VERB, before_long_help = help::REPORT)]
    Report(Report),
    /// Say what is here, what is missing and what to type
    #[command(help_template = help::VERB, before_long_help = help::DOCTOR)]
    Doctor(Doctor),
    /// Begin with your own image: write a scenario and the description of a function
    #[command(help_template = help::VERB, before_long_help = help::INIT)]
    Init(Init),
    /// Put this program into an image of its own, for where it runs in a container
    #[command(help_template = help::VERB, before_long_help = help::IMAGE)]
    Image(Image),
    /// Build the functions' images
    #[command(help_template = help::VERB, before_long_help = help::BUILD)]
    Build(Build),
    /// Remove what carries our label: containers that a killed run left
    #[command(help_template = help::VERB, before_long_help = help::CLEAN)]
    Clean(Clean),
    /// Print the script that completes verbs and flags in a shell
    #[command(help_template = help::VERB, before_long_help = help::COMPLETIONS)]
    Completions(Completions),
    /// Print a manual page, or write all of them
    #[command(help_template = help::VERB, before_long_help = help::MAN)]
    Man(Man),
}

/// Where functions are described, unless that is typed.
pub(crate) const FUNCTIONS_FILE: &str = "functions/functions.toml";

/// Flags of every verb that touches functions and an engine.
#[derive(Debug, Clone, Args)]
pub(crate) struct FunctionFlags {
    /// Functions to take, separated by commas [default: the scenario's, or all]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub functions: Option<Vec<String>>,

    /// The file that describes the functions
    #[arg(long, value_name = "FILE", default_value = FUNCTIONS_FILE)]
    pub functions_file: PathBuf,

    /// Install and start what is missing: an engine, base images
    /// [env: COLDSTART_PROVISION=1]
    #[arg(long)]
    pub provision: bool,
}

/// Flags of `run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A scenario file, or a name: `coldstart list scenarios`
    #[arg(default_value = "default")]
    pub scenario: String,

    /// What to measure, and with what.
    #[command(flatten)]
    pub common: FunctionFlags,

    /// How it is measured.
    #[command(flatten)]
    pub measure: MeasureFlags,

    /// Measure each cell until the 95 % interval of its median is within so much of
    /// it, such as 2%, at least 10 rounds
    #[arg(long, value_name = "SHARE", value_parser = parse_precision)]
    pub until: Option<f64>,

    /// Begin no trial after so long, such as 10m
    #[arg(long, value_name = "TIME", value_parser = parse_limit)]
    pub max_time: Option<Duration>,

    /// Measure throughput: start N instances at a time, and one at a time beside
    /// it, instead of the scenario's patterns
    #[arg(long, value_name = "N",
        value_parser = clap::value_parser!(u32).range(2..=i64::from(MAX_WORKERS)))]
    pub parallel: Option<u32>,

    /// Measure each function beside its variants, and say what each of them gains and
    /// costs here
    #[arg(long)]
    pub variants: bool,

    /// Leave the controls out: the null process, the null container, the
    /// calibration. The run then cannot say how wrong it is
    #[arg(long)]
    pub no_controls: bool,

    /// Measure this image as it is, such as an AWS Lambda image; may be typed again for
    /// another. Named by its repository (and tag, where two are alike), or NAME=REF
    #[arg(long, value_name = "[NAME=]REF", group = IMAGES)]
    pub image: Vec<TypedImage>,

    /// How those images are started, and what they answer.
    #[command(flatten)]
    pub of_images: ImageFlags,

    /// Go on with a run that was stopped or killed, by the same plan. --max-time
    /// restarts
    #[arg(long = "continue", value_name = "RUN", conflicts_with_all = [
        "scenario", "functions", "rounds", "until", "max_time", "parallel", "variants",
        "no_controls", "no_exec_trace", "callback", "seed", "out", "dry_run", FACTORS_TYPED,
    ])]
    pub go_on: Option<PathBuf>,

    /// What instances are started under.
    #[command(flatten)]
    pub factors: FactorFlags,

    /// Fail when a function exceeds a budget of the scenario ([gate.budgets])
    #[arg(long)]
    pub check: bool,

    /// With --check: exit with 3 when it is unclear whether one does
    #[arg(long, requires = "check")]
    pub strict: bool,

    /// What its calls would have cost.
    #[command(flatten)]
    pub cost: CostFlags,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// Flags of every verb that measures.
#[derive(Debug, Args)]
pub(crate) struct MeasureFlags {
    /// Visits to every cell; the first is left out of inference [default: the
    /// scenario's]
    #[arg(long, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_ROUNDS)))]
    pub rounds: Option<u32>,

    /// Seed of the shuffled order [default: a random one, recorded]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Do not listen to the kernel's exec events: boot cannot be told from the engine
    #[arg(long)]
    pub no_exec_trace: bool,

    /// Where containers reach this machine, of an engine on another (DOCKER_HOST) or in
    /// a network of its own; tried before the first trial
    #[arg(long, value_name = "ADDRESS")]
    pub callback: Option<IpAddr>,

    /// The result's folder, which must not exist [default: a new one in results/]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,

    /// Print the plan, the number of starts and the estimated time, and stop
    #[arg(long)]
    pub dry_run: bool,
}

impl MeasureFlags {
    /// The folder that was typed, else one of this name among the results.
    pub(crate) fn folder(&self, name: String) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new("results").join(name))
    }

    /// A measurement as it was typed, with the command that repeats it.
    pub(crate) fn apply(&self, to: Measurement, command: String) -> Measurement {
        let callback = self.callback;
        Measurement { command, traced: !self.no_exec_trace, callback, ..to }
    }
}

/// A limit of time that leaves some.
fn parse_limit(text: &str) -> Result<Duration, String> {
    parse_duration(text).and_then(|time| match time {
        Duration::ZERO => Err(format!("`{text}`: {NO_TIME}")),
        time => Ok(time),
    })
}

/// Flags of `build`.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// What to build, and with what.
    #[command(flatten)]
    pub common: FunctionFlags,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// Flags of `clean`.
#[derive(Debug, Args)]
pub(crate) struct Clean {
    /// Also stop the private engine that --provision started
    #[arg(long)]
    pub engine: bool,

    /// Only the containers of one run, by its id (`id` in its run.json)
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,

    /// Also remove the images that were built and bootstrapped
    #[arg(long)]
    pub images: bool,

    /// Also from runs whose process lives, or cannot be told to be gone
    #[arg(long)]
    pub force: bool,
}

#[cfg(test)]
mod tests;
