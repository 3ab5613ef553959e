//! What to measure: a TOML file -> a validated [`Scenario`].
//!
//! Pure once the text is read. Wire types are private; a `Scenario` is immutable
//! once validated. Must not know how anything is run.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use toml::de::DeTable;

use crate::spec::budget::Budget;
use crate::spec::factor::FactorMatrix;
use crate::spec::function::{is_name, read_text};
use crate::spec::tolerance::{Margins, Sight};
use crate::text::diagnostic::Mistake;
use crate::text::units::{DurationText, PrecisionText};

mod factors;
mod gate;
mod outside;

pub use outside::{OUTSIDE, OUTSIDE_STEPS};

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadShape {
    /// So many invocations at one intended instant.
    Burst(u32),
    /// So many invocations, each intended when the one before was answered.
    Sequence(u32),
    /// So many cold starts one after another by each of some workers at a time,
    /// every instance removed as soon as it has answered: throughput.
    Parallel {
        /// Starts at a time.
        workers: u32,
        /// Starts in all.
        starts: u32,
    },
    /// Invocations as they come from outside: who calls decides, and no plan.
    Arrivals,
}

impl LoadShape {
    /// How many invocations; none that are known of those that come from outside.
    #[must_use]
    pub fn invocations(self) -> u32 {
        match self {
            LoadShape::Burst(n)
            | LoadShape::Sequence(n)
            | LoadShape::Parallel { starts: n, .. } => n,
            LoadShape::Arrivals => 0,
        }
    }
}

impl fmt::Display for LoadShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadShape::Burst(n) => write!(f, "burst of {n}"),
            LoadShape::Sequence(n) => write!(f, "{n} in sequence"),
            LoadShape::Parallel { workers, starts } => {
                write!(f, "{starts} starts, {workers} at a time")
            }
            LoadShape::Arrivals => f.write_str("as they come"),
        }
    }
}

/// One step of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, unique within the pattern.
    pub name: String,
    /// Pause before it, counted from the last reply of the step before. Must be
    /// shorter than the keep-alive for the step to find warm instances.
    pub after: Duration,
    /// What it does.
    pub act: LoadShape,
}

/// What one trial does after its idle: steps in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// Its name, unique within the scenario.
    pub name: String,
    /// At least one.
    pub steps: Vec<Step>,
}

