//! The words of the picture of one start, and its figures.

use super::{Row, Span, Start};
use crate::report::charts::phases::clock::Clock;
use crate::report::charts::{Data, Place};
use crate::report::words::{DASH, plain};
use crate::sample::{Mark, Phase, Phases, Sample};
use crate::text::units::NS_PER_MS;

pub(super) fn subtitle(place: &Place, sample: &Sample, left_out: usize) -> String {
    let scenario = plain(&place.run.record.scenario.name);
    let left_out = match left_out {
        0 => String::new(),
        n => format!("; {} not drawn, short or outside", counted_more(n)),
    };
    format!(
        "the row nearest the median: round {}, trial {}, scenario {scenario}{left_out}",
        sample.round, sample.trial
    )
}

fn counted_more(n: usize) -> String {
    format!("{n} more process{}", if n == 1 { "" } else { "es" })
}

/// Phases and processes from beginning to end.
pub(super) fn data(start: &Start, rows: &[Row], clock: Clock) -> Data {
    let unit = clock.name();
    let exact = |ms: f64| clock.exact(ms * NS_PER_MS);
    let phase = |span: &Span| {
        let name = format!("phase {}", span.phases);
        vec![name, exact(span.from), exact(span.to), exact(span.length())]
    };
    let process = |row: &Row| {
        let end = row.lasted.map_or("goes on".to_owned(), |_| exact(row.to));
        let lasted = row.lasted.map_or(DASH.to_owned(), exact);
        // Its bar may begin later than it did.
        let began = row.lasted.map_or(row.from, |lasted| row.to - lasted);
        vec![row.name.clone(), exact(began), end, lasted]
    };
    Data {
        columns: ["phase or process".to_owned()]
            .into_iter()
            .chain(["begins", "ends", "lasts"].map(|what| format!("{what}, {unit}")))
            .collect(),
        rows: start.spans.iter().map(phase).chain(rows.iter().map(process)).collect(),
    }
}

/// Where most of the time went, and when the function's own process began.
pub(super) fn caption(start: &Start, rows: &[Row], clock: Clock) -> String {
    let (total, unit) = (start.responded, clock.name());
    let mut spans: Vec<&Span> = start.spans.iter().collect();
    spans.sort_by(|a, b| b.length().total_cmp(&a.length()));
    spans.retain(|s| s.length() >= total * 0.05);
    let part = |(i, s): (usize, &&Span)| {
        let went = if i == 0 { "went to" } else { "to" };
        let took = clock.text(s.length() * NS_PER_MS);
        format!("{took} {went} {}", told(s.phases))
    };
    let parts: Vec<String> = spans.iter().take(3).enumerate().map(part).collect();
    let parts = match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "nothing went to any phase".to_owned(),
    };
    let total = clock.text(total * NS_PER_MS);
    let own = match rows.iter().find(|r| r.own) {
        Some(row) => {
            let exec = start.get(Mark::Exec);
            let before = start.sample.processes.iter().filter(|p| Some(p.exec) < exec).count();
            let at = clock.text(row.from * NS_PER_MS);
            let others = format!("{before} other process{}", if before == 1 { "" } else { "es" });
            format!("the function's own process begins at {at} {unit}, after {others}")
        }
        None => "which process is the function's own is not known".to_owned(),
    };
    format!("Of {total} {unit}, {parts}; {own}. A bar is a process from its exec to its end.")
}

/// A phase in words.
fn told(phases: Phases) -> String {
    let one = match phases.first {
        Phase::Queue => "the driver's queue",
        Phase::Create => "the create call",
        Phase::Daemon => "the engine's daemon",
        Phase::Shim => "the engine's shim",
        Phase::Sandbox => "the sandbox",
        Phase::Network => "the network",
        Phase::Start => "the sandbox's start",
        Phase::Boot => "the function's runtime",
        Phase::Init => "the function's init",
        Phase::Invoke => "the call itself",
    };
    if phases.is_merged() { phases.to_string() } else { one.to_owned() }
}
