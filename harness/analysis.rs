//! A run, analysed once: what every page, file and chart of it is made from.
//!
//! Numbers and reasons, no sentences: the report words them.

use crate::sample::Cell;
use crate::stats::{self, Controls, ResourceUse, Summary, Throughput};
use crate::store::Run;

mod cost;
mod machine;
mod selection;

pub(crate) use cost::billed_ns;
pub use cost::{Bill, Cost, Figure, FunctionCost, InitFrom};
pub use machine::Machine;
pub(crate) use selection::{
    Group, conditions, conditions_in_a_name, groups, headline, is_simulated, is_valid, members,
    position,
};

/// A run and all that was found of it.
#[derive(Debug)]
pub struct Analysis<'a> {
    /// What was measured.
    pub run: &'a Run,
    /// The summaries of its cells.
    pub summaries: Vec<Summary>,
    /// What its controls say.
    pub controls: Controls,
    /// What the machine let it measure.
    pub machine: Machine,
    /// Where it was measured how many starts there are in a minute.
    pub throughput: Vec<Throughput>,
    /// What the instances of each cold cell had used.
    pub resources: Vec<ResourceUse>,
    /// The share of each cold headline cell's typical row that no phase accounts for,
    /// from 0 to 1.
    pub unattributed: Vec<(Cell, f64)>,
    /// What its calls would have cost; none where nobody asked.
    pub cost: Option<Cost<'a>>,
}

impl<'a> Analysis<'a> {
    /// Of a run, from its rows.
    #[must_use]
    pub fn of(run: &'a Run) -> Self {
        let summaries = stats::summarise(&run.samples);
        let share = |s: &&Summary| {
            let typical = run.samples.get(s.typical?)?;
            Some((s.cell.clone(), stats::unattributed(typical)?))
        };
        Self {
            controls: Controls::of(&run.samples, &summaries),
            machine: Machine::of_all(run),
            throughput: stats::throughput(&run.samples),
            resources: stats::resources(&run.samples),
            unattributed: headline(run, &summaries).iter().filter_map(share).collect(),
            cost: Cost::of(run, &summaries),
            run,
            summaries,
        }
    }

    /// The cold cells that answer the question: see [`headline`].
    pub(crate) fn headline(&self) -> Vec<&Summary> {
        headline(self.run, &self.summaries)
    }

    /// The cells that are no controls, those of one function and combination of factors
    /// together, cold ones first.
    pub(crate) fn groups(&self) -> Vec<(Group, Vec<&Summary>)> {
        let with_members = |group: Group| {
            let members = members(&self.summaries, &group);
            (group, members)
        };
        groups(self.run, &self.summaries).into_iter().map(with_members).collect()
    }

    /// What a cold median takes beyond the null container under the same factors, in
    /// nanoseconds; none without that control.
    pub(crate) fn over_the_null_container(&self, cold: &Summary) -> Option<f64> {
        Some(cold.median()? - self.controls.floor(&cold.cell.factors)?)
    }
}
