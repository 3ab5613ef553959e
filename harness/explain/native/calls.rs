//! From stacks to a tree of calls.

use std::collections::BTreeMap;

use super::Call;

/// Calls that are kept.
const MOST: usize = 20_000;
/// The deepest that are kept: the kernel tells of no more.
const DEEPEST: usize = 256;

#[derive(Default)]
struct Branch {
    own: u64,
    cumulative: u64,
    callees: BTreeMap<usize, usize>,
}

/// The tree of stacks, the most first, and whether it was cut; frames are told by their place
/// in `order`.
pub(super) fn tree(stacks: &[(Vec<usize>, u64)], order: &[usize]) -> (Vec<Call>, bool) {
    let mut branches = vec![Branch::default()];
    for (stack, samples) in stacks {
        let mut at = 0;
        for frame in stack.iter().take(DEEPEST) {
            branches[at].cumulative += samples;
            let (frame, new) = (order[*frame], branches.len());
            at = *branches[at].callees.entry(frame).or_insert(new);
            if at == new {
                branches.push(Branch::default());
            }
        }
        branches[at].cumulative += samples;
        branches[at].own += samples;
    }
    let least = least(&branches);
    (flat(&branches, least), least > 1)
}

/// The fewest samples of a call that is kept.
fn least(branches: &[Branch]) -> u64 {
    let mut all: Vec<u64> = branches.iter().map(|branch| branch.cumulative).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    all.get(MOST).map_or(1, |samples| samples + 1)
}

/// A caller before its callees. What is cut is its caller's own.
fn flat(branches: &[Branch], least: u64) -> Vec<Call> {
    let mut calls = Vec::new();
    // What is left to tell: the latest of it first.
    let mut left = vec![(0, 0, 0)];
    while let Some((at, frame, level)) = left.pop() {
        let branch = &branches[at];
        let callees = branch.callees.iter().map(|(frame, at)| (*at, *frame, level + 1));
        let (mut kept, cut): (Vec<_>, Vec<_>) =
            callees.partition(|(at, ..)| branches[*at].cumulative >= least);
        let cut: u64 = cut.iter().map(|(at, ..)| branches[*at].cumulative).sum();
        if level > 0 {
            let (own, cumulative) = (branch.own + cut, branch.cumulative);
            calls.push(Call { frame, depth: level - 1, own, cumulative });
        }
        kept.sort_by_key(|(at, frame, _)| (branches[*at].cumulative, std::cmp::Reverse(*frame)));
        left.extend(kept);
    }
    calls
}
