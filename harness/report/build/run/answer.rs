//! The answer of a run in one sentence, made of what was measured: no name and no
//! number stands here. Must not say more than the intervals allow.

use crate::analysis::Analysis;
use crate::sample::Mark;
use crate::spec::scenario::LoadShape;
use crate::stats::{Interval, Summary};
use crate::store::Run;
use crate::text::units::format_ms;
use crate::words::{conditions, counted, level, plain, ratio, shortened, times, warning};

/// Longest name in the sentence, in characters.
const LONGEST_NAME: usize = 60;

/// Functions whose failures are named, at most.
const MOST_NAMED: usize = 3;

/// The answer in a sentence: how functions differ in the time that they take to answer
/// cold, how much of it is the engine, how conditions differ, what failed.
pub(in crate::report) fn answer(analysis: &Analysis) -> String {
    let mut cold = analysis.headline();
    cold.retain(|s| s.latency.p50.value.is_some());
    format!("{}{}.", warning(analysis.run), sentence(analysis.run, &cold))
}

fn sentence(run: &Run, cold: &[&Summary]) -> String {
    let mut answered = cold.to_vec();
    answered.retain(|s| s.median().is_some());
    let Some(first) = answered.first().copied() else {
        return unanswered(cold);
    };
    // A stray cold start of a step that was to be warm is no match for a planned one.
    answered.retain(|s| s.cell.act == first.cell.act);
    let under = |s: &Summary| conditions(run, &s.cell.factors);
    let place = under(first);
    let alike: Vec<&Summary> = answered.iter().copied().filter(|s| under(s) == place).collect();
    let several = answered.len() > alike.len();
    let place = if several { format!("Under {place}, ") } else { String::new() };
    let parts = [
        Some(format!("{place}{}", functions(&alike, &scene(first.cell.act)))),
        engine(run, &alike),
        among_conditions(run, &answered),
        failures(cold),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// There is no time to tell.
fn unanswered(cold: &[&Summary]) -> String {
    let failed = |s: &&Summary| {
        format!("{} {} of {}", name(s), s.latency.failed, counted(s.latency.n as u64, "start"))
    };
    let told: Vec<String> = cold.iter().take(MOST_NAMED).map(failed).collect();
    let more = and_more(cold.len());
    match cold {
        [] => "No cold start was measured".to_owned(),
        // The median is a failure.
        [_] => format!("At least half of the cold starts failed: {}", told.join("")),
        _ => format!(
            "Of every function at least half of the cold starts failed: {}{more}",
            told.join(", ")
        ),
    }
}

fn and_more(all: usize) -> String {
    match all.saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    }
}

fn name(summary: &Summary) -> String {
    shortened(&plain(&summary.cell.function), LONGEST_NAME)
}

/// Under what load, where it is not one call alone.
fn scene(act: LoadShape) -> String {
    match act {
        LoadShape::Burst(n) if n > 1 => format!(" in a burst of {n}"),
        LoadShape::Parallel { workers, .. } if workers > 1 => format!(" with {workers} at a time"),
        _ => String::new(),
    }
}

fn median(summary: &Summary) -> f64 {
    summary.median().unwrap_or(f64::INFINITY)
}

/// Both ends of a group: the fastest and the slowest by their medians.
fn ends<'a>(group: &[&'a Summary]) -> Option<(&'a Summary, &'a Summary)> {
    let by = |a: &&&Summary, b: &&&Summary| median(a).total_cmp(&median(b));
    let (fast, slow) = (group.iter().min_by(by)?, group.iter().max_by(by)?);
    Some((fast, slow))
}

/// Whether the 95 % intervals of two medians lie apart.
fn are_apart(fast: &Summary, slow: &Summary) -> bool {
    let (Some(fast), Some(slow)) = (fast.latency.p50.interval, slow.latency.p50.interval) else {
        return false;
    };
    let (Some(high), Some(low)) = (fast.high.ns(), slow.low.ns()) else { return false };
    high < low
}

fn functions(group: &[&Summary], scene: &str) -> String {
    let Some((fast, slow)) = ends(group) else { return String::new() };
    let ms = |s: &Summary| format_ms(median(s));
    match group.len() {
        1 => alone(fast, scene),
        n if !are_apart(fast, slow) => {
            let of = if n > 2 {
                format!(", the slowest and the fastest of {n},")
            } else {
                String::new()
            };
            let known = fast.latency.p50.interval.is_some() && slow.latency.p50.interval.is_some();
            let why =
                if known { "their 95 % intervals overlap" } else { "too few rows for intervals" };
            format!(
                "{} and {}{of} are not told apart in the time to answer cold{scene}: medians {} and {} ms, {why}",
                name(slow),
                name(fast),
                ms(slow),
                ms(fast)
            )
        }
        _ => format!(
            "{} takes {} ms longer than {} to answer cold{scene} ({} against {} ms)",
            name(slow),
            format_ms(median(slow) - median(fast)),
            name(fast),
            ms(slow),
            ms(fast)
        ),
    }
}

