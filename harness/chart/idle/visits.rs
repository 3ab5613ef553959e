//! The starts after each pause. The first step of a pattern follows the removal of every
//! instance, which is no pause.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::chart::context::ChartContext;
use crate::chart::{plain, position};
use crate::sample::{Sample, Temperature};
use crate::spec::scenario::{LoadShape, Scenario, Step};
use crate::stats::{self, BootstrapWeights, LatencySummary};

/// A function after one pause.
pub(super) struct Visit {
    pub(super) name: String,
    pub(super) position: usize,
    pub(super) idle: Duration,
    /// Of `n` answered starts, so many were cold.
    pub(super) cold: u64,
    pub(super) n: u64,
    pub(super) failed: usize,
    pub(super) latency: LatencySummary,
}

impl Visit {
    pub(super) fn seconds(&self) -> f64 {
        self.idle.as_secs_f64()
    }

    /// Percent.
    pub(super) fn share(&self) -> f64 {
        100.0 * self.cold as f64 / self.n as f64
    }
}

/// A pattern's and a step's name, with the pause before it.
pub(super) type Pause<'a> = (&'a str, &'a str, Duration);

/// Bursts of one size after pauses of different lengths, the size of most lengths; none
/// where no size has two.
pub(super) fn pauses(scenario: &Scenario) -> Option<(u32, Vec<Pause<'_>>)> {
    let mut by_size: BTreeMap<u32, Vec<Pause>> = BTreeMap::new();
    for pattern in &scenario.patterns {
        for pair in pattern.steps.windows(2) {
            let [before, step] = pair else { continue };
            if let (LoadShape::Burst(size), true) = (step.act, at_once(before) >= at_once(step))
                && !step.after.is_zero()
            {
                by_size.entry(size).or_default().push((&pattern.name, &step.name, step.after));
            }
        }
    }
    let lengths =
        |pauses: &[Pause]| pauses.iter().map(|(.., after)| *after).collect::<BTreeSet<_>>().len();
    let several = by_size.into_iter().filter(|(_, pauses)| lengths(pauses) > 1);
    several.max_by_key(|(size, pauses)| (lengths(pauses), Reverse(*size)))
}

/// How many instances a step leaves, or needs: a step that needs more than there are
/// has cold starts whatever the pause.
fn at_once(step: &Step) -> u32 {
    match step.act {
        LoadShape::Burst(n) => n,
        LoadShape::Sequence(_) => 1,
        LoadShape::Parallel { .. } | LoadShape::Arrivals => 0,
    }
}

pub(super) fn visits(context: &ChartContext, pauses: &[Pause]) -> Vec<Visit> {
    let idle = |s: &Sample| {
        let here = |(pattern, step, _): &&Pause| s.cell.pattern == *pattern && s.cell.step == *step;
        pauses.iter().find(here).map(|(.., after)| *after)
    };
    let mut rows: BTreeMap<(usize, String, Duration), Vec<&Sample>> = Default::default();
    for sample in stats::used(&context.run.samples).filter(|s| context.holds(s)) {
        if let Some(idle) = idle(sample) {
            let function = &sample.cell.function;
            let key = (position(context.run, function), plain(function), idle);
            rows.entry(key).or_default().push(sample);
        }
    }
    let mut draws = BootstrapWeights::default();
    let visit = |((position, name, idle), rows): ((usize, String, Duration), Vec<&Sample>)| {
        let answered: Vec<&Sample> =
            rows.iter().copied().filter(|s| s.latency().is_some()).collect();
        let cold = answered.iter().filter(|s| s.cell.temperature == Temperature::Cold).count();
        let times: Vec<(u32, Option<u64>)> = rows.iter().map(|s| (s.round, s.latency())).collect();
        let (n, failed) = (answered.len() as u64, rows.len() - answered.len());
        let latency = LatencySummary::by_round(&times, &mut draws);
        let visit = Visit { name, position, idle, cold: cold as u64, n, failed, latency };
        (n > 0).then_some(visit)
    };
    rows.into_iter().filter_map(visit).collect()
}
