//! A scenario and a seed -> rounds of trials.
//!
//! Pure: the same scenario, functions and seed give the same plan, byte for
//! byte. Must not know how a trial is run.

use std::fmt::Write;
use std::time::Duration;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::scenario::{Act, Network, Pattern, Scenario};

/// One planned act within a round: idle, then a pattern's steps at one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trial {
    /// Number within the run, from 1, in the order of execution.
    pub number: u32,
    /// Round, from 1.
    pub round: u32,
    /// Index into the functions that the plan was made for.
    pub function: usize,
    /// How the container reaches the driver.
    pub network: Network,
    /// Index into the scenario's patterns.
    pub pattern: usize,
}

/// What will be done, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The seed of the shuffles.
    pub seed: u64,
    /// Every trial, in the order of execution.
    pub trials: Vec<Trial>,
}

impl Plan {
    /// Plans `functions` (how many) under a scenario: in every round each
    /// (function, network, pattern) once, in a freshly shuffled order, so that
    /// the drift of the machine falls on all cells alike.
    #[must_use]
    pub fn new(scenario: &Scenario, functions: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut trials = Vec::new();
        for round in 1..=scenario.rounds {
            let start = trials.len();
            for function in 0..functions {
                for &network in &scenario.networks {
                    for pattern in 0..scenario.patterns.len() {
                        trials.push(Trial { number: 0, round, function, network, pattern });
                    }
                }
            }
            trials[start..].shuffle(&mut rng);
        }
        for (number, trial) in (1..).zip(&mut trials) {
            trial.number = number;
        }
        Self { seed, trials }
    }

    /// Invocations that the plan asks for.
    #[must_use]
    pub fn invocations(&self, scenario: &Scenario) -> u64 {
        self.trials.iter().map(|t| invocations(&scenario.patterns[t.pattern])).sum()
    }

    /// Container starts that the plan needs when every instance survives its
    /// keep-alive: the largest burst of each trial.
    #[must_use]
    pub fn starts(&self, scenario: &Scenario) -> u64 {
        self.trials.iter().map(|t| starts(&scenario.patterns[t.pattern])).sum()
    }

    /// About how long it takes. A guess for the person who waits, from what a
    /// 2-core virtual machine showed: each instance costs a start and a
    /// removal, each trial its pauses, its keep-alive and a little more.
    #[must_use]
    pub fn estimate(&self, scenario: &Scenario) -> Duration {
        let of = |pattern: &Pattern| {
            let pauses: Duration = pattern.steps.iter().map(|s| s.after).sum();
            (START + REMOVE) * u32::try_from(starts(pattern)).unwrap_or(u32::MAX)
                + INVOKE * u32::try_from(invocations(pattern)).unwrap_or(u32::MAX)
                + pauses
                + scenario.keep_alive
                + TRIAL
        };
        self.trials.iter().map(|t| of(&scenario.patterns[t.pattern])).sum()
    }

    /// The plan for a person, a line a trial.
    #[must_use]
    pub fn describe(&self, scenario: &Scenario, functions: &[String]) -> String {
        let mut text = String::new();
        let mut round = 0;
        for trial in &self.trials {
            if trial.round != round {
                round = trial.round;
                let _ = writeln!(text, "round {round}");
            }
            let pattern = &scenario.patterns[trial.pattern];
            let steps: Vec<String> =
                pattern.steps.iter().map(|s| format!("{} ({})", s.name, s.act)).collect();
            let _ = writeln!(
                text,
                "  {:>4}  {:<10} {:<7} {}: idle, {}",
                trial.number,
                functions[trial.function],
                trial.network.to_string(),
                pattern.name,
                steps.join(", ")
            );
        }
        text
    }
}

/// Start of one instance when it is not alone.
const START: Duration = Duration::from_millis(170);
/// Removal of one instance.
const REMOVE: Duration = Duration::from_millis(60);
/// One warm invocation.
const INVOKE: Duration = Duration::from_micros(500);
/// Fixed cost of a trial: verifying that nothing is left, writing rows.
const TRIAL: Duration = Duration::from_millis(40);

fn invocations(pattern: &Pattern) -> u64 {
    pattern.steps.iter().map(|s| u64::from(s.act.invocations())).sum()
}

fn starts(pattern: &Pattern) -> u64 {
    let width = |act: Act| match act {
        Act::Burst(n) => u64::from(n),
        Act::Sequence(_) => 1,
    };
    pattern.steps.iter().map(|s| width(s.act)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
