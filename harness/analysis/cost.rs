//! What the calls of a run would have cost, of each function under each combination of
//! factors: where it was asked for ([`Run::cost`]).

use super::{Group, groups, headline};
use crate::cost::{
    Billing, Crossing, Machine, Question, Rental, billed_mib, billed_ms, gb_seconds,
};
use crate::sample::{Mark, Sample, Temperature};
use crate::spec::factor::Factors;
use crate::stats::{self, BootstrapWeights, LatencySummary, Quantile, RankedValue, Summary};
use crate::store::Run;

/// What the calls of a run would have cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost<'a> {
    /// What was asked.
    pub question: &'a Question,
    /// In the order of the functions.
    pub functions: Vec<FunctionCost>,
}

/// What the calls of one function would have cost.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionCost {
    /// Its name.
    pub function: String,
    /// What its instances were started under.
    pub factors: Factors,
    /// Memory that is billed, in MiB.
    pub memory_mib: u32,
    /// From where its initialisation counts; none where no cold start tells.
    pub init_from: Option<InitFrom>,
    /// What is billed of its cold calls, in nanoseconds, not rounded up: initialisation and
    /// handler.
    pub cold: Option<LatencySummary>,
    /// What is billed of its warm calls, likewise; none where none was made.
    pub warm: Option<LatencySummary>,
    /// The price; none where cold or warm calls are not known.
    pub bill: Option<Bill>,
}

/// From where an initialisation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitFrom {
    /// The function's exec, as the kernel told it: AWS Lambda bills from its own start of
    /// the runtime, and no engine of ours is part of that.
    Exec,
    /// The start of the container, with what the engine takes: more than is billed.
    Start,
}

/// A figure with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// From the medians.
    pub value: f64,
    /// From the lower, and from the upper ends of both medians' 95 % intervals.
    pub interval: Option<(f64, f64)>,
}

/// The price of a function's calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Bill {
    /// A warm call at the median.
    pub warm: Billing,
    /// A cold call at the median: both parts of it as one.
    pub cold: Billing,
    /// What a million calls cost, of which the share that was asked is cold.
    pub per_million: Figure,
}

impl<'a> Cost<'a> {
    /// Of a run; none where nobody asked.
    #[must_use]
    pub fn of(run: &'a Run, summaries: &[Summary]) -> Option<Self> {
        let question = run.cost.as_ref()?;
        let mut draws = BootstrapWeights::default();
        let cold = headline(run, summaries);
        let of = |group: Group| {
            let cold = cold.iter().find(|s| is_of(s, &group));
            one(run, question, group, cold.copied(), summaries, &mut draws)
        };
        Some(Self { question, functions: groups(run, summaries).into_iter().map(of).collect() })
    }

    /// The machine that functions are drawn against: the first of the architecture.
    #[must_use]
    pub fn machine(&self) -> Option<&'a Machine> {
        self.question.prices.machines(self.question.architecture).next()
    }

    /// A function on a machine that is always on.
    #[must_use]
    pub fn rental(&self, of: &FunctionCost, machine: &Machine) -> Option<Rental> {
        let bill = of.bill.as_ref()?;
        let call = bill.per_million.value / 1e6;
        self.question.prices.against_calls(machine, &bill.warm, call)
    }

    /// The machines of the architecture, each against the same vCPUs paid by use: rented, and
    /// by calls.
    #[must_use]
    pub fn crossings(&self) -> Vec<(&'a Machine, Option<Crossing>, Crossing)> {
        let prices = &self.question.prices;
        let machines = prices.machines(self.question.architecture);
        machines.map(|m| (m, prices.against_fargate(m), prices.against_lambda(m))).collect()
    }
}

impl FunctionCost {
    /// GB-seconds of a million calls, of which a share is cold; none without a price.
    #[must_use]
    pub fn gb_seconds_per_million(&self, cold_share: f64) -> Option<f64> {
        let Bill { warm, cold, .. } = self.bill.as_ref()?;
        let of =
            |call: &Billing| gb_seconds(call.memory_mib, billed_ms(call.handler_ns, call.init_ns));
        Some(1e6 * ((1.0 - cold_share) * of(warm) + cold_share * of(cold)))
    }
}

fn is_of(summary: &Summary, (function, factors): &Group) -> bool {
    let cell = &summary.cell;
    cell.control.is_none() && cell.function == *function && cell.factors == *factors
}

