//! Words that every form of the report uses, and the taming of foreign text.

use crate::sample::{Cell, Temperature};
use crate::spec::factor::{Factors, PageCache};
use crate::spec::scenario::LoadShape;
use crate::stats::{Controls, Quantile, RankedValue, Summary};
use crate::store::Run;
use crate::text::sanitize::is_invisible;
use crate::text::units::format_ms;

mod answer;
mod reply;

pub(super) use answer::answer;
pub(super) use reply::{by_container_alone, reply};

/// In place of a number that cannot be given.
pub(crate) const DASH: &str = "—";

/// Whether the figures are made up.
pub(crate) fn is_simulated(run: &Run) -> bool {
    run.record.engine.kind == "fake"
}

/// Put before every title of an invalid or simulated run; empty for a good one.
pub(crate) fn warning(run: &Run) -> &'static str {
    // What makes a run invalid is in the rows alone, not in the summaries.
    let valid = run.salvaged.is_none() && Controls::of(&run.samples, &[]).faults().is_empty();
    match (valid, is_simulated(run)) {
        (true, false) => "",
        (true, true) => "SIMULATED: ",
        (false, false) => "INVALID: ",
        (false, true) => "INVALID: SIMULATED: ",
    }
}

/// What the page is about: scenario and how much of it.
pub(crate) fn title(run: &Run) -> String {
    let record = &run.record;
    // A run that stops when it knows enough plans more rounds than it needs.
    let rounds = match record.scenario.until {
        Some(_) => run.samples.iter().map(|s| s.round).max().unwrap_or(0),
        None => record.scenario.rounds,
    };
    let rounds = counted(u64::from(rounds), "round");
    format!("{}cold starts, scenario {}, {rounds}", warning(run), plain(&record.scenario.name))
}

/// `1 round`, `20 rounds`.
pub(crate) fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Host and engine in a line.
pub(crate) fn place(run: &Run) -> String {
    plain(&run.record.place())
}

/// Foreign text on one line, safe for a terminal: no control characters, none
/// that reorder or hide what follows.
pub(crate) fn plain(text: &str) -> String {
    let tamed = |c: char| match c {
        c if c.is_whitespace() => ' ',
        c if c.is_control() || is_invisible(c) => '\u{fffd}',
        c => c,
    };
    let line: String = text.trim().chars().map(tamed).collect();
    line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Cuts a line to so many characters.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `surge/out`.
pub(crate) fn step(cell: &Cell) -> String {
    plain(&format!("{}/{}", cell.pattern, cell.step))
}

/// `name bridge surge/out`, or which control.
pub(crate) fn cell_name(run: &Run, cell: &Cell) -> String {
    let conditions = conditions(run, &cell.factors);
    match cell.control {
        Some(control) => format!("{control}, {conditions}"),
        None => format!("{} {conditions} {}", plain(&cell.function), step(cell)),
    }
}

/// A function, and its factors where the run has several combinations.
pub(crate) fn subject(run: &Run, cell: &Cell) -> String {
    let name = plain(&cell.function);
    if run.record.scenario.factors.combinations().len() == 1 {
        return name;
    }
    format!("{name} ({})", conditions(run, &cell.factors))
}

/// `burst 4` or `seq 200`.
pub(crate) fn act(act: LoadShape) -> String {
    match act {
        LoadShape::Burst(n) => format!("burst {n}"),
        LoadShape::Sequence(n) => format!("seq {n}"),
        LoadShape::Parallel { workers, .. } => format!("{workers} a time"),
    }
}

/// Milliseconds, or what stands for a failure.
pub(crate) fn level(level: RankedValue) -> String {
    level.ns().map_or_else(|| "failed".to_owned(), format_ms)
}

/// `224 (210–240)` in milliseconds; the interval as far as there is one.
pub(crate) fn quantile(quantile: &Quantile) -> String {
    let Some(value) = quantile.value else { return DASH.to_owned() };
    match quantile.interval {
        Some(i) => format!("{} ({}–{})", level(value), level(i.low), level(i.high)),
        None => level(value),
    }
}

/// Milliseconds of a maximum.
pub(crate) fn maximum(ns: Option<u64>) -> String {
    ns.map_or_else(|| DASH.to_owned(), |ns| format_ms(ns as f64))
}

/// `412x`: how many times the warm median a cold one is.
pub(crate) fn ratio(summary: &Summary) -> String {
    match summary.cold_to_warm.as_ref().map(|r| r.ratio) {
        None => String::new(),
        Some(ratio) if ratio >= 9.95 => format!("{ratio:.0}x"),
        Some(ratio) => format!("{ratio:.1}x"),
    }
}

/// The phases of the sample nearest the median, which add up to it:
/// `create 6.10 · engine+boot 190 · init 20.0 · invoke 1.20`, in milliseconds. Cold
/// cells only.
pub(crate) fn split(run: &Run, summary: &Summary) -> Option<String> {
    let sample = run.samples.get(summary.typical?)?;
    if sample.cell.temperature != Temperature::Cold {
        return None;
    }
    let parts: Vec<String> =
        sample.phases().iter().map(|(p, ns)| format!("{p} {}", format_ms(*ns as f64))).collect();
    Some(parts.join(" · "))
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
        (position(run, name), name.clone(), combination(run, factors), factors.clone())
    });
    groups
}

/// Where a combination of factors stands in the scenario.
pub(crate) fn combination(run: &Run, factors: &Factors) -> [usize; 6] {
    fn place<T: PartialEq>(values: &[T], value: &T) -> usize {
        values.iter().position(|v| v == value).unwrap_or(usize::MAX)
    }
    let lists = &run.record.scenario.factors;
    [
        place(&lists.networks, &factors.network),
        place(&lists.runtimes, &factors.runtime),
        factors.cpus.map_or(usize::MAX, |cpus| place(&lists.cpus, &cpus)),
        place(&lists.memory, &factors.memory),
        place(&lists.page_cache, &factors.page_cache),
        place(&lists.log_drivers, &factors.log_driver),
    ]
}

/// The factors as a reader needs them: the network, and what the scenario chose.
pub(crate) fn conditions(run: &Run, factors: &Factors) -> String {
    let lists = &run.record.scenario.factors;
    let [_, runtime, cpus, memory, page_cache, log_driver] = factors.named().map(|(_, v)| v);
    let chosen = [
        (!lists.runtimes.is_empty(), runtime),
        (!lists.cpus.is_empty(), cpus),
        (!lists.memory.is_empty(), memory),
        (lists.page_cache != [PageCache::Warm], page_cache),
        (!lists.log_drivers.is_empty(), format!("log {log_driver}")),
    ];
    let mut parts = vec![factors.network.to_string()];
    parts.extend(chosen.into_iter().filter(|(chosen, _)| *chosen).map(|(_, value)| value));
    plain(&parts.join(", "))
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
        LoadShape::Sequence(_) => u32::MAX,
    };
    groups(run, summaries)
        .iter()
        .filter_map(|group| {
            let cold = members(summaries, group).into_iter();
            cold.filter(|s| s.cell.temperature == Temperature::Cold).min_by_key(|s| size(s))
        })
        .collect()
}
