//! A scenario and a seed -> rounds of trials.
//!
//! Pure: the same scenario, functions and seed give the same plan, byte for
//! byte. Must not know how a trial is run.

use std::fmt::Write;
use std::time::Duration;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::controls::{Control, SERIES};
use crate::factors::Combination;
use crate::scenario::{Act, Pattern, Scenario, Step};

/// What a trial visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A function, with one of the scenario's patterns.
    Function {
        /// Index into the functions that the plan was made for.
        function: usize,
        /// Index into the scenario's combinations of factors.
        combination: usize,
        /// Index into the scenario's patterns.
        pattern: usize,
    },
    /// A control: one call of the null function.
    Control {
        /// Which.
        control: Control,
        /// Index into the scenario's combinations of factors.
        combination: usize,
    },
}

/// One planned act within a round: idle, then a pattern's steps at one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trial {
    /// Number within the run, from 1, in the order of execution.
    pub number: u32,
    /// Round, from 1.
    pub round: u32,
    /// What it visits.
    pub subject: Subject,
}

/// What will be done, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The seed of the shuffles.
    pub seed: u64,
    /// Every trial, in the order of execution.
    pub trials: Vec<Trial>,
    /// The pattern of every control.
    control: Pattern,
}

impl Plan {
    /// Plans `functions` (how many) under a scenario: in every round each
    /// (function, combination, pattern) and each control once, in a freshly
    /// shuffled order, so that the drift of the machine falls on all alike.
    #[must_use]
    pub fn new(scenario: &Scenario, functions: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let subjects = subjects(scenario, functions);
        let mut trials = Vec::with_capacity(subjects.len() * scenario.rounds as usize);
        for round in 1..=scenario.rounds {
            let start = trials.len();
            trials.extend(subjects.iter().map(|&subject| Trial { number: 0, round, subject }));
            trials[start..].shuffle(&mut rng);
        }
        for (number, trial) in (1..).zip(&mut trials) {
            trial.number = number;
        }
        Self { seed, trials, control: control_pattern() }
    }

    /// What a trial does after its idle.
    #[must_use]
    pub fn pattern<'a>(&'a self, scenario: &'a Scenario, trial: &Trial) -> &'a Pattern {
        match trial.subject {
            Subject::Function { pattern, .. } => &scenario.patterns[pattern],
            Subject::Control { .. } => &self.control,
        }
    }

    /// Invocations of a trial.
    #[must_use]
    pub fn invocations_of(&self, scenario: &Scenario, trial: &Trial) -> u64 {
        invocations(self.pattern(scenario, trial))
    }

    /// Invocations that the plan asks for.
    #[must_use]
    pub fn invocations(&self, scenario: &Scenario) -> u64 {
        self.trials.iter().map(|t| self.invocations_of(scenario, t)).sum()
    }

    /// Container starts that the plan needs when every instance survives its
    /// keep-alive: the largest burst of each trial.
    #[must_use]
    pub fn starts(&self, scenario: &Scenario) -> u64 {
        let contained = |t: &&Trial| !is_process(t);
        self.trials.iter().filter(contained).map(|t| starts(self.pattern(scenario, t))).sum()
    }

    /// About how long it takes. A guess for the person who waits, from what a
    /// 2-core virtual machine showed: each instance costs a start and a
    /// removal, each trial its pauses, its keep-alive and a little more.
    #[must_use]
    pub fn estimate(&self, scenario: &Scenario) -> Duration {
        let of = |trial: &Trial| {
            let pattern = self.pattern(scenario, trial);
            let (idle, sleep) = match trial.subject {
                Subject::Function { .. } => (scenario.keep_alive, 0),
                Subject::Control { control, .. } => (Duration::ZERO, control.sleep_ms()),
            };
            if is_process(trial) {
                return TRIAL + Duration::from_millis(sleep.into());
            }
            let pauses: Duration = pattern.steps.iter().map(|s| s.after).sum();
            (START + REMOVE) * u32::try_from(starts(pattern)).unwrap_or(u32::MAX)
                + INVOKE * u32::try_from(invocations(pattern)).unwrap_or(u32::MAX)
                + Duration::from_millis(sleep.into())
                + pauses
                + idle
                + TRIAL
        };
        let all = self.trials.iter().map(of).sum();
        scenario.max_time.map_or(all, |most| most.min(all))
    }

