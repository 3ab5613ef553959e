//! What is found of a run as a whole, beside its cells: computed once for all
//! forms of the report.

use super::noise;
use super::words::{headline, plain};
use crate::sample::Cell;
use crate::stats::{self, Controls, Grade, ResourceUse, Summary, Throughput};
use crate::store::Run;

/// What is found of a run as a whole.
pub(super) struct Findings<'a> {
    /// What its controls say.
    pub(super) controls: Controls,
    /// Why its figures are not to be believed; empty for a valid run.
    pub(super) faults: Vec<String>,
    /// What the machine let it measure.
    pub(super) machine: Machine,
    /// Where it was measured how many starts there are in a minute.
    pub(super) throughput: Vec<Throughput>,
    /// What the instances of each cold cell had used.
    pub(super) resources: Vec<ResourceUse>,
    /// The share of each cold headline cell's typical row that is in no named part,
    /// from 0 to 1.
    pub(super) unattributed: Vec<(&'a Cell, f64)>,
}

/// What the machine let a run measure.
pub(super) struct Machine {
    /// How far.
    pub(super) grade: Grade,
    /// What speaks against it, tamed.
    pub(super) causes: Vec<String>,
    /// What helps against them, each once.
    pub(super) cures: Vec<&'static str>,
    /// Whether anything is known of it at all.
    pub(super) known: bool,
}

impl<'a> Findings<'a> {
    /// Of a run and the summaries of its samples.
    pub(super) fn of(run: &Run, summaries: &'a [Summary]) -> Self {
        let controls = Controls::of(&run.samples, summaries);
        Self {
            faults: salvaged(run).into_iter().chain(controls.faults()).collect(),
            controls,
            machine: Machine::of(run),
            throughput: stats::throughput(&run.samples),
            resources: stats::resources(&run.samples),
            unattributed: headline(run, summaries)
                .into_iter()
                .filter_map(|s| {
                    let typical = run.samples.get(s.typical?)?;
                    Some((&s.cell, stats::unattributed(typical)?))
                })
                .collect(),
        }
    }
}

/// Why what is there of a run is not what was measured, tamed; none for a whole run.
fn salvaged(run: &Run) -> Option<String> {
    let why = plain(run.salvaged.as_deref()?);
    Some(format!("salvaged from a spoilt folder: {why}"))
}

impl Machine {
    fn of(run: &Run) -> Self {
        let facts = noise::facts(run);
        let (grade, causes) = stats::grade(&facts);
        let cures = noise::cures(&causes);
        let causes = causes.iter().map(|cause| plain(&cause.text)).collect();
        Self { grade, causes, cures, known: noise::is_known(facts) }
    }

    /// `noisy: cause; cause`.
    pub(super) fn verdict(&self) -> String {
        match (&self.causes[..], self.known) {
            ([], true) => self.grade.to_string(),
            ([], false) => "unknown: nothing was read of it".to_owned(),
            (causes, _) => format!("{}: {}", self.grade, causes.join("; ")),
        }
    }
}
