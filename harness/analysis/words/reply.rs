//! What a run's replies prove, in words: no form of the report may claim more.

use super::plain;
use crate::spec::function::{ReplyCheck, listed};
use crate::store::Run;

/// Functions of which any reply was taken, by name: that a start of theirs was cold rests
/// on the container being new.
pub(crate) fn unproved(run: &Run) -> Vec<String> {
    let any = run.record.functions.iter().filter(|f| f.reply == ReplyCheck::Any);
    any.map(|f| plain(&f.name)).collect()
}

/// Where a latency ends: `its verified reply` only where every reply was. The article is
/// what stands before it, `a` or `its`.
pub(crate) fn reply(run: &Run, article: &str) -> String {
    let unproved = unproved(run);
    if unproved.is_empty() {
        return format!("{article} verified reply");
    }
    if unproved.len() == run.record.functions.len() {
        return format!("{article} reply, whatever it was; temperature by container alone");
    }
    let but = listed(&unproved).replace('`', "");
    format!("{article} reply, verified but for {but}: temperature by container alone")
}

/// The same as a remark; none where every reply was verified.
pub(crate) fn by_container_alone(run: &Run) -> Option<String> {
    let unproved = unproved(run);
    (!unproved.is_empty()).then(|| {
        format!(
            "temperature by container alone: {}; any reply was taken for a good one, and none \
             proves that its instance was new (harness/docs/CONTRACT.md, `reply`)",
            listed(&unproved).replace('`', "")
        )
    })
}
