//! Functions beside their variants, of one run in which they took turns: base is the
//! function, head the variant, and all pairs are judged together.

use std::collections::BTreeSet;

use super::{Comparison, Row, Rules, SideData, Verdict, compare};
use crate::sample::Temperature;
use crate::spec::factor::Combination;
use crate::spec::scenario::LoadShape;
use crate::spec::tolerance::Metric;
use crate::store::{BuildRecord, FunctionRecord, Run, VariantRecord};

/// What variants come to, in one run.
#[derive(Debug, Clone)]
pub struct Variants {
    /// Each with its function, in the order of the run's functions.
    pub pairs: Vec<Pair>,
    /// Of all pairs, each under the name of the variant.
    pub comparison: Comparison,
}

/// A function and a variant of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Name of the variant as a function.
    pub name: String,
    /// What it is.
    pub variant: VariantRecord,
    /// How long their images took to be made: the function's, the variant's.
    pub build: [Option<BuildRecord>; 2],
}

impl Variants {
    /// Of a run; none where no variant was measured beside its function.
    #[must_use]
    pub fn of(run: &Run) -> Option<Self> {
        let pairs = pairs(&run.record.functions);
        if pairs.is_empty() {
            return None;
        }
        let mut base = SideData::of(run, "the function".to_owned());
        let mut head = SideData::of(run, "its variant".to_owned());
        base.under(pairs.iter().map(|pair| (&*pair.variant.of, &*pair.name)));
        head.keep(|function| pairs.iter().any(|pair| pair.name == function));
        // Their trials took turns, by one plan.
        base.interleaved = Some(run.record.id.clone());
        head.interleaved.clone_from(&base.interleaved);
        let rules = Rules { margins: run.record.scenario.margins.clone(), ..Rules::default() };
        let comparison = compare(&base, &head, &rules, &BTreeSet::new());
        Some(Self { pairs, comparison })
    }

    /// The functions that have variants, in their order, each with its pairs.
    #[must_use]
    pub fn by_function(&self) -> Vec<(&str, Vec<&Pair>)> {
        let mut all: Vec<(&str, Vec<&Pair>)> = Vec::new();
        for pair in &self.pairs {
            match all.iter_mut().find(|(of, _)| *of == pair.variant.of) {
                Some((_, pairs)) => pairs.push(pair),
                None => all.push((&pair.variant.of, vec![pair])),
            }
        }
        all
    }

    /// What a variant comes to under each combination of factors.
    #[must_use]
    pub fn outcomes(&self, pair: &Pair) -> Vec<PairOutcome<'_>> {
        let rows: Vec<&Row> =
            self.comparison.rows.iter().filter(|row| row.function == pair.name).collect();
        let mut under: Vec<&Combination> = Vec::new();
        for factors in rows.iter().filter_map(|row| Some(&row.cell.as_ref()?.factors)) {
            if !under.contains(&factors) {
                under.push(factors);
            }
        }
        under.into_iter().map(|factors| PairOutcome::of(&rows, factors)).collect()
    }
}

/// What a variant comes to under one combination of factors: of the cold starts, the calls
/// and the images that answer the question.
#[derive(Debug, Clone)]
pub struct PairOutcome<'a> {
    /// Single cold starts; where there are none, the smallest bursts.
    pub cold: Option<&'a Row>,
    /// The function's own part of those.
    pub own: Option<&'a Row>,
    /// The memory of their instances.
    pub memory: Option<&'a Row>,
    /// Warm calls, one after another; where there are none, the smallest bursts.
    pub warm: Option<&'a Row>,
    /// The image.
    pub size: Option<&'a Row>,
}

impl<'a> PairOutcome<'a> {
    fn of(rows: &[&'a Row], factors: &Combination) -> Self {
        let size = |row: &Row| match row.cell.as_ref().map(|cell| cell.act) {
            Some(LoadShape::Burst(n)) => n,
            Some(LoadShape::Parallel { workers, .. }) => u32::MAX / 2 + workers,
            _ => u32::MAX,
        };
        let at = |row: &&&Row| row.cell.as_ref().is_some_and(|cell| cell.factors == *factors);
        let here = || rows.iter().filter(at).copied();
        let cold = here().filter(|row| row.metric == Metric::Total).min_by_key(|row| size(row));
        let beside = |metric: Metric| {
            let like = cold?;
            here().find(|row| row.metric == metric && row.cell == like.cell)
        };
        let is_warm = |row: &&Row| {
            let cell = row.cell.as_ref();
            cell.is_some_and(|cell| cell.temperature == Temperature::Warm)
        };
        // One after another before several at a time.
        let of_a_burst = |row: &Row| match row.cell.as_ref().map(|cell| cell.act) {
            Some(LoadShape::Burst(n)) => n,
            _ => 0,
        };
        Self {
            cold,
            own: beside(Metric::Own),
            memory: beside(Metric::Memory),
            warm: here().filter(is_warm).min_by_key(|row| of_a_burst(row)),
            size: rows.iter().copied().find(|row| row.metric == Metric::Size),
        }
    }

    /// What is said of its cold starts; invalid where there are none.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.cold.map_or(Verdict::Invalid, |row| row.verdict)
    }
}

fn pairs(functions: &[FunctionRecord]) -> Vec<Pair> {
    let pair = |record: &FunctionRecord| {
        let variant = record.variant.clone()?;
        let function = functions.iter().find(|function| function.name == variant.of)?;
        let build = [function.build, record.build];
        Some(Pair { name: record.name.clone(), variant, build })
    };
    functions.iter().filter_map(pair).collect()
}

#[cfg(test)]
pub(crate) mod tests;