fn alone(one: &Summary, scene: &str) -> String {
    let interval = |i: Interval| format!(" (95 % interval {} to {})", level(i.low), level(i.high));
    let interval = one.latency.p50.interval.map_or_else(String::new, interval);
    let as_long = |ratio| format!(", {} as long as warm", times(ratio));
    let times = ratio(one).map_or_else(String::new, as_long);
    format!(
        "{} takes {} ms{interval} to answer cold{scene}{times}",
        name(one),
        format_ms(median(one))
    )
}

/// How much of the starts nearest the medians is not the function's.
fn engine(run: &Run, group: &[&Summary]) -> Option<String> {
    let until = |end: Mark| -> Option<Vec<f64>> {
        let share = |s: &&Summary| {
            let start = run.samples.get(s.typical?)?;
            let whole = start.latency().filter(|ns| *ns > 0)?;
            Some(start.marks.between(Mark::Dispatched, end)? as f64 / whole as f64)
        };
        group.iter().map(share).collect()
    };
    if let Some(shares) = until(Mark::Exec) {
        return Some(format!("the engine, from create to start, takes {}", of_a_start(shares)));
    }
    // Unless the kernel told of the function's exec nobody knows where the one ends.
    let shares = until(Mark::Main)?;
    Some(format!("the engine and the language runtime take {}", of_a_start(shares)))
}

/// `65 to 99 % of a typical start`.
fn of_a_start(mut shares: Vec<f64>) -> String {
    shares.sort_by(f64::total_cmp);
    let percent = |share: Option<&f64>| match share.map_or(0.0, |share| share * 100.0) {
        p if p > 99.0 => "over 99".to_owned(),
        p => format!("{p:.0}"),
    };
    let (low, high) = (percent(shares.first()), percent(shares.last()));
    let range = if low == high { low } else { format!("{low} to {high}") };
    format!("{range} % of a typical start")
}

/// The function that differs most between conditions.
fn among_conditions(run: &Run, answered: &[&Summary]) -> Option<String> {
    let mut names: Vec<&str> = answered.iter().map(|s| &*s.cell.function).collect();
    names.dedup();
    let of = |name: &&str| -> Option<(&Summary, &Summary)> {
        let own: Vec<&Summary> =
            answered.iter().copied().filter(|s| s.cell.function == **name).collect();
        ends(&own).filter(|_| own.len() > 1)
    };
    let times = |(fast, slow): &(&Summary, &Summary)| median(slow) / median(fast);
    let widest = names.iter().filter_map(of).max_by(|a, b| times(a).total_cmp(&times(b)));
    let (fast, slow) = widest?;
    let told = |s: &Summary| {
        let under = shortened(&conditions(run, &s.cell.factors), LONGEST_NAME);
        format!("{} ms under {under}", format_ms(median(s)))
    };
    let apart = if are_apart(fast, slow) { "" } else { ", which is not told apart" };
    let who = match names.len() {
        1 => "between conditions it differs".to_owned(),
        _ => format!("{} differs most between conditions", name(slow)),
    };
    Some(format!("{who}, {} against {}{apart}", told(slow), told(fast)))
}

/// What the medians do not show.
fn failures(cold: &[&Summary]) -> Option<String> {
    let mut by_name: Vec<(String, usize)> = Vec::new();
    for summary in cold.iter().filter(|s| s.latency.failed > 0) {
        let name = name(summary);
        match by_name.last_mut().filter(|(last, _)| *last == name) {
            Some((_, n)) => *n += summary.latency.failed,
            None => by_name.push((name, summary.latency.failed)),
        }
    }
    let failed: usize = by_name.iter().map(|(_, n)| n).sum();
    let all: usize = cold.iter().map(|s| s.latency.n).sum();
    let named = by_name.iter().take(MOST_NAMED).map(|(name, n)| format!("{name} {n}"));
    let named = named.collect::<Vec<_>>().join(", ") + &and_more(by_name.len());
    (failed > 0).then(|| format!("{failed} of {} failed: {named}", counted(all as u64, "start")))
}

#[cfg(test)]
mod tests;
