//! From stacks to a tree of calls.

use std::collections::BTreeMap;

use super::Call;

/// Calls that are kept.
const MOST: usize = 20_000;
/// The deepest that are kept: the kernel tells of no more.
const DEEPEST: usize = 256;

#[derive(Default)]
struct Node {
    own: u64,
    cumulative: u64,
    callees: BTreeMap<usize, usize>,
}

/// The tree of stacks, the most first, and whether it was cut; frames are told by their place
/// in `order`.
pub(super) fn tree(stacks: &[(Vec<usize>, u64)], order: &[usize]) -> (Vec<Call>, bool) {
    let mut nodes = vec![Node::default()];
    for (stack, samples) in stacks {
        let mut at = 0;
        for frame in stack.iter().take(DEEPEST) {
            nodes[at].cumulative += samples;
            let (frame, new) = (order[*frame], nodes.len());
            at = *nodes[at].callees.entry(frame).or_insert(new);
            if at == new {
                nodes.push(Node::default());
            }
        }
        nodes[at].cumulative += samples;
        nodes[at].own += samples;
    }
    let least = least(&nodes);
    (flat(&nodes, least), least > 1)
}

/// The fewest samples of a call that is kept.
fn least(nodes: &[Node]) -> u64 {
    let mut all: Vec<u64> = nodes.iter().map(|node| node.cumulative).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    all.get(MOST).map_or(1, |samples| samples + 1)
}

/// A caller before its callees. What is cut is its caller's own.
fn flat(nodes: &[Node], least: u64) -> Vec<Call> {
    let mut calls = Vec::new();
    // What is left to tell: the latest of it first.
    let mut left = vec![(0, 0, 0)];
    while let Some((at, frame, level)) = left.pop() {
        let node = &nodes[at];
        let callees = node.callees.iter().map(|(frame, at)| (*at, *frame, level + 1));
        let (mut kept, cut): (Vec<_>, Vec<_>) =
            callees.partition(|(at, ..)| nodes[*at].cumulative >= least);
        let cut: u64 = cut.iter().map(|(at, ..)| nodes[*at].cumulative).sum();
        if level > 0 {
            let (own, cumulative) = (node.own + cut, node.cumulative);
            calls.push(Call { frame, depth: level - 1, own, cumulative });
        }
        kept.sort_by_key(|(at, frame, _)| (nodes[*at].cumulative, std::cmp::Reverse(*frame)));
        left.extend(kept);
    }
    calls
}
