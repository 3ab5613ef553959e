//! One size: what calls take under it and what they cost, with intervals.

use std::collections::BTreeMap;

use super::bill::{Bill, Took};
use super::choice::MOST_FAILED;
use super::{InitSource, SHARES, rounds};
use crate::cost::{billed_mib, billed_ms};
use crate::sample::Sample;
use crate::stats::{BootstrapWeights, LatencySummary, RankedValue};

/// A function under one memory limit.
#[derive(Debug, Clone)]
pub struct Size {
    /// Memory in MiB, as it is billed.
    pub mib: u32,
    /// From the intended instant to the reply of cold starts, the engine's part with them.
    pub cold: LatencySummary,
    /// The same of warm calls.
    pub warm: LatencySummary,
    /// The init of cold starts.
    pub init: LatencySummary,
    /// Their first event.
    pub event: LatencySummary,
    /// Milliseconds that are billed for a cold call and for a warm one, at the median.
    pub billed_ms: Option<[u64; 2]>,
    /// What a call takes on the average, in nanoseconds.
    pub average: Option<Figure>,
    /// What a million calls cost.
    pub price: Option<Figure>,
    /// The same by share of cold calls: those of [`SHARES`].
    pub prices: Vec<(f64, f64)>,
    /// What did not succeed.
    pub failures: Failures,
    /// The adjusted p-value that its price is not the cheapest one's; none of that itself,
    /// and where there are too few rounds.
    pub from_cheapest: Option<f64>,
    /// The same of the fastest one's average.
    pub from_fastest: Option<f64>,
    pub(super) rounds: BTreeMap<u32, [f64; 2]>,
}

/// A median over rounds with its 95 % interval, as far as there is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// The median.
    pub value: f64,
    /// Its interval.
    pub interval: Option<[f64; 2]>,
}

/// What did not succeed of a size's calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failures {
    /// Calls, those that failed among them.
    pub of: usize,
    /// Those that failed.
    pub failed: usize,
    /// Whether memory ran out in any.
    pub out_of_memory: bool,
    /// What became of most of them, as rows have it.
    pub kind: Option<&'static str>,
    /// Why the first of those failed, in foreign words.
    pub cause: Option<String>,
}

impl Size {
    pub(super) fn of(memory: u64, rows: &[&Sample], source: InitSource, bill: &Bill) -> Self {
        let mib = billed_mib(memory);
        let took = rounds::took(rows, source);
        let in_a_round = |(round, took): (&u32, &Took)| {
            let price = bill.per_million(mib, *took, bill.cold_share);
            (*round, [price, bill.average(*took)])
        };
        let rounds: BTreeMap<u32, [f64; 2]> = took.iter().map(in_a_round).collect();
        let figure = |at: usize| Figure::of(rounds.values().map(|of| of[at]));
        let prices = SHARES.map(|share| {
            let all = took.values().map(|took| bill.per_million(mib, *took, share));
            Figure::of(all).map(|of| (share, of.value))
        });
        let summary = |is: fn(&Sample) -> bool, of: &dyn Fn(&Sample) -> Option<u64>| {
            let rows = rows.iter().filter(|row| is(row));
            let ranked = |row: &&Sample| (row.round, of(row).filter(|_| row.outcome.is_ok()));
            let rows: Vec<_> = rows.map(ranked).collect();
            LatencySummary::by_round(&rows, &mut BootstrapWeights::default())
        };
        Self {
            mib,
            cold: summary(rounds::is_cold, &Sample::latency),
            warm: summary(rounds::is_warm, &Sample::latency),
            init: summary(rounds::is_cold, &|row| rounds::init_of(row, source)),
            event: summary(rounds::is_cold, &rounds::handler_of),
            billed_ms: billed(&took, mib, bill),
            average: figure(1),
            price: figure(0),
            prices: prices.into_iter().flatten().collect(),
            failures: Failures::of(rows),
            from_cheapest: None,
            from_fastest: None,
            rounds,
        }
    }

    /// Whether it may be chosen: next to nothing failed under it.
    #[must_use]
    pub fn is_eligible(&self) -> bool {
        let Failures { of, failed, .. } = self.failures;
        self.price.is_some() && failed as f64 <= MOST_FAILED * of as f64
    }
}

/// What is billed of the median calls.
fn billed(took: &BTreeMap<u32, Took>, mib: u32, bill: &Bill) -> Option<[u64; 2]> {
    let median = |of: fn(&Took) -> u64| {
        let mut all: Vec<u64> = took.values().map(of).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied()
    };
    let (warm, cold, init) = (median(|t| t.warm)?, median(|t| t.cold)?, median(|t| t.init)?);
    let call = bill.billing(mib, cold, init);
    Some([billed_ms(call.handler_ns, call.init_ns), billed_ms(warm, None)])
}

impl Figure {
    /// Parts of a unit that are told apart.
    const FINE: f64 = 1e6;

    /// The median of some values; none of none.
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        // The order statistics of the rest of this program are of whole numbers.
        let fine: Vec<u64> = values.map(|value| (value * Self::FINE).round() as u64).collect();
        let median = LatencySummary::new(fine, 0).p50;
        let of = |ranked: RankedValue| ranked.ns().map(|fine| fine / Self::FINE);
        let interval = median.interval.and_then(|i| Some([of(i.low)?, of(i.high)?]));
        Some(Self { value: of(median.value?)?, interval })
    }
}

impl Failures {
    fn of(rows: &[&Sample]) -> Self {
        let mut kinds: BTreeMap<&'static str, (usize, &str)> = BTreeMap::new();
        let mut out_of_memory = false;
        for row in rows {
            let Some(cause) = row.outcome.cause() else { continue };
            kinds.entry(row.outcome.kind()).or_insert((0, cause)).0 += 1;
            out_of_memory |= row.outcome.is_out_of_memory()
                || row.resources.and_then(|used| used.oom_kills).is_some_and(|kills| kills > 0);
        }
        let failed = kinds.values().map(|(n, _)| n).sum();
        let most = kinds.iter().max_by_key(|(_, (n, _))| *n);
        let cause = most.map(|(_, (_, cause))| (*cause).to_owned());
        let kind = most.map(|(kind, _)| *kind);
        Self { of: rows.len(), failed, out_of_memory, kind, cause }
    }
}
