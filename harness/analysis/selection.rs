//! Which cells of a run stand together, in which order, and what tells them apart.

use crate::sample::{Cell, Temperature};
use crate::spec::factor::Factors;
use crate::spec::scenario::LoadShape;
use crate::stats::{Controls, Summary};
use crate::store::Run;
use crate::text::sanitize::plain;

/// Whether the figures are made up.
pub(crate) fn is_simulated(run: &Run) -> bool {
    run.record.engine.kind == "fake"
}

/// Whether its figures are to be believed, as far as its controls can tell.
pub(crate) fn is_valid(run: &Run) -> bool {
    // What makes a run invalid is in the rows alone, not in the summaries.
    run.salvaged.is_none() && Controls::of(&run.samples, &[]).faults().is_empty()
}

/// A function under certain factors: its cells stand together.
pub(crate) type Group = (String, Factors);

/// Functions in their order, with the factors under which each was measured. No
/// controls.
pub(crate) fn groups(run: &Run, summaries: &[Summary]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for cell in summaries.iter().map(|s| &s.cell).filter(|c| c.control.is_none()) {
        let group = (cell.function.clone(), cell.factors.clone());
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups.sort_by_cached_key(|(name, factors)| {
        let place = run.record.scenario.factors.place(factors);
        (position(run, name), name.clone(), place, factors.clone())
    });
    groups
}

/// The factors as a reader needs them: the network, and what the scenario chose.
pub(crate) fn conditions(run: &Run, factors: &Factors) -> String {
    let told = run.record.scenario.factors.are_told();
    let told = factors.labels().into_iter().zip(told).filter(|(_, told)| *told);
    plain(&told.map(|(label, _)| label).collect::<Vec<_>>().join(", "))
}

/// [`conditions`] as a part of a file's name.
pub(crate) fn conditions_in_a_name(run: &Run, factors: &Factors) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = conditions(run, factors).chars().map(safe).collect();
    name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// The summaries of one group, cold first.
pub(crate) fn members<'a>(
    summaries: &'a [Summary],
    (function, factors): &Group,
) -> Vec<&'a Summary> {
    let belongs = |cell: &Cell| cell.function == *function && cell.factors == *factors;
    let mut members: Vec<&Summary> =
        summaries.iter().filter(|s| s.cell.control.is_none() && belongs(&s.cell)).collect();
    members.sort_by_key(|s| (s.cell.temperature, &s.cell));
    members
}

/// Where a function stands in `functions.toml`; unknown ones come last.
pub(crate) fn position(run: &Run, function: &str) -> usize {
    let known = run.record.functions.iter().find(|f| f.name == function);
    known.map_or(usize::MAX, |f| f.position)
}

/// The cold cells that answer the question, in the functions' order: single
/// calls; where there are none, the smallest bursts. One a function and
/// combination of factors.
pub(crate) fn headline<'a>(run: &Run, summaries: &'a [Summary]) -> Vec<&'a Summary> {
    let size = |s: &Summary| match s.cell.act {
        LoadShape::Burst(n) => n,
        // One at a time before several.
        LoadShape::Parallel { workers, .. } => u32::MAX / 2 + workers,
        LoadShape::Sequence(_) | LoadShape::Arrivals => u32::MAX,
    };
    groups(run, summaries)
        .iter()
        .filter_map(|group| {
            let cold = members(summaries, group).into_iter();
            cold.filter(|s| s.cell.temperature == Temperature::Cold).min_by_key(|s| size(s))
        })
        .collect()
}
