//! Which chart of a page goes where. Must not know what is in a chart.

use std::collections::BTreeSet;

use crate::chart::Chart;
use crate::report::document::Block;
use crate::words::counted;

/// Charts on a page beyond which those of further conditions are folded.
const MANY: usize = 12;

/// The charts of a page, each of which is shown once.
pub(super) struct Placing<'a> {
    /// With whether they are folded.
    charts: Vec<(&'a Chart, bool)>,
}

impl<'a> Placing<'a> {
    /// Charts in their order.
    pub(super) fn new(charts: &'a [Chart]) -> Self {
        let mut seen = BTreeSet::new();
        let is_folded = |c: &'a Chart| (c, !seen.insert(c.kind) && charts.len() > MANY);
        Self { charts: charts.iter().map(is_folded).collect() }
    }

    /// The charts of a section, those of further conditions folded where there are many.
    pub(super) fn of(&self, section: &str) -> Vec<Block<'a>> {
        self.blocks(|chart| chart.section == section)
    }

    /// Those of no section of a page.
    pub(super) fn others(&self, sections: &[&str]) -> Vec<Block<'a>> {
        self.blocks(|chart| !sections.contains(&chart.section))
    }

    fn blocks(&self, is: impl Fn(&Chart) -> bool) -> Vec<Block<'a>> {
        let found = self.charts.iter().filter(|(chart, _)| is(chart));
        let (folded, shown): (Vec<_>, Vec<_>) = found.partition(|(_, folded)| *folded);
        let mut blocks: Vec<Block> = shown.iter().map(|(chart, _)| Block::Chart(chart)).collect();
        if !folded.is_empty() {
            let summary = format!("{} of other conditions", counted(folded.len() as u64, "chart"));
            let folded = folded.iter().map(|(chart, _)| Block::Chart(chart)).collect();
            blocks.push(Block::Folded(summary, folded));
        }
        blocks
    }
}
