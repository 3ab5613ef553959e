//! What head executes more than base, or less, beyond what samples alone vary by.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Native;

/// Changes that are kept.
const MOST: usize = 50;
/// A change is told from so many of its own standard errors on: of some hundred functions
/// that did not change hardly one is told.
const BEYOND: f64 = 3.5;

/// What a function with all that it calls takes on either side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameChange {
    /// Its name.
    pub name: String,
    /// The file that it is in.
    pub file: String,
    /// Nanoseconds of CPU time a start in base.
    pub base: u64,
    /// The same in head.
    pub head: u64,
}

/// The changes, the largest first.
pub(in crate::explain) fn changes(base: &Native, head: &Native) -> Vec<FrameChange> {
    let samples = |of: &Native| -> BTreeMap<(String, String), u64> {
        let frames = of.frames.iter();
        frames.map(|f| ((f.name.clone(), f.file.clone()), f.inclusive)).collect()
    };
    let (was, is) = (samples(base), samples(head));
    let keys: BTreeSet<&(String, String)> = was.keys().chain(is.keys()).collect();
    let of = |key: &(String, String)| {
        let [was, is] = [&was, &is].map(|side| side.get(key).copied().unwrap_or(0));
        let (base_ns, head_ns) = (base.ns(was), head.ns(is));
        // Counts vary by their square root.
        let error = (base_ns * base.ns(1) + head_ns * head.ns(1)).sqrt();
        let (name, file) = key.clone();
        ((head_ns - base_ns).abs() > BEYOND * error).then_some(FrameChange {
            name,
            file,
            base: base_ns as u64,
            head: head_ns as u64,
        })
    };
    let mut all: Vec<FrameChange> = keys.into_iter().filter_map(of).collect();
    all.sort_by_key(|change| std::cmp::Reverse(change.base.abs_diff(change.head)));
    all.truncate(MOST);
    all
}
