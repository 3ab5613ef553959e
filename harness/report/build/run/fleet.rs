//! The nodes of a fleet: what became of each, and how far apart they are.

use crate::analysis::Analysis;
use crate::report::document::{Block, Cell, Column, Table};
use crate::sample::Cell as Measured;
use crate::spec::factor::Factors;
use crate::stats::hodges_lehmann::{self, Estimate};
use crate::stats::{self, Summary};
use crate::store::{NodeRun, Run};
use crate::text::units::{format_ns, format_size};
use crate::words::{DASH, plain, subject};

use super::{controls, trust};

const NODES: [Column; 6] = [
    Column::new("node").names(),
    Column::new("measured"),
    Column::new("rows"),
    Column::new("machine"),
    Column::new("how steady"),
    Column::new("calibration"),
];

const BETWEEN: [Column; 3] = [
    Column::new("function").names(),
    Column::new("p50").ms().interval(crate::report::document::Importance::Key),
    Column::new("against the first node (95 %)"),
];

/// Both tables; nothing of a run of one machine.
pub(super) fn blocks<'a>(analysis: &Analysis) -> Vec<Block<'a>> {
    let run = analysis.run;
    if run.nodes.is_empty() {
        return Vec::new();
    }
    let rows = run.nodes.iter().map(|of| node(of).into()).collect();
    let caption = "Each node by its own controls: clocks of two machines are never compared";
    let mut blocks = vec![Block::Table(Table::new("nodes", caption, &NODES, rows).key())];
    let rows: Vec<_> = between(analysis).into_iter().map(Into::into).collect();
    if !rows.is_empty() {
        let caption = "Cold starts by node: how much longer one takes than on the first that was \
                       measured (Hodges-Lehmann)";
        blocks.push(Block::Table(Table::new("between-nodes", caption, &BETWEEN, rows).key()));
    }
    blocks
}

fn node(NodeRun { node, run }: &NodeRun) -> Vec<Cell> {
    let measured = node.failed.as_deref().map_or_else(|| "whole".to_owned(), plain);
    let name = Cell::Text(plain(&node.name));
    let Some(run) = run else {
        let nothing = [Cell::Unknown, Cell::Unknown, Cell::Unknown, Cell::Unknown];
        return [vec![name, Cell::Text(measured)], nothing.to_vec()].concat();
    };
    let analysis = Analysis::of(run);
    let lines = analysis.controls.kinds.iter().filter_map(|of| {
        of.line.as_ref().map(|line| format!("{}: {}", of.kind.name, controls::slope(line)))
    });
    let (host, engine) = (&run.record.host, &run.record.engine);
    let machine = format!(
        "{} x {}, {}, {}; {} {}, {}",
        host.cpus,
        host.cpu,
        format_size(host.memory),
        host.kernel,
        engine.kind,
        engine.version,
        engine.oci_runtime
    );
    let faults = trust::faults(&analysis);
    let calibration = match faults.is_empty() {
        true => lines.collect::<Vec<_>>().join("; "),
        false => format!("INVALID: {}", faults.join("; ")),
    };
    vec![
        name,
        Cell::Text(measured),
        Cell::Figure(rows(run)),
        Cell::Text(plain(&machine)),
        Cell::Text(trust::verdict(&analysis.machine)),
        Cell::words(calibration),
    ]
}

/// `118`, or `118, 3 failed`.
fn rows(run: &Run) -> String {
    match run.samples.iter().filter(|s| !s.outcome.is_ok()).count() {
        0 => run.samples.len().to_string(),
        failed => format!("{}, {failed} failed", run.samples.len()),
    }
}

/// A row a cold cell of each function on each node.
fn between(analysis: &Analysis) -> Vec<Vec<Cell>> {
    let run = analysis.run;
    let all = analysis.headline();
    let alike = |summary: &Summary| (summary.cell.function.clone(), elsewhere(&summary.cell));
    let row = |summary: &&Summary| {
        let first = first_of(run, &all, &alike(summary));
        let is_first = first.is_some_and(|first| first.cell == summary.cell);
        let by = first.filter(|_| !is_first).and_then(|first| {
            hodges_lehmann::difference(&latencies(run, &summary.cell), &latencies(run, &first.cell))
        });
        let told = match (is_first, by) {
            (true, _) => "the first".to_owned(),
            (false, None) => DASH.to_owned(),
            (false, Some(by)) => signed(by),
        };
        vec![
            Cell::Text(subject(run, &summary.cell)),
            Cell::Interval(summary.latency.p50),
            Cell::Figure(told),
        ]
    };
    all.iter().map(row).collect()
}

/// The factors but for the one that tells nodes apart.
fn elsewhere(cell: &Measured) -> Factors {
    Factors { node: None, ..cell.factors.clone() }
}

/// Of all cells alike that of the first node that has one.
fn first_of<'a>(
    run: &Run,
    all: &[&'a Summary],
    (function, factors): &(String, Factors),
) -> Option<&'a Summary> {
    let alike = |s: &&&Summary| s.cell.function == *function && elsewhere(&s.cell) == *factors;
    all.iter()
        .filter(alike)
        .min_by_key(|s| run.record.scenario.factors.place(&s.cell.factors))
        .copied()
}

/// Latencies in nanoseconds of the rows used for inference.
fn latencies(run: &Run, cell: &Measured) -> Vec<f64> {
    let used = stats::used(&run.samples).filter(|sample| sample.cell == *cell);
    used.filter_map(|sample| sample.latency()).map(|ns| ns as f64).collect()
}

/// `+1.20 ms (0.80 ms to 1.60 ms)`.
fn signed(by: Estimate) -> String {
    let of = |ns: f64| match ns < 0.0 {
        true => format!("-{}", format_ns(-ns)),
        false => format!("+{}", format_ns(ns)),
    };
    match by.interval {
        Some((low, high)) => format!("{} ({} to {})", of(by.value), of(low), of(high)),
        None => format!("{} (too few rows for an interval)", of(by.value)),
    }
}
