//! What the rows of a run must be whose calls came from outside: no plan has them, but each is
//! of a function of the run, in a span of time, once.

use std::collections::{BTreeMap, BTreeSet};

use super::{COMPLETE, Read, Wrong, counted, row, senseless};
use crate::sample::{Cell, TrialRecord};
use crate::spec::control::Start;
use crate::spec::factor::Factors;
use crate::spec::scenario::LoadShape;
use crate::store::{SAMPLES, TRIALS};

pub(super) fn check(read: &Read<'_>) -> Result<(), Wrong> {
    let Read { record, samples, trials, cut } = read;
    let functions: BTreeMap<&str, bool> =
        record.functions.iter().map(|f| (f.name.as_str(), f.is_bare)).collect();
    let combinations = record.scenario.factors.combinations();
    // What is run bare is under no factors.
    let is_asked = |factors: &Factors, is_bare: bool| match is_bare {
        true => *factors == Factors::of_a_process(),
        false => combinations.iter().any(|asked| asked.allows(factors)),
    };
    let controls = Controls { null: record.null.as_ref().map(|null| null.name.as_str()), is_asked };
    let spans = spans(trials)?;
    let mut seen = BTreeSet::new();
    for (line, sample) in (1..).zip(*samples) {
        let wrong = |what: String| Err((SAMPLES, Some(line), what));
        let cell = &sample.cell;
        let is_control = controls.is_one(cell);
        let is_of_it = sample.round == sample.trial
            && (is_control
                || cell.act == LoadShape::Arrivals
                    && cell.control.is_none()
                    && functions
                        .get(cell.function.as_str())
                        .is_some_and(|is_bare| (controls.is_asked)(&cell.factors, *is_bare)));
        if !is_of_it {
            return wrong(format!("{} is no call of this run", row::named(sample)));
        }
        if !seen.insert((sample.trial, sample.index)) {
            return wrong(format!("{} is there twice", row::named(sample)));
        }
        let span = spans.get(&sample.trial).copied();
        if let Some(what) = senseless(sample, span) {
            return wrong(what);
        }
        if record.complete && span.is_none() {
            let number = sample.trial;
            return Err((TRIALS, None, format!("{COMPLETE}, and lacks trial {number}")));
        }
    }
    if !record.complete {
        return Ok(());
    }
    for (file, line, cut) in [(SAMPLES, samples.len(), cut[0]), (TRIALS, trials.len(), cut[1])] {
        if cut {
            let what = format!("{COMPLETE}, and this line is cut short");
            return Err((file, Some(line + 1), what));
        }
    }
    counted(record, samples)
}

/// What is measured before the first call and after the last.
struct Controls<'a, F> {
    null: Option<&'a str>,
    is_asked: F,
}

impl<F: Fn(&Factors, bool) -> bool> Controls<'_, F> {
    fn is_one(&self, cell: &Cell) -> bool {
        let Some(control) = cell.control else { return false };
        let is_bare = control.kind().start == Start::Process;
        let is_its = self.null == Some(cell.function.as_str());
        is_its && cell.act == LoadShape::Burst(1) && (self.is_asked)(&cell.factors, is_bare)
    }
}

/// Spans of time by their numbers, each once.
fn spans(trials: &[TrialRecord]) -> Result<BTreeMap<u32, &TrialRecord>, Wrong> {
    let mut spans = BTreeMap::new();
    for (line, trial) in (1..).zip(trials) {
        let number = trial.trial;
        let wrong = |what: String| Err((TRIALS, Some(line), what));
        if trial.round != number {
            return wrong(format!("trial {number} of round {}, of another number", trial.round));
        }
        if spans.insert(number, trial).is_some() {
            return wrong(format!("trial {number} is there twice"));
        }
    }
    Ok(spans)
}
