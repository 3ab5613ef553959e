//! What `summary.json` tells of the run as a whole: controls, machine, throughput,
//! resources.

use serde::Serialize;

use crate::analysis::Analysis;
use crate::sample::Cell;
use crate::spec::factor::Factors;
use crate::stats::{
    Calibration, Gain, Grade, LatencySummary, MedianAndMax, RankedValue, Rate, ResourceUse,
    Throughput,
};

/// All of it; its fields stand at the top of the page.
#[derive(Serialize)]
pub(super) struct Whole<'a> {
    /// Why the figures are not to be believed; empty when they are.
    invalid: &'a [String],
    controls: Option<ControlFacts<'a>>,
    noise: Noise<'a>,
    throughput: Vec<StartFacts<'a>>,
    resources: Vec<UseFacts<'a>>,
    /// The share of each cold headline cell's typical row that is in no named part.
    unattributed: Vec<Unattributed<'a>>,
}

#[derive(Serialize)]
struct ControlFacts<'a> {
    null_process: Option<Figures>,
    null_containers: Vec<Floor<'a>>,
    process: Option<Calibration>,
    /// From exec, or main, to reply.
    container: Option<Calibration>,
    /// The headline, through the engine's noise.
    container_whole: Option<Calibration>,
    /// How late the driver saw a reply, by the function's own clock.
    bias: Option<Figures>,
}

#[derive(Serialize)]
struct Floor<'a> {
    factors: &'a Factors,
    latency: Figures,
}

/// A distribution in short; the rest is among the rows.
#[derive(Serialize)]
struct Figures {
    n: usize,
    errors: usize,
    p50: Option<RankedValue>,
    p50_low: Option<RankedValue>,
    p50_high: Option<RankedValue>,
    p99: Option<RankedValue>,
    max: Option<u64>,
}

#[derive(Serialize)]
struct Noise<'a> {
    grade: Grade,
    causes: &'a [String],
    /// Whether anything was read of the machine.
    known: bool,
}

#[derive(Serialize)]
struct StartFacts<'a> {
    function: &'a str,
    factors: &'a Factors,
    workers: u32,
    trials: usize,
    starts: usize,
    errors: usize,
    /// The median over the trials, and its 95 % interval.
    starts_a_minute: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    slowest_trial: Option<f64>,
    fastest_trial: Option<f64>,
    latency: Figures,
    speed_up: Option<f64>,
    latency_inflation: Option<f64>,
}

#[derive(Serialize)]
struct UseFacts<'a> {
    cell: &'a Cell,
    n: usize,
    throttled_periods: Option<u64>,
    throttled_p50_us: Option<f64>,
    throttled_max_us: Option<u64>,
    peak_memory_p50_bytes: Option<f64>,
    peak_memory_max_bytes: Option<u64>,
    oom_kills: Option<u64>,
}

#[derive(Serialize)]
struct Unattributed<'a> {
    cell: &'a Cell,
    share: f64,
}

impl<'a> Whole<'a> {
    pub(super) fn of(analysis: &'a Analysis, faults: &'a [String], causes: &'a [String]) -> Self {
        let machine = &analysis.machine;
        let unattributed = |(cell, share): &'a (Cell, f64)| Unattributed { cell, share: *share };
        Self {
            invalid: faults,
            controls: analysis.controls.are_there().then(|| ControlFacts::of(analysis)),
            noise: Noise { grade: machine.grade, causes, known: machine.known },
            throughput: analysis.throughput.iter().map(StartFacts::from).collect(),
            resources: analysis.resources.iter().map(UseFacts::from).collect(),
            unattributed: analysis.unattributed.iter().map(unattributed).collect(),
        }
    }
}

impl<'a> ControlFacts<'a> {
    fn of(analysis: &'a Analysis) -> Self {
        let controls = &analysis.controls;
        let floor = |(factors, latency): &'a (Factors, LatencySummary)| Floor {
            factors,
            latency: Figures::from(latency),
        };
        Self {
            null_process: controls.null_process.as_ref().map(Figures::from),
            null_containers: controls.floors.iter().map(floor).collect(),
            process: controls.process,
            container: controls.container,
            container_whole: controls.headline,
            bias: controls.bias.as_ref().map(Figures::from),
        }
    }
}

impl From<&LatencySummary> for Figures {
    fn from(of: &LatencySummary) -> Self {
        Self {
            n: of.n,
            errors: of.failed,
            p50: of.p50.value,
            p50_low: of.p50.interval.map(|i| i.low),
            p50_high: of.p50.interval.map(|i| i.high),
            p99: of.p99.value,
            max: of.max,
        }
    }
}

impl<'a> From<&'a Throughput> for StartFacts<'a> {
    fn from(t: &'a Throughput) -> Self {
        let rate = |of: fn(&Rate) -> f64| t.rate.as_ref().map(of);
        let interval = t.rate.and_then(|r| r.interval);
        Self {
            function: &t.function,
            factors: &t.factors,
            workers: t.workers,
            trials: t.trials,
            starts: t.starts,
            errors: t.failed,
            starts_a_minute: rate(|r| r.median),
            low: interval.map(|(low, _)| low),
            high: interval.map(|(_, high)| high),
            slowest_trial: rate(|r| r.min),
            fastest_trial: rate(|r| r.max),
            latency: Figures::from(&t.latency),
            speed_up: t.gain.map(|Gain { speed_up, .. }| speed_up),
            latency_inflation: t.gain.and_then(|g| g.inflation),
        }
    }
}

impl<'a> From<&'a ResourceUse> for UseFacts<'a> {
    fn from(used: &'a ResourceUse) -> Self {
        let median = |of: Option<MedianAndMax>| of.map(|m| m.median);
        let max = |of: Option<MedianAndMax>| of.map(|m| m.max);
        Self {
            cell: &used.cell,
            n: used.n,
            throttled_periods: used.throttled_periods,
            throttled_p50_us: median(used.throttled_us),
            throttled_max_us: max(used.throttled_us),
            peak_memory_p50_bytes: median(used.peak_memory),
            peak_memory_max_bytes: max(used.peak_memory),
            oom_kills: used.oom_kills,
        }
    }
}
