//! What the user typed of `study`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Args, Subcommand};

use coldstart::cost::Architecture;
use coldstart::study::foreign::Sign;
use coldstart::study::surge::Shape;
use coldstart::text::units::parse_duration;

use super::serving::ServingFlags;
use super::triggers::bucket_name;
use super::{FormatFlag, help, parse_limit};

/// Flags of `study`.
#[derive(Debug, Args)]
pub(crate) struct StudyVerb {
    /// What is asked.
    #[command(subcommand)]
    pub what: What,
}

/// What is asked of a platform.
#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// For how long idle instances are kept: pauses by bisection
    #[command(help_template = help::VERB, mut_arg("functions", or_url))]
    Idle(Box<Idle>),
    /// What many calls at once, or nearly, take and start
    #[command(help_template = help::VERB)]
    Surge(Box<SurgeStudy>),
    /// What many functions at one instant do to each, as at the top of the hour
    #[command(help_template = help::VERB)]
    Spike(Box<Rounds>),
    /// What functions take that call for one another, in the order in which they are named
    #[command(help_template = help::VERB)]
    Chain(Box<Rounds>),
    /// One function as a process, always on, started for each call, and in a pool
    #[command(help_template = help::VERB)]
    Ladder(Box<Ladder>),
    /// From an object that comes into a bucket to what a function makes of it
    #[command(help_template = help::VERB,
        mut_arg("policy", |policy| policy.default_value(SHORT)),
        mut_arg("network", |network| network.default_value(HERE)))]
    Thumbnail(Box<Thumbnail>),
}

/// Kept for less than the usual pause: what comes at once finds an instance, what comes after a
/// pause does not.
const SHORT: &str = "fixed:500ms";
/// Where functions reach buckets of this process.
const HERE: &str = "host";

/// Nothing is served where a URL is called.
fn or_url(functions: Arg) -> Arg {
    functions.required_unless_present_any(["image", "url"])
}

/// Flags of `study spike` and `study chain`.
#[derive(Debug, Args)]
pub(crate) struct Rounds {
    /// What is called, and by which rules.
    #[command(flatten)]
    pub serving: ServingFlags,

    /// How often
    #[arg(long, value_name = "N", default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rounds: u32,

    /// A pause before each, after which nothing is kept
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_limit)]
    pub pause: Duration,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// Flags of `study idle`.
#[derive(Debug, Args)]
pub(crate) struct Idle {
    /// What is called, and by which rules.
    #[command(flatten)]
    pub serving: ServingFlags,

    /// The longest pause: nothing is expected to be kept after it
    #[arg(long, value_name = "TIME", default_value = "20m", value_parser = parse_limit)]
    pub most: Duration,

    /// How well the time is to be known
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_limit)]
    pub within: Duration,

    /// Further probes of each of seven pauses around it [default: 1; none of a --url]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1_000))]
    pub probes: Option<u32>,

    /// What is called instead, of a platform of somebody else.
    #[command(flatten)]
    pub foreign: ForeignFlags,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// A platform of somebody else, and how an answer of it tells a cold start.
#[derive(Debug, Args)]
#[command(next_help_heading = "A platform of somebody else")]
pub(crate) struct ForeignFlags {
    /// Call this URL by GET, instead of a function that is served here; and with it one of:
    #[arg(long, value_name = "URL", requires = SIGN, conflicts_with_all = SERVED)]
    pub url: Option<String>,

    /// A member of the answer's JSON names the instance: one never seen is cold
    #[arg(long, value_name = "NAME", requires = "url", group = SIGN)]
    pub instance_field: Option<String>,

    /// A header of the answer does
    #[arg(long, value_name = "NAME", requires = "url", group = SIGN, value_parser = Sign::header)]
    pub instance_header: Option<Sign>,

    /// Nothing does: an answer that takes longer is cold, its connection included
    #[arg(long, value_name = "TIME", requires = "url", group = SIGN, value_parser = parse_limit)]
    pub cold_over: Option<Duration>,
}

/// The flags of how a cold start is told.
const SIGN: &str = "sign";
/// What is of functions that are served here.
const SERVED: [&str; 17] = [
    "functions",
    "image",
    "functions_file",
    "provision",
    "network",
    "engine",
    "no_controls",
    "no_exec_trace",
    "callback",
    "policy",
    "concurrency",
    "reserved",
    "provisioned",
    "scaling",
    "queue",
    "pool_memory",
    "init_limit",
];

