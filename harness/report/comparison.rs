//! Stub until the words are merged.
use super::Artifact;
use crate::compare::Comparison;
use anyhow::Result;
/// Stub.
pub fn files(_: &Comparison) -> Result<Vec<Artifact>> {
    Ok(vec![])
}
/// Stub.
pub fn text(c: &Comparison) -> String {
    let mut t = format!(
        "{:?} notes {:?} missing {:?} advisory {:?}\n",
        c.outcome, c.notes, c.missing, c.advisory
    );
    for r in c.worst_first() {
        t += &format!(
            "{} {:?} {} {:?}->{:?} ratio {:?} diff {:?} p {:?} adj {:?} det {:?} {:?} {:?}\n",
            r.function,
            r.metric,
            r.verdict,
            r.base,
            r.head,
            r.ratio.map(|e| (e.value, e.interval)),
            r.difference.map(|e| e.value / 1e6),
            r.p,
            r.adjusted_p,
            r.detectable.map(|d| (d.share, d.amount / 1e6)),
            r.reason,
            r.explained_by()
                .iter()
                .map(|p| (p.part.to_string(), p.change.value / 1e6))
                .collect::<Vec<_>>()
        );
    }
    t
}
/// Stub.
pub fn markdown(_: &Comparison) -> String {
    String::new()
}
/// Stub.
pub fn annotations(_: &Comparison) -> Vec<String> {
    vec![]
}
