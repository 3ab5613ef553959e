//! What a gate sees, and whether more rounds would help.
//!
//! It looks at the widths of intervals alone, never at which side is slower: going on because
//! of a verdict would make false alarms. That the variance decides how much is measured leaves
//! the rate of errors as it was (blinded sample size re-estimation: Friede and Kieser, 2006);
//! `aa --simulate` shows it.

use std::collections::{BTreeMap, BTreeSet};

use super::Row;
use crate::sample::Temperature;
use crate::spec::tolerance::{Metric, Sight};

/// Where a slowdown of a function's own shows: on a clock where the machine is quiet, and on a
/// busy one in what the processors did.
const WHERE: [Metric; 2] = [Metric::Own, Metric::Cpu];

/// The fewest rounds that are worth looking again.
const LEAST: u32 = 5;

/// What to measure on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The functions of which too little is seen.
    pub functions: BTreeSet<String>,
    /// How many rounds more of them: those that it takes of one of them, by what is known now.
    pub rounds: u32,
}

/// Where all rounds that may be measured do not show what was asked for, they are worth it if
/// they show so many times as much.
const WORTH: f64 = 2.0;

/// What is still to come for one row that is not out of sight for good.
enum Outlook {
    /// So much is seen, or will be with so many rounds more.
    Seen { after: u32 },
    /// All rounds that may still be measured bring it near.
    Near { after: u32 },
}

/// What to wait for of one function.
#[derive(Default)]
struct Waiting {
    /// Of its rows that see, or will.
    seen: Option<u32>,
    /// Of those that come near.
    near: Option<u32>,
}

impl Waiting {
    fn add(&mut self, outlook: Outlook) {
        match outlook {
            Outlook::Seen { after } => self.seen = self.seen.max(Some(after)),
            Outlook::Near { after } => self.near = self.near.max(Some(after)),
        }
    }

    /// Rounds more: what only comes near is not waited for beside what sees.
    fn rounds(&self) -> Option<u32> {
        self.seen.or(self.near).filter(|&rounds| rounds > 0)
    }
}

/// Of what too little is seen, and more would be with rounds that may still be measured.
#[must_use]
pub fn lacking<'a>(rows: impl IntoIterator<Item = &'a Row>, sight: &Sight) -> Option<Lacking> {
    let rows = rows.into_iter().filter(|row| row.gated && WHERE.contains(&row.metric));
    let cold = rows
        .filter(|row| row.cell.as_ref().is_some_and(|cell| cell.temperature == Temperature::Cold));
    let mut waiting: BTreeMap<&str, Waiting> = BTreeMap::new();
    for row in cold {
        if let Some(outlook) = outlook(row, sight) {
            waiting.entry(&row.function).or_default().add(outlook);
        }
    }
    let needed: BTreeMap<&str, u32> = waiting
        .into_iter()
        .filter_map(|(function, waiting)| Some((function, waiting.rounds()?)))
        .collect();
    let rounds = needed.values().copied().min()?.max(LEAST);
    Some(Lacking { functions: needed.into_keys().map(str::to_owned).collect(), rounds })
}

/// What more rounds would show, none where all that may be bring it nowhere near: the error falls
/// with their square root, what the margin takes stays.
fn outlook(row: &Row, sight: &Sight) -> Option<Outlook> {
    let (detectable, median) = (row.detectable?.amount, row.base.median?);
    let wanted = sight.sees.as_nanos() as f64;
    if detectable <= wanted {
        return Some(Outlook::Seen { after: 0 });
    }
    let within = (row.margin.share * median).max(row.margin.floor);
    let rounds = row.base.n as f64;
    // One is measured and left out.
    let most = f64::from(sight.most_rounds.saturating_sub(1));
    if wanted <= within || rounds >= most {
        return None;
    }
    let needed = rounds * ((detectable - within) / (wanted - within)).powi(2);
    let at_most = within + (detectable - within) * (rounds / most).sqrt();
    let after = |rounds_in_all: f64| (rounds_in_all - rounds).ceil() as u32;
    if needed <= most {
        return Some(Outlook::Seen { after: after(needed) });
    }
    // As many again, and another look: what is so far off is known least.
    let near = Outlook::Near { after: after(most.min(2.0 * rounds)) };
    (at_most <= WORTH * wanted).then_some(near)
}