/// What to measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Its name: part of the run folder's name.
    pub name: String,
    /// Names of the functions; empty for all of `functions.toml`.
    pub functions: Vec<String>,
    /// What instances are started under: every combination is a visit.
    pub factors: FactorMatrix,
    /// Whether the controls are measured with it.
    pub controls: bool,
    /// Whether any of its functions listens: then a control that does is one of them. It
    /// follows from the functions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listening: bool,
    /// Visits to every cell; with `until` the most.
    pub rounds: u32,
    /// A cell is measured until the 95 % interval of its median is within this
    /// share of the median on either side; none to measure every round.
    pub until: Option<f64>,
    /// No trial begins after so long; none for no limit.
    pub max_time: Option<Duration>,
    /// How long an idle instance is kept before it is removed; none where a policy decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_alive: Option<Duration>,
    /// By which policy idle instances are kept, where calls come from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Whether what is idle is removed as soon as a trial is over, rather than once it has
    /// outlived its keep-alive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remove_at_once: bool,
    /// The patterns, each visited once a round by every function.
    pub patterns: Vec<Pattern>,
    /// How large a change must be to matter, when this is compared.
    #[serde(default)]
    pub margins: Margins,
    /// What a gate must be able to see; none to measure as many rounds and no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sight: Option<Sight>,
    /// What functions may take at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<Budget>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireScenario {
    name: toml::Spanned<String>,
    #[serde(default)]
    functions: Vec<String>,
    controls: Option<bool>,
    rounds: toml::Spanned<u32>,
    until: Option<PrecisionText>,
    max_time: Option<toml::Spanned<DurationText>>,
    keep_alive: toml::Spanned<DurationText>,
    #[serde(default)]
    remove_at_once: bool,
    gate: Option<gate::WireGate>,
    pattern: Vec<toml::Spanned<WirePattern>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WirePattern {
    name: toml::Spanned<String>,
    steps: Vec<toml::Spanned<WireStep>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireStep {
    name: toml::Spanned<String>,
    after: Option<toml::Spanned<DurationText>>,
    burst: Option<u32>,
    sequence: Option<u32>,
}

impl Scenario {
    /// Turns it into a measurement of throughput: in every round some starts one
    /// at a time, and, in a trial of their own, some `workers` at a time. Samples
    /// of the one are never mixed with those of the other, nor with those of a
    /// pattern.
    pub fn in_parallel(&mut self, workers: u32) {
        let pattern = |name: &str, workers: u32, starts: u32| Pattern {
            name: name.to_owned(),
            steps: vec![Step {
                name: "starts".to_owned(),
                after: Duration::ZERO,
                act: LoadShape::Parallel { workers, starts },
            }],
        };
        self.patterns = vec![
            pattern("one", 1, ONE_AT_A_TIME),
            pattern("many", workers, workers * STARTS_A_WORKER),
        ];
    }
}

/// Starts of a round's serial trial in throughput mode.
const ONE_AT_A_TIME: u32 = 5;
/// Starts of each worker in a round's parallel trial.
const STARTS_A_WORKER: u32 = 10;
/// The most starts at a time.
pub const MAX_WORKERS: u32 = 1_000;

/// The most invocations one step may have: each of a burst is a container.
pub const MAX_INVOCATIONS: u32 = 100_000;
/// The most visits to a cell.
pub const MAX_ROUNDS: u32 = 100_000;
/// The longest pause of a trial: every trial of a round waits for it.
const MAX_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// The scenarios of the project, bundled with the program.
pub const SHIPPED: [(&str, &str); 4] = [
    ("default", include_str!("../../benches/scenarios/default.toml")),
    ("quick", include_str!("../../benches/scenarios/quick.toml")),
    ("single", include_str!("../../benches/scenarios/single.toml")),
    ("gate", include_str!("../../benches/scenarios/gate.toml")),
];

/// Reads a scenario file.
///
/// # Errors
/// Names the file, the line and what was expected.
pub fn load(path: &Path) -> Result<Scenario> {
    let text =
        read_text(path).with_context(|| format!("cannot read the scenario {}", path.display()))?;
    parse(&text, &path.display().to_string())
}

/// A scenario that this program brings along, by name; none where there is no such.
#[must_use]
pub fn shipped(name: &str) -> Option<Result<Scenario>> {
    let (_, text) = SHIPPED.iter().find(|(known, _)| *known == name)?;
    Some(parse(text, &format!("{name}.toml")))
}

/// Parses the text of a scenario; `file` names it in errors.
///
/// # Errors
/// Names the file, the line and what was expected.
pub fn parse(text: &str, file: &str) -> Result<Scenario> {
    let source = Source { text, file };
    let mut table = DeTable::parse(text).map_err(|error| source.error(error))?;
    let factors = factors::take(table.get_mut(), source)?;
    let wire = WireScenario::deserialize(toml::Deserializer::from(table))
        .map_err(|error| source.error(error))?;
    source.name(&wire.name)?;
    if !(1..=MAX_ROUNDS).contains(wire.rounds.get_ref()) {
        let message = format!("a scenario needs at least one round, and at most {MAX_ROUNDS}");
        bail!(source.at(wire.rounds.span(), message));
    }
    if let Some(limit) = wire.max_time.as_ref().filter(|limit| limit.get_ref().0.is_zero()) {
        bail!(source.at(limit.span(), NO_TIME));
    }
    let keep_alive = source.pause(&wire.keep_alive)?;
    if wire.pattern.is_empty() {
        bail!(Mistake::of(file, "a scenario needs at least one [[pattern]]"));
    }
    let mut patterns: Vec<Pattern> = Vec::new();
    for entry in wire.pattern {
        let name = entry.get_ref().name.span();
        let pattern = entry.into_inner().check(source)?;
        if patterns.iter().any(|p| p.name == pattern.name) {
            let twice = format!("a second pattern is named `{}`: names must differ", pattern.name);
            bail!(source.at(name, twice));
        }
        patterns.push(pattern);
    }
    let gate = wire.gate.map(|gate| gate.check(&patterns, source)).transpose()?;
    let gate::Gate { margins, sight, budgets } = gate.unwrap_or_default();
    Ok(Scenario {
        name: wire.name.into_inner(),
        functions: wire.functions,
        factors,
        controls: wire.controls.unwrap_or(true),
        listening: false,
        rounds: wire.rounds.into_inner(),
        until: wire.until.map(|share| share.0),
        max_time: wire.max_time.map(|time| time.get_ref().0),
        keep_alive: Some(keep_alive),
        policy: None,
        remove_at_once: wire.remove_at_once,
        patterns,
        margins,
        sight,
        budgets,
    })
}

/// Why a limit of time is none.
pub const NO_TIME: &str = "no trial could begin in no time: write a time such as `10m`";

/// The text that is read, for mistakes that point into it.
#[derive(Clone, Copy)]
struct Source<'a> {
    text: &'a str,
    file: &'a str,
}

