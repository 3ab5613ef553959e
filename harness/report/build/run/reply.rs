//! What a run's replies prove, in words: no form of the report may claim more.

use crate::spec::function::{ReplyCheck, listed};
use crate::store::Run;
use crate::words::plain;

/// Functions of which any reply was taken, by name: that a start of theirs was cold rests
/// on the container being new.
fn unproved(run: &Run) -> Vec<String> {
    let any = run.record.functions.iter().filter(|f| !f.reply.proves());
    any.map(|f| plain(&f.name)).collect()
}

/// Whether any reply was good wherever none was a proof. Of what is asked by HTTP none but with
/// the right status is.
fn is_any(run: &Run) -> bool {
    let mut unproved = run.record.functions.iter().filter(|f| !f.reply.proves());
    unproved.all(|f| f.reply == ReplyCheck::Any && f.http.is_none())
}

/// Where a latency ends: `its verified reply` only where every reply was.
pub(in crate::report) fn reply(run: &Run) -> String {
    let unproved = unproved(run);
    if unproved.is_empty() {
        return "its verified reply".to_owned();
    }
    if unproved.len() == run.record.functions.len() && is_any(run) {
        return "its reply, whatever it was; temperature by container alone".to_owned();
    }
    if unproved.len() == run.record.functions.len() {
        return "its reply, as it was to be; temperature by container alone".to_owned();
    }
    let but = listed(&unproved).replace('`', "");
    format!("its reply, verified but for {but}: temperature by container alone")
}

/// The same as a remark; none where every reply was verified.
pub(super) fn by_container_alone(run: &Run) -> Option<String> {
    let unproved = unproved(run);
    let taken = if is_any(run) { "any reply" } else { "a reply without a proof" };
    (!unproved.is_empty()).then(|| {
        format!(
            "temperature by container alone: {}; {taken} was taken for a good one, and none \
             proves that its instance was new (harness/docs/CONTRACT.md, `reply`)",
            listed(&unproved).replace('`', "")
        )
    })
}