impl ForeignFlags {
    /// The URL, and how a cold start is told there; none where nothing foreign is called.
    pub(crate) fn asked(&self) -> Option<(&str, Sign)> {
        let field = self.instance_field.clone().map(Sign::Field);
        let sign = self.instance_header.clone().or(field);
        let sign = sign.or(self.cold_over.map(Sign::Longer));
        self.url.as_deref().zip(sign)
    }
}

/// Flags of `study ladder`.
#[derive(Debug, Args)]
pub(crate) struct Ladder {
    /// What is called, and by which rules.
    #[command(flatten)]
    pub serving: ServingFlags,

    /// How often each rung has its turn
    #[arg(long, value_name = "N", default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rounds: u32,

    /// Warm calls of a turn
    #[arg(long, value_name = "N", default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub warm: u32,

    /// A pause before each turn; what does not stay is kept for half of it
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = pause)]
    pub pause: Duration,

    /// Calls an hour, of which it is said what they cost
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1,60,3600",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub calls: Vec<u32>,

    /// A file of prices [default: prices.toml beside the functions file, or those built in]
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,

    /// Processors that are paid for: x86 or arm [default: those of this machine]
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<Architecture>,

    /// Seed of what is random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// Flags of `study thumbnail`.
#[derive(Debug, Args)]
pub(crate) struct Thumbnail {
    /// What is called, and by which rules.
    #[command(flatten)]
    pub serving: ServingFlags,

    /// What is uploaded [default: a small JPEG that the program brings along]
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,

    /// The bucket that starts the function
    #[arg(long, value_name = "NAME", default_value = "pictures", value_parser = bucket_name)]
    pub from: String,

    /// The bucket that it writes to, under the same key
    #[arg(long, value_name = "NAME", default_value = "small", value_parser = bucket_name)]
    pub to: String,

    /// How often, from nothing
    #[arg(long, value_name = "N", default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rounds: u32,

    /// Uploads of a round that follow at once
    #[arg(long, value_name = "N", default_value_t = 3,
        value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub warm: u32,

    /// A pause before each round, after which nothing is kept
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_limit)]
    pub pause: Duration,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// A pause of which half is longer than what lies between two warm calls.
fn pause(text: &str) -> Result<Duration, String> {
    const LEAST: Duration = Duration::from_millis(200);
    match parse_duration(text)? {
        time if time < LEAST => Err("200ms at least: half of it is between warm calls".to_owned()),
        time => Ok(time),
    }
}

/// Flags of `study surge`.
#[derive(Debug, Args)]
pub(crate) struct SurgeStudy {
    /// What is called, and by which rules.
    #[command(flatten)]
    pub serving: ServingFlags,

    /// Calls of a surge, each size in turn
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1,2,4,8",
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub sizes: Vec<u32>,

    /// Surges of each size
    #[arg(long, value_name = "N", default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rounds: u32,

    /// How they come: at-once, ramp:TIME or poisson:TIME
    #[arg(long, value_name = "SHAPE", default_value = "at-once", value_parser = shape)]
    pub shape: Shape,

    /// A pause between two surges, after which nothing is kept
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_limit)]
    pub pause: Duration,

    /// Seed of what is random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

fn shape(text: &str) -> Result<Shape, String> {
    let time = |text: &str| match parse_duration(text)? {
        Duration::ZERO => Err("no time: calls that come at once are `at-once`".to_owned()),
        time => Ok(time),
    };
    match text.split_once(':') {
        None if text == "at-once" => Ok(Shape::AtOnce),
        Some(("ramp", over)) => Ok(Shape::Ramp(time(over)?)),
        Some(("poisson", over)) => Ok(Shape::Poisson(time(over)?)),
        _ => Err("write at-once, ramp:TIME or poisson:TIME, such as ramp:10s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_as_they_are_written() {
        assert_eq!(shape("at-once"), Ok(Shape::AtOnce));
        assert_eq!(shape("ramp:10s"), Ok(Shape::Ramp(Duration::from_secs(10))));
        assert_eq!(shape("poisson:1m"), Ok(Shape::Poisson(Duration::from_secs(60))));
        for wrong in ["", "ramp", "ramp:0s", "burst:1s", "poisson:x"] {
            assert!(shape(wrong).is_err(), "{wrong}");
        }
    }
}
