//! How long the rest takes: what each kind of trial took the last time, and what the
//! plan reckons where it had no turn yet.

use std::collections::BTreeMap;
use std::time::Duration;

use coldstart::spec::plan::{Trial, TrialSubject};

/// The trials that are still to be run, by kind: a subject on a side.
#[derive(Debug, Default)]
pub(super) struct Pace {
    kinds: BTreeMap<(usize, TrialSubject), Kind>,
}

#[derive(Debug)]
struct Kind {
    left: u32,
    each: Duration,
}

impl Pace {
    /// Adds a trial that the plan reckons to take so long.
    pub(super) fn expect(&mut self, trial: &Trial, reckoned: Duration) {
        let kind = self.kinds.entry((trial.side, trial.subject));
        kind.or_insert(Kind { left: 0, each: reckoned }).left += 1;
    }

    /// Takes in what a trial took, its idle included.
    pub(super) fn took(&mut self, trial: &Trial, time: Duration) {
        if let Some(kind) = self.kinds.get_mut(&(trial.side, trial.subject)) {
            kind.left = kind.left.saturating_sub(1);
            kind.each = time;
        }
    }

    /// What is left, as far as is known.
    pub(super) fn left(&self) -> Duration {
        let each = self.kinds.values().map(|kind| kind.each.saturating_mul(kind.left));
        each.fold(Duration::ZERO, Duration::saturating_add)
    }
}
