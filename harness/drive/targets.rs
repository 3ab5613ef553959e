//! Everything that a plan can visit.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::platform::Target;
use crate::spec::plan::TrialSubject;

/// The targets of a plan: on every side every function under every combination of
/// factors, and the controls.
#[derive(Debug, Default)]
pub struct Targets {
    all: Vec<Arc<Target>>,
    /// By side and subject, whatever its pattern.
    of: BTreeMap<(usize, TrialSubject), usize>,
}

impl Targets {
    /// The key that the next target must be made with.
    #[must_use]
    pub fn next_key(&self) -> usize {
        self.all.len()
    }

    /// Adds what a subject of the plan stands for on a side; its pattern is of no
    /// matter.
    pub fn add(&mut self, side: usize, subject: TrialSubject, target: Target) {
        self.of.insert((side, whatever_pattern(subject)), self.all.len());
        self.all.push(Arc::new(target));
    }

    /// What a subject stands for on a side.
    ///
    /// # Panics
    /// When it was not added: a plan is made for its targets.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a plan and its targets are made together")]
    pub fn of(&self, side: usize, subject: TrialSubject) -> &Arc<Target> {
        let index = self.of.get(&(side, whatever_pattern(subject)));
        &self.all[*index.expect("a subject without a target")]
    }

    /// Every target.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Target>> {
        self.all.iter()
    }
}

fn whatever_pattern(mut subject: TrialSubject) -> TrialSubject {
    if let TrialSubject::Function { pattern, .. } = &mut subject {
        *pattern = 0;
    }
    subject
}
