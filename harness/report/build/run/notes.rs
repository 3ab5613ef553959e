//! What a reader must know beside the table, in plain sentences: what is wrong comes
//! with its cause and what to do about it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::tune::words::emulation;
use super::reply::by_container_alone;
use super::{controls, noise, resources};
use crate::analysis::Analysis;
use crate::report::document::{Kind, Note};
use crate::sample::Outcome;
use crate::stats::{self, Bursts, DispatchLag, OutOfRange, Summary, least_rows};
use crate::store::Run;
use crate::text::sanitize::both_ends;
use crate::text::units::format_ns;
use crate::words::{cell_name, counted, level, plain, subject};

pub(in crate::report) mod advice;
mod course;
mod init_limit;

/// Longest cause that is shown, in characters: its begin, and its end, where a function's
/// last words are. The whole is in `samples.jsonl`.
const LONGEST_CAUSE: usize = 600;

/// Reasons of cold instances that are told.
const MOST_REASONS: usize = 5;

/// Every remark, the gravest first.
pub(in crate::report) fn notes(analysis: &Analysis) -> Vec<Note> {
    let (run, summaries) = (analysis.run, &analysis.summaries);
    let mut notes = failures(run);
    notes.extend(why_cold(run));
    notes.extend(
        run.record.warnings.iter().map(|w| Note::warning("reported by the run").quoting(plain(w))),
    );
    notes.extend(advice::no_controls(analysis));
    notes.extend(controls::uncalibrated(analysis).map(Note::warning));
    notes.extend(advice::few_rounds(analysis));
    notes.extend(advice::machine(analysis));
    notes.extend(course::kernel_events(run));
    notes.extend(course::firewalls(run));
    notes.extend(course::readiness(run));
    notes.extend(course::unattributed(analysis));
    notes.extend(resources::remarks(analysis).into_iter().map(Note::warning));
    notes.extend(by_container_alone(run).map(Note::remark));
    notes.extend(course::page_cache(run));
    let rules = run.record.scenario.factors.cpu_rule.iter().filter(|rule| rule.is_by_memory());
    notes.extend(rules.map(|rule| Note::remark(emulation(*rule))));
    notes.extend(course::until(analysis));
    notes.extend(course::time_limit(run));
    notes.extend(init_limit::init_limit(run));
    notes.extend(first_round(analysis));
    notes.extend(unsupported(summaries));
    notes.extend(lateness(run));
    let bursts = stats::bursts(&run.samples, summaries);
    notes.extend(bursts.iter().map(burst));
    notes.extend(validity(&bursts));
    notes.push(range(summaries));
    notes.extend(dropped_marks(run));
    notes.sort_by_key(|note| note.kind);
    notes
}

/// Failures by kind, each with the cells it met and one cause.
fn failures(run: &Run) -> Vec<Note> {
    let mut kinds: BTreeMap<&str, (u64, String, &str)> = BTreeMap::new();
    let mut starts: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for sample in &run.samples {
        let Some(cause) = sample.outcome.cause() else { continue };
        let place = || cell_name(run, &sample.cell);
        let kind = kinds.entry(sample.outcome.kind()).or_insert_with(|| (0, place(), cause));
        kind.0 += 1;
        if let Some(start) = sample.start().filter(|_| sample.cell.control.is_none()) {
            starts.entry(sample.outcome.kind()).or_default().push(start);
        }
    }
    kinds
        .into_iter()
        .map(|(kind, (n, place, cause))| {
            let what = match is_not_tried(kind) {
                true => format!("{} not tried, and counted as failed", counted(n, "invocation")),
                false => format!("{} {kind}", counted(n, "failure")),
            };
            let starts = starts.remove(kind).map(started).unwrap_or_default();
            Note::warning(format!("{what}, all rounds; the first at {place}{starts}"))
                .quoting(both_ends(&plain(cause), LONGEST_CAUSE))
        })
        .collect()
}

/// How long instances took to be ready that then failed: in no other figure.
fn started(starts: Vec<u64>) -> String {
    let n = starts.len() as u64;
    let mut starts: Vec<f64> = starts.into_iter().map(|ns| ns as f64).collect();
    starts.sort_by(f64::total_cmp);
    let median = stats::middle(&starts).map_or_else(String::new, format_ns);
    format!("; {} ready after {median} (median)", counted(n, "start"))
}

