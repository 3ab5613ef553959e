//! What was compared, under which reservations, how to read it and how to repeat it.
//! Tamed, not escaped.

use std::collections::{BTreeMap, BTreeSet};

use super::caveats::{base as base_image, caveat};
use super::words::{invalid, metric, name, remark};
use crate::compare::{Comparison, FunctionFacts, SideInfo};
use crate::report::document::Fact;
use crate::store::BaseRecord;
use crate::text::units::format_size;
use crate::words::{DASH, counted, plain, shortened};

/// Longest command that is shown, in characters.
const LONGEST_COMMAND: usize = 500;

/// Characters of an image's digest that are shown: `sha256:` and twelve.
const DIGEST: usize = 19;

/// Functions that differ, named in a line at most.
const MOST_NAMED: usize = 5;

/// What each column means.
pub(in crate::report) const READING: &str = include_str!("reading.txt");

/// The two sides, their order, their machines, what decides.
pub(in crate::report) fn compared(comparison: &Comparison) -> Vec<Fact> {
    let Comparison { base, head, .. } = comparison;
    let order = match comparison.interleaved {
        // A run and itself: two of its functions.
        true if (&base.run, &base.label) == (&head.run, &head.label) => {
            "interleaved: both sides in one run, in an order shuffled by its seed"
        }
        true => "interleaved: both sides in one run, in mirrored order",
        false => "one side after the other: what drifted between them is in every difference",
    };
    let mut facts = vec![
        ("base".to_owned(), party(base)),
        ("head".to_owned(), party(head)),
        ("order".to_owned(), order.to_owned()),
    ];
    if base.place == head.place {
        facts.push(("host".to_owned(), remark(&base.place)));
    } else {
        facts.push(("base's host".to_owned(), remark(&base.place)));
        facts.push(("head's host".to_owned(), remark(&head.place)));
    }
    facts.push(("functions".to_owned(), alike(comparison)));
    facts.push(("decides".to_owned(), decides(comparison)));
    facts
}

/// Whether the functions are the same on both sides, and in what they are not.
fn alike(comparison: &Comparison) -> String {
    let differ = functions(comparison);
    if differ.is_empty() {
        return "same images, versions and bases on both sides".to_owned();
    }
    let named = differ.iter().map(|[function, what, ..]| format!("{function} ({what})"));
    let named = named.take(MOST_NAMED).collect::<Vec<_>>().join(", ");
    match differ.len().saturating_sub(MOST_NAMED) {
        0 => format!("not the same: {named}"),
        more => format!("not the same: {named}, and {more} more"),
    }
}

fn party(party: &SideInfo) -> String {
    let partial = if party.partial { ", cut short" } else { "" };
    let rounds = counted(u64::from(party.rounds), "round");
    format!(
        "{}: run {}, began {}, {rounds}{partial}",
        remark(&party.label),
        name(&party.run),
        name(&party.started)
    )
}

fn decides(comparison: &Comparison) -> String {
    let gated: Vec<&str> = comparison.gated.iter().map(|m| metric(*m)).collect();
    let gated = if gated.is_empty() { "nothing".to_owned() } else { gated.join(", ") };
    let alpha = (comparison.alpha * 1000.0).round() / 10.0;
    format!("{gated}; at most {alpha} % false alarms over all rows that decide")
}

/// What a reader must know, the gravest first.
pub(in crate::report) fn notes(comparison: &Comparison) -> Vec<String> {
    let invalid = invalid(comparison).into_iter();
    let mut notes: Vec<String> =
        invalid.map(|(side, why)| format!("{side} is INVALID: {why}")).collect();
    for (side, party) in comparison.sides() {
        let what = if party.works { "work for" } else { "sleep" };
        notes.extend(party.injected.iter().map(|(function, ms)| {
            format!("{side}: {} was told to {what} {ms} ms in its init", name(function))
        }));
    }
    notes.extend(comparison.notes.iter().map(|note| remark(&caveat(note))));
    notes
}

/// A row a thing in which the two sides had a function differently.
pub(in crate::report) fn functions(comparison: &Comparison) -> Vec<[String; 4]> {
    let (base, head) = (&comparison.base.functions, &comparison.head.functions);
    let all: BTreeSet<&String> = base.keys().chain(head.keys()).collect();
    let mut rows = Vec::new();
    for function in all {
        let row = |what: &str, base: String, head: String| {
            [name(function), what.to_owned(), remark(&base), remark(&head)]
        };
        match (base.get(function), head.get(function)) {
            (Some(base), Some(head)) => {
                let differ = differences(base, head).into_iter();
                rows.extend(differ.map(|(what, base, head)| row(&what, base, head)));
            }
            (base, head) => {
                let there = |facts: Option<&FunctionFacts>| {
                    facts.map_or_else(|| DASH.to_owned(), |f| f.version.clone())
                };
                rows.push(row("presence", there(base), there(head)));
            }
        }
    }
    rows
}

fn differences(base: &FunctionFacts, head: &FunctionFacts) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut check = |what: String, base: String, head: String| {
        if base != head {
            found.push((what, base, head));
        }
    };
    let image = |f: &FunctionFacts| {
        format!("{} ({})", shortened(&plain(&f.digest), DIGEST), format_size(f.size))
    };
    check("image".to_owned(), image(base), image(head));
    check("version".to_owned(), base.version.clone(), head.version.clone());
    let arguments: BTreeSet<&String> = base.bases.keys().chain(head.bases.keys()).collect();
    let of = |bases: &BTreeMap<String, BaseRecord>, argument: &String| {
        bases.get(argument).map_or_else(|| DASH.to_owned(), base_image)
    };
    for argument in arguments {
        let what = format!("base {}", name(argument));
        check(what, of(&base.bases, argument), of(&head.bases, argument));
    }
    found
}

/// The commands that measured the two; one where they are the same.
pub(in crate::report) fn repeat(comparison: &Comparison) -> Vec<Fact> {
    let command = |party: &SideInfo| shortened(&plain(&party.command), LONGEST_COMMAND);
    let (base, head) = (command(&comparison.base), command(&comparison.head));
    if base == head {
        return vec![("both sides".to_owned(), base)];
    }
    vec![("base".to_owned(), base), ("head".to_owned(), head)]
}
