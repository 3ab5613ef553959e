//! What passed and what was used, phase by phase, from readings a millisecond apart: between
//! two of them it is taken to have been used evenly.

use std::collections::BTreeMap;

use super::attribution::Start;
use super::found::{PhaseUse, Wait};
use super::watching::Instants;
use crate::probe::container_trace::Reading;

/// Waits that are told of a phase.
const WAITS: usize = 3;

/// The phases of a start, from its exec on.
pub(super) fn phases(start: &Start<'_>) -> Vec<PhaseUse> {
    let Some(exec) = start.exec() else { return Vec::new() };
    let Instants { main, ready, responded } = Instants::of(start.marks);
    let own = match (main, ready) {
        (Some(main), Some(_)) => vec![("boot", exec, Some(main)), ("init", main, ready)],
        (Some(main), None) => vec![("boot", exec, Some(main)), ("init", main, None)],
        (None, _) => vec![("boot+init", exec, ready)],
    };
    let invoke = ready.map(|ready| ("invoke", ready, responded));
    let all = own.into_iter().chain(invoke);
    let readings = &start.seen.readings;
    all.map(|(name, from, to)| phase(name, exec, (from, to.unwrap_or(start.until)), readings))
        .collect()
}

fn phase(name: &str, exec: u64, (from, to): (u64, u64), readings: &[Reading]) -> PhaseUse {
    let to = to.max(from);
    let used = |of: &dyn Fn(&Reading) -> Option<u64>| {
        let (begin, end) = (at(readings, from, of)?, at(readings, to, of)?);
        Some((end - begin).max(0.0) as u64)
    };
    let within: Vec<&Reading> = readings.iter().filter(|r| (from..to).contains(&r.at)).collect();
    let ran = within.iter().filter(|reading| reading.state == 'R').count();
    PhaseUse {
        name: name.to_owned(),
        from: from - exec,
        ns: to - from,
        user: used(&|r| r.user),
        system: used(&|r| r.system),
        minor_faults: used(&|r| r.faults.map(|f| f[0])).unwrap_or(0),
        major_faults: used(&|r| r.faults.map(|f| f[1])).unwrap_or(0),
        read: used(&|r| r.read),
        voluntary_switches: used(&|r| r.switches.map(|s| s[0])),
        forced_switches: used(&|r| r.switches.map(|s| s[1])),
        looks: within.len() as u64,
        ran: ran as u64,
        waits: waits(&within),
    }
}

/// A figure at an instant, from the readings around it; that of the nearest beyond them.
fn at(readings: &[Reading], instant: u64, of: &dyn Fn(&Reading) -> Option<u64>) -> Option<f64> {
    let known = || readings.iter().filter_map(|r| Some((r.at, of(r)? as f64)));
    let before = known().take_while(|(at, _)| *at <= instant).last();
    let after = known().find(|(at, _)| *at > instant);
    match (before, after) {
        (Some((from, low)), Some((to, high))) => {
            let share = (instant - from) as f64 / (to - from) as f64;
            Some(low + (high - low) * share)
        }
        (Some((_, value)), None) | (None, Some((_, value))) => Some(value),
        (None, None) => None,
    }
}

fn waits(within: &[&Reading]) -> Vec<Wait> {
    let mut of: BTreeMap<&str, u64> = BTreeMap::new();
    for reading in within.iter().filter(|reading| reading.state != 'R') {
        *of.entry(reading.waits_in.as_deref().unwrap_or("")).or_default() += 1;
    }
    let wait = |(place, looks): (&str, u64)| Wait { place: place.to_owned(), looks };
    let mut waits: Vec<Wait> = of.into_iter().map(wait).collect();
    waits.sort_by_key(|wait| std::cmp::Reverse(wait.looks));
    waits.truncate(WAITS);
    waits
}
