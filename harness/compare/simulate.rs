//! Gates made of recorded starts: thousands in seconds, to know how the judging errs.
//!
//! Every round of a made-up side is drawn, whole and with replacement, from the rounds
//! that a real measurement recorded, so parts keep their shares and slow starts their
//! frequency. One gate draws from one measurement: the machine's mood between two is
//! no noise of a gate.

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::measured::{Measured, Round, Rounds, median};
use super::{Comparison, Rules, Stretch, compare};
use crate::sample::{Cell, Temperature};

/// What starts are drawn from.
#[derive(Debug, Clone)]
pub struct Noise {
    /// What is told of the measurements.
    template: Measured,
    /// The rounds of each measurement, by cell.
    pools: Vec<BTreeMap<Cell, Vec<Round>>>,
}

/// How a made-up gate goes.
#[derive(Debug, Clone)]
pub struct Setting {
    /// What decides.
    pub rules: Rules,
    /// Rounds a side that inference uses.
    pub rounds: u32,
    /// Whether what alarms is measured again.
    pub confirm: bool,
}

impl Noise {
    /// From measurements of unchanged code: the sides of each, by what they share. Only
    /// cold cells are drawn. None when there is no cold start to draw from.
    #[must_use]
    pub fn of(measurements: &[Vec<Measured>]) -> Option<Self> {
        let pools: Vec<_> = measurements.iter().map(|sides| pool(sides)).collect();
        let template = measurements.iter().flatten().next()?.clone();
        let pools: Vec<_> = pools.into_iter().filter(|pool| !pool.is_empty()).collect();
        (!pools.is_empty()).then_some(Self { template, pools })
    }

    /// Recorded rounds to draw from, of the cell that has fewest.
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
        for (cell, rounds) in self.pools.iter().flatten() {
            let own = totals.entry(cell.function.clone()).or_default();
            own.extend(rounds.iter().map(|round| round.total));
        }
        totals.into_iter().filter_map(|(name, all)| Some((name, median(all)?))).collect()
    }

    /// One gate whose head sleeps so many milliseconds in its init, by function. The
    /// same seed draws the same gate.
    #[must_use]
    pub fn gate(&self, setting: &Setting, sleeps: &BTreeMap<String, u32>, seed: u64) -> Comparison {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let pool = &self.pools[rng.random_range(0..self.pools.len())];
        let mut base = self.empty();
        let mut head = self.empty();
        head.party.injected.clone_from(sleeps);
        let mut add =
            |functions: Option<&BTreeSet<String>>, base: &mut Measured, head: &mut Measured| {
                for (cell, recorded) in pool {
                    if functions.is_none_or(|names| names.contains(&cell.function)) {
                        let ns = f64::from(sleeps.get(&cell.function).copied().unwrap_or(0)) * 1e6;
                        draw(
                            &mut rng,
                            recorded,
                            setting.rounds,
                            0.0,
                            base.cells.entry(cell.clone()).or_default(),
                        );
                        draw(
                            &mut rng,
                            recorded,
                            setting.rounds,
                            ns,
                            head.cells.entry(cell.clone()).or_default(),
                        );
                    }
                }
            };
        add(None, &mut base, &mut head);
        let first = compare(&base, &head, &setting.rules, &BTreeSet::new());
        let alarmed = first.alarmed();
        if alarmed.is_empty() || !setting.confirm {
            return first;
        }
        add(Some(&alarmed), &mut base, &mut head);
        compare(&base, &head, &setting.rules, &alarmed)
    }

    fn empty(&self) -> Measured {
        Measured {
            cells: BTreeMap::new(),
            interleaved: Some(String::new()),
            ..self.template.clone()
        }
    }
}

fn pool(sides: &[Measured]) -> BTreeMap<Cell, Vec<Round>> {
    let mut pool: BTreeMap<Cell, Vec<Round>> = BTreeMap::new();
    for (cell, rounds) in sides.iter().flat_map(|side| &side.cells) {
        if cell.control.is_none() && cell.temperature == Temperature::Cold {
            pool.entry(cell.clone()).or_default().extend(rounds.rounds.iter().cloned());
        }
    }
    pool
}

/// Adds `n` recorded rounds, each slower by `ns` in its init.
fn draw(rng: &mut ChaCha8Rng, recorded: &[Round], n: u32, ns: f64, into: &mut Rounds) {
    for _ in 0..n {
        let mut round = recorded[rng.random_range(0..recorded.len())].clone();
        round.total += ns;
        round.boot_and_init = round.boot_and_init.map(|value| value + ns);
        round.init = round.init.map(|value| value + ns);
        for (part, value) in &mut round.parts {
            if (part.first..=part.last).contains(&Stretch::Init) {
                *value += ns;
            }
        }
        into.rounds.push(round);
    }
}
