//! What an hour on a rung costs, and what of it nobody used: by what calls took that were made,
//! and by what is asked for in a list of prices. Of a pool that keeps instances for a time an hour
//! is played on the virtual clock, as `replay` plays one.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Rung, Shot, rungs};
use crate::cost::{Billing, Machine, billed_mib};
use crate::pool::{Limits, PolicyChoice, Queue};
use crate::replay::measured::{MeasuredFunction, StartCost};
use crate::replay::played::Tariff;
use crate::replay::trace::{Changed, Form, TraceCall};
use crate::replay::virtual_clock::{Runs, Setting, play};
use crate::replay::{Measured, Trace};
use crate::study::median;

/// Nanoseconds of an hour.
const HOUR: f64 = 3.6e12;
/// Calls that are played at least, however many hours that are: of fewer the share of cold ones
/// is chance.
const LEAST: u64 = 5_000;
/// Calls at a time that a pool takes.
const AT_A_TIME: u32 = 100_000;
/// Bytes of a GB as it is billed.
const GIB: f64 = (1u64 << 30) as f64;

/// What an hour of calls is counted by.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// What an instance takes, in bytes.
    pub memory: u64,
    /// By which policy the pool keeps instances.
    pub policy: PolicyChoice,
    /// At which prices.
    pub tariff: &'a Tariff,
    /// Calls an hour, of each row.
    pub rates: &'a [u32],
    /// For what is random.
    pub seed: u64,
}

/// An hour on a rung.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hour {
    /// Which.
    pub rung: Rung,
    /// Calls, at random instants.
    pub calls: u32,
    /// The share of them that is cold.
    pub cold: Option<f64>,
    /// What it costs; none without a price.
    pub cost: Option<f64>,
    /// Memory that instances held which had nothing to do, over time, in GB-seconds.
    pub idle_gb_s: Option<f64>,
}

/// Every rung at every rate.
#[must_use]
pub fn hours(shots: &[Shot], asked: &Question<'_>) -> Vec<Hour> {
    let of = |rung: Rung| asked.rates.iter().map(move |calls| hour(shots, asked, (rung, *calls)));
    rungs(shots).into_iter().flat_map(of).collect()
}

/// The cheapest machine that has a function's memory.
#[must_use]
pub fn machine<'a>(asked: &Question<'a>) -> Option<&'a Machine> {
    let Tariff { prices, architecture } = asked.tariff;
    let gib = asked.memory as f64 / GIB;
    let fit = prices.machines(*architecture).filter(|of| of.memory_gib >= gib);
    fit.min_by(|a, b| a.hour.total_cmp(&b.hour))
}

fn hour(shots: &[Shot], asked: &Question<'_>, (rung, calls): (Rung, u32)) -> Hour {
    let nothing = Hour { rung, calls, cold: None, cost: None, idle_gb_s: None };
    let found = match rung {
        Rung::Process => rented(shots, asked, (rung, calls), |warm, _| {
            let machine = machine(asked)?;
            // Its vCPUs and memory take several processes; what is beyond needs another.
            let filled = asked.tariff.prices.against_calls(machine, warm, 0.0);
            let machines = filled.map_or(1.0, |of| (f64::from(calls) / of.calls).ceil().max(1.0));
            Some(machine.hour * machines)
        }),
        Rung::AlwaysOn => rented(shots, asked, (rung, calls), |warm, instances| {
            let Tariff { prices, architecture } = asked.tariff;
            let row = prices.fargate(*architecture)?;
            let mib = f64::from(warm.memory_mib);
            let vcpus = mib / prices.lambda.mib_per_vcpu;
            Some(instances * (row.vcpu_hour * vcpus + row.gb_hour * mib / 1024.0))
        }),
        Rung::ToZero => each_cold(shots, asked, calls),
        Rung::Pooled => pooled(shots, asked, calls),
    };
    found.unwrap_or(nothing)
}

/// Of what is there whether or not it is called: as many as calls keep busy on the average, and
/// at least one.
fn rented(
    shots: &[Shot],
    asked: &Question<'_>,
    (rung, calls): (Rung, u32),
    cost: impl Fn(&Billing, f64) -> Option<f64>,
) -> Option<Hour> {
    let mut handlers: Vec<u64> = warm(shots, rung).collect();
    let handler_ns = median(&mut handlers)?;
    let warm = Billing { memory_mib: billed_mib(asked.memory), handler_ns, init_ns: None };
    let busy = f64::from(calls) * handler_ns as f64;
    let instances = (busy / HOUR).ceil().max(1.0);
    let idle = (instances * HOUR - busy) / 1e9 * asked.memory as f64 / GIB;
    let cost = cost(&warm, instances);
    Some(Hour { rung, calls, cold: Some(0.0), cost, idle_gb_s: Some(idle) })
}

