//! Which chart of a page goes where. Must not know what is in a chart.

use std::collections::BTreeSet;

use crate::report::charts::Chart;
use crate::report::document::Block;
use crate::report::words::counted;

/// Charts on a page beyond which those of further conditions are folded.
const MANY: usize = 12;

/// The charts of a page, each of which is shown once.
pub(super) struct Placing<'a> {
    charts: Vec<Placed<'a>>,
    /// The kinds that have a place of their own.
    kinds: Vec<&'static str>,
}

struct Placed<'a> {
    chart: &'a Chart,
    /// Its name without its conditions.
    kind: &'a str,
    folded: bool,
}

impl<'a> Placing<'a> {
    /// Charts in their order, and the kinds that have a place of their own.
    pub(super) fn new(charts: &'a [Chart], kinds: &[&'static str]) -> Self {
        let mut seen = BTreeSet::new();
        let placed = charts.iter().map(|chart| {
            let kind = kind(&chart.name, kinds);
            Placed { chart, kind, folded: !seen.insert(kind) && charts.len() > MANY }
        });
        Self { charts: placed.collect(), kinds: kinds.to_vec() }
    }

    /// The charts of some kinds, those of further conditions folded where there are many.
    pub(super) fn of(&self, kinds: &[&str]) -> Vec<Block<'a>> {
        self.blocks(|kind| kinds.contains(&kind))
    }

    /// Those of kinds that have no place of their own.
    pub(super) fn others(&self) -> Vec<Block<'a>> {
        self.blocks(|kind| !self.kinds.contains(&kind))
    }

    fn blocks(&self, is: impl Fn(&str) -> bool) -> Vec<Block<'a>> {
        let found = self.charts.iter().filter(|placed| is(placed.kind));
        let (folded, shown): (Vec<&Placed>, Vec<&Placed>) = found.partition(|c| c.folded);
        let block = |placed: &Placed<'a>| Block::Chart(placed.chart);
        let mut blocks: Vec<Block> = shown.into_iter().map(block).collect();
        if !folded.is_empty() {
            let summary = format!("{} of other conditions", counted(folded.len() as u64, "chart"));
            blocks.push(Block::Folded(summary, folded.into_iter().map(block).collect()));
        }
        blocks
    }
}

/// The longest of the kinds that a chart's name begins with; else its whole name.
fn kind<'a>(name: &'a str, kinds: &[&'static str]) -> &'a str {
    let is = |kind: &&&str| {
        name.strip_prefix(**kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let longest = kinds.iter().filter(is).map(|kind| kind.len()).max();
    longest.map_or(name, |length| &name[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_belongs_to_the_longest_kind() {
        let kinds = ["cold", "cold-burst", "warm"];
        assert_eq!(kind("cold", &kinds), "cold");
        assert_eq!(kind("cold-host", &kinds), "cold");
        assert_eq!(kind("cold-burst-host", &kinds), "cold-burst");
        assert_eq!(kind("colder", &kinds), "colder");
    }
}
