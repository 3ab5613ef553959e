//! What the user typed to have two sides judged: flags of `gate`, `compare`, `aa`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::image::IMAGES;
use super::{FactorFlags, FormatFlag, FunctionFlags, ImageFlags, MeasureFlags, PriceFlags};
use coldstart::compare::Rules;
use coldstart::spec::function::{TypedImage, is_name};
use coldstart::spec::scenario::MAX_ROUNDS;
use coldstart::spec::tolerance::{MOST_ROUNDS, Margins, Metric, Sight};
use coldstart::text::units::{format_exactly, format_share, parse_duration, parse_share};

/// What counts as slower.
#[derive(Debug, Args)]
#[command(next_help_heading = "Judging")]
pub(crate) struct JudgeFlags {
    /// A change matters when it is larger than this share of the base's value, and
    /// larger than the floor [default: the scenario's, or
    /// 5%, and 2% of boot+init, CPU time and totals that no daemon is in]
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub margin: Option<f64>,

    /// The absolute floor of the total [default: the scenario's, or 5ms, and 2ms
    /// where no daemon is in it]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub floor: Option<Duration>,

    /// The absolute floor of the function's own part, boot + init [default: the
    /// scenario's, or 2ms]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub own_floor: Option<Duration>,

    /// The absolute floor of the CPU time [default: the scenario's, or 2ms]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub cpu_floor: Option<Duration>,

    /// What decides: total, own, cpu, warm, memory, size [default: total,own,cpu]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub gate: Option<Vec<Metric>>,
}

impl JudgeFlags {
    /// The rules for a scenario's margins.
    #[must_use]
    pub(crate) fn rules(&self, margins: &Margins) -> Rules {
        let mut rules = Rules { margins: margins.clone(), ..Rules::default() };
        if let Some(share) = self.margin {
            rules.margins.set_share(share);
        }
        let floors = [
            (Metric::Total, self.floor),
            (Metric::Own, self.own_floor),
            (Metric::Cpu, self.cpu_floor),
        ];
        for (metric, floor) in floors {
            if let Some(floor) = floor {
                rules.margins.set_floor(metric, floor.as_nanos() as f64);
            }
        }
        if let Some(gated) = &self.gate {
            rules.gated.clone_from(gated);
        }
        rules
    }

    /// The words that say the same again.
    #[must_use]
    pub(crate) fn repeat(&self) -> Vec<String> {
        let names = |metrics: &Vec<Metric>| {
            metrics.iter().map(|metric| metric.name()).collect::<Vec<_>>().join(",")
        };
        let flags = [
            ("--margin", self.margin.map(format_share)),
            ("--floor", self.floor.map(format_exactly)),
            ("--own-floor", self.own_floor.map(format_exactly)),
            ("--cpu-floor", self.cpu_floor.map(format_exactly)),
            ("--gate", self.gate.as_ref().map(names)),
        ];
        let typed = flags.into_iter().filter_map(|(flag, value)| Some([flag.to_owned(), value?]));
        typed.flatten().collect()
    }
}

/// Flags of `gate`.
#[derive(Debug, Args)]
pub(crate) struct Gate {
    /// What it was: a git ref, or a folder written as ./name
    #[arg(long, value_name = "REF", required_unless_present = "base_image")]
    pub base: Option<String>,

    /// What it is to become, likewise [default: the working tree as it is]
    #[arg(long, value_name = "REF")]
    pub head: Option<String>,

    /// What it was: an image, which is measured as it is
    #[arg(long, value_name = "[NAME=]REF", group = IMAGES, requires = "head_image",
        conflicts_with_all = ["base", "head", "functions"])]
    pub base_image: Option<TypedImage>,

    /// What it is to become: an image
    #[arg(long, value_name = "[NAME=]REF", requires = "base_image")]
    pub head_image: Option<TypedImage>,

    /// How both images are started, and what they answer.
    #[command(flatten)]
    pub of_images: ImageFlags,

    /// A scenario file, or a name: `coldstart list scenarios`
    #[arg(default_value = "gate")]
    pub scenario: String,

    /// What to measure, and with what.
    #[command(flatten)]
    pub common: FunctionFlags,

    /// What counts as slower.
    #[command(flatten)]
    pub judge: JudgeFlags,

    /// Exit with 3 when a gated row cannot be told from its margin
    #[arg(long)]
    pub strict: bool,

    /// What it must see.
    #[command(flatten)]
    pub sight: SightFlags,

    /// Do not measure again what alarms
    #[arg(long)]
    pub no_confirm: bool,

    /// Explain every function that alarmed, on both sides, after the verdict: what head
    /// newly opens and loads
    #[arg(long)]
    pub explain: bool,

    /// Prices, for a budget of cost.
    #[command(flatten)]
    pub prices: PriceFlags,

    /// Tell the head's functions to sleep so long in their init, or to work
    /// (work:5ms), to see the gate catch it
    #[arg(long, value_name = "TIME")]
    pub inject: Option<Injection>,

    /// How it is measured.
    #[command(flatten)]
    pub measure: MeasureFlags,

    /// What instances are started under.
    #[command(flatten)]
    pub factors: FactorFlags,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// The most rounds that can be typed.
const MOST: i64 = MAX_ROUNDS as i64;

