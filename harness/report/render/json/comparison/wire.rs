//! The form of `compare.json`: what other programs may rely on. Its comments are the
//! schema's descriptions. Apart from the domain's types, so that those may change.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::super::factors::FactorValues;
use crate::compare;
use crate::sample;
use crate::spec::tolerance;

/// Two cold-start runs, compared: did what was measured get slower, and where? Times
/// are whole nanoseconds, sizes bytes. A figure that is not known is null.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(title = "coldstart compare.json", extend("$id" = "urn:coldstart:compare:1")))]
pub(super) struct Document {
    /// Version of this form: 1. It grows when a reader of the old one would break.
    #[cfg_attr(test, schemars(range(min = 2, max = 2)))]
    pub(super) format: u32,
    /// What becomes of a gate.
    pub(super) outcome: Outcome,
    /// Whether the outcome binds: false when machines or engines differ, or nothing shows
    /// that they were the same.
    pub(super) binding: bool,
    /// Whether figures are made up.
    pub(super) simulated: bool,
    /// Whether both sides were measured in one run, in mirrored order.
    pub(super) interleaved: bool,
    /// The metrics that decide the outcome.
    pub(super) gated: Vec<Metric>,
    /// The rate of false alarms over all gated rows that is kept: 0.05 for 5 %.
    pub(super) alpha: Option<f64>,
    /// What it was.
    pub(super) base: Party,
    /// What it is to become.
    pub(super) head: Party,
    /// One metric of one cell each.
    pub(super) rows: Vec<Row>,
    /// Cells on one side only.
    pub(super) missing: Vec<Missing>,
    /// Why the outcome is advisory and fails no build; empty when it binds.
    pub(super) advisory: Vec<String>,
    /// What a reader must know besides.
    pub(super) notes: Vec<String>,
}

/// One of the two that are compared.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct Party {
    /// What a reader calls it.
    pub(super) label: String,
    /// Id of its run.
    pub(super) run: String,
    /// When its run began, RFC 3339, UTC.
    pub(super) started: String,
    /// The command that measured it.
    pub(super) command: String,
    /// Machine and engine in a line.
    pub(super) place: String,
    /// Rounds that were measured, the first included.
    pub(super) rounds: u32,
    /// Why its figures are not to be believed; null when they are.
    pub(super) invalid: Option<String>,
    /// Whether it was cut short.
    pub(super) partial: bool,
    /// Whether its figures are made up.
    pub(super) simulated: bool,
    /// Milliseconds that functions were told to sleep in their init, by name.
    pub(super) injected_ms: BTreeMap<String, u32>,
    /// Its functions by name.
    pub(super) functions: BTreeMap<String, Function>,
}

/// A function as one side had it.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct Function {
    /// Its position in functions.toml, from 0.
    pub(super) position: usize,
    /// Content address of its image.
    pub(super) digest: String,
    /// Bytes of the image on disk.
    pub(super) size_bytes: u64,
    /// Memory limit of an instance, in bytes, unless the scenario says otherwise.
    pub(super) memory_bytes: u64,
    /// CPU quota of an instance, in cores; null for none.
    pub(super) cpus: Option<f64>,
    /// What its version command printed.
    pub(super) version: String,
    /// Content addresses of its bases with their origins, by build argument.
    pub(super) bases: BTreeMap<String, String>,
}

/// One metric of one cell.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct Row {
    /// Name of the function.
    pub(super) function: String,
    /// Which cell; null for what belongs to a function as a whole.
    pub(super) cell: Option<Cell>,
    /// What is compared.
    pub(super) metric: Metric,
    /// The unit of medians, difference, floor and detectable amount.
    pub(super) unit: Unit,
    /// Whether it decides the outcome.
    pub(super) gated: bool,
    /// What is said of it.
    pub(super) verdict: Verdict,
    /// Why it is invalid or inconclusive, or what failed.
    pub(super) reason: Option<String>,
    /// What was measured of base.
    pub(super) base: Values,
    /// What was measured of head.
    pub(super) head: Values,
    /// Head over base by Hodges & Lehmann: 1.05 is 5 % more. To a millionth.
    pub(super) ratio: Option<Ratio>,
    /// Head over base of the 0.9-quantile, by resampling rounds: told, never judged;
    /// null below 36 rounds a side.
    pub(super) p90_ratio: Option<Ratio>,
    /// Head less base by Hodges & Lehmann, in the row's unit.
    pub(super) difference: Option<Amount>,
    /// One-sided: that head is worse by more than the margin.
    #[cfg_attr(test, schemars(range(min = 0.0, max = 1.0)))]
    pub(super) p: Option<f64>,
    /// The same adjusted: by Holm over gated rows, by Benjamini & Hochberg over others.
    #[cfg_attr(test, schemars(range(min = 0.0, max = 1.0)))]
    pub(super) adjusted_p: Option<f64>,
    /// How large a change must be to matter: larger than both.
    pub(super) margin: Margin,
    /// The smallest slowdown that would have been found four times in five.
    pub(super) detectable: Option<Detectable>,
    /// Where the change sits, in order; of the totals of cold cells only.
    pub(super) parts: Vec<Part>,
    /// Whether it was measured again because it alarmed at first.
    pub(super) measured_again: bool,
}

