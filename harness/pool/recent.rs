//! What is known of durations: the mean of all, and of the latest.

use std::collections::VecDeque;

/// The mean of everything so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    sum: u128,
    n: u64,
}

impl Mean {
    pub(super) fn add(&mut self, value: u64) {
        self.sum = self.sum.saturating_add(u128::from(value));
        self.n += 1;
    }

    /// None of nothing.
    pub(super) fn value(self) -> Option<u64> {
        let mean = self.sum.checked_div(u128::from(self.n))?;
        u64::try_from(mean).ok()
    }
}

/// How many are recent: as many as CIDRE's own program averages over.
const RECENT: usize = 10;

/// The mean of the latest.
#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    latest: VecDeque<u64>,
}

impl Recent {
    pub(super) fn add(&mut self, value: u64) {
        if self.latest.len() == RECENT {
            self.latest.pop_front();
        }
        self.latest.push_back(value);
    }

    /// None of nothing.
    pub(super) fn value(&self) -> Option<u64> {
        let mut mean = Mean::default();
        self.latest.iter().for_each(|value| mean.add(*value));
        mean.value()
    }
}