/// Invocations that might have found an instance and did not, by why: what they measured
/// is a start that the pattern has no word of.
fn why_cold(run: &Run) -> Vec<Note> {
    let mut all: BTreeMap<&str, (u64, String)> = BTreeMap::new();
    for sample in &run.samples {
        // Of failures their own causes are told.
        let Some(why) = sample.why_cold.as_deref().filter(|_| sample.outcome.is_ok()) else {
            continue;
        };
        let first = || (0, cell_name(run, &sample.cell));
        all.entry(why).or_insert_with(first).0 += 1;
    }
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by_key(|(_, (n, _))| Reverse(*n));
    let note = |(why, (n, place)): (&str, (u64, String))| {
        let what = counted(n, "invocation");
        Note::warning(format!("{what} met a new instance, the first at {place}, because"))
            .quoting(both_ends(&plain(why), LONGEST_CAUSE))
    };
    all.into_iter().take(MOST_REASONS).map(note).collect()
}

fn is_not_tried(kind: &str) -> bool {
    kind == Outcome::NotTried { cause: String::new() }.kind()
}

fn first_round(analysis: &Analysis) -> Option<Note> {
    let (run, cells) = (analysis.run, analysis.headline());
    if cells.iter().any(|s| s.first_ever.used) {
        return Some(Note::warning(match run.record.tried {
            true => {
                "one round only: the figures are of the first round, which is left out \
                     otherwise; `--rounds 20` or `--until 5%`"
            }
            false => {
                "one round only: the figures are first-ever starts; `--rounds 20` or \
                     `--until 5%`"
            }
        }));
    }
    let medians: Vec<String> = cells
        .iter()
        .filter_map(|s| {
            let median = s.first_ever.median?;
            Some(format!("{} {}", subject(run, &s.cell), level(median)))
        })
        .collect();
    let medians = (!medians.is_empty()).then(|| medians.join(", "))?;
    let slow = advice::first_was_slow(run, &cells).unwrap_or_default();
    Some(Note::remark(format!("round 1 (discarded), median ms: {medians}{slow}")))
}

/// Why there is a dash.
fn unsupported(summaries: &[Summary]) -> Option<Note> {
    let mut shown = summaries.iter().filter(|s| s.cell.control.is_none());
    let few = shown.any(|s| s.latency.p90.value.is_none());
    let [p90, p95, p99] = [0.9, 0.95, 0.99].map(least_rows);
    few.then(|| {
        Note::remark(format!(
            "—: too few rows for a 95 % interval; p90 needs {p90}, p95 {p95}, p99 {p99}: \
             read the maximum"
        ))
    })
}

fn lateness(run: &Run) -> Option<Note> {
    let lag = DispatchLag::of(stats::used(&run.samples).filter_map(|s| s.lag()).collect())?;
    Some(Note::well(format!(
        "driver lag p50 {}, p99 {}, max {}",
        format_ns(lag.p50),
        format_ns(lag.p99),
        format_ns(lag.max as f64)
    )))
}

fn burst(bursts: &Bursts) -> Note {
    let Bursts { size, temperature, bursts: n, width, invalid } = bursts;
    let width = width.filter(|_| *size > 1).map_or_else(String::new, |w| {
        format!(" width p99 {}, max {};", format_ns(w.p99), format_ns(w.max as f64))
    });
    let kind = if *invalid > 0 { Kind::Warning } else { Kind::Well };
    Note::new(kind, format!("burst of {size}, {temperature}:{width} {invalid} of {n} invalid"))
}

/// What makes a burst invalid, said once.
fn validity(all: &[Bursts]) -> Option<Note> {
    let kind = if all.iter().any(|b| b.invalid > 0) { Kind::Remark } else { Kind::Well };
    (!all.is_empty()).then(|| {
        let text = format!(
            "invalid: a row left more than {}, or {} % of its cell's median and more than {}, late",
            format_ns(stats::MOST_LAG_NS as f64),
            stats::MOST_LAG_SHARE * 100.0,
            format_ns(stats::LEAST_LAG_NS as f64)
        );
        Note::new(kind, text)
    })
}

fn range(summaries: &[Summary]) -> Note {
    let OutOfRange { below, above } = summaries.iter().fold(OutOfRange::default(), |sum, s| {
        let out = s.out_of_range;
        OutOfRange { below: sum.below + out.below, above: sum.above + out.above }
    });
    let kind = if below + above > 0 { Kind::Warning } else { Kind::Well };
    let text = format!(
        "outside the histograms: {below} below {}, {above} above {} s",
        format_ns(stats::LOWEST_NS as f64),
        stats::HIGHEST_NS / 1_000_000_000
    );
    Note::new(kind, text)
}

fn dropped_marks(run: &Run) -> Option<Note> {
    let n: u64 = run.samples.iter().map(|s| u64::from(s.dropped_marks)).sum();
    (n > 0).then(|| {
        let marks = counted(n, "mark");
        Note::remark(format!(
            "{marks} of the functions' own clocks not between their neighbours: dropped"
        ))
    })
}
