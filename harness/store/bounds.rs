//! What the numbers of a run's files may be. A folder may be somebody else's, or spoilt:
//! what no run can have is found out here, with its place, before anything reckons with it.

use std::fmt::Display;
use std::time::Duration;

use super::record::{FunctionRecord, RunRecord};
use crate::sample::{HostInterval, Residency, Resources, Sample, TrialRecord};
use crate::spec::scenario::{LoadShape, MAX_INVOCATIONS, MAX_WORKERS, Pattern, Scenario};

/// The longest time that anything may take, in nanoseconds: ten years.
const LONGEST: u64 = 10 * 365 * 86_400 * 1_000_000_000;
/// The most of anything that is counted, bytes among them.
const MOST: u64 = 1 << 60;
/// The most visits to a cell.
const ROUNDS: u64 = 1_000_000;
/// The most subjects of a round: functions, with every pattern, under every combination
/// of factors.
const SUBJECTS: u64 = 100_000;

/// A number that cannot be, and where it is: `scenario.rounds is 0, ...`.
type Found = Result<(), String>;

fn within(place: impl Display, value: u64, least: u64, most: u64) -> Found {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(format!("{place} is {value}, and can be {least} to {most}"))
}

fn real(place: impl Display, value: f64, most: f64) -> Found {
    // No number at all is in no range.
    if (0.0..=most).contains(&value) {
        return Ok(());
    }
    Err(format!("{place} is {value}, and can be 0 to {most}"))
}

fn time(place: impl Display, value: Duration) -> Found {
    let ns = u64::try_from(value.as_nanos()).unwrap_or(u64::MAX);
    within(format!("{place}, in nanoseconds,"), ns, 0, LONGEST)
}

/// Checks `run.json`.
pub(super) fn record(record: &RunRecord) -> Found {
    let RunRecord { scenario, host, kernel_events, machine, counts, .. } = record;
    self::scenario(scenario, record.functions.len())?;
    within("host.cpus", host.cpus as u64, 0, 1 << 20)?;
    for (place, value) in [
        ("host.memory", host.memory),
        ("kernel_events.seen", kernel_events.seen),
        ("kernel_events.lost", kernel_events.lost),
        ("machine.throttled", machine.throttled.unwrap_or(0)),
        ("counts.planned", counts.planned),
        ("counts.ok", counts.ok),
        ("counts.failed", counts.failed),
        ("counts.dropped_marks", counts.dropped_marks),
        ("driver_memory", record.driver_memory.unwrap_or(0)),
    ] {
        within(place, value, 0, MOST)?;
    }
    real("elapsed", record.elapsed.unwrap_or(0.0), LONGEST as f64 / 1e9)?;
    real("machine.load_at_start", machine.load_at_start.unwrap_or(0.0), 1e9)?;
    meanwhile("machine.meanwhile", machine.meanwhile.as_ref())?;
    record.functions.iter().chain(&record.null).try_for_each(function)
}

fn function(function: &FunctionRecord) -> Found {
    let at = |key: &str| format!("functions: {key} of `{}`", function.name.escape_debug());
    within(at("position"), function.position as u64, 0, 1 << 20)?;
    within(at("size"), function.size, 0, MOST)?;
    within(at("limits.memory"), function.limits.memory, 0, MOST)?;
    within(at("timeout_ms"), function.timeout_ms, 0, LONGEST / 1_000_000)?;
    within(at("event.size"), function.event.as_ref().map_or(0, |event| event.size), 0, MOST)
}

