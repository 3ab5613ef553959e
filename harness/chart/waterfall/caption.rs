//! The words of the picture of one start, and its figures.

use super::{Row, Span, Start};
use crate::chart::kit::time_unit::TimeUnit;
use crate::chart::{ChartContext, DASH, Data, plain};
use crate::sample::{Mark, Phase, Phases, Sample};
use crate::text::units::NS_PER_MS;

pub(crate) fn subtitle(context: &ChartContext, sample: &Sample, left_out: usize) -> String {
    let scenario = plain(&context.run.record.scenario.name);
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
pub(crate) fn data(start: &Start, rows: &[Row], unit: TimeUnit) -> Data {
    let exact = |ms: f64| unit.exact(ms * NS_PER_MS);
    let phase = |span: &Span| {
        let name = format!("phase {}", span.phases);
        vec![name, exact(span.from), exact(span.to), exact(span.length())]
    };
    let process = |row: &Row| {
        let end = row.lasted.map_or("goes on".to_owned(), |_| exact(row.to));
        let lasted = row.lasted.map_or(DASH.to_owned(), exact);
        // Its bar may begin later than it did.
        let began = row.lasted.map_or(row.from, |lasted| row.to - lasted);
        let name = if row.name.is_empty() { DASH } else { &row.name };
        vec![name.to_owned(), exact(began), end, lasted]
    };
    Data {
        columns: ["phase or process".to_owned()]
            .into_iter()
            .chain(["begins", "ends", "lasts"].map(|what| format!("{what}, {}", unit.name())))
            .collect(),
        rows: start.spans.iter().map(phase).chain(rows.iter().map(process)).collect(),
    }
}

/// Where most of the time went, and when the function's own process began.
pub(crate) fn caption(start: &Start, rows: &[Row], unit: TimeUnit) -> String {
    let (total, name) = (start.responded, unit.name());
    let mut spans: Vec<&Span> = start.spans.iter().collect();
    spans.sort_by(|a, b| b.length().total_cmp(&a.length()));
    spans.retain(|s| s.length() >= total * 0.05);
    let part = |(i, s): (usize, &&Span)| {
        let went = if i == 0 { "went to" } else { "to" };
        let took = unit.text(s.length() * NS_PER_MS);
        format!("{took} {went} {}", told(s.phases))
    };
    let parts: Vec<String> = spans.iter().take(3).enumerate().map(part).collect();
    let parts = match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "nothing went to any phase".to_owned(),
    };
    let total = unit.text(total * NS_PER_MS);
    let own = match rows.iter().find(|r| r.own) {
        Some(row) => {
            let exec = start.get(Mark::Exec);
            let before = start.sample.processes.iter().filter(|p| Some(p.exec) < exec).count();
            let at = unit.text(row.from * NS_PER_MS);
            let others = format!("{before} other process{}", if before == 1 { "" } else { "es" });
            format!("the function's own process begins at {at} {name}, after {others}")
        }
        None => "which process is the function's own is not known".to_owned(),
    };
    format!("Of {total} {name}, {parts}; {own}.")
}

/// A phase in words.
fn told(phases: Phases) -> String {
    let one = match phases.first {
        Phase::Queue => "the driver's queue",
        Phase::Create => "the create call",
        Phase::Spawn => "the call of the OCI runtime",
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
