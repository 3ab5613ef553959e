//! What the user typed of `replay`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Command, FromArgMatches};

use coldstart::cost::Architecture;
use coldstart::pool::PolicyChoice;
use coldstart::text::units::{parse_duration, parse_size};

use super::serving::ServingFlags;
use super::{FUNCTIONS_FILE, FormatFlag, parse_limit};

/// The flags of those.
const REAL: &str = "On real instances";

/// Flags of `replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The trace: a CSV file in the form of Azure's of 2021 (app,func,end_timestamp,
    /// duration) or 2019 (a column a minute)
    #[arg(value_name = "TRACE", required_unless_present = "generate")]
    pub trace: Option<PathBuf>,

    /// The run whose cold and warm samples say what a start takes [default: the newest in
    /// results/]
    #[arg(long, value_name = "FOLDER", conflicts_with = "generate")]
    pub run: Option<PathBuf>,

    /// Functions of that run that those of the trace are taken for, separated by commas
    /// [default: all]
    #[arg(long, value_delimiter = ',', value_name = "NAMES", conflicts_with = "generate")]
    pub functions: Vec<String>,

    /// A policy, or several separated by commas; `none` is always played, as what others
    /// are compared with [default: fixed:1m, fixed:10m, fixed:1h, hybrid, cidre:10m,
    /// provisioned; lru, greedy-dual and cidre with --memory]
    #[arg(long, value_delimiter = ',', value_name = "NAME[:ARGS]", conflicts_with = "generate")]
    pub policy: Vec<PolicyChoice>,

    /// What all instances may take together, such as 16GiB [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = size, conflicts_with = "generate")]
    pub memory: Option<u64>,

    /// Calls at a time that are not refused
    #[arg(long, value_name = "N", default_value_t = 1_000, conflicts_with = "generate",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub concurrency: u32,

    /// Play the first N calls
    #[arg(long, value_name = "N", conflicts_with = "generate",
        value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,

    /// Let calls come so many times as fast as in the trace
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed,
        conflicts_with = "generate")]
    pub speed: f64,

    /// Clip calls that take longer
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = parse_limit,
        conflicts_with = "generate")]
    pub longest: Duration,

    /// Calls take as long as warm ones of the run, not as long as the trace says
    #[arg(long, conflicts_with = "generate")]
    pub measured_durations: bool,

    /// Play the policies that are typed on real instances, too, each at the trace's own pace;
    /// calls take what they take, on the virtual clock as well
    #[arg(long, requires = "policy", conflicts_with = "generate", help_heading = REAL)]
    pub real: bool,

    /// What makes the instances: docker, oci without a daemon, or fake [default: docker]
    #[arg(long, value_name = "NAME", requires = "real", help_heading = REAL)]
    pub engine: Option<String>,

    /// How instances reach the driver: bridge, host or none [default: bridge]
    #[arg(long, value_name = "NAME", requires = "real", help_heading = REAL)]
    pub network: Option<String>,

    /// Leave out the controls before the first call of each policy and after its last: its
    /// run then cannot say how wrong it is
    #[arg(long, requires = "real", help_heading = REAL)]
    pub no_controls: bool,

    /// The file that describes the functions
    #[arg(long, value_name = "FILE", default_value = FUNCTIONS_FILE, help_heading = REAL)]
    pub functions_file: PathBuf,

    /// Install and start what is missing: an engine, base images
    /// [env: COLDSTART_PROVISION=1]
    #[arg(long, requires = "real", help_heading = REAL)]
    pub provision: bool,

    /// A file of prices, such as functions/prices.toml [default: those of that file when
    /// this program was built]
    #[arg(long, value_name = "FILE", conflicts_with = "generate")]
    pub prices: Option<PathBuf>,

    /// Processors that are paid for: x86 or arm
    #[arg(long, value_name = "ARCH", default_value_t, conflicts_with = "generate")]
    pub arch: Architecture,

    /// Seed of what is drawn
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// The result's folder, which must not exist [default: a new one in results/]
    #[arg(long, value_name = "FOLDER", conflicts_with = "generate")]
    pub out: Option<PathBuf>,

    /// Write a trace instead, with the distributions that were published of real ones
    #[arg(long, value_name = "FILE", conflicts_with = "trace", help_heading = "Making a trace")]
    pub generate: Option<PathBuf>,

    /// Functions of that trace [default: 200]
    #[arg(long, value_name = "N", requires = "generate", help_heading = "Making a trace")]
    pub trace_functions: Option<usize>,

    /// Calls of that trace, about [default: 100000]
    #[arg(long, value_name = "N", requires = "generate", help_heading = "Making a trace")]
    pub trace_calls: Option<usize>,

    /// How long that trace lasts [default: 24h]
    #[arg(long, value_name = "TIME", requires = "generate", value_parser = parse_duration,
        help_heading = "Making a trace")]
    pub trace_time: Option<Duration>,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

impl Replay {
    /// What would have been typed to serve functions by a policy, into a folder.
    pub(crate) fn serving(
        &self,
        functions: &[String],
        policy: PolicyChoice,
        folder: &Path,
    ) -> Result<ServingFlags, String> {
        let mut words: Vec<OsString> = vec!["serve".into()];
        words.extend(functions.iter().map(OsString::from));
        let mut flag = |name: &str, value: &dyn AsRef<OsStr>| {
            // As one word: a value may begin like a flag.
            let mut word = OsString::from(format!("{name}="));
            word.push(value.as_ref());
            words.push(word);
        };
        flag("--policy", &policy.to_string());
        flag("--concurrency", &self.concurrency.to_string());
        flag("--functions-file", &self.functions_file);
        flag("--out", &folder);
        self.memory.iter().for_each(|memory| flag("--pool-memory", &format!("{memory}B")));
        self.engine.iter().for_each(|engine| flag("--engine", engine));
        self.network.iter().for_each(|network| flag("--network", network));
        for (typed, word) in [(self.provision, "--provision"), (self.no_controls, "--no-controls")]
        {
            words.extend(typed.then(|| OsString::from(word)));
        }
        let typed = ServingFlags::augment_args(Command::new("serve"));
        let matches = typed.try_get_matches_from(words).map_err(|error| error.to_string())?;
        ServingFlags::from_arg_matches(&matches).map_err(|error| error.to_string())
    }
}

fn size(text: &str) -> Result<u64, String> {
    parse_size(text).and_then(|size| match size {
        0 => Err(format!("`{text}` is no memory: no instance has room in it")),
        size => Ok(size),
    })
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse::<f64>().ok().filter(|speed| (0.001..=1e6).contains(speed));
    speed.ok_or_else(|| format!("`{text}` is no speed from 0.001 to 1000000"))
}
