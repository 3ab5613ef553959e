//! Which policies there are, and how one is asked for: `fixed:10m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Policy;
use super::cidre::Cidre;
use super::fixed::Fixed;
use super::greedy_dual::GreedyDual;
use super::hybrid_histogram::HybridHistogram;
use super::lru::LeastRecentlyUsed;
use super::none::Nothing;
use super::provisioned::Provisioned;
use crate::text::diagnostic::did_you_mean;
use crate::text::units::{format_exactly, parse_duration};

/// How long an instance is kept where nobody says: what AWS Lambda was measured to do in 2019
/// (mikhail.io/2019/08/aws-lambda-cold-starts-after-10-minutes).
const KEPT: Duration = Duration::from_secs(600);
/// The width of a histogram's bin where nobody says, that of the paper.
const BIN: Duration = Duration::from_secs(60);

/// A policy that can be asked for.
#[derive(Debug)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// How it is written, with what may stand behind its name.
    pub form: &'static str,
    /// What it does.
    pub about: &'static str,
    read: fn(&[&str]) -> Result<PolicyChoice, String>,
}

/// Every policy.
pub static POLICIES: [Known; 7] = [
    Known {
        name: "none",
        form: "none",
        about: "keeps nothing: every call is cold",
        read: |_| Ok(PolicyChoice::Nothing),
    },
    Known {
        name: "fixed",
        form: "fixed[:TIME]",
        about: "keeps each for a time after its latest call (10m)",
        read: |of| Ok(PolicyChoice::Fixed { keep: time(of.first(), KEPT)? }),
    },
    Known {
        name: "lru",
        form: "lru",
        about: "keeps all until memory is short; the least recently used goes",
        read: |_| Ok(PolicyChoice::LeastRecentlyUsed),
    },
    Known {
        name: "greedy-dual",
        form: "greedy-dual",
        about: "the same; what is cheap to start, large and seldom called goes",
        read: |_| Ok(PolicyChoice::GreedyDual),
    },
    Known {
        name: "hybrid",
        form: "hybrid[:BIN]",
        about: "starts and removes by a histogram of pauses (240 bins of 1m)",
        read: |of| Ok(PolicyChoice::HybridHistogram { bin: time(of.first(), BIN)? }),
    },
    Known {
        name: "cidre",
        form: "cidre[:TIME]",
        about: "greedy-dual, and calls may wait for a busy instance",
        read: |of| {
            let keep = of.first().map(|_| time(of.first(), KEPT)).transpose()?;
            Ok(PolicyChoice::Cidre { keep })
        },
    },
    Known {
        name: "provisioned",
        form: "provisioned[:N[:TIME]]",
        about: "N of each are always there (1); others as with fixed",
        read: |of| {
            let instances = of.first().map_or(Ok(1), |text| number(text))?;
            Ok(PolicyChoice::Provisioned { instances, keep: time(of.get(1), KEPT)? })
        },
    },
];

/// A policy that was asked for, with all that it has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyChoice {
    /// Nothing is kept.
    Nothing,
    /// Each for the same time.
    Fixed {
        /// How long.
        keep: Duration,
    },
    /// All until memory is short.
    LeastRecentlyUsed,
    /// The same; what is least worth keeping goes.
    GreedyDual,
    /// By a histogram of pauses.
    HybridHistogram {
        /// The width of a bin.
        bin: Duration,
    },
    /// Calls may wait for a busy instance.
    Cidre {
        /// How long an idle one is kept; none: until memory is short.
        keep: Option<Duration>,
    },
    /// Some are always there.
    Provisioned {
        /// How many of each function.
        instances: u32,
        /// How long others are kept.
        keep: Duration,
    },
}

impl PolicyChoice {
    /// The policy itself, which has seen nothing yet.
    #[must_use]
    pub fn build(self) -> Box<dyn Policy + Send> {
        match self {
            Self::Nothing => Box::new(Nothing),
            Self::Fixed { keep } => Box::new(Fixed { time: ns(keep) }),
            Self::LeastRecentlyUsed => Box::new(LeastRecentlyUsed),
            Self::GreedyDual => Box::new(GreedyDual::default()),
            Self::HybridHistogram { bin } => Box::new(HybridHistogram::new(ns(bin))),
            Self::Cidre { keep } => Box::new(Cidre::new(keep.map(ns))),
            Self::Provisioned { instances, keep } => {
                Box::new(Provisioned { instances, time: ns(keep) })
            }
        }
    }

    /// Whether it removes instances for want of memory alone, and so keeps all of them where
    /// there is no limit.
    #[must_use]
    pub fn needs_memory_limit(self) -> bool {
        matches!(self, Self::LeastRecentlyUsed | Self::GreedyDual | Self::Cidre { keep: None })
    }
}

impl fmt::Display for PolicyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("none"),
            Self::Fixed { keep } => write!(f, "fixed:{}", shortly(*keep)),
            Self::LeastRecentlyUsed => f.write_str("lru"),
            Self::GreedyDual => f.write_str("greedy-dual"),
            Self::HybridHistogram { bin } => write!(f, "hybrid:{}", shortly(*bin)),
            Self::Cidre { keep: None } => f.write_str("cidre"),
            Self::Cidre { keep: Some(keep) } => write!(f, "cidre:{}", shortly(*keep)),
            Self::Provisioned { instances, keep } => {
                write!(f, "provisioned:{instances}:{}", shortly(*keep))
            }
        }
    }
}

impl FromStr for PolicyChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let names = || POLICIES.iter().map(|policy| policy.name);
        let Some(known) = POLICIES.iter().find(|policy| policy.name == name) else {
            let all = names().collect::<Vec<_>>().join(", ");
            return Err(format!(
                "no policy `{name}`{}: known are {all}",
                did_you_mean(name, names())
            ));
        };
        let rest: Vec<&str> = parts.collect();
        let most = known.form.matches(':').count();
        if rest.len() > most {
            return Err(format!("`{text}` says too much: write it as {}", known.form));
        }
        (known.read)(&rest).map_err(|why| format!("{why}; it is written as {}", known.form))
    }
}

/// The time that is written, or the usual one; never nothing at all.
fn time(text: Option<&&str>, usual: Duration) -> Result<Duration, String> {
    let Some(text) = text else { return Ok(usual) };
    let time = parse_duration(text)?;
    if time.is_zero() {
        return Err(format!("`{text}` is no time: `none` is the policy that keeps nothing"));
    }
    Ok(time)
}

fn number(text: &str) -> Result<u32, String> {
    let number = text.parse::<u32>().ok().filter(|n| (1..=100_000).contains(n));
    number.ok_or_else(|| format!("`{text}` is no number of instances from 1 to 100000"))
}

/// In the largest unit of which it is a whole number: `10m`.
fn shortly(time: Duration) -> String {
    let units = [(3_600, "h"), (60, "m"), (1, "s")];
    let whole = |(seconds, _): &(u64, &str)| {
        time.subsec_nanos() == 0
            && time.as_secs() >= *seconds
            && time.as_secs().is_multiple_of(*seconds)
    };
    let unit = units.into_iter().find(whole);
    unit.map_or_else(
        || format_exactly(time),
        |(seconds, unit)| format!("{}{unit}", time.as_secs() / seconds),
    )
}

fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 2)
}
