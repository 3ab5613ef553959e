//! What came of a trace under each policy, as `replay.json` has it.

use serde::{Deserialize, Serialize};

use super::trace::Trace;
use crate::cost::{Architecture, Billing, Prices};
use crate::pool::{Counters, Met, PolicyChoice, Reason, Why};

/// The version of the file's form.
pub const FORMAT: u32 = 1;
/// Functions that are told of, those that waited longest.
const WORST: usize = 5;
/// Byte-nanoseconds of a GB-second.
const GB_SECOND: f64 = (1u64 << 30) as f64 * 1e9;

/// A trace, played against policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// The version of this form.
    pub format: u32,
    /// The program, with its version.
    pub tool: String,
    /// What was typed, so that the same comes of it again.
    pub command: String,
    /// When it was played, RFC 3339.
    pub started: String,
    /// What decided what is drawn.
    pub seed: u64,
    /// Of what.
    pub trace: TraceFacts,
    /// By what starts and calls take.
    pub measured: MeasuredFacts,
    /// What all instances may take together, in bytes; none without a limit.
    pub memory: Option<u64>,
    /// Calls at a time that are allowed.
    pub concurrency: u32,
    /// How it is paid.
    pub currency: String,
    /// Where.
    pub region: String,
    /// Since when.
    pub prices_as_of: String,
    /// On which processors.
    pub architecture: Architecture,
    /// In the order in which they were asked for; the first is the one that keeps nothing.
    pub policies: Vec<Played>,
}

/// What there is to know of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceFacts {
    /// Its file's name.
    pub name: String,
    /// In which form it was.
    pub form: String,
    /// Functions.
    pub functions: usize,
    /// Calls that were played.
    pub calls: usize,
    /// From the first to the last, in nanoseconds.
    pub span: u64,
    /// Calls that took longer than is allowed, and take that.
    pub clipped: u64,
    /// Calls beyond the number that was asked for.
    pub left_out: u64,
    /// Calls whose duration the trace does not have.
    pub without_duration: u64,
}

impl MeasuredFacts {
    /// What stands before every title; empty for a good run.
    #[must_use]
    pub fn warning(&self) -> &'static str {
        crate::words::warned(!self.invalid, self.simulated)
    }
}

impl TraceFacts {
    /// Of a trace.
    #[must_use]
    pub fn of(trace: &Trace, name: String) -> Self {
        Self {
            name,
            form: trace.form.to_string(),
            functions: trace.functions.len(),
            calls: trace.calls.len(),
            span: trace.span(),
            clipped: trace.changed.clipped,
            left_out: trace.changed.left_out,
            without_duration: trace.changed.without_duration,
        }
    }
}

/// What there is to know of the run that starts were drawn from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredFacts {
    /// Its id.
    pub run: String,
    /// Where it was measured.
    pub place: String,
    /// Whether every figure of it is made up.
    pub simulated: bool,
    /// Whether what it measured is not to be believed.
    pub invalid: bool,
    /// Where calls take as long as the trace says, `trace`; as long as those that were
    /// measured, `measured`.
    pub runs: String,
    /// Its functions.
    pub functions: Vec<MappedFunction>,
}

/// A measured function, and what of the trace it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedFunction {
    /// Its name.
    pub function: String,
    /// Functions of the trace that it stands for.
    pub stands_for: usize,
    /// Their calls.
    pub calls: u64,
    /// What an instance takes, in bytes.
    pub memory: u64,
    /// What a start takes, at the median, in nanoseconds.
    pub start_p50: u64,
    /// What a warm call takes, at the median.
    pub warm_p50: u64,
    /// Starts that are drawn from.
    pub starts: usize,
}

