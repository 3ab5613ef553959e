//! Gates made of recorded starts: thousands in seconds, to know how the judging errs.
//!
//! Every round of a made-up gate is drawn, whole and with replacement, from the rounds
//! that a real measurement recorded, as two starts that were neighbours in time: parts
//! keep their shares, slow starts their frequency, and base and head what they share.
//! Which of the two is base is drawn too. One gate draws from one measurement: the
//! machine's mood between two is no noise of a gate.

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Cell;
use super::side_data::{Round, Rounds, SideData, median};
use super::{Comparison, PhaseGroup, Rules, compare, sight};
use crate::sample::Temperature;
use crate::spec::tolerance::Sight;

/// What starts are drawn from.
#[derive(Debug, Clone)]
pub struct NullModel {
    /// What is told of the measurements.
    template: SideData,
    /// Neighbours of each measurement, by cell.
    pools: Vec<BTreeMap<Cell, Vec<[Round; 2]>>>,
}

/// How a made-up gate goes.
#[derive(Debug, Clone)]
pub struct SimulationConfig {
    /// What decides.
    pub rules: Rules,
    /// Rounds a side that inference uses.
    pub rounds: u32,
    /// Until what is seen a function is gone on with.
    pub sight: Option<Sight>,
    /// Whether what alarms is measured again.
    pub confirm: bool,
}

impl NullModel {
    /// From measurements of unchanged code: the sides of each, by what they share. Only
    /// cold cells are drawn. None when there is no cold start to draw from.
    #[must_use]
    pub fn of(measurements: &[Vec<SideData>]) -> Option<Self> {
        let pools: Vec<_> = measurements.iter().map(|sides| pool(sides)).collect();
        let template = measurements.iter().flatten().next()?.clone();
        let pools: Vec<_> = pools.into_iter().filter(|pool| !pool.is_empty()).collect();
        (!pools.is_empty()).then_some(Self { template, pools })
    }

    /// Recorded neighbours to draw from, of the cell that has fewest.
    #[must_use]
    pub fn least(&self) -> usize {
        self.pools.iter().flat_map(|pool| pool.values().map(Vec::len)).min().unwrap_or(0)
    }

    /// Measurements to draw from.
    #[must_use]
    pub fn measurements(&self) -> usize {
        self.pools.len()
    }

    /// Median total of every function's first cold cell, in nanoseconds.
    #[must_use]
    pub fn medians(&self) -> BTreeMap<String, f64> {
        let mut totals: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for (cell, pairs) in self.pools.iter().flatten() {
            let own = totals.entry(cell.function.clone()).or_default();
            own.extend(pairs.iter().flatten().map(|round| round.total));
        }
        totals.into_iter().filter_map(|(name, all)| Some((name, median(all)?))).collect()
    }

    /// One gate whose head sleeps so many milliseconds in its init, by function, or works for
    /// so long. The same seed draws the same gate.
    #[must_use]
    pub fn gate(
        &self,
        setting: &SimulationConfig,
        sleeps: &BTreeMap<String, u32>,
        works: bool,
        seed: u64,
    ) -> Comparison {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let pool = &self.pools[rng.random_range(0..self.pools.len())];
        let mut cells: BTreeMap<Cell, [Rounds; 2]> = BTreeMap::new();
        let mut add =
            |cells: &mut BTreeMap<Cell, [Rounds; 2]>, n, chosen: &dyn Fn(&str) -> bool| {
                for (cell, recorded) in pool.iter().filter(|(cell, _)| chosen(&cell.function)) {
                    let ms = sleeps.get(&cell.function).copied().unwrap_or(0);
                    let rounds = cells.entry(cell.clone()).or_default();
                    let slowed = Slowed { ns: f64::from(ms) * 1e6, works };
                    draw(&mut rng, recorded, n, slowed, rounds);
                }
            };
        add(&mut cells, setting.rounds, &|_| true);
        let mut first = self.judge(&cells, setting, &BTreeSet::new());
        while let Some(sight) = &setting.sight {
            let Some(lacking) = sight::lacking(&first.rows, sight) else { break };
            let sight::Lacking { functions, rounds } = &lacking;
            add(&mut cells, *rounds, &|function| functions.contains(function));
            first = self.judge(&cells, setting, &BTreeSet::new());
        }
        let alarmed = first.alarmed();
        if alarmed.is_empty() || !setting.confirm {
            return first;
        }
        add(&mut cells, setting.rounds, &|function| alarmed.contains(function));
        self.judge(&cells, setting, &alarmed)
    }

    fn judge(
        &self,
        cells: &BTreeMap<Cell, [Rounds; 2]>,
        setting: &SimulationConfig,
        again: &BTreeSet<String>,
    ) -> Comparison {
        let [base, head] = [0, 1].map(|side: usize| SideData {
            cells: cells.iter().map(|(cell, sides)| (cell.clone(), sides[side].clone())).collect(),
            interleaved: Some(String::new()),
            // How often a budget is exceeded is no rate of errors.
            budgets: Vec::new(),
            ..self.template.clone()
        });
        compare(&base, &head, &setting.rules, again)
    }
}

/// The neighbours of each cold cell: of two sides the starts of one round, of a single
/// run those of one round and the next.
fn pool(sides: &[SideData]) -> BTreeMap<Cell, Vec<[Round; 2]>> {
    let Some(first) = sides.first() else { return BTreeMap::new() };
    let cold = first.regular().filter(|cell| cell.temperature == Temperature::Cold);
    let pairs = |cell: &Cell| -> Vec<[Round; 2]> {
        let own = &first.cells[cell].rounds;
        let Some(other) = sides.get(1) else {
            return own.windows(2).map(|two| [two[0].clone(), two[1].clone()]).collect();
        };
        let other = other.cells.get(cell).map_or(&[][..], |rounds| &rounds.rounds);
        let pair = |was: &Round| {
            let is = other.iter().find(|is| is.number == was.number)?;
            Some([was.clone(), is.clone()])
        };
        own.iter().filter_map(pair).collect()
    };
    let pairs = cold.map(|cell| (cell.clone(), pairs(cell)));
    pairs.filter(|(_, pairs)| !pairs.is_empty()).collect()
}

/// What is added to the init of head.
#[derive(Clone, Copy)]
struct Slowed {
    ns: f64,
    works: bool,
}

/// Adds `n` rounds of recorded neighbours, head slower in its init.
fn draw(
    rng: &mut ChaCha8Rng,
    recorded: &[[Round; 2]],
    n: u32,
    slowed: Slowed,
    into: &mut [Rounds; 2],
) {
    for _ in 0..n {
        let mut pair = recorded[rng.random_range(0..recorded.len())].clone();
        if rng.random() {
            pair.swap(0, 1);
        }
        slow(&mut pair[1], slowed);
        for (mut round, rounds) in pair.into_iter().zip(&mut *into) {
            round.number = rounds.rounds.len() as u32 + 1;
            rounds.rounds.push(round);
        }
    }
}

fn slow(round: &mut Round, Slowed { ns, works }: Slowed) {
    round.total += ns;
    round.cpu = round.cpu.map(|value| if works { value + ns } else { value });
    round.boot_and_init = round.boot_and_init.map(|value| value + ns);
    round.init = round.init.map(|value| value + ns);
    for (part, value) in &mut round.parts {
        if (part.first..=part.last).contains(&PhaseGroup::Init) {
            *value += ns;
        }
    }
}