fn scenario(scenario: &Scenario, functions: usize) -> Found {
    let Scenario { rounds, until, max_time, keep_alive, patterns, margins, factors, .. } = scenario;
    let mut limits = scenario.budgets.iter().map(|budget| budget.limit);
    limits.try_for_each(|limit| real("scenario.budgets: a limit", limit, 1e18))?;
    within("scenario.rounds", u64::from(*rounds), 1, ROUNDS)?;
    real("scenario.until", until.unwrap_or(0.0), 1.0)?;
    time("scenario.max_time", max_time.unwrap_or_default())?;
    time("scenario.keep_alive", keep_alive.unwrap_or_default())?;
    within("scenario.patterns", patterns.len() as u64, 1, SUBJECTS)?;
    patterns.iter().try_for_each(pattern)?;
    let lists = [functions, patterns.len()].into_iter().chain(factors.lengths());
    let subjects = { lists }.try_fold(1, |all: u64, n| all.checked_mul(n.max(1) as u64));
    within("scenario: subjects of a round", subjects.unwrap_or(u64::MAX), 1, SUBJECTS)?;
    factors.memory.iter().try_for_each(|m| within("scenario.factors.memory", *m, 0, MOST))?;
    let exceptions = margins.exceptions.iter();
    let shares = exceptions
        .clone()
        .filter_map(|e| e.share)
        .chain([margins.share])
        .chain(margins.shares.values().copied())
        .chain(margins.without_daemon.shares.values().copied());
    let floors = exceptions
        .filter_map(|e| e.floor)
        .chain(margins.floors.values().copied())
        .chain(margins.without_daemon.floors.values().copied());
    { shares }.try_for_each(|share| real("scenario.margins: a share", share, 1e6))?;
    { floors }.try_for_each(|floor| real("scenario.margins: a floor", floor, 1e18))
}

fn pattern(pattern: &Pattern) -> Found {
    let name = pattern.name.escape_debug();
    within(
        format!("scenario.patterns: steps of `{name}`"),
        pattern.steps.len() as u64,
        1,
        SUBJECTS,
    )?;
    for step in &pattern.steps {
        let place = format!("scenario.patterns: `{}` of `{name}`", step.name.escape_debug());
        time(format!("{place}: after"), step.after)?;
        act(&place, step.act)?;
    }
    Ok(())
}

fn act(place: &str, act: LoadShape) -> Found {
    if let LoadShape::Parallel { workers, .. } = act {
        within(format!("{place}: workers"), u64::from(workers), 1, u64::from(MAX_WORKERS))?;
    }
    if act == LoadShape::Arrivals {
        return Ok(());
    }
    let (most, of) = (u64::from(MAX_INVOCATIONS), u64::from(act.invocations()));
    within(format!("{place}: invocations"), of, 1, most)
}

fn meanwhile(place: &str, meanwhile: Option<&HostInterval>) -> Found {
    let Some(found) = meanwhile else { return Ok(()) };
    let HostInterval { steal, cpu_pressure, memory_pressure, io_pressure, load } = *found;
    let all = [steal, cpu_pressure, memory_pressure, io_pressure, load];
    all.into_iter().flatten().try_for_each(|value| real(place, value, 1e9))
}

/// Checks a line of `trials.jsonl`.
pub(super) fn trial(trial: &TrialRecord) -> Found {
    within("ended", trial.ended, 0, LONGEST)?;
    within("began", trial.began, 0, trial.ended)?;
    within("trial", u64::from(trial.trial), 1, u64::from(u32::MAX))?;
    within("round", u64::from(trial.round), 1, 2 * ROUNDS)?;
    meanwhile("machine", Some(&trial.machine))?;
    let Residency { files, bytes, resident } = trial.resident.unwrap_or_default();
    [files, bytes, resident].into_iter().try_for_each(|n| within("resident", n, 0, MOST))
}

/// Checks a line of `samples.jsonl`.
pub(super) fn sample(sample: &Sample) -> Found {
    within("round", u64::from(sample.round), 1, 2 * ROUNDS)?;
    within("trial", u64::from(sample.trial), 1, u64::from(u32::MAX))?;
    within("index", u64::from(sample.index), 0, u64::from(MAX_INVOCATIONS))?;
    act("cell.act", sample.cell.act)?;
    within("cell.factors.memory", sample.cell.factors.memory, 0, MOST)?;
    within("proof.invocation", sample.proof.as_ref().map_or(0, |p| p.invocation), 0, MOST)?;
    for &mark in crate::sample::Mark::ALL {
        let at = sample.marks.get(mark).unwrap_or(0);
        within(format!("the mark `{}`", mark.name()), at, 0, LONGEST)?;
    }
    for process in &sample.processes {
        within("exec of a process", process.exec, 0, LONGEST)?;
        within("exit of a process", process.exit.unwrap_or(0), 0, LONGEST)?;
    }
    let Some(used) = sample.resources else { return Ok(()) };
    let Resources { throttled_periods, throttled_us, peak_memory, oom_kills, .. } = used;
    let counts = [throttled_periods, throttled_us, peak_memory, oom_kills];
    let counts = counts.into_iter().chain([used.cpu_ns, used.cpu_system_ns]);
    counts.flatten().try_for_each(|n| within("resources", n, 0, MOST))
}
