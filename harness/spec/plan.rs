//! A scenario and a seed -> rounds of trials.
//!
//! Pure: the same scenario, functions and seed give the same plan, byte for
//! byte. Must not know how a trial is run.

use std::fmt::Write;
use std::ops::RangeInclusive;
use std::time::Duration;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::spec::control::{self, Control, Start};
use crate::spec::factor::Combination;
use crate::spec::scenario::{LoadShape, Pattern, Scenario, Step};

mod size;

pub use size::{check, invocations as size};

/// What a trial visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrialSubject {
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
    /// Which of the sides that take turns, from 0; 0 where there is only one.
    pub side: usize,
    /// What it visits.
    pub subject: TrialSubject,
}

impl Trial {
    /// A trial of a plan of one side as it is in the plan of so many sides that take
    /// turns, on one of them.
    #[must_use]
    pub fn in_turns(self, side: u32, sides: u32) -> Self {
        let turn = if self.round % 2 == 1 { side } else { sides.saturating_sub(1 + side) };
        let before = u64::from(self.number.saturating_sub(1)) * u64::from(sides);
        let number = u32::try_from(before + u64::from(turn) + 1).unwrap_or(u32::MAX);
        Self { number, side: side as usize, ..self }
    }
}

/// What will be done, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What is done, and under which factors.
    pub scenario: Scenario,
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
        Self::in_turns(scenario, functions, 1, seed)
    }

    /// Plans `sides` of the same functions in turns: in every round each subject is
    /// visited on every side, one right after the other, and in the next round in the
    /// opposite order (base, head; head, base), so that a drift of the machine falls
    /// on all sides alike.
    #[must_use]
    pub fn in_turns(scenario: &Scenario, functions: usize, sides: usize, seed: u64) -> Self {
        let subjects = subjects(scenario, functions);
        let trials = turns(&subjects, 1..=scenario.rounds, sides, seed);
        Self { scenario: scenario.clone(), seed, trials, control: control_pattern() }
    }

    /// Trials that go on where this plan ended, or an earlier part beyond it: some rounds
    /// more, of some of its functions only. `last` is the last trial before them.
    #[must_use]
    pub fn beyond(&self, last: Option<&Trial>, functions: &[usize], rounds: u32) -> Vec<Trial> {
        let is_chosen = |subject: &TrialSubject| match subject {
            TrialSubject::Function { function, .. } => functions.contains(function),
            TrialSubject::Control { .. } => false,
        };
        let sides = self.trials.iter().map(|t| t.side + 1).max().unwrap_or(1);
        let most = functions.iter().max().map_or(0, |most| most + 1);
        let subjects: Vec<TrialSubject> =
            subjects(&self.scenario, most).into_iter().filter(is_chosen).collect();
        let (round, number) = last.map_or((0, 0), |last| (last.round, last.number));
        // Another order than that of any part before; of one side alone the same.
        let planned = self.trials.last().map_or(0, |trial| trial.round);
        let seed = self.seed.wrapping_add(1 + u64::from(round.saturating_sub(planned)));
        let mut trials = turns(&subjects, round + 1..=round + rounds, sides, seed);
        for trial in &mut trials {
            trial.number += number;
        }
        trials
    }

    /// What a trial does after its idle.
    #[must_use]
    pub fn pattern(&self, trial: &Trial) -> &Pattern {
        match trial.subject {
            TrialSubject::Function { pattern, .. } => &self.scenario.patterns[pattern],
            TrialSubject::Control { .. } => &self.control,
        }
    }

    /// Invocations of a trial.
    #[must_use]
    pub fn invocations_of(&self, trial: &Trial) -> u64 {
        invocations(self.pattern(trial))
    }

    /// Invocations that the plan asks of one side.
    #[must_use]
    pub fn invocations_of_side(&self, side: usize) -> u64 {
        let of_side = self.trials.iter().filter(|t| t.side == side);
        of_side.map(|t| self.invocations_of(t)).sum()
    }

    /// Invocations that the plan asks for.
    #[must_use]
    pub fn invocations(&self) -> u64 {
        self.trials.iter().map(|t| self.invocations_of(t)).sum()
    }

    /// Container starts that the plan needs when every instance survives its
    /// keep-alive: the largest burst of each trial.
    #[must_use]
    pub fn starts(&self) -> u64 {
        let contained = |t: &&Trial| !is_process(t);
        self.trials.iter().filter(contained).map(|t| starts(self.pattern(t))).sum()
    }

    /// About how long it takes. A guess for the person who waits, from what a
    /// 2-core virtual machine showed: each instance costs a start and a
    /// removal, each trial its pauses, its keep-alive and a little more.
    #[must_use]
    pub fn estimate(&self) -> Duration {
        let all = self.trials.iter().map(|trial| self.estimate_of(trial)).sum();
        self.scenario.max_time.map_or(all, |most| most.min(all))
    }

    /// What [`Plan::estimate`] reckons for one trial, its idle included.
    #[must_use]
    pub fn estimate_of(&self, trial: &Trial) -> Duration {
        let pattern = self.pattern(trial);
        let (idle, sleep) = match trial.subject {
            TrialSubject::Function { .. } if self.scenario.remove_at_once => (Duration::ZERO, 0),
            TrialSubject::Function { .. } => (self.scenario.keep_alive.unwrap_or_default(), 0),
            TrialSubject::Control { control, .. } => (Duration::ZERO, control.sleep_ms()),
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
    }

    /// The plan for a person, a line a trial. `sides` are the names of the sides;
    /// none where there is only one.
    #[must_use]
    pub fn describe(&self, functions: &[String], sides: &[&str]) -> String {
        let combinations = self.scenario.factors.combinations();
        let mut text = String::new();
        let mut round = 0;
        for trial in &self.trials {
            if trial.round != round {
                round = trial.round;
                let _ = writeln!(text, "round {round}");
            }
            let mut line = line(self.pattern(trial), trial, functions, &combinations);
            if let Some(name) = sides.get(trial.side) {
                line = format!("{name:<4}  {line}");
            }
            let _ = writeln!(text, "  {:>4}  {line}", trial.number);
        }
        text
    }
}

