//! One row that is due, and whether another is it.

use std::fmt;

use crate::sample::Sample;
use crate::spec::control::Control;
use crate::spec::factor::{Combination, Factors};
use crate::spec::plan::{Plan, Trial, TrialSubject};
use crate::spec::scenario::Step;
use crate::store::RunRecord;

/// What was asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) record: &'a RunRecord,
    pub(super) plan: &'a Plan,
    /// Those of the scenario, in their order.
    pub(super) combinations: &'a [Combination],
}

/// A row that is due.
pub(super) struct Row<'a> {
    asked: Asked<'a>,
    trial: Trial,
    pattern: &'a str,
    step: &'a Step,
    index: u32,
}

impl<'a> Asked<'a> {
    /// The rows of a trial, in their order.
    pub(super) fn rows(self, trial: &Trial) -> impl Iterator<Item = Row<'a>> + use<'a> {
        let (pattern, trial) = (self.plan.pattern(trial), *trial);
        pattern.steps.iter().flat_map(move |step| {
            let row = move |index| Row { asked: self, trial, pattern: &pattern.name, step, index };
            (0..step.act.invocations()).map(row)
        })
    }
}

impl<'a> Row<'a> {
    /// Whether a row is this one.
    pub(super) fn is(&self, sample: &Sample) -> bool {
        let (cell, step) = (&sample.cell, self.step);
        let is_at = (sample.trial, sample.round, sample.index)
            == (self.trial.number, self.trial.round, self.index);
        let is_of = (cell.pattern.as_str(), cell.step.as_str(), cell.act)
            == (self.pattern, step.name.as_str(), step.act);
        is_at && is_of && self.visits(&cell.function, cell.control) && self.is_under(&cell.factors)
    }

    fn visits(&self, function: &str, control: Option<Control>) -> bool {
        self.function() == Some(function) && self.control() == control
    }

    fn function(&self) -> Option<&'a str> {
        let record = self.asked.record;
        let found = match self.trial.subject {
            TrialSubject::Function { function, .. } => record.functions.get(function),
            TrialSubject::Control { .. } => record.null.as_ref(),
        };
        found.map(|function| function.name.as_str())
    }

    fn control(&self) -> Option<Control> {
        match self.trial.subject {
            TrialSubject::Function { .. } => None,
            TrialSubject::Control { control, .. } => Some(control),
        }
    }

    fn is_under(&self, factors: &Factors) -> bool {
        if self.control().is_some_and(|control| !control.kind().has_factors()) {
            return *factors == Factors::of_a_process();
        }
        let (TrialSubject::Function { combination, .. }
        | TrialSubject::Control { combination, .. }) = self.trial.subject;
        self.asked.combinations.get(combination).is_some_and(|asked| asked.allows(factors))
    }
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trial { number, round, .. } = self.trial;
        let who = self.function().unwrap_or("a function");
        f.write_str(&told((number, round), who, self.control(), [self.pattern, &self.step.name]))?;
        write!(f, ", index {}", self.index)
    }
}

/// How a row is named beside the one that was due.
pub(super) fn named(sample: &Sample) -> String {
    let Sample { trial, round, cell, index, .. } = sample;
    let told = told((*trial, *round), &cell.function, cell.control, [&cell.pattern, &cell.step]);
    format!("{told} ({}), index {index}", cell.factors.network)
}

fn told(
    (trial, round): (u32, u32),
    who: &str,
    control: Option<Control>,
    step: [&str; 2],
) -> String {
    let who = control.map_or_else(|| who.escape_debug().to_string(), |c| c.to_string());
    let [pattern, step] = step.map(|name| name.escape_debug().to_string());
    format!("trial {trial} of round {round}, {who} {pattern}/{step}")
}