/// Every call is cold, and nothing is kept.
fn each_cold(shots: &[Shot], asked: &Question<'_>, calls: u32) -> Option<Hour> {
    let Tariff { prices, architecture } = asked.tariff;
    let memory_mib = billed_mib(asked.memory);
    let billed = cold(shots, Rung::ToZero).map(|(_, handler_ns, init)| {
        let billing = Billing { memory_mib, handler_ns, init_ns: Some(init) };
        prices.per_call(*architecture, &billing)
    });
    let all: Vec<f64> = billed.collect();
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let cost = Some(mean * f64::from(calls)).filter(|cost| cost.is_finite());
    let idle_gb_s = Some(0.0);
    cost.map(|_| Hour { rung: Rung::ToZero, calls, cold: Some(1.0), cost, idle_gb_s })
}

/// Calls at random instants, played against the policy; for many hours where they are few.
fn pooled(shots: &[Shot], asked: &Question<'_>, calls: u32) -> Option<Hour> {
    let rung = Rung::Pooled;
    let mut warm: Vec<u64> = warm(shots, rung).collect();
    warm.sort_unstable();
    let usual = median(&mut warm)?;
    let cost =
        |(took, _, init): (u64, u64, u64)| StartCost { start: took.saturating_sub(usual), init };
    let mut starts: Vec<StartCost> = cold(shots, rung).map(cost).collect();
    starts.sort_unstable();
    let name = rung.to_string();
    let memory = asked.memory;
    let function = MeasuredFunction { name: name.clone(), position: 0, memory, warm, starts };
    let functions = vec![function].into_iter().filter(|of| !of.starts.is_empty()).collect();
    let (run, place) = (String::new(), String::new());
    let measured = Measured { run, place, simulated: false, invalid: false, functions };
    if measured.functions.is_empty() {
        return None;
    }
    let trace = trace(name, calls, asked.seed);
    let hours = trace.span() as f64 / HOUR;
    let limits = Limits { account: AT_A_TIME, scaling: None, memory: None, queue: Queue::Never };
    let setting = Setting {
        trace: &trace,
        measured: &measured,
        mapping: &[0],
        limits,
        runs: Runs::Measured,
        seed: asked.seed,
        tariff: asked.tariff,
    };
    let played = play(&setting, asked.policy);
    let an_hour = |of: f64| Some(of / hours).filter(|of| of.is_finite());
    Some(Hour {
        rung,
        calls,
        cold: played.cold_share(),
        cost: an_hour(played.calls_cost),
        idle_gb_s: played.idle_gb_s.and_then(an_hour),
    })
}

/// Calls that come independently of each other, so many an hour.
fn trace(name: String, an_hour: u32, seed: u64) -> Trace {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mean = HOUR / f64::from(an_hour.max(1));
    let mut at = 0.0;
    let calls = (0..u64::from(an_hour).max(LEAST)).map(|_| {
        let call = TraceCall { at: at as u64, run: 0, function: 0 };
        at -= mean * libm::log(1.0 - random.random_range(0.0..1.0));
        call
    });
    let calls = calls.collect();
    Trace { form: Form::ByCall, functions: vec![name], calls, changed: Changed::default() }
}

/// What instances took for calls that they were warm for.
fn warm(shots: &[Shot], rung: Rung) -> impl Iterator<Item = u64> {
    let is_one = move |shot: &&Shot| shot.rung == rung && !shot.cold;
    shots.iter().filter(is_one).filter_map(|shot| shot.handler_ns)
}

/// What cold calls took, what of it was the event's, and what the init's.
fn cold(shots: &[Shot], rung: Rung) -> impl Iterator<Item = (u64, u64, u64)> {
    let is_one = move |shot: &&Shot| shot.rung == rung && shot.cold;
    let of = |shot: &Shot| Some((shot.ns?, shot.handler_ns?, shot.init_ns?));
    shots.iter().filter(is_one).filter_map(of)
}
