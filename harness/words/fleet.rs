//! What a run lacks of its plan, and which nodes of a fleet are the cause.

use super::{counted, plain};
use crate::store::Shortfall;

/// `480 of 720 planned invocations, 1 of 3 nodes not measured to the end: n3: it is down`.
pub(crate) fn shortfall(lacks: &Shortfall) -> String {
    let Shortfall { rows, planned, at_most, nodes, why } = lacks;
    let of = if *at_most { "of at most" } else { "of" };
    let nodes = nodes.map_or_else(String::new, |(failed, all)| {
        format!(", {failed} of {} not measured to the end", counted(all as u64, "node"))
    });
    let why = why.as_deref().map_or_else(String::new, |why| format!(": {}", plain(why)));
    format!("{rows} {of} {planned} planned invocations{nodes}{why}")
}