/// Some rounds of subjects, shuffled afresh in each, the sides of a subject next to
/// each other and in the opposite order from round to round.
fn turns(
    subjects: &[TrialSubject],
    rounds: RangeInclusive<u32>,
    sides: usize,
    seed: u64,
) -> Vec<Trial> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut trials = Vec::new();
    let mut order = subjects.to_vec();
    for round in rounds {
        order.copy_from_slice(subjects);
        order.shuffle(&mut rng);
        for &subject in &order {
            let side = |turn| if round % 2 == 1 { turn } else { sides - 1 - turn };
            let turns = (0..sides).map(side);
            trials.extend(turns.map(|side| Trial { number: 0, round, side, subject }));
        }
    }
    for (number, trial) in (1..).zip(&mut trials) {
        trial.number = number;
    }
    trials
}

/// Everything that a round visits, in the order before the shuffle.
fn subjects(scenario: &Scenario, functions: usize) -> Vec<TrialSubject> {
    let combinations = scenario.factors.combinations().len();
    let mut subjects = Vec::new();
    for function in 0..functions {
        for combination in 0..combinations {
            for pattern in 0..scenario.patterns.len() {
                subjects.push(TrialSubject::Function { function, combination, pattern });
            }
        }
    }
    if scenario.controls {
        let of = |(control, combination)| TrialSubject::Control { control, combination };
        subjects.extend(control::of_a_round(combinations, scenario.listening).into_iter().map(of));
    }
    subjects
}

/// What a control does: one call after a quiet time.
fn control_pattern() -> Pattern {
    let step = Step { name: "call".to_owned(), after: Duration::ZERO, act: LoadShape::Burst(1) };
    Pattern { name: "control".to_owned(), steps: vec![step] }
}

fn line(
    pattern: &Pattern,
    trial: &Trial,
    functions: &[String],
    combinations: &[Combination],
) -> String {
    let (who, combination) = match trial.subject {
        TrialSubject::Function { function, combination, .. } => {
            (functions[function].clone(), combination)
        }
        TrialSubject::Control { control, combination } => {
            return format!("control: {}", control.under(&combinations[combination]));
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

/// Whether no engine has a part in it.
fn is_process(trial: &Trial) -> bool {
    let TrialSubject::Control { control, .. } = trial.subject else { return false };
    control.kind().start == Start::Process
}

fn invocations(pattern: &Pattern) -> u64 {
    pattern.steps.iter().map(|s| u64::from(s.act.invocations())).sum()
}

fn starts(pattern: &Pattern) -> u64 {
    let width = |act: LoadShape| match act {
        LoadShape::Burst(n) | LoadShape::Parallel { starts: n, .. } => u64::from(n),
        LoadShape::Sequence(_) | LoadShape::Arrivals => 1,
    };
    pattern.steps.iter().map(|s| width(s.act)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
