//! Where in a cold start a change sits.

use super::side_data::{Round, Rounds};
use super::two_sample::{Numbered, TwoSample};
use super::{Part, PartChange};
use crate::stats::hodges_lehmann::Estimate;
use crate::stats::{multiple_testing, ratio};

/// The share of false discoveries among the parts that are named.
const DISCOVERIES: f64 = 0.10;
/// What a part must carry of the whole change to be named.
const CARRIES: f64 = 0.2;

/// The changes of the parts that most rounds of either side tell of, in order: no two
/// of them overlap. Their p-values are not adjusted yet.
pub(super) fn changes(base: &Rounds, head: &Rounds, in_turns: bool) -> Vec<PartChange> {
    let values = |side: &Rounds, part: Part| -> Vec<Numbered> {
        let numbered = |round: &Round| {
            let (_, ns) = round.parts.iter().find(|(of, _)| *of == part)?;
            Some((round.number, *ns))
        };
        side.rounds.iter().filter_map(numbered).collect()
    };
    let is_usual = |side: &Rounds, part: Part| {
        let told = side.rounds.iter().filter(|round| !round.parts.is_empty()).count();
        values(side, part).len() * 2 > told
    };
    let mut parts: Vec<Part> =
        base.rounds.iter().flat_map(|round| &round.parts).map(|(part, _)| *part).collect();
    parts.retain(|part| is_usual(base, *part) && is_usual(head, *part));
    parts.sort_unstable();
    parts.dedup();
    let change = |part: Part| {
        let evidence = TwoSample::of([values(base, part), values(head, part)], in_turns);
        let change = evidence.difference()?;
        Some(PartChange { part, change, p: evidence.differs()?, explains: false })
    };
    parts.into_iter().filter_map(change).collect()
}

/// Adjusts the p-values of all parts of a comparison together.
pub(super) fn adjust<'a>(all: impl Iterator<Item = &'a mut PartChange>) {
    let mut all: Vec<&mut PartChange> = all.collect();
    let p: Vec<f64> = all.iter().map(|change| change.p).collect();
    for (change, p) in all.iter_mut().zip(multiple_testing::benjamini_hochberg(&p)) {
        change.p = p;
    }
}

/// Marks the parts that explain a change of the whole.
pub(super) fn explain(mut parts: Vec<PartChange>, whole: Option<&Estimate>) -> Vec<PartChange> {
    let Some(whole) = whole.map(|whole| whole.value) else { return parts };
    for part in &mut parts {
        // Of no change at all no part is a share.
        let carried = ratio(part.change.value, whole);
        part.explains = part.p <= DISCOVERIES && carried.is_some_and(|share| share >= CARRIES);
    }
    parts
}