/// What a gate must be able to see.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SightFlags {
    /// Measure a function on until a slowdown of so much would be found four times in five
    /// [default: the scenario's; nothing where --rounds is typed]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub sees: Option<Duration>,

    #[arg(
        long,
        help = format!("But no more rounds a side than this [default: the scenario's, or {MOST_ROUNDS}]"),
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=MOST)
    )]
    pub most_rounds: Option<u32>,
}

impl SightFlags {
    /// What is to be seen, of a scenario that is changed as was typed.
    pub(crate) fn of(self, scenario: Option<Sight>, rounds_typed: bool) -> Option<Sight> {
        let scenarios = scenario.filter(|_| !rounds_typed || self.most_rounds.is_some());
        let sees = self.sees.or(scenarios.map(|sight| sight.sees))?;
        let most = self.most_rounds.or(scenario.map(|sight| sight.most_rounds));
        Some(Sight { sees, most_rounds: most.unwrap_or(MOST_ROUNDS) })
    }

    /// The flags that say the same again.
    pub(crate) fn again(sight: Option<Sight>) -> Vec<String> {
        let Some(Sight { sees, most_rounds }) = sight else { return Vec::new() };
        let (sees, most) = (format_exactly(sees), most_rounds.to_string());
        vec!["--sees".to_owned(), sees, "--most-rounds".to_owned(), most]
    }
}

/// Flags of `compare`.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The folder of the run that it was; left out with --baseline
    #[arg(required_unless_present = "baseline", value_name = "BASE")]
    pub first: Option<PathBuf>,

    /// The folder of the run that it is to become
    #[arg(value_name = "HEAD", required_unless_present = "baseline")]
    pub second: Option<PathBuf>,

    /// Compare one run, HEAD, with the stored run of the machine that it was measured
    /// on, in results/baselines
    #[arg(long, value_name = "HEAD", conflicts_with_all = ["first", "second"])]
    pub baseline: Option<PathBuf>,

    /// What counts as slower.
    #[command(flatten)]
    pub judge: JudgeFlags,

    /// Exit with 3 when a gated row cannot be told from its margin
    #[arg(long)]
    pub strict: bool,

    /// Read what is there of a run whose rows are not those of its plan; the comparison
    /// then is advisory
    #[arg(long)]
    pub salvage: bool,

    /// Take base's function A for head's B: they were named otherwise. May be typed
    /// again
    #[arg(long, value_name = "A=B", value_parser = parse_join)]
    pub join: Vec<(String, String)>,

    /// Where the files go [default: `compare` in the head's folder]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// Two names of one function.
fn parse_join(text: &str) -> Result<(String, String), String> {
    let joined = text.split_once('=').filter(|(base, head)| is_name(base) && is_name(head));
    let joined = joined.map(|(base, head)| (base.to_owned(), head.to_owned()));
    joined.ok_or_else(|| "write the name in base, `=`, the name in head".to_owned())
}

/// Flags of `aa`.
#[derive(Debug, Args)]
pub(crate) struct Aa {
    /// A scenario file, or a name: `coldstart list scenarios`
    #[arg(default_value = "gate")]
    pub scenario: String,

    /// What to measure, and with what.
    #[command(flatten)]
    pub common: FunctionFlags,

    /// How many gates
    #[arg(long, value_name = "K", default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub runs: u32,

    /// Heads that sleep in their init, such as 10ms,5% (of the function's median
    /// total), or work (work:5ms): how often is each found?
    #[arg(long, value_delimiter = ',', value_name = "TIMES")]
    pub inject: Vec<Injection>,

    /// Draw every start from those recorded in a run, instead of measuring: thousands
    /// of gates in seconds
    #[arg(long, value_name = "RUN")]
    pub simulate: Option<PathBuf>,

    /// What counts as slower.
    #[command(flatten)]
    pub judge: JudgeFlags,

    /// What it must see.
    #[command(flatten)]
    pub sight: SightFlags,

    /// Do not measure again what alarms
    #[arg(long)]
    pub no_confirm: bool,

    /// How it is measured.
    #[command(flatten)]
    pub measure: MeasureFlags,

    /// What instances are started under.
    #[command(flatten)]
    pub factors: FactorFlags,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// What the init of a head is given besides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Injection {
    /// How much.
    pub amount: Amount,
    /// Whether it works for so long, on a processor; else it sleeps.
    pub works: bool,
}

/// Before what is work and no sleep.
const WORK: &str = "work:";

/// So much of a start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Amount {
    /// So long.
    Time(Duration),
    /// A share of the function's median total.
    Share(f64),
}

impl std::str::FromStr for Injection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (works, text) = match text.strip_prefix(WORK) {
            Some(text) => (true, text),
            None => (false, text),
        };
        let amount = match text.ends_with('%') {
            true => parse_share(text).map(Amount::Share),
            false => parse_duration(text).map(Amount::Time),
        }?;
        Ok(Self { amount, works })
    }
}

impl std::fmt::Display for Injection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let work = if self.works { WORK } else { "" };
        match self.amount {
            Amount::Time(time) => write!(f, "{work}{}", format_exactly(time)),
            Amount::Share(share) => write!(f, "{work}{}", format_share(share)),
        }
    }
}
