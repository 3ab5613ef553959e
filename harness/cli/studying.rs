//! What the user typed of `study`.

use std::time::Duration;

use clap::{Args, Subcommand};

use coldstart::study::surge::Shape;
use coldstart::text::units::parse_duration;

use super::serving::ServingFlags;
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
    #[command(help_template = help::VERB)]
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

    /// Further probes of each of seven pauses around it
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub probes: u32,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
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
