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

/// Of what too little is seen, and more would be with rounds that may still be measured.
#[must_use]
pub fn lacking<'a>(rows: impl IntoIterator<Item = &'a Row>, sight: &Sight) -> Option<Lacking> {
    let rows = rows.into_iter().filter(|row| row.gated && WHERE.contains(&row.metric));
    let cold = rows
        .filter(|row| row.cell.as_ref().is_some_and(|cell| cell.temperature == Temperature::Cold));
    let mut needed: BTreeMap<&str, u32> = BTreeMap::new();
    for row in cold {
        if let Some(rounds) = more_of(row, sight) {
            let most = needed.entry(&row.function).or_default();
            *most = rounds.max(*most);
        }
    }
    let rounds = needed.values().copied().min()?.max(LEAST);
    Some(Lacking { functions: needed.into_keys().map(str::to_owned).collect(), rounds })
}

/// How many rounds more it takes to see so much; none where it is seen, or would not be with
/// all that may be: the error falls with their square root, what the margin takes stays.
fn more_of(row: &Row, sight: &Sight) -> Option<u32> {
    let (detectable, median) = (row.detectable?.amount, row.base.median?);
    let wanted = sight.sees.as_nanos() as f64;
    let within = (row.margin.share * median).max(row.margin.floor);
    if detectable <= wanted || wanted <= within {
        return None;
    }
    let rounds = row.base.n as f64;
    let needed = rounds * ((detectable - within) / (wanted - within)).powi(2);
    // One is measured and left out.
    let most = f64::from(sight.most_rounds.saturating_sub(1));
    (rounds < most && needed <= most).then(|| (needed - rounds).ceil().min(most - rounds) as u32)
}