fn one(
    run: &Run,
    question: &Question,
    group: Group,
    cold: Option<&Summary>,
    summaries: &[Summary],
    draws: &mut BootstrapWeights,
) -> FunctionCost {
    let warm = stats::warm_of(summaries, &group.0, &group.1);
    let rows = |summary: Option<&Summary>| -> Vec<&Sample> {
        let of = |s: &&Sample| summary.is_some_and(|summary| s.cell == summary.cell);
        stats::used(&run.samples).filter(of).collect()
    };
    let (cold_rows, warm_rows) = (rows(cold), rows(warm));
    let init_from = InitFrom::of(&cold_rows);
    let cold = init_from.and_then(|from| durations(&cold_rows, |s| from.cold(s), draws));
    let warm = durations(&warm_rows, handler, draws);
    let memory_mib = billed_mib(group.1.memory);
    let bill = cold.zip(warm).and_then(|(cold, warm)| bill(question, memory_mib, &cold, &warm));
    let (function, factors) = group;
    FunctionCost { function, factors, memory_mib, init_from, cold, warm, bill }
}

/// How what is billed is spread; a failure ranks above every success. None of no rows, or
/// where no success tells.
fn durations(
    rows: &[&Sample],
    of: impl Fn(&Sample) -> Option<u64>,
    draws: &mut BootstrapWeights,
) -> Option<LatencySummary> {
    let known = |s: &&&Sample| !s.outcome.is_ok() || of(s).is_some();
    let row = |s: &&Sample| (s.round, if s.outcome.is_ok() { of(s) } else { None });
    let rows: Vec<(u32, Option<u64>)> = rows.iter().filter(known).map(row).collect();
    let summary = (!rows.is_empty()).then(|| LatencySummary::by_round(&rows, draws))?;
    summary.min.is_some().then_some(summary)
}

/// From the event's way to the instance to the last byte of its reply.
fn handler(sample: &Sample) -> Option<u64> {
    let replied = sample.marks.get(Mark::Responded)?;
    let from = match sample.cell.temperature {
        Temperature::Cold => sample.marks.ready()?,
        Temperature::Warm => sample.marks.get(Mark::Dispatched)?,
    };
    replied.checked_sub(from)
}

impl InitFrom {
    /// The exec, where most rows that were answered tell of it.
    fn of(rows: &[&Sample]) -> Option<Self> {
        let answered = || rows.iter().filter(|s| s.outcome.is_ok());
        let tell = |from: Self| answered().filter(|s| from.cold(s).is_some()).count();
        let n = answered().count();
        let told = [Self::Exec, Self::Start].into_iter().find(|from| tell(*from) * 2 > n);
        told.filter(|_| n > 0)
    }

    fn mark(self) -> Mark {
        match self {
            Self::Exec => Mark::Exec,
            Self::Start => Mark::StartCalled,
        }
    }

    /// Initialisation and handler of a cold call.
    fn cold(self, sample: &Sample) -> Option<u64> {
        let init = sample.marks.ready()?.checked_sub(sample.marks.get(self.mark())?)?;
        init.checked_add(handler(sample)?)
    }
}

/// The price at the medians, and at the ends of their intervals; none where a median is a
/// failure.
fn bill(
    question: &Question,
    memory_mib: u32,
    cold: &LatencySummary,
    warm: &LatencySummary,
) -> Option<Bill> {
    let Question { prices, architecture, cold_share, .. } = question;
    let price = |warm: f64, cold: f64| {
        prices.per_million(*architecture, memory_mib, warm as u64, (cold as u64, 0), *cold_share)
    };
    let of = |quantile: &Quantile| quantile.value.and_then(RankedValue::ns);
    let ends = |quantile: &Quantile| {
        let interval = quantile.interval?;
        Some((interval.low.ns()?, interval.high.ns()?))
    };
    let (warm_ns, cold_ns) = (of(&warm.p50)?, of(&cold.p50)?);
    let interval = ends(&warm.p50).zip(ends(&cold.p50));
    let interval = interval.map(|(warm, cold)| (price(warm.0, cold.0), price(warm.1, cold.1)));
    let billing = |ns: f64, init_ns| Billing { memory_mib, handler_ns: ns as u64, init_ns };
    Some(Bill {
        warm: billing(warm_ns, None),
        cold: billing(cold_ns, Some(0)),
        per_million: Figure { value: price(warm_ns, cold_ns), interval },
    })
}

#[cfg(test)]
mod tests;
