//! A fleet's folder: the run of each node in a folder of its own, read as one run with the node
//! as a factor. Rows are kept once, as each node wrote them, and checked against the plan of
//! each. The clocks of nodes have nothing to do with each other: none is compared.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::lines::invalid;
use super::record::{Counts, RunRecord};
use super::{RECORD, Run, cost, read_one, record, write};

/// The folder of a fleet's folder that has one for each node.
pub const NODES: &str = "nodes";

/// A node of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRecord {
    /// Its name: of its folder, too.
    pub name: String,
    /// Why it was not measured to the end; none where it was.
    pub failed: Option<String>,
    /// Invocations in its plan, whether or not any came; none in folders of earlier editions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<u64>,
}

/// What was measured on a node.
#[derive(Debug, Clone)]
pub struct NodeRun {
    /// The node.
    pub node: NodeRecord,
    /// Its run; none where nothing came of it.
    pub run: Option<Run>,
}

/// Whether a name can be that of a node: it is one of a folder, and stands in tables.
#[must_use]
pub fn is_node_name(name: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (1..=64).contains(&name.len()) && !name.starts_with('.') && name.chars().all(fine)
}

/// Writes the record of a fleet beside the folders of its nodes, which are there. `nodes` are
/// names, and why each was not measured to its end; `planned` are the invocations of a node,
/// which one without a folder had in its plan as well.
///
/// # Errors
/// When none of them has a run, or the record cannot be written.
pub fn write_fleet(
    folder: &Path,
    id: &str,
    command: &str,
    planned: u64,
    nodes: Vec<(String, Option<String>)>,
) -> Result<Vec<NodeRecord>> {
    let (mut records, mut fleet) = (Vec::new(), Vec::new());
    for (name, failed) in nodes {
        let of_node = folder.join(NODES).join(&name);
        let mut planned = planned;
        if of_node.join(RECORD).exists() {
            let record = record(&of_node)?;
            // One that stopped because it knew enough has planned no more.
            planned = record.counts.planned;
            records.push((name.clone(), record));
        }
        fleet.push(NodeRecord { name, failed, planned: Some(planned) });
    }
    let nodes = &fleet;
    let Some(((_, first), _)) = records.split_first() else {
        let failed = |node: &NodeRecord| {
            format!("{}: {}", node.name, node.failed.as_deref().unwrap_or("it left no run"))
        };
        let failed: Vec<String> = nodes.iter().map(failed).collect();
        bail!("no node measured anything: {}", failed.join("; "));
    };
    let mut all = RunRecord {
        id: id.to_owned(),
        command: command.to_owned(),
        fleet: nodes.to_vec(),
        elapsed: None,
        counts: Counts::default(),
        warnings: Vec::new(),
        ..first.clone()
    };
    all.scenario.factors.nodes = nodes.iter().map(|node| node.name.clone()).collect();
    let stopped = |node: &NodeRecord| Some(format!("{}: {}", node.name, node.failed.as_ref()?));
    let stopped: Vec<String> = nodes.iter().filter_map(stopped).collect();
    all.complete = stopped.is_empty() && records.iter().all(|(_, of)| of.complete);
    all.stopped = (!stopped.is_empty()).then(|| stopped.join("; "));
    all.counts.planned = nodes.iter().filter_map(|node| node.planned).sum();
    let (mut seen, mut lost, mut silent) = (0, 0, Vec::new());
    for (name, of) in &records {
        all.elapsed = Some(all.elapsed.unwrap_or(0.0) + of.elapsed.unwrap_or(0.0));
        all.counts.ok += of.counts.ok;
        all.counts.failed += of.counts.failed;
        all.counts.dropped_marks += of.counts.dropped_marks;
        all.driver_memory = all.driver_memory.max(of.driver_memory);
        all.warnings.extend(of.warnings.iter().map(|text| format!("{name}: {text}")));
        seen += of.kernel_events.seen;
        lost += of.kernel_events.lost;
        silent.extend(of.kernel_events.silent.iter().map(|why| format!("{name}: {why}")));
    }
    all.kernel_events.seen = seen;
    all.kernel_events.lost = lost;
    all.kernel_events.silent = (!silent.is_empty()).then(|| silent.join("; "));
    let text = serde_json::to_string_pretty(&all).context("writing a fleet's record")?;
    write(folder, Path::new(RECORD), format!("{text}\n").as_bytes())?;
    Ok(fleet)
}

/// Reads a fleet's folder, and says what is wrong with what was read.
pub(super) fn read(
    folder: &Path,
    record: RunRecord,
    leave_out: bool,
) -> Result<(Run, Option<String>)> {
    let cost = match cost::asked(folder) {
        Err(_) if leave_out => None,
        asked => asked?,
    };
    let mut all = Run {
        folder: folder.to_owned(),
        samples: Vec::new(),
        trials: Vec::new(),
        truncated: false,
        salvaged: None,
        cost,
        nodes: Vec::new(),
        record,
    };
    let mut wrong = None;
    for node in all.record.fleet.clone() {
        if !is_node_name(&node.name) {
            return Err(invalid(format!("`{}` is no name of a node", node.name)).into());
        }
        let of_node = folder.join(NODES).join(&node.name);
        let run = match of_node.join(RECORD).exists() {
            false => None,
            true => {
                let (run, at) = read_one(&of_node, super::record(&of_node)?, leave_out)?;
                wrong = wrong.or(at);
                add(&mut all, &run, &node.name);
                Some(run)
            }
        };
        all.nodes.push(NodeRun { node, run });
    }
    Ok((all, wrong))
}

/// Adds the rows of a node, as the next trials of the whole.
fn add(all: &mut Run, run: &Run, name: &str) {
    let before = all.trials.iter().map(|t| t.trial).chain(all.samples.iter().map(|s| s.trial));
    let before = before.max().unwrap_or(0);
    for sample in &run.samples {
        let mut sample = sample.clone();
        sample.trial = sample.trial.saturating_add(before);
        sample.cell.factors = sample.cell.factors.on_node(name);
        all.samples.push(sample);
    }
    for trial in &run.trials {
        let mut trial = trial.clone();
        trial.trial = trial.trial.saturating_add(before);
        all.trials.push(trial);
    }
    all.truncated |= run.truncated;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_lead_elsewhere_is_none() {
        for name in ["a", "node-1.example", "N_2"] {
            assert!(is_node_name(name), "{name}");
        }
        for name in ["", ".", "..", "a/b", ".hidden", "a b", &"x".repeat(65)] {
            assert!(!is_node_name(name), "{name}");
        }
    }
}
