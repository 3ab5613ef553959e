//! The controls of a run as text: how wrong its figures can be, and what of each
//! is the engine's.

use crate::analysis::Analysis;
use crate::report::document::Fact;
use crate::spec::control::{Calibrated, Floor};
use crate::spec::factor::Factors;
use crate::stats::{Calibration, CalibrationSeries, ControlFigures, LatencySummary, RankedValue};
use crate::text::units::format_ns;
use crate::words::{conditions, plain, quantile};

/// What is said of a run without any.
pub(in crate::report) const NONE: &str = "no controls: the run cannot say how wrong it is";

/// The floors, the calibration and the bias; empty without controls.
pub(super) fn facts(analysis: &Analysis) -> Vec<Fact> {
    let (run, controls) = (analysis.run, &analysis.controls);
    let mut facts = Vec::new();
    for ControlFigures { kind, floors, .. } in &controls.kinds {
        let what = match kind.floor {
            Floor::Driver => "the driver's floor",
            Floor::Engine => "the engine's floor",
            Floor::Listener => "the floor of what listens",
        };
        let mut floors: Vec<_> = floors.iter().collect();
        floors.sort_by_key(|(factors, _)| (run.record.scenario.factors.place(factors), factors));
        for (factors, latency) in floors {
            let under = kind.has_factors().then(|| format!(", {}", conditions(run, factors)));
            let under = under.unwrap_or_else(|| of_machine(factors));
            let name = format!("null {}{under}", kind.name);
            facts.push((name, floor(latency, what)));
        }
    }
    for of in &controls.kinds {
        let name = match of.kind.calibrated {
            Calibrated::Whole => of.kind.name.to_owned(),
            Calibrated::AfterTheEngine => format!("{}, after the engine", of.kind.name),
        };
        let named = |of: &CalibrationSeries| {
            (format!("{name}{}", of_machine(&of.factors)), calibration(&of.line))
        };
        facts.extend(of.lines(&run.samples).iter().map(named));
    }
    let noisy = controls.kinds.iter().filter(|of| of.kind.calibrated == Calibrated::AfterTheEngine);
    for ControlFigures { kind, headline, .. } in noisy {
        facts.extend(headline.as_ref().map(|line| {
            let text = format!("{} (through the engine's noise)", slope(line));
            (format!("{}, whole", kind.name), text)
        }));
    }
    facts.extend(controls.bias.as_ref().and_then(bias));
    facts
}

/// The machine of a fleet, after what was measured there; nothing of a run of one machine.
fn of_machine(factors: &Factors) -> String {
    factors.machine().map_or_else(String::new, |machine| format!(", {}", plain(machine)))
}

/// What of the calibration is missing although there are controls: a run that is
/// not calibrated must not pass for one that is.
pub(super) fn uncalibrated(analysis: &Analysis) -> Option<String> {
    let controls = &analysis.controls;
    let missing = controls.kinds.iter().filter(|of| of.line.is_none());
    let missing: Vec<&str> = missing.map(|of| of.kind.name).collect();
    (controls.are_there() && !missing.is_empty()).then(|| {
        let places = missing.join(", ");
        format!("not calibrated, too few of the known sleeps were measured: {places}")
    })
}

/// `1.42 (1.40–1.44) ms, n = 19: the driver's floor`.
fn floor(latency: &LatencySummary, what: &str) -> String {
    let median = match latency.p50.value {
        Some(RankedValue::Failed) => "failed".to_owned(),
        _ => format!("{} ms", quantile(&latency.p50)),
    };
    let failed = match latency.failed {
        0 => String::new(),
        n => format!(", {n} failed"),
    };
    format!("{median}, n = {}{failed}: {what}", latency.n)
}

/// `slope 1.0003 ± 0.0002, intercept 1.42 ms, spread 41.0 us, n = 95`.
pub(in crate::report) fn calibration(line: &Calibration) -> String {
    format!(
        "{}, intercept {}, spread {}, n = {}",
        slope(line),
        format_ns(line.intercept),
        format_ns(line.spread),
        line.n
    )
}

/// A slope with the figures that its error leaves it.
pub(super) fn slope(line: &Calibration) -> String {
    let figures = (-line.slope_error.log10()).ceil().clamp(2.0, 4.0) as usize;
    format!("slope {:.figures$} ± {:.figures$}", line.slope, line.slope_error)
}

fn bias(late: &LatencySummary) -> Option<Fact> {
    let ns = |value: Option<RankedValue>| value.and_then(RankedValue::ns).map(format_ns);
    let median = ns(late.p50.value)?;
    // A p99 of few rows is their maximum by another name.
    let tail = match ns(late.p99.value) {
        Some(p99) => format!("p99 {p99}"),
        None => format!("max {}", format_ns(late.max.unwrap_or_default() as f64)),
    };
    let text = format!("{median} after the function's own stamp (median; {tail})");
    Some(("reply seen".to_owned(), text))
}