/// What came of one policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Played {
    /// The policy, as it is typed.
    pub policy: String,
    /// The folder of the run whose rows these calls are, beside this file, where instances were
    /// real; none on the virtual clock.
    pub run: Option<String>,
    /// Calls that met an instance which was started for one, and waited for it.
    pub cold: u64,
    /// Calls that met one that was ready and had never served.
    pub fresh: u64,
    /// Calls that met one which had served before.
    pub warm: u64,
    /// Those of them that waited for it.
    pub delayed: u64,
    /// Calls that failed; none on the virtual clock.
    pub failed: u64,
    /// Calls refused: too many at a time.
    pub throttled_concurrency: u64,
    /// Calls refused: too many starts in too short a time.
    pub throttled_scaling: u64,
    /// Calls refused: no memory.
    pub throttled_memory: u64,
    /// Instances started for a call.
    pub starts: u64,
    /// Instances started because there always are some.
    pub provisioned: u64,
    /// Instances started because a call was expected.
    pub prewarmed: u64,
    /// Instances that never served.
    pub unused: u64,
    /// Idle instances that went for another's memory.
    pub evictions: u64,
    /// Memory of idle instances over time, in GB-seconds; none where nobody counted it.
    pub idle_gb_s: Option<f64>,
    /// The same of those that had a call.
    pub busy_gb_s: Option<f64>,
    /// The same of those that were starting.
    pub starting_gb_s: Option<f64>,
    /// From when a call came until it was over, in nanoseconds.
    pub latency: Quantiles,
    /// From when a call came until an instance had it.
    pub waited: Quantiles,
    /// The functions whose calls waited longest, at the 99th percentile.
    pub worst: Vec<FunctionPlayed>,
    /// What AWS Lambda would have asked for the calls.
    pub calls_cost: f64,
    /// What it asks for memory that stands by, for that of idle instances; none where nobody
    /// counted it.
    pub idle_cost: Option<f64>,
    /// What each cold start costs that does not happen against the policy that keeps nothing:
    /// calls and idle memory together. None where none is avoided, or more calls are refused.
    pub per_cold_start_avoided: Option<f64>,
}

/// A function under a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionPlayed {
    /// Its name in the trace.
    pub function: String,
    /// Calls that met an instance.
    pub calls: u64,
    /// Those of them that were cold.
    pub cold: u64,
    /// Calls that were refused.
    pub throttled: u64,
    /// What they waited.
    pub waited: Quantiles,
}

/// Of many values those that so many are not above; none of none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantiles {
    /// The median.
    pub p50: Option<u64>,
    /// Nine in ten.
    pub p90: Option<u64>,
    /// 99 in a hundred.
    pub p99: Option<u64>,
    /// All.
    pub max: Option<u64>,
}

impl Quantiles {
    /// Of values, which are put in order.
    #[must_use]
    pub fn of(values: &mut [u64]) -> Self {
        values.sort_unstable();
        let at = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100).max(1);
            values.get(rank - 1).copied()
        };
        Self { p50: at(50), p90: at(90), p99: at(99), max: values.last().copied() }
    }
}

impl Played {
    /// What it is called beside others: its policy, and whether instances were real.
    #[must_use]
    pub fn name(&self) -> String {
        let real = if self.run.is_some() { ", real" } else { "" };
        format!("{}{real}", self.policy)
    }

    /// Calls that met an instance.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.cold + self.fresh + self.warm
    }

    /// The share of them that was cold; none of none.
    #[must_use]
    pub fn cold_share(&self) -> Option<f64> {
        (self.calls() > 0).then(|| self.cold as f64 / self.calls() as f64)
    }

    /// The share of all calls that was cold or refused; none of none.
    #[must_use]
    pub fn missed_share(&self) -> Option<f64> {
        let all = self.calls() + self.throttled();
        (all > 0).then(|| (self.cold + self.throttled()) as f64 / all as f64)
    }

    /// Calls that were refused.
    #[must_use]
    pub fn throttled(&self) -> u64 {
        self.throttled_concurrency + self.throttled_scaling + self.throttled_memory
    }

    /// What the calls and the idle memory cost.
    #[must_use]
    pub fn cost(&self) -> f64 {
        self.calls_cost + self.idle_cost.unwrap_or(0.0)
    }
}

/// How calls and idle memory are paid.
#[derive(Debug, Clone)]
pub struct Tariff {
    /// At which prices.
    pub prices: Prices,
    /// On which processors.
    pub architecture: Architecture,
}

impl Tariff {
    pub(super) fn call(&self, call: &Billing) -> f64 {
        self.prices.per_call(self.architecture, call)
    }

