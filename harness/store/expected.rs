//! What the rows of a run must be, by its plan: made again from what its record says.
//!
//! Of a run that is complete they are the plan's, each once and in its order. Of one that
//! stopped early they are the beginning of those.
//!
//! Why against the plan: decision 0059.

use std::collections::BTreeSet;

use super::record::{Counts, RunRecord};
use super::{SAMPLES, TRIALS};
use crate::sample::{Mark, Sample, TrialRecord};
use crate::spec::plan::{Plan, Trial};
use crate::spec::scenario::Scenario;

mod outside;
mod row;

use row::Asked;

/// Trials that a plan may have to be made again.
const MOST_TRIALS: u64 = 20_000_000;

const COMPLETE: &str = "the run is complete";

/// What was read of a run.
pub(super) struct Read<'a> {
    pub(super) record: &'a RunRecord,
    pub(super) samples: &'a [Sample],
    pub(super) trials: &'a [TrialRecord],
    /// Whether the last line of either was cut short.
    pub(super) cut: [bool; 2],
}

/// The first thing that is wrong: its file, its line if it has lines, and what it is.
pub(super) type Wrong = (&'static str, Option<usize>, String);

/// Checks what was read of a run.
pub(super) fn check(read: &Read<'_>) -> Result<(), Wrong> {
    if read.record.scenario.is_from_outside() {
        return outside::check(read);
    }
    let read = &known(read);
    let Read { record, samples, trials, cut } = read;
    let (plan, due) = due(read)?;
    noted(trials, &due)?;
    let combinations = record.scenario.factors.combinations();
    let asked = Asked { record, plan: &plan, combinations: &combinations };
    let mut rows = due.iter().flat_map(|trial| asked.rows(trial));
    let mut times = trials.iter().peekable();
    for (line, sample) in (1..).zip(*samples) {
        let wrong = |what: String| Err((SAMPLES, Some(line), what));
        let Some(row) = rows.next() else {
            return wrong(format!("{}, and the plan has no more", row::named(sample)));
        };
        if !row.is(sample) {
            return wrong(format!("{} where the plan has {row}", row::named(sample)));
        }
        while times.next_if(|trial| trial.trial < sample.trial).is_some() {}
        let trial = times.peek().filter(|trial| trial.trial == sample.trial);
        if let Some(what) = senseless(sample, trial.copied()) {
            return wrong(what);
        }
    }
    if !record.complete {
        return Ok(());
    }
    let missing = |file, line, what| Err((file, Some(line), format!("{COMPLETE}, and {what}")));
    if let Some(row) = rows.next() {
        return missing(SAMPLES, samples.len() + 1, format!("its rows end before {row}"));
    }
    if let Some(due) = due.get(trials.len()) {
        let what = format!("its trials end before trial {}", due.number);
        return missing(TRIALS, trials.len() + 1, what);
    }
    for (file, line, cut) in [(SAMPLES, samples.len(), cut[0]), (TRIALS, trials.len(), cut[1])] {
        if cut {
            return missing(file, line + 1, "this line is cut short".to_owned());
        }
    }
    counted(record, samples)
}

/// What can be checked: which functions a gate measures again is only known once it has
/// done so.
fn known<'a>(read: &Read<'a>) -> Read<'a> {
    let Read { record, mut samples, mut trials, cut } = *read;
    if record.side.is_some() && !record.complete {
        let rounds = record.scenario.rounds;
        samples = &samples[..samples.iter().take_while(|s| s.round <= rounds).count()];
        trials = &trials[..trials.iter().take_while(|t| t.round <= rounds).count()];
    }
    Read { record, samples, trials, cut }
}

/// The trials of `trials.jsonl` must be those that are due, as far as they go.
fn noted(trials: &[TrialRecord], due: &[Trial]) -> Result<(), Wrong> {
    for (line, trial) in (1..).zip(trials) {
        let (is, round) = (trial.trial, trial.round);
        let wrong = match due.get(line - 1) {
            Some(due) if (due.number, due.round) == (is, round) => continue,
            Some(due) => format!("where the plan has trial {} of round {}", due.number, due.round),
            None => "and the plan has no more".to_owned(),
        };
        return Err((TRIALS, Some(line), format!("trial {is} of round {round}, {wrong}")));
    }
    Ok(())
}

/// The counts of a complete run are those of its rows.
fn counted(record: &RunRecord, samples: &[Sample]) -> Result<(), Wrong> {
    let planned = samples.len() as u64;
    let mut counts = Counts { planned, ..Counts::default() };
    samples.iter().for_each(|sample| counts.add(sample));
    if counts == record.counts {
        return Ok(());
    }
    let told = |c: Counts| {
        let Counts { planned, ok, failed, dropped_marks } = c;
        format!("{planned} planned, {ok} ok, {failed} failed, {dropped_marks} marks dropped")
    };
    let what = format!("counts are {}; of its rows they are {}", told(record.counts), told(counts));
    Err((super::RECORD, None, what))
}

