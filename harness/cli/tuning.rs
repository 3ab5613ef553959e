//! What the user typed of `tune`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use coldstart::cost::Architecture;
use coldstart::spec::factor::CpuRule;
use coldstart::spec::function::TypedImage;
use coldstart::text::units::parse_share;

use super::image::IMAGES;
use super::{FUNCTIONS_FILE, FormatFlag, ImageFlags, MeasureFlags, parse_limit};

/// Sizes that a range has between its ends, in MiB. The first six are those of
/// aws-lambda-power-tuning.
const STEPS: [u32; 10] = [128, 256, 512, 1024, 1536, 3008, 4096, 5120, 7168, 10_240];
/// The sizes of who asks for none: the first of those.
pub(crate) const USUAL: &str = "128..3008";
/// What AWS Lambda takes, in MiB.
const LEAST: u32 = 128;
const MOST: u32 = 10_240;

/// Flags of `tune`.
#[derive(Debug, Args)]
pub(crate) struct Tune {
    /// Functions, by name
    #[arg(value_name = "FUNCTION", required_unless_present = "image")]
    pub functions: Vec<String>,

    /// Measure this image as it is, beside or instead of functions
    #[arg(long, value_name = "[NAME=]REF", group = IMAGES)]
    pub image: Vec<TypedImage>,

    /// How those images are started, and what they answer.
    #[command(flatten)]
    pub of_images: ImageFlags,

    /// Memory limits in MiB: a list, such as 128,512, or a range of Lambda's usual sizes
    /// [default: 128..3008]
    #[arg(long, value_name = "SIZES", value_delimiter = ',')]
    pub memory: Vec<Sizes>,

    /// How processor time follows from memory: lambda, or plain for each function's own
    /// quota whatever its memory
    #[arg(long, value_enum, default_value_t, value_name = "RULE")]
    pub cpu: Cpu,

    /// Lambda's init: on-demand (not throttled), or provisioned (throttled, done before
    /// calls, and not billed with them)
    #[arg(long, value_enum, default_value_t, value_name = "KIND")]
    pub init: Init,

    /// The share of calls that are cold
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = parse_share)]
    pub cold: f64,

    /// Of which processors the prices are: x86 or arm
    #[arg(long, value_name = "KIND", default_value_t, value_parser = architecture)]
    pub arch: Architecture,

    /// A file of prices, such as functions/prices.toml [default: those of that file when
    /// this program was built]
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,

    /// The file that describes the functions
    #[arg(long, value_name = "FILE", default_value = FUNCTIONS_FILE)]
    pub functions_file: PathBuf,

    /// Install and start what is missing: an engine, base images
    /// [env: COLDSTART_PROVISION=1]
    #[arg(long)]
    pub provision: bool,

    /// How it is measured; 15 rounds, unless that is typed.
    #[command(flatten)]
    pub measure: MeasureFlags,

    /// Begin no trial after so long, such as 10m
    #[arg(long, value_name = "TIME", value_parser = parse_limit)]
    pub max_time: Option<Duration>,

    /// How instances reach the driver: bridge or host
    #[arg(long, value_name = "NAME")]
    pub network: Option<String>,

    /// What makes the instances: docker, or oci without a daemon [default: docker]
    #[arg(long, value_name = "NAME")]
    pub engine: Option<String>,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// How processor time follows from memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cpu {
    /// As on AWS Lambda.
    #[default]
    Lambda,
    /// Not at all.
    Plain,
}

/// How instances are initialised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Init {
    /// For the first call that needs one.
    #[default]
    OnDemand,
    /// Before there are calls.
    Provisioned,
}

impl Tune {
    /// The CPU rule that is asked for; none where that leaves something open.
    pub(crate) fn rule(&self) -> Result<CpuRule, String> {
        match (self.cpu, self.init) {
            (Cpu::Lambda, Init::OnDemand) => Ok(CpuRule::Lambda),
            (Cpu::Lambda, Init::Provisioned) => Ok(CpuRule::LambdaProvisioned),
            (Cpu::Plain, Init::OnDemand) => Ok(CpuRule::Plain),
            (Cpu::Plain, Init::Provisioned) => {
                Err("--init provisioned is about Lambda's CPU rule, \
                                                    and --cpu plain leaves that out: drop one"
                    .to_owned())
            }
        }
    }

    /// The sizes, each once, from the least to the most.
    pub(crate) fn sizes(&self) -> Vec<u32> {
        let usual = || USUAL.parse::<Sizes>().map(|sizes| sizes.0).unwrap_or_default();
        let mut all: Vec<u32> = match self.memory.is_empty() {
            true => usual(),
            false => self.memory.iter().flat_map(|sizes| sizes.0.clone()).collect(),
        };
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// One size, or those of a range; in MiB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sizes(pub(crate) Vec<u32>);

impl FromStr for Sizes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((from, to)) = text.split_once("..") else { return Ok(Self(vec![size(text)?])) };
        let (from, to) = (size(from)?, size(to)?);
        if from > to {
            return Err(format!("the range `{text}` ends below its begin: write {to}..{from}"));
        }
        let between = STEPS.into_iter().filter(|step| (from..=to).contains(step));
        let mut all: Vec<u32> = [from, to].into_iter().chain(between).collect();
        all.sort_unstable();
        all.dedup();
        Ok(Self(all))
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&all.join(","))
    }
}

/// A size in MiB, with or without that unit.
fn size(text: &str) -> Result<u32, String> {
    let number = text.trim().trim_end_matches("MiB").trim_end_matches("MB");
    let size = number.parse::<u32>().map_err(|_| {
        format!("`{text}` is no size: write MiB as a whole number, such as 512, or 128..3008")
    })?;
    if !(LEAST..=MOST).contains(&size) {
        return Err(format!("{size} MiB is no size of AWS Lambda, which has {LEAST} to {MOST}"));
    }
    Ok(size)
}

fn architecture(text: &str) -> Result<Architecture, String> {
    text.parse().map_err(|_| format!("no processors `{text}`: known are x86, arm"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sizes(text: &str) -> Result<Vec<u32>, String> {
        text.parse::<Sizes>().map(|sizes| sizes.0)
    }

    #[test]
    fn a_range_has_lambdas_usual_sizes_and_both_ends() {
        assert_eq!(sizes(USUAL).unwrap(), [128, 256, 512, 1024, 1536, 3008]);
        assert_eq!(sizes("300..1769").unwrap(), [300, 512, 1024, 1536, 1769]);
        assert_eq!(sizes("512..512").unwrap(), [512]);
        assert_eq!(sizes("640MiB").unwrap(), [640]);
    }

    #[test]
    fn what_is_no_size_says_what_would_be() {
        let error = |text| sizes(text).unwrap_err();
        assert!(error("1GiB").contains("whole number, such as 512"));
        assert!(error("64").contains("128 to 10240"));
        assert!(error("20000").contains("128 to 10240"));
        assert!(error("1024..128").contains("write 128..1024"));
        assert!(error("..").contains("is no size"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_is_read_is_read_again(text in "\\PC{0,16}") {
            if let Ok(found) = text.parse::<Sizes>() {
                prop_assert!(found.0.iter().all(|size| (LEAST..=MOST).contains(size)));
            }
        }
    }
}
