//! The nodes of a fleet: what became of each, and how far apart they are.

use crate::analysis::Analysis;
use crate::report::document::{Block, Cell, Column, Table};
use crate::sample::Sample;
use crate::spec::factor::Factors;
use crate::store::NodeRun;
use crate::text::units::format_size;
use crate::words::plain;

use super::{between, controls, trust};

const NODES: [Column; 6] = [
    Column::new("node").names(),
    Column::new("measured"),
    Column::new("rows"),
    Column::new("machine"),
    Column::new("how steady"),
    Column::new("calibration"),
];

const BETWEEN: [Column; 3] = between::columns("against the first node (95 %)");

/// Both tables; nothing of a run of one machine.
pub(super) fn blocks<'a>(analysis: &Analysis) -> Vec<Block<'a>> {
    let run = analysis.run;
    if run.nodes.is_empty() {
        return Vec::new();
    }
    let rows = run.nodes.iter().map(|of| node(of).into()).collect();
    let caption = "Each node by its own controls: clocks of two machines are never compared";
    let mut blocks = vec![Block::Table(Table::new("nodes", caption, &NODES, rows).key())];
    let but = |factors: Factors| Factors { node: None, ..factors };
    let rows: Vec<_> = between::rows(analysis, but).into_iter().map(Into::into).collect();
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
        let rows = node.planned.map_or(Cell::Unknown, |planned| Cell::Figure(rows(&[], planned)));
        let nothing = [Cell::Unknown, Cell::Unknown, Cell::Unknown];
        return [vec![name, Cell::Text(measured), rows], nothing.to_vec()].concat();
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
        Cell::Figure(rows(&run.samples, run.record.counts.planned)),
        Cell::Text(plain(&machine)),
        Cell::Text(trust::verdict(&analysis.machine)),
        Cell::words(calibration),
    ]
}

/// `118 of 118`, or `118 of 240, 3 failed`.
fn rows(samples: &[Sample], planned: u64) -> String {
    let rows = format!("{} of {planned}", samples.len());
    match samples.iter().filter(|s| !s.outcome.is_ok()).count() {
        0 => rows,
        failed => format!("{rows}, {failed} failed"),
    }
}
