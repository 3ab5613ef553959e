//! Sizes weighed: how long calls take and what they cost under each memory limit of a run,
//! which is the cheapest, the fastest and the knee, and who is really told apart.
//!
//! From a run's rows and what they were to be weighed by, which its record has. Numbers and
//! reasons, no sentences: the report words them. Must not know how it was measured.
//!
//! How it is weighed, and what was refused: decision 0083.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::analysis::Analysis;
use crate::cost::prices;
use crate::sample::Sample;
use crate::spec::factor::CpuRule;
use crate::stats::{self, Grade};
use crate::store::{Run, TuneRecord};

mod bill;
mod choice;
mod link;
mod rounds;
mod size;
mod told;

pub use bill::Bill;
pub use choice::{Choice, LEVEL, MOST_FAILED};
pub use link::{VIEWER, link};
pub use size::{Failures, Figure, Size};

/// The step of a tuned run that starts cold, and the one that calls what it started.
pub const STEPS: [&str; 2] = ["cold", "warm"];
/// Shares of cold calls for which prices are given beside the one that was asked for.
pub const SHARES: [f64; 5] = [0.0, 0.001, 0.01, 0.1, 1.0];

/// A run whose sizes are weighed.
#[derive(Debug)]
pub struct Tuning<'a> {
    /// What was measured.
    pub run: &'a Run,
    /// How calls are paid.
    pub bill: Bill,
    /// By which rule instances got processor time.
    pub rule: CpuRule,
    /// How far the machine let it be measured.
    pub grade: Grade,
    /// In the order of the run.
    pub functions: Vec<Tuned>,
}

/// A function under every size.
#[derive(Debug, Clone)]
pub struct Tuned {
    /// Its name.
    pub name: String,
    /// Position in `functions.toml`: its colour.
    pub position: usize,
    /// From the least memory to the most.
    pub sizes: Vec<Size>,
    /// Which of them are the cheapest, the fastest and the knee.
    pub choice: Choice,
    /// From which mark the init of its starts counts.
    pub init: InitSource,
}

/// From which mark an init counts: the later, the more is left out that is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum InitSource {
    /// The function's own process began: what is billed.
    Exec,
    /// The start call: the engine's part is in it.
    StartCalled,
}

impl<'a> Tuning<'a> {
    /// Of a run that was measured for it; none of any other.
    ///
    /// # Errors
    /// When its record has prices that cannot be read.
    pub fn of(analysis: &Analysis<'a>) -> Result<Option<Self>> {
        let run = analysis.run;
        let Some(TuneRecord { cold_share, architecture, prices }) = &run.record.tune else {
            return Ok(None);
        };
        let prices = prices::parse(prices, prices::FILE).context(crate::store::RECORD)?;
        let rule = run.record.scenario.factors.cpu_rule.first().copied().unwrap_or_default();
        let share = cold_share.clamp(0.0, 1.0);
        let bill = Bill::new(prices, *architecture, share, rule == CpuRule::LambdaProvisioned);
        let functions = run.record.functions.iter();
        let functions = functions.map(|function| {
            let of = |s: &&Sample| s.cell.control.is_none() && s.cell.function == function.name;
            let rows: Vec<&Sample> = stats::used(&run.samples).filter(of).collect();
            Tuned::of(function.name.clone(), function.position, &rows, &bill)
        });
        let grade = analysis.machine.grade;
        Ok(Some(Self { run, rule, grade, functions: functions.collect(), bill }))
    }
}

impl Tuned {
    /// Of a function's rows.
    #[must_use]
    pub fn of(name: String, position: usize, rows: &[&Sample], bill: &Bill) -> Self {
        let mut by_memory: BTreeMap<u64, Vec<&Sample>> = BTreeMap::new();
        for row in rows {
            by_memory.entry(row.cell.factors.memory).or_default().push(row);
        }
        // One without the kernel's events is compared with others without.
        let is_traced = |s: &&&Sample| {
            s.outcome.is_ok() && s.cell.temperature == crate::sample::Temperature::Cold
        };
        let traced =
            rows.iter().filter(is_traced).all(|s| s.marks.get(crate::sample::Mark::Exec).is_some());
        let init = if traced { InitSource::Exec } else { InitSource::StartCalled };
        let mut sizes: Vec<Size> = by_memory
            .into_iter()
            .map(|(memory, rows)| Size::of(memory, &rows, init, bill))
            .collect();
        let choice = Choice::of(&sizes);
        told::tell(&mut sizes, &choice);
        Self { name, position, sizes, choice, init }
    }

    /// The sizes that may be chosen.
    pub fn eligible(&self) -> impl Iterator<Item = &Size> {
        self.sizes.iter().filter(|size| size.is_eligible())
    }
}

#[cfg(test)]
pub(crate) mod tests;
