//! What starts and calls take, from a measured run.

use anyhow::{Result, anyhow, bail};

use crate::pool::InstanceKey;
use crate::sample::{Mark, Sample, Temperature};
use crate::spec::scenario::LoadShape;
use crate::stats;
use crate::store::Run;
use crate::text::diagnostic::did_you_mean;
use crate::words::{is_simulated, is_valid};

/// What is taken for the memory of an instance that has no limit: what AWS Lambda gives where
/// nobody says.
const USUAL_MEMORY: u64 = 128 << 20;

/// What starts and calls take.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The run's id.
    pub run: String,
    /// Where it was measured.
    pub place: String,
    /// Whether every figure of it is made up.
    pub simulated: bool,
    /// Whether what it measured is not to be believed.
    pub invalid: bool,
    /// In the order of the run; at least one.
    pub functions: Vec<MeasuredFunction>,
}

/// A function that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredFunction {
    /// Its name.
    pub name: String,
    /// Its position in `functions.toml`.
    pub position: usize,
    /// What an instance takes, in bytes.
    pub memory: u64,
    /// What its warm calls took, in nanoseconds, in order.
    pub warm: Vec<u64>,
    /// What its cold calls took more than a warm one.
    pub starts: Vec<StartCost>,
}

/// What a start takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StartCost {
    /// What the call waits for: its latency less the median of warm ones, in nanoseconds.
    pub start: u64,
    /// What of it is billed as init.
    pub init: u64,
}

impl Measured {
    /// From a run: single cold calls where there are any, else all; under the first of the
    /// combinations of factors that it has. Of all its functions, or of those that are named.
    ///
    /// # Errors
    /// When a name is none of its functions', or none has both cold and warm calls.
    pub fn of(run: &Run, names: &[String]) -> Result<Self> {
        let known = || run.record.functions.iter().map(|function| &function.name);
        if let Some(name) = names.iter().find(|name| !known().any(|one| one == *name)) {
            let all: Vec<&str> = known().map(String::as_str).collect();
            bail!(
                "run {} has no function `{name}`{}: it has {}",
                run.record.id,
                did_you_mean(name, known()),
                all.join(", ")
            );
        }
        let wanted = |name: &String| names.is_empty() || names.contains(name);
        let all = run.record.functions.iter().filter(|function| wanted(&function.name));
        let functions: Vec<MeasuredFunction> = all
            .filter_map(|function| MeasuredFunction::of(run, &function.name, function.position))
            .collect();
        if functions.is_empty() {
            return Err(anyhow!(
                "run {} has no function with both cold and warm calls that succeeded: `coldstart \
                 run` measures both",
                run.record.id
            ));
        }
        Ok(Self {
            run: run.record.id.clone(),
            place: run.record.place(),
            simulated: is_simulated(run),
            invalid: !is_valid(run),
            functions,
        })
    }

    /// For each function of a trace the one of these whose warm calls take most nearly as long
    /// as its own, by the ratio of the two.
    #[must_use]
    pub fn nearest(&self, runs: &[Option<u64>]) -> Vec<usize> {
        let medians: Vec<f64> = self.functions.iter().map(|of| of.median().max(1) as f64).collect();
        let nearest = |run: &Option<u64>| {
            let run = run.unwrap_or(1).max(1) as f64;
            let far = |median: &f64| libm::fabs(libm::log(median / run));
            let order = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1);
            medians.iter().map(far).enumerate().min_by(order).map_or(0, |(at, _)| at)
        };
        runs.iter().map(nearest).collect()
    }
}

impl MeasuredFunction {
    fn of(run: &Run, name: &str, position: usize) -> Option<Self> {
        let is_own = |row: &&Sample| {
            row.cell.function == name && row.cell.control.is_none() && row.outcome.is_ok()
        };
        let rows: Vec<&Sample> = stats::used(&run.samples).filter(is_own).collect();
        let factors = rows.iter().map(|row| &row.cell.factors).min()?;
        let under: Vec<&&Sample> = rows.iter().filter(|row| row.cell.factors == *factors).collect();
        let of = |temperature| under.iter().filter(move |r| r.cell.temperature == temperature);
        let mut warm: Vec<u64> = of(Temperature::Warm).filter_map(|row| row.latency()).collect();
        warm.sort_unstable();
        let usual = *warm.get(warm.len() / 2)?;
        let is_single = |row: &&&&Sample| row.cell.act == LoadShape::Burst(1);
        let cost = |row: &&&Sample| {
            Some(StartCost { start: row.latency()?.saturating_sub(usual), init: init_of(row)? })
        };
        let mut starts: Vec<StartCost> =
            of(Temperature::Cold).filter(is_single).filter_map(cost).collect();
        if starts.is_empty() {
            starts = of(Temperature::Cold).filter_map(cost).collect();
        }
        starts.sort_unstable();
        let memory = match factors.memory {
            0 => USUAL_MEMORY,
            memory => memory,
        };
        let name = name.to_owned();
        (!starts.is_empty()).then_some(Self { name, position, memory, warm, starts })
    }

    /// What a warm call takes, at the median.
    #[must_use]
    pub fn median(&self) -> u64 {
        self.warm.get(self.warm.len() / 2).copied().unwrap_or(0)
    }

    /// What a start takes, at the median.
    #[must_use]
    pub fn median_start(&self) -> u64 {
        self.starts.get(self.starts.len() / 2).map_or(0, |cost| cost.start)
    }
}

/// From the function's exec, or where that was not heard from the start call, to its readiness.
fn init_of(row: &Sample) -> Option<u64> {
    let from = row.marks.get(Mark::Exec).or(row.marks.get(Mark::StartCalled))?;
    row.marks.ready()?.checked_sub(from)
}

/// One of several values by chance: the same one for the same number of the same thing, so that
/// every policy draws alike.
pub(super) fn drawn<T: Copy>(of: &[T], seed: u64, thing: u64, n: u64) -> Option<T> {
    let len = u64::try_from(of.len()).ok().filter(|len| *len > 0)?;
    let hash = mixed(mixed(seed ^ mixed(thing)) ^ n);
    of.get(usize::try_from(hash % len).ok()?).copied()
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
fn mixed(value: u64) -> u64 {
    let z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// What the starts that are on their way, or were not used yet, are billed as init.
pub(super) type Inits = std::collections::HashMap<InstanceKey, u64>;
