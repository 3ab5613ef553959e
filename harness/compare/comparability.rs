//! Whether two runs may be compared: machines, engines, bases.

use std::collections::BTreeSet;

use super::Asked;
use super::side_data::SideData;
use crate::spec::function::Limits;
use crate::store::fingerprint::traits;
use crate::store::{EnvironmentRecord, EventRecord};
use crate::text::units::format_size;

/// In what machine and engine differ, in words; empty when they do not.
pub(super) fn unlike(base: &SideData, head: &SideData) -> Vec<String> {
    let (was, is) = (traits(&base.host, &base.engine), traits(&head.host, &head.engine));
    let differing = was.into_iter().zip(is).filter(|(was, is)| was.1 != is.1);
    differing.map(|((name, was), (_, is))| format!("{name}: {was} in base, {is} in head")).collect()
}

/// In what the functions of both differ, in words: bases, where they came from, and
/// versions. A gate is there to judge such a change; it is named all the same.
pub(super) fn changed(base: &SideData, head: &SideData) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, was) in &base.party.functions {
        let Some(is) = head.party.functions.get(name) else { continue };
        if was.version != is.version {
            notes.push(format!("{name}: version {} in base, {} in head", was.version, is.version));
        }
        if was.limits != is.limits {
            let (was, is) = (limits(&was.limits), limits(&is.limits));
            notes.push(format!("{name}: {was} in base, {is} in head"));
        }
        let arguments: BTreeSet<&String> = was.bases.keys().chain(is.bases.keys()).collect();
        for argument in arguments {
            let [base, head] =
                [was, is].map(|facts| facts.bases.get(argument).map_or("nothing", String::as_str));
            if base != head {
                notes.push(format!("{name}: built on {base} in base, on {head} in head"));
            }
        }
    }
    notes
}

/// What was asked otherwise of the functions of both, in words: then a difference is not
/// theirs alone. What one of the two did not record is not compared.
pub(super) fn asked_otherwise(base: &SideData, head: &SideData) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, was, is) in both(base, head) {
        let mut note = |what: &str, was: Option<String>, is: Option<String>| {
            if let (Some(was), Some(is)) = (was, is)
                && was != is
            {
                notes.push(format!("{name}: {what} {was} in base, {is} in head"));
            }
        };
        let ms = |asked: &Asked| asked.timeout_ms.map(|ms| format!("{ms} ms"));
        note("time-out", ms(was), ms(is));
        let rule = |asked: &Asked| asked.reply.map(|rule| format!("{rule:?}").to_lowercase());
        note("reply verified by", rule(was), rule(is));
        note("event of", was.event.as_ref().map(event), is.event.as_ref().map(event));
        let [was, is] = [was, is].map(|asked| asked.environment.as_ref().map(environment));
        note("environment of", was, is);
    }
    notes
}

/// Says of which functions it is not known whether both were asked the same.
pub(super) fn unknown(base: &SideData, head: &SideData) -> Option<String> {
    let is_known = |asked: &Asked| asked.event.is_some() && asked.environment.is_some();
    let unknown = both(base, head).filter(|(_, was, is)| !is_known(was) || !is_known(is));
    let names: Vec<&str> = unknown.map(|(name, ..)| name.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "whether event and environment were the same is not known of {}: a run of an earlier \
             version does not tell them",
            names.join(", ")
        )
    })
}

/// Sides whose rows are not those that were measured.
pub(super) fn salvaged(base: &SideData, head: &SideData) -> Vec<String> {
    let told = |(side, of): (&str, &SideData)| {
        let why = of.salvaged.as_deref()?;
        Some(format!("{side} was salvaged from a spoilt folder: {why}"))
    };
    [("base", base), ("head", head)].into_iter().filter_map(told).collect()
}

/// What was asked of the functions that both have, by name.
fn both<'a>(
    base: &'a SideData,
    head: &'a SideData,
) -> impl Iterator<Item = (&'a String, &'a Asked, &'a Asked)> {
    let was = base.party.functions.iter();
    was.filter_map(|(name, was)| Some((name, &was.asked, &head.party.functions.get(name)?.asked)))
}

fn event(event: &EventRecord) -> String {
    format!("{} bytes ({})", event.size, short(&event.digest))
}

/// Names, and a digest of all: values may be secrets.
fn environment(environment: &EnvironmentRecord) -> String {
    match environment.names[..] {
        [] => "nothing".to_owned(),
        _ => format!("{} ({})", environment.names.join(", "), short(&environment.digest)),
    }
}

/// Twelve characters of a digest are enough to tell two apart.
fn short(digest: &str) -> String {
    digest.trim_start_matches("sha256:").chars().take(12).collect()
}

fn limits(limits: &Limits) -> String {
    let cpus = limits.cpus.map_or_else(|| "no CPU quota".to_owned(), |cpus| format!("{cpus} CPUs"));
    let most = limits.processes.map(|most| format!("{most} processes"));
    let most = most.unwrap_or_else(|| "no limit of processes".to_owned());
    format!("{}, {cpus} and {most}", format_size(limits.memory))
}
