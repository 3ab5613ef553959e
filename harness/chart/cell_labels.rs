//! What the pictures of a comparison share: their titles, the colour of a function,
//! and what tells one cell from another.

use std::collections::{BTreeMap, BTreeSet};

use super::{plain, shortened, step};
use crate::compare::{Cell, Comparison, SideInfo};
use crate::spec::factor::{FACTORS, Factor, Network};

/// The longest name of a side in a title, in characters.
const LABEL: usize = 36;

/// A title with the names of both sides: `SIMULATED: Change from main (1a2b) to ...`.
pub(crate) fn title(c: &Comparison, words: impl Fn(&str, &str) -> String) -> String {
    let label = |party: &SideInfo| shortened(&plain(&party.label), LABEL);
    let invalid = !c.base.is_valid() || !c.head.is_valid();
    let invalid = if invalid { "INVALID: " } else { "" };
    let simulated = if c.is_simulated() { "SIMULATED: " } else { "" };
    format!("{invalid}{simulated}{}", words(&label(&c.base), &label(&c.head)))
}

/// Where a function stands in `functions.toml`: its colour. Unknown ones come last.
pub(crate) fn position(c: &Comparison, function: &str) -> usize {
    let of = |party: &SideInfo| party.functions.get(function).map(|f| f.position);
    of(&c.head).or_else(|| of(&c.base)).unwrap_or(usize::MAX)
}

/// What must be said of a cell so that it is not taken for another.
pub(crate) struct Differing {
    /// Which factors, in their order.
    factors: [bool; FACTORS.len()],
    steps: bool,
}

impl Differing {
    /// What differs among some cells.
    pub(crate) fn among(cells: &[&Cell]) -> Self {
        let mut steps = BTreeSet::new();
        let mut networks = BTreeSet::new();
        let mut values: BTreeMap<&str, [BTreeSet<Option<String>>; FACTORS.len()]> = BTreeMap::new();
        for cell in cells {
            steps.insert((&cell.pattern, &cell.step));
            networks.insert(cell.factors.network);
            let seen = values.entry(&cell.function).or_default();
            for (set, label) in seen.iter_mut().zip(cell.factors.labels()) {
                set.insert(label);
            }
        }
        // Limits of its own are no condition that a function is measured under.
        let within = |i: usize| values.values().any(|seen| seen[i].len() > 1);
        let by_network = |i: usize| FACTORS[i].key == Network::KEY && networks.len() > 1;
        let factors = std::array::from_fn(|i| within(i) || by_network(i));
        Self { factors, steps: steps.len() > 1 }
    }

    /// The same, with the steps of only some of the cells.
    pub(crate) fn with_steps_of(&self, cells: &[&Cell]) -> Self {
        Self { factors: self.factors, steps: Self::among(cells).steps }
    }

    /// `host · 64.0 MiB · surge/out`: as much as is needed, or nothing.
    pub(crate) fn of(&self, cell: &Cell) -> Vec<String> {
        let labels = cell.factors.labels().into_iter().zip(self.factors);
        let mut parts: Vec<String> = labels
            .filter_map(|(label, differs)| label.filter(|_| differs))
            .map(|label| plain(&label))
            .collect();
        parts.extend(self.steps.then(|| step(cell)));
        parts
    }

    /// The step that all share.
    pub(crate) fn common_step(&self, cells: &[&Cell]) -> Option<String> {
        cells.first().filter(|_| !self.steps).map(|cell| step(cell))
    }

    /// The network that all share.
    pub(crate) fn common_network(&self, cells: &[&Cell]) -> Option<String> {
        let all: BTreeSet<_> = cells.iter().map(|cell| cell.factors.network).collect();
        let only = all.first().filter(|_| all.len() == 1)?;
        only.map(|network| format!("{network} network"))
    }
}
