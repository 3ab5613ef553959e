//! Whether two runs may be compared: machines, engines, bases.

use std::collections::BTreeSet;

use super::side_data::SideData;
use super::{Asked, Caveat, Difference, Side};
use crate::probe::cgroup_moves::is_free;
use crate::spec::factor::EngineKind;
use crate::store::fingerprint::traits;

/// In what machine and engine differ; empty when they do not.
pub(super) fn unlike(base: &SideData, head: &SideData) -> Vec<Caveat> {
    let (was, is) = (traits(&base.host, &base.engine), traits(&head.host, &head.engine));
    let differing = was.into_iter().zip(is).filter(|(was, is)| was.1 != is.1);
    differing.map(|((name, was), (_, is))| Caveat::Unlike(name, [was, is])).collect()
}

/// In what the functions of both differ: bases, where they came from, and versions. A gate
/// is there to judge such a change; it is named all the same.
pub(super) fn changed(base: &SideData, head: &SideData) -> Vec<Caveat> {
    let mut notes = Vec::new();
    for (name, was) in &base.party.functions {
        let Some(is) = head.party.functions.get(name) else { continue };
        let mut note = |difference| notes.push(Caveat::Function(name.clone(), difference));
        if was.version != is.version {
            note(Difference::Version([was, is].map(|facts| facts.version.clone())));
        }
        if was.limits != is.limits {
            note(Difference::Limits([was.limits, is.limits]));
        }
        let arguments: BTreeSet<&String> = was.bases.keys().chain(is.bases.keys()).collect();
        for argument in arguments {
            let built = [was, is].map(|facts| facts.bases.get(argument).cloned());
            if built[0] != built[1] {
                note(Difference::BuiltOn(built));
            }
        }
    }
    notes
}

/// What was asked otherwise of the functions of both: then a difference is not theirs
/// alone. What one of the two did not record is not compared.
pub(super) fn asked_otherwise(base: &SideData, head: &SideData) -> Vec<Caveat> {
    /// Both, where both are known and not the same.
    fn differing<T: PartialEq + Clone>(was: &Option<T>, is: &Option<T>) -> Option<[T; 2]> {
        was.clone().zip(is.clone()).filter(|(was, is)| was != is).map(Into::into)
    }
    let of_one = |(name, was, is): (&String, &Asked, &Asked)| {
        let differences = [
            differing(&was.timeout_ms, &is.timeout_ms).map(Difference::Timeout),
            differing(&was.reply, &is.reply).map(Difference::Reply),
            differing(&was.event, &is.event).map(Difference::Event),
            differing(&was.environment, &is.environment).map(Difference::Environment),
            differing(&was.launch, &is.launch).map(Difference::Launch),
            differing(&was.request, &is.request).map(Difference::Request),
        ];
        let name = name.clone();
        differences.into_iter().flatten().map(move |what| Caveat::Function(name.clone(), what))
    };
    both(base, head).flat_map(of_one).collect()
}

/// What neither tells.
pub(super) fn remarks(base: &SideData, head: &SideData) -> impl Iterator<Item = Caveat> {
    [unknown(base, head), left_out(base, head)].into_iter().flatten()
}

/// Of which functions it is not known whether both were asked the same.
fn unknown(base: &SideData, head: &SideData) -> Option<Caveat> {
    let is_known = |asked: &Asked| asked.event.is_some() && asked.environment.is_some();
    let unknown = both(base, head).filter(|(_, was, is)| !is_known(was) || !is_known(is));
    let names: Vec<String> = unknown.map(|(name, ..)| name.clone()).collect();
    (!names.is_empty()).then_some(Caveat::AskedUnknown(names))
}

/// What is in no figure of either, as nothing of that kind made their instances.
fn left_out(base: &SideData, head: &SideData) -> Option<Caveat> {
    let kind = EngineKind::Oci.to_string();
    [base, head].iter().all(|side| side.engine.kind == kind).then_some(Caveat::NoDaemon)
}

/// Whether starts of one side waited to be moved and those of the other did not: a kernel that was
/// asked to favour moves may go on doing so until the machine restarts.
pub(super) fn moved_otherwise(base: &SideData, head: &SideData) -> Option<Caveat> {
    let both = [base.cgroup_move?, head.cgroup_move?];
    (is_free(both[0]) != is_free(both[1])).then_some(Caveat::Moves(both))
}

/// Sides whose rows are not those that were measured.
pub(super) fn salvaged(base: &SideData, head: &SideData) -> Vec<Caveat> {
    let sides = [(Side::Base, base), (Side::Head, head)];
    let of = |(side, of): (Side, &SideData)| Some(Caveat::Salvaged(side, of.salvaged.clone()?));
    sides.into_iter().filter_map(of).collect()
}

/// What was asked of the functions that both have, by name.
fn both<'a>(
    base: &'a SideData,
    head: &'a SideData,
) -> impl Iterator<Item = (&'a String, &'a Asked, &'a Asked)> {
    let was = base.party.functions.iter();
    was.filter_map(|(name, was)| Some((name, &was.asked, &head.party.functions.get(name)?.asked)))
}