    /// The plan for a person, a line a trial.
    #[must_use]
    pub fn describe(&self, scenario: &Scenario, functions: &[String]) -> String {
        let combinations = scenario.factors.combinations();
        let mut text = String::new();
        let mut round = 0;
        for trial in &self.trials {
            if trial.round != round {
                round = trial.round;
                let _ = writeln!(text, "round {round}");
            }
            let line = line(self.pattern(scenario, trial), trial, functions, &combinations);
            let _ = writeln!(text, "  {:>4}  {line}", trial.number);
        }
        text
    }
}

/// Everything that a round visits, in the order before the shuffle.
fn subjects(scenario: &Scenario, functions: usize) -> Vec<Subject> {
    let combinations = scenario.factors.combinations().len();
    let mut subjects = Vec::new();
    for function in 0..functions {
        for combination in 0..combinations {
            for pattern in 0..scenario.patterns.len() {
                subjects.push(Subject::Function { function, combination, pattern });
            }
        }
    }
    if scenario.controls {
        let of = |combination| move |control| Subject::Control { control, combination };
        subjects.extend((0..combinations).map(|c| of(c)(Control::Container(0))));
        subjects.extend(SERIES[1..].iter().map(|ms| of(0)(Control::Container(*ms))));
        subjects.extend(SERIES.iter().map(|ms| of(0)(Control::Process(*ms))));
    }
    subjects
}

/// What a control does: one call after a quiet time.
fn control_pattern() -> Pattern {
    let step = Step { name: "call".to_owned(), after: Duration::ZERO, act: Act::Burst(1) };
    Pattern { name: "control".to_owned(), steps: vec![step] }
}

fn line(
    pattern: &Pattern,
    trial: &Trial,
    functions: &[String],
    combinations: &[Combination],
) -> String {
    let (who, combination) = match trial.subject {
        Subject::Function { function, combination, .. } => {
            (functions[function].clone(), combination)
        }
        Subject::Control { control: Control::Process(ms), .. } => {
            return format!("control: {}", Control::Process(ms));
        }
        Subject::Control { control, combination } => {
            return format!("control: {control}, {}", combinations[combination]);
        }
    };
    let steps: Vec<String> =
        pattern.steps.iter().map(|s| format!("{} ({})", s.name, s.act)).collect();
    let factors = combinations[combination].to_string();
    format!("{who:<10} {factors:<7} {}: idle, {}", pattern.name, steps.join(", "))
}

/// Start of one instance when it is not alone.
const START: Duration = Duration::from_millis(170);
/// Removal of one instance.
const REMOVE: Duration = Duration::from_millis(60);
/// One warm invocation.
const INVOKE: Duration = Duration::from_micros(500);
/// Fixed cost of a trial: verifying that nothing is left, writing rows.
const TRIAL: Duration = Duration::from_millis(40);

fn is_process(trial: &Trial) -> bool {
    matches!(trial.subject, Subject::Control { control: Control::Process(_), .. })
}

fn invocations(pattern: &Pattern) -> u64 {
    pattern.steps.iter().map(|s| u64::from(s.act.invocations())).sum()
}

fn starts(pattern: &Pattern) -> u64 {
    let width = |act: Act| match act {
        Act::Burst(n) | Act::Parallel { starts: n, .. } => u64::from(n),
        Act::Sequence(_) => 1,
    };
    pattern.steps.iter().map(|s| width(s.act)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