impl Source<'_> {
    /// What the parser found.
    fn error(&self, mut error: toml::de::Error) -> Mistake {
        error.set_input(Some(self.text));
        Mistake::in_toml(self.text, self.file, &error)
    }

    fn at(&self, span: Range<usize>, message: impl Into<String>) -> Mistake {
        Mistake::at(self.text, self.file, span, message)
    }

    /// Checks what a trial waits for.
    fn pause(&self, time: &toml::Spanned<DurationText>) -> Result<Duration, Mistake> {
        let pause = time.get_ref().0;
        if pause <= MAX_PAUSE {
            return Ok(pause);
        }
        Err(self.at(time.span(), "a trial would wait for it: a pause has 24h at most"))
    }

    /// Checks what becomes part of file names.
    fn name(&self, name: &toml::Spanned<String>) -> Result<(), Mistake> {
        if is_name(name.get_ref()) {
            return Ok(());
        }
        let message = format!(
            "`{}` is not a valid name: use lower-case letters, digits and `_`",
            name.get_ref()
        );
        Err(self.at(name.span(), message))
    }
}

impl WirePattern {
    fn check(self, source: Source<'_>) -> Result<Pattern, Mistake> {
        source.name(&self.name)?;
        if self.steps.is_empty() {
            return Err(source.at(self.name.span(), "a pattern needs at least one step"));
        }
        let mut steps: Vec<Step> = Vec::new();
        for entry in self.steps {
            let (span, name) = (entry.span(), entry.get_ref().name.span());
            let step = entry.into_inner().check(source, span)?;
            if steps.iter().any(|s| s.name == step.name) {
                let twice = format!("a second step is named `{}`: names must differ", step.name);
                return Err(source.at(name, twice));
            }
            steps.push(step);
        }
        Ok(Pattern { name: self.name.into_inner(), steps })
    }
}

impl WireStep {
    fn check(self, source: Source<'_>, span: Range<usize>) -> Result<Step, Mistake> {
        source.name(&self.name)?;
        let name = self.name.into_inner();
        let act = match (self.burst, self.sequence) {
            (Some(n), None) => LoadShape::Burst(n),
            (None, Some(n)) => LoadShape::Sequence(n),
            _ => {
                let message = "needs `burst = N` or `sequence = N`, one of them";
                return Err(source.at(span, format!("step `{name}` {message}")));
            }
        };
        if !(1..=MAX_INVOCATIONS).contains(&act.invocations()) {
            let message = format!("step `{name}` must have 1 to {MAX_INVOCATIONS} invocations");
            return Err(source.at(span, message));
        }
        let after = self.after.map(|after| source.pause(&after)).transpose()?;
        let after = after.unwrap_or_default();
        Ok(Step { name, after, act })
    }
}

#[cfg(test)]
mod tests;