    fn idle(&self, gb_seconds: f64) -> f64 {
        self.prices.lambda.rates(self.architecture).provisioned_idle * gb_seconds
    }
}

/// What happened so far.
pub(super) struct Account {
    latencies: Vec<u64>,
    functions: Vec<OfFunction>,
    paid: f64,
}

#[derive(Default, Clone)]
struct OfFunction {
    waits: Vec<u64>,
    cold: u64,
    throttled: u64,
}

impl Account {
    pub(super) fn new(functions: usize) -> Self {
        let functions = vec![OfFunction::default(); functions];
        Self { latencies: Vec::new(), functions, paid: 0.0 }
    }

    pub(super) fn call(&mut self, function: u32, met: Met, waited: u64, latency: u64, paid: f64) {
        let of = &mut self.functions[function as usize];
        of.waits.push(waited);
        of.cold += u64::from(met == Met::Cold);
        self.latencies.push(latency);
        self.paid += paid;
    }

    pub(super) fn throttled(&mut self, function: u32) {
        self.functions[function as usize].throttled += 1;
    }

    /// What came of it, all in all.
    pub(super) fn closed(
        mut self,
        policy: PolicyChoice,
        counters: &Counters,
        tariff: &Tariff,
        names: &[String],
    ) -> Played {
        let gb_s = |taken: u128| Some(taken as f64 / GB_SECOND);
        let idle = gb_s(counters.idle);
        let starts = |why| counters.starts.get(&why).copied().unwrap_or(0);
        let throttled = |reason| counters.throttled.get(&reason).copied().unwrap_or(0);
        let mut waits: Vec<u64> =
            self.functions.iter().flat_map(|of| of.waits.iter().copied()).collect();
        Played {
            policy: policy.to_string(),
            run: None,
            cold: counters.met(Met::Cold),
            fresh: counters.met(Met::Fresh),
            warm: counters.met(Met::Warm),
            delayed: counters.delayed,
            failed: 0,
            throttled_concurrency: throttled(Reason::Account) + throttled(Reason::Function),
            throttled_scaling: throttled(Reason::Scaling),
            throttled_memory: throttled(Reason::Memory),
            starts: starts(Why::Call),
            provisioned: starts(Why::Provisioned),
            prewarmed: starts(Why::Prewarm),
            unused: counters.all_unused(),
            evictions: counters.evictions,
            idle_gb_s: idle,
            busy_gb_s: gb_s(counters.busy),
            starting_gb_s: gb_s(counters.starting),
            latency: Quantiles::of(&mut self.latencies),
            waited: Quantiles::of(&mut waits),
            worst: worst(self.functions, names),
            calls_cost: self.paid,
            idle_cost: idle.map(|idle| tariff.idle(idle)),
            per_cold_start_avoided: None,
        }
    }
}

fn worst(functions: Vec<OfFunction>, names: &[String]) -> Vec<FunctionPlayed> {
    let of = |(mut of, name): (OfFunction, &String)| FunctionPlayed {
        function: name.clone(),
        calls: of.waits.len() as u64,
        cold: of.cold,
        throttled: of.throttled,
        waited: Quantiles::of(&mut of.waits),
    };
    let mut all: Vec<FunctionPlayed> = functions.into_iter().zip(names).map(of).collect();
    all.retain(|of| of.calls > 0);
    // Of those that waited alike the one that did so most often.
    all.sort_by_key(|of| std::cmp::Reverse((of.waited.p99, of.cold, of.calls)));
    all.truncate(WORST);
    all
}

/// Says of each what its cold starts less cost, against the first.
pub fn compare(policies: &mut [Played]) {
    let Some((first, others)) = policies.split_first_mut() else { return };
    for other in others {
        let avoided = first.cold as f64 - other.cold as f64;
        let more = other.cost() - first.cost();
        let known = other.idle_cost.is_some() && first.idle_cost.is_some();
        // A call that is refused is no cold start that was avoided.
        let known = known && avoided > 0.0 && other.throttled() <= first.throttled();
        other.per_cold_start_avoided = known.then(|| more / avoided);
    }
}