/// What of a success cannot be: an answer before it was asked for, or outside its trial.
pub(super) fn senseless(sample: &Sample, trial: Option<&TrialRecord>) -> Option<String> {
    if !sample.outcome.is_ok() {
        return None;
    }
    let mark = |mark| sample.marks.get(mark);
    let (Some(intended), Some(responded)) = (mark(Mark::Intended), mark(Mark::Responded)) else {
        return Some("it is ok, and lacks `intended` or `responded`".to_owned());
    };
    if responded <= intended {
        return Some(format!("it is ok, and responded at {responded}, intended at {intended}"));
    }
    let dispatched = mark(Mark::Dispatched).unwrap_or(intended);
    if !(intended..=responded).contains(&dispatched) {
        return Some(format!("it is ok, and dispatched at {dispatched}, outside of its answer"));
    }
    let (began, ended) = trial.map_or((0, u64::MAX), |trial| (trial.began, trial.ended));
    let is_within = began <= intended && responded <= ended;
    (!is_within).then(|| format!("it is ok, and not within its trial, {began} to {ended}"))
}

/// The plan, and the trials of it that must have been run for what was read.
fn due(read: &Read<'_>) -> Result<(Plan, Vec<Trial>), Wrong> {
    let Read { record, trials, samples, .. } = read;
    let scenario = &record.scenario;
    let (side, sides) = turns(read);
    let first = Plan::new(&Scenario { rounds: 1, ..scenario.clone() }, record.functions.len(), 0);
    let subjects = first.trials.len().max(1) as u64;
    let last = samples.last().map_or(0, |s| s.round).max(trials.last().map_or(0, |t| t.round));
    let most = trials.len() as u64 + 1;
    let whole = u64::from(scenario.rounds).saturating_mul(subjects);
    if record.complete && scenario.until.is_none() && most <= whole {
        let what = format!("{COMPLETE}, and has {} of {whole} trials", most - 1);
        return Err((TRIALS, Some(trials.len() + 1), what));
    }
    // No more of the plan than what was read can be of.
    let rounds = u64::from(scenario.rounds.min(last).max(1)).min(most);
    if rounds.saturating_mul(subjects) > MOST_TRIALS {
        let what = format!("its plan has more than {MOST_TRIALS} trials");
        return Err((super::RECORD, None, what));
    }
    let shown = Scenario { rounds: u32::try_from(rounds).unwrap_or(u32::MAX), ..scenario.clone() };
    let plan = Plan::new(&shown, record.functions.len(), record.seed);
    let mut due = plan.trials.clone();
    if last > scenario.rounds && rounds == u64::from(scenario.rounds) {
        for (functions, rounds) in beyond(read) {
            // No more than what was read can be of.
            let rounds = u64::from(rounds).min(most.saturating_sub(due.len() as u64));
            let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
            due.extend(plan.beyond(due.last().copied().as_ref(), &functions, rounds));
        }
    }
    let mut due: Vec<Trial> = due.into_iter().map(|trial| trial.in_turns(side, sides)).collect();
    if scenario.until.is_some() {
        due = until_enough(due, read)?;
    }
    Ok((plan, due))
}

/// What a gate measured beyond its rounds: functions by index, and rounds. One of an earlier
/// edition does not say so: as many rounds again, of the functions that have rows of them.
fn beyond(read: &Read<'_>) -> Vec<(Vec<usize>, u32)> {
    let Read { record, samples, .. } = read;
    let named = |names: &BTreeSet<&str>| {
        let functions = record.functions.iter().enumerate();
        let named = functions.filter(|(_, f)| names.contains(f.name.as_str()));
        named.map(|(index, _)| index).collect::<Vec<_>>()
    };
    if record.side.is_none() {
        return Vec::new();
    }
    if !record.beyond.is_empty() {
        let parts = record.beyond.iter();
        let names = |names: &[String]| named(&names.iter().map(String::as_str).collect());
        return parts.map(|part| (names(&part.functions), part.rounds)).collect();
    }
    let later = samples.iter().filter(|s| s.round > record.scenario.rounds);
    let names: BTreeSet<&str> = later.map(|s| s.cell.function.as_str()).collect();
    vec![(named(&names), record.scenario.rounds)]
}

/// Which of how many sides a run is, which its record does not say: by the numbers of its
/// first two trials.
fn turns(read: &Read<'_>) -> (u32, u32) {
    let Read { record, trials, samples, .. } = read;
    if record.side.is_none() {
        return (0, 1);
    }
    let mut first: Vec<(u32, u32)> = trials.iter().map(|t| (t.trial, t.round)).take(2).collect();
    if first.is_empty() {
        first.extend(samples.first().map(|s| (s.trial, s.round)));
    }
    match first[..] {
        [(one, round), (two, same)] if round == same => (one - 1, two.saturating_sub(one).max(one)),
        // The opposite order in the second round.
        [(one, _), (two, _)] => (one - 1, (two.saturating_add(one - 1) / 2).max(one)),
        [(one, _)] => (one - 1, one),
        _ => (0, 1),
    }
}

/// The trials of a run that stops when it knows enough: what was read says which were
/// run, and what was enough once is so for ever.
fn until_enough(plan: Vec<Trial>, read: &Read<'_>) -> Result<Vec<Trial>, Wrong> {
    let numbers = read.trials.iter().map(|t| t.trial).chain(read.samples.iter().map(|s| s.trial));
    let run: BTreeSet<u32> = numbers.collect();
    let mut enough = BTreeSet::new();
    let mut due = Vec::new();
    for trial in plan {
        if !run.contains(&trial.number) {
            enough.insert(trial.subject);
        } else if enough.contains(&trial.subject) {
            let line = 1 + read.trials.iter().take_while(|t| t.trial != trial.number).count();
            let what = format!("trial {}, whose subject was left out before", trial.number);
            return Err((TRIALS, Some(line), what));
        } else {
            due.push(trial);
        }
    }
    Ok(due)
}
