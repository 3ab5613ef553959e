//! What is wrong with a run as a whole, and what to type next.

use super::{Note, controls, noise};
use crate::analysis::Analysis;
use crate::sample::Temperature;
use crate::stats::{Grade, Quantile, RankedValue, Summary, ratio};
use crate::store::Run;
use crate::words::counted;

/// How well a median is to be known before nothing is said of it, as a share.
const WELL_KNOWN: f64 = 0.05;
/// More rounds than these nobody is told to wait for.
const MOST_ROUNDS: f64 = 1_000.0;
/// How many times as slow a first start must be for its cause to be named.
const SLOW: f64 = 1.5;

/// A run that cannot say how wrong it is.
pub(super) fn no_controls(analysis: &Analysis) -> Option<Note> {
    if analysis.controls.are_there() {
        return None;
    }
    let cure = if analysis.run.record.command.contains("--no-controls") {
        "; measure without `--no-controls`"
    } else {
        ""
    };
    Some(Note::warning(format!("{}{cure}", controls::NONE)))
}

/// Medians that are known less well than most differences that are looked for.
pub(super) fn few_rounds(analysis: &Analysis) -> Option<Note> {
    let record = &analysis.run.record;
    let one_round = analysis.summaries.iter().any(|s| s.first_ever.used);
    // The rule tells of itself, and a run that was cut short is told of already.
    // Nobody plans how many calls come from outside.
    let has_rounds = !record.scenario.is_from_outside();
    if record.scenario.until.is_some() || one_round || !record.complete || !has_rounds {
        return None;
    }
    let cells = analysis.headline();
    let rounds = record.scenario.rounds;
    let counted = counted(u64::from(rounds), "round");
    // Stopping when it is enough is refused in a gate.
    let until = if record.side.is_none() { " or `--until 5%`" } else { "" };
    if cells.iter().any(|s| s.latency.p50.value.is_some() && s.latency.p50.interval.is_none()) {
        let text =
            format!("{counted}: too few for an interval of the median; `--rounds 20`{until}");
        return Some(Note::warning(text));
    }
    let worst = cells.iter().filter_map(|s| half_width(&s.latency.p50)).max_by(f64::total_cmp)?;
    let percent = worst * 100.0;
    // Intervals narrow with the square root of the rounds; the first is in none.
    let needed = (f64::from(rounds.saturating_sub(1)) * (worst / WELL_KNOWN).powi(2) + 1.0) / 10.0;
    let needed = needed.ceil() * 10.0;
    let cure = if needed <= MOST_ROUNDS {
        format!("; for ±5 %: `--rounds {needed}`{until}")
    } else {
        "; the starts themselves vary so much, see the machine".to_owned()
    };
    (worst > WELL_KNOWN).then(|| {
        Note::warning(format!("{counted}: a median is known to ±{percent:.0} % at worst{cure}"))
    })
}

/// How far the interval goes to its farther side, as a share of the value.
fn half_width(quantile: &Quantile) -> Option<f64> {
    let (RankedValue::Ns(value), Some(interval)) = (quantile.value?, quantile.interval) else {
        return None;
    };
    let (low, high) = (interval.low.ns()?, interval.high.ns()?);
    (value > 0.0).then(|| (high - value).max(value - low) / value)
}

/// What helps against the noise; its causes stand with the machine's grade.
pub(super) fn machine(analysis: &Analysis) -> Option<Note> {
    let machine = &analysis.machine;
    let mut parts = vec![grade(machine.grade)?];
    for cure in machine.causes.iter().map(noise::cure) {
        if !parts.contains(&cure) {
            parts.push(cure);
        }
    }
    Some(Note::warning(parts.join("; ")))
}

/// What a machine's grade means for a reader; nothing of a quiet one.
pub(in crate::report) fn grade(grade: Grade) -> Option<&'static str> {
    match grade {
        Grade::Quiet => None,
        Grade::Noisy => Some("a noisy machine: tails and small differences may be its own"),
        Grade::Disturbed => {
            Some("a disturbed machine: the figures tell as much of it as of functions")
        }
    }
}

/// What made the first starts slow, if they were: files that were not in memory yet.
pub(super) fn first_was_slow(run: &Run, cells: &[&Summary]) -> Option<String> {
    let times = |s: &&Summary| ratio(s.first_ever.median?.ns()?, s.median()?);
    let cold = cells.iter().copied().filter(|s| s.cell.temperature == Temperature::Cold);
    let most = cold.filter_map(|s| times(&s)).max_by(f64::total_cmp)?;
    // What was tried before had its files read by that.
    let why = match run.record.tried {
        true => "",
        false => ", as files were not in memory yet: to measure that, `--page-cache image-cold`",
    };
    (most >= SLOW).then(|| format!("; up to {most:.1}x what came after{why}"))
}

#[cfg(test)]
mod tests;