/// A combination of function, factors and step. Both sides have it in common.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct Cell {
    /// Name of the function.
    pub(super) function: String,
    /// Which control it is; null for what is measured.
    pub(super) control: Option<String>,
    /// How an instance is spoken to.
    pub(super) adapter: String,
    /// What instances were started under.
    #[serde(flatten)]
    pub(super) factors: FactorValues,
    /// Name of the pattern.
    pub(super) pattern: String,
    /// Name of the step in the pattern.
    pub(super) step: String,
    /// What the step does.
    pub(super) act: Act,
    /// Invocations of the step.
    pub(super) invocations: u32,
    /// Starts at a time; null where the step has no workers.
    pub(super) workers: Option<u32>,
    /// Whether the instance was started for the invocation.
    pub(super) temperature: Temperature,
}

/// What was measured of one side.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct Values {
    /// Rounds that gave a value, failures included.
    pub(super) n: usize,
    /// Those whose typical invocation failed.
    pub(super) failed: usize,
    /// Median of the rounds' values, in the row's unit; null of none, or of failures.
    pub(super) median: Option<i64>,
}

/// A ratio with its two-sided 95 % interval.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct Ratio {
    /// The estimate.
    pub(super) value: Option<f64>,
    /// Lower end.
    pub(super) low: Option<f64>,
    /// Upper end.
    pub(super) high: Option<f64>,
}

/// An amount with its two-sided 95 % interval.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct Amount {
    /// The estimate.
    pub(super) value: Option<i64>,
    /// Lower end.
    pub(super) low: Option<i64>,
    /// Upper end.
    pub(super) high: Option<i64>,
}

/// How large a change must be to matter.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct Margin {
    /// Share of base's value: 0.05 for 5 %.
    pub(super) share: Option<f64>,
    /// In the row's unit.
    pub(super) floor: Option<i64>,
}

/// A slowdown that would be found four times in five.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct Detectable {
    /// Share of base's median: 0.08 for 8 %.
    pub(super) share: Option<f64>,
    /// In the row's unit.
    pub(super) amount: Option<i64>,
}

/// The change of one part of a cold start.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct Part {
    /// First stretch of the part.
    pub(super) first: Stretch,
    /// Its last: the same, unless a missing mark merged neighbours.
    pub(super) last: Stretch,
    /// Head less base, in nanoseconds.
    pub(super) change_ns: Amount,
    /// Two-sided, adjusted over all parts (Benjamini & Hochberg).
    #[cfg_attr(test, schemars(range(min = 0.0, max = 1.0)))]
    pub(super) p: Option<f64>,
    /// Whether it is beyond chance and carries a good share of the total's change.
    pub(super) explains: bool,
}

/// A cell that one side lacks, or a whole function.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct Missing {
    /// Name of the function.
    pub(super) function: String,
    /// Which cell; null for all of the function.
    pub(super) cell: Option<Cell>,
    /// The side that lacks it.
    pub(super) lacks: Side,
}

/// Gives an enumeration of the file the names of one of the domain.
macro_rules! named {
    ($(#[$doc:meta])* $wire:ident from $domain:path { $($name:ident),+ }) => {
        $(#[$doc])*
        #[derive(Serialize)]
        #[cfg_attr(test, derive(JsonSchema))]
        #[serde(rename_all = "lowercase")]
        pub(super) enum $wire { $($name),+ }

        impl From<$domain> for $wire {
            fn from(value: $domain) -> Self {
                use $domain as Domain;
                match value { $(Domain::$name => $wire::$name),+ }
            }
        }
    };
}

named!(
    /// What becomes of a gate.
    Outcome from compare::GateOutcome { Passed, Inconclusive, Invalid, Regressed }
);
named!(
    /// What a row says of a change.
    Verdict from compare::Verdict { Regressed, Invalid, Inconclusive, Improved, Unchanged }
);
named!(
    /// One of the two.
    Side from compare::Side { Base, Head }
);
named!(
    /// Engine: intended to the function's exec. Boot: to main. Init: to ready. Invoke:
    /// to the reply.
    Stretch from compare::PhaseGroup { Engine, Boot, Init, Invoke }
);
named!(
    /// Total: headline latency of a cold cell. Own: boot + init. Warm: latency of a
    /// warm cell. Memory: peak of an instance. Size: of the image on disk.
    Metric from tolerance::Metric { Total, Own, Warm, Memory, Size }
);
named!(
    /// How the invocation found its instance.
    Temperature from sample::Temperature { Cold, Warm }
);

/// The unit of a row's figures.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(super) enum Unit {
    /// Nanoseconds.
    Ns,
    /// Bytes.
    Bytes,
}

/// What a step does.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(super) enum Act {
    /// All invocations at one instant.
    Burst,
    /// One after another.
    Sequence,
    /// Several workers, each one after another.
    Parallel,
}
