//! The values of two sides, and what they say of a change.
//!
//! Sides that were measured in turns are compared round by round: base and head of a
//! round are neighbours in time, and what disturbs the one disturbs the other. Sides
//! that were measured apart are compared as wholes.

use std::collections::BTreeMap;

use crate::spec::tolerance::Margin;
use crate::stats::hodges_lehmann::{self, Estimate};
use crate::stats::{mann_whitney, wilcoxon};

/// A value a round: its number and the value, infinite for a failure.
pub(super) type Numbered = (u32, f64);

/// The values of base and head.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TwoSample {
    /// Of rounds that have nothing to do with each other.
    Apart([Vec<f64>; 2]),
    /// Of the same rounds: base, head.
    InTurns(Vec<[f64; 2]>),
}

impl Default for TwoSample {
    fn default() -> Self {
        TwoSample::Apart(Default::default())
    }
}

impl TwoSample {
    /// Of the rounds of base and head. In turns only the rounds that both have count,
    /// unless one side knows of none.
    pub(super) fn of([base, head]: [Vec<Numbered>; 2], in_turns: bool) -> Self {
        if !in_turns || base.is_empty() || head.is_empty() {
            return TwoSample::Apart(
                [base, head].map(|side| side.into_iter().map(|v| v.1).collect()),
            );
        }
        let head: BTreeMap<u32, f64> = head.into_iter().collect();
        let pair = |(round, base): Numbered| Some([base, *head.get(&round)?]);
        TwoSample::InTurns(base.into_iter().filter_map(pair).collect())
    }

    /// The values of base, and those of head.
    pub(super) fn sides(&self) -> [Vec<f64>; 2] {
        match self {
            TwoSample::Apart(sides) => sides.clone(),
            TwoSample::InTurns(pairs) => [0, 1].map(|side| pairs.iter().map(|p| p[side]).collect()),
        }
    }

    /// One-sided p-value that head is larger by more than the margin: by more than the
    /// share, and by more than the floor, of which the larger p-value counts.
    pub(super) fn worse(&self, margin: &Margin) -> Option<f64> {
        self.beyond(margin, [0, 1])
    }

    /// The same that head is smaller.
    pub(super) fn better(&self, margin: &Margin) -> Option<f64> {
        self.beyond(margin, [1, 0])
    }

    fn beyond(&self, margin: &Margin, [less, more]: [usize; 2]) -> Option<f64> {
        let share = 1.0 + margin.share;
        match self {
            TwoSample::Apart(sides) => {
                let by_share: Vec<f64> = sides[more].iter().map(|v| v / share).collect();
                let by_floor: Vec<f64> = sides[more].iter().map(|v| v - margin.floor).collect();
                let by_share = mann_whitney::greater(&by_share, &sides[less])?;
                Some(by_share.max(mann_whitney::greater(&by_floor, &sides[less])?))
            }
            TwoSample::InTurns(pairs) => {
                let by_share =
                    differences(pairs, |v| [logarithm(v[less]) + share.ln(), logarithm(v[more])]);
                let by_floor = differences(pairs, |v| [v[less] + margin.floor, v[more]]);
                Some(wilcoxon::above(&by_share)?.max(wilcoxon::above(&by_floor)?))
            }
        }
    }

    /// Two-sided p-value that head differs.
    pub(super) fn differs(&self) -> Option<f64> {
        match self {
            TwoSample::Apart([base, head]) => mann_whitney::differs(head, base),
            TwoSample::InTurns(pairs) => wilcoxon::differs(&differences(pairs, |v| *v)),
        }
    }

    /// The smallest one-sided p-value that so many rounds can give.
    pub(super) fn least_p(&self) -> f64 {
        match self {
            TwoSample::Apart([base, head]) => mann_whitney::least_p(base.len(), head.len()),
            TwoSample::InTurns(pairs) => wilcoxon::least_p(pairs.len()),
        }
    }

    /// The fewest rounds a side whose smallest p-value reaches a level.
    pub(super) fn least_rounds(&self, level: f64) -> usize {
        let least_p = |n| match self {
            TwoSample::Apart(_) => mann_whitney::least_p(n, n),
            TwoSample::InTurns(_) => wilcoxon::least_p(n),
        };
        // A hundred rounds reach 1e-30.
        (1..100).find(|n| least_p(*n) <= level).unwrap_or(100)
    }

    /// Head over base, Hodges & Lehmann; failures are left out.
    pub(super) fn ratio(&self) -> Option<Estimate> {
        match self {
            TwoSample::Apart([base, head]) => hodges_lehmann::ratio(head, base),
            TwoSample::InTurns(pairs) => {
                let logarithms = differences(pairs, |v| v.map(logarithm));
                let Estimate { value, interval } = wilcoxon::centre(&logarithms)?;
                let interval = interval.map(|(low, high)| (low.exp(), high.exp()));
                Some(Estimate { value: value.exp(), interval })
            }
        }
    }

    /// Head less base, Hodges & Lehmann; failures are left out.
    pub(super) fn difference(&self) -> Option<Estimate> {
        match self {
            TwoSample::Apart([base, head]) => hodges_lehmann::difference(head, base),
            TwoSample::InTurns(pairs) => wilcoxon::centre(&differences(pairs, |v| *v)),
        }
    }
}

/// Second less first of every pair; infinite where one failed, and none where both did.
fn differences(pairs: &[[f64; 2]], of: impl Fn(&[f64; 2]) -> [f64; 2]) -> Vec<f64> {
    let difference = |pair: &[f64; 2]| {
        let [first, second] = of(pair);
        (first.is_finite() || second.is_finite()).then_some(second - first)
    };
    pairs.iter().filter_map(difference).collect()
}

/// Of nanoseconds or bytes: below one there is nothing to tell apart.
fn logarithm(value: f64) -> f64 {
    value.max(1.0).ln()
}
