//! What `summary.json` tells of the run as a whole: controls, machine, throughput,
//! resources.

use serde_json::Value;

use crate::analysis::Analysis;
use crate::report::build::run::trust;
use crate::report::render::json::{Json, object};
use crate::sample::Cell;
use crate::spec::control::Calibrated;
use crate::spec::factor::Factors;
use crate::stats::{
    Calibration, ControlFigures, Gain, LatencySummary, MedianAndMax, RankedValue, Rate,
    ResourceUse, Throughput,
};

/// All of it; its members stand at the top of the page.
pub(super) fn members<'a>(analysis: &'a Analysis) -> Json<'a> {
    let machine = &analysis.machine;
    let controls = analysis.controls.are_there().then(|| controls(analysis));
    let unattributed = |(cell, share): &'a (Cell, f64)| {
        object! { "cell": Json::Cell(cell), "share": *share }
    };
    object! {
        // Why the figures are not to be believed; empty when they are.
        "invalid": trust::faults(analysis),
        "controls": Json::or_null(controls),
        "noise": object! {
            "grade": machine.grade.to_string(),
            "causes": trust::causes(machine),
            // Whether anything was read of the machine.
            "known": machine.known,
        },
        "throughput": analysis.throughput.iter().map(throughput).collect::<Json>(),
        "resources": analysis.resources.iter().map(used).collect::<Json>(),
        // The share of each cold headline cell's typical row that is in no named part.
        "unattributed": analysis.unattributed.iter().map(unattributed).collect::<Json>(),
    }
}

/// What each control says, under keys of its name.
fn controls<'a>(analysis: &'a Analysis) -> Json<'a> {
    let controls = &analysis.controls;
    let line = |of: &Option<Calibration>| Json::or_null(of.as_ref().map(calibration));
    let floor = |(factors, latency): &'a (Factors, LatencySummary)| {
        object! { "factors": Json::Factors(factors), "latency": figures(latency) }
    };
    let mut members = Vec::new();
    for ControlFigures { kind, floors, .. } in &controls.kinds {
        let key = format!("null_{}", kind.name);
        members.push(if kind.has_factors() {
            (key + "s", floors.iter().map(floor).collect::<Json>())
        } else {
            (key, Json::or_null(floors.first().map(|(_, latency)| figures(latency))))
        });
    }
    for ControlFigures { kind, line: calibrated, headline, .. } in &controls.kinds {
        members.push((kind.name.to_owned(), line(calibrated)));
        // That of the others is their headline.
        if kind.calibrated == Calibrated::AfterTheEngine {
            members.push((format!("{}_whole", kind.name), line(headline)));
        }
    }
    // How late the driver saw a reply, by the function's own clock.
    members.push(("bias".to_owned(), Json::or_null(controls.bias.as_ref().map(figures))));
    Json::Object(members)
}

/// A distribution in short; the rest is among the rows.
fn figures<'a>(of: &LatencySummary) -> Json<'a> {
    object! {
        "n": of.n,
        "errors": of.failed,
        "p50": level(of.p50.value),
        "p50_low": level(of.p50.interval.map(|i| i.low)),
        "p50_high": level(of.p50.interval.map(|i| i.high)),
        "p99": level(of.p99.value),
        "max": of.max,
    }
}

/// A number, `failed`, or nothing.
pub(super) fn level(of: Option<RankedValue>) -> Value {
    match of {
        None => Value::Null,
        Some(RankedValue::Ns(ns)) => ns.into(),
        Some(RankedValue::Failed) => "failed".into(),
    }
}

/// All but the slope in nanoseconds.
fn calibration<'a>(line: &Calibration) -> Json<'a> {
    object! {
        "n": line.n,
        "slope": line.slope,
        "slope_error": line.slope_error,
        "intercept": line.intercept,
        "spread": line.spread,
        "worst": line.worst,
    }
}

fn throughput(t: &Throughput) -> Json<'_> {
    let rate = |of: fn(&Rate) -> f64| t.rate.as_ref().map(of);
    let (low, high) = t.rate.and_then(|r| r.interval).unzip();
    object! {
        "function": t.function.as_str(),
        "factors": Json::Factors(&t.factors),
        "workers": t.workers,
        "trials": t.trials,
        "starts": t.starts,
        "errors": t.failed,
        // The median over the trials, and its 95 % interval.
        "starts_a_minute": rate(|r| r.median),
        "low": low,
        "high": high,
        "slowest_trial": rate(|r| r.min),
        "fastest_trial": rate(|r| r.max),
        "latency": figures(&t.latency),
        "speed_up": t.gain.map(|Gain { speed_up, .. }| speed_up),
        "latency_inflation": t.gain.and_then(|g| g.inflation),
    }
}

fn used(used: &ResourceUse) -> Json<'_> {
    let median = |of: Option<MedianAndMax>| of.map(|m| m.median);
    let max = |of: Option<MedianAndMax>| of.map(|m| m.max);
    object! {
        "cell": Json::Cell(&used.cell),
        "n": used.n,
        "throttled_periods": used.throttled_periods,
        "throttled_p50_us": median(used.throttled_us),
        "throttled_max_us": max(used.throttled_us),
        "peak_memory_p50_bytes": median(used.peak_memory),
        "peak_memory_max_bytes": max(used.peak_memory),
        "oom_kills": used.oom_kills,
        "answered_p50_ns": median(used.answered_ns),
        "cpu_p50_ns": median(used.cpu_ns),
        "cpu_max_ns": max(used.cpu_ns),
        "cpu_system_p50_ns": median(used.cpu_system_ns),
    }
}
