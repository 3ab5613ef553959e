//! A trace played on real instances: each call is made at its instant, whether or not those
//! before it are over, and what the platform says of it is what came of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::measured::Measured;
use super::played::{Account, Played, Tariff};
use super::trace::Trace;
use crate::cost::{Billing, billed_mib};
use crate::pool::{Counters, Met, PolicyChoice, Reason as Limit, Why};
use crate::sample::Temperature;
use crate::serve::{Call, Done, End, Platform, Reason, Status};

/// What is called for a function of the trace.
#[derive(Debug, Clone)]
pub struct Target {
    /// The function.
    pub function: Arc<str>,
    /// What it is given.
    pub event: Bytes,
}

/// How a call of a trace ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its place in the trace.
    pub call: usize,
    /// When it was over, in nanoseconds since it was to come.
    pub latency: u64,
    /// What the platform says of it.
    pub done: Done,
}

/// Makes every call at its instant, from now on, and waits for all of them. Those that are not
/// over when the platform stops end as it says.
pub async fn play<P: Platform>(platform: &P, trace: &Trace, targets: &[Target]) -> Vec<Ended> {
    let clock = platform.clock();
    let begin = clock.now();
    let mut running: JoinSet<Ended> = JoinSet::new();
    let mut ended = Vec::with_capacity(trace.calls.len());
    for (number, of) in trace.calls.iter().enumerate() {
        let Some(Target { function, event }) = targets.get(of.function as usize) else { continue };
        let at = begin.saturating_add(of.at);
        // Not the clock's own wait, which has the thread for itself: calls before are under way.
        let wait = at.saturating_sub(clock.now());
        tokio::time::sleep(Duration::from_nanos(wait)).await;
        // Latency counts from when it was to come: a timer is a millisecond or two late.
        let call = Call::of(function.clone(), Uuid::new_v4(), event.clone(), at);
        let platform = platform.clone();
        running.spawn(async move {
            let done = platform.call(call).await;
            Ended { call: number, latency: platform.clock().now().saturating_sub(at), done }
        });
        while let Some(one) = running.try_join_next() {
            ended.extend(one.ok());
        }
    }
    while let Some(one) = running.join_next().await {
        ended.extend(one.ok());
    }
    ended.sort_by_key(|one| one.call);
    ended
}

/// What came of it, in the words of the virtual clock; what stood idle is known where whoever
/// has the instances counted it.
#[must_use]
pub fn played(
    trace: &Trace,
    ended: &[Ended],
    (measured, mapping): (&Measured, &[usize]),
    policy: PolicyChoice,
    tariff: &Tariff,
    counted: Option<&Counters>,
) -> Played {
    let mut account = Account::new(trace.functions.len());
    let mut counters = counted.cloned().unwrap_or_default();
    (counters.calls, counters.throttled) = Default::default();
    let mut failed = 0;
    for one in ended {
        let Some(of) = trace.calls.get(one.call) else { continue };
        if let End::Throttled { reason, .. } = one.done.end {
            let limit = match reason {
                Reason::Account => Limit::Account,
                Reason::Function => Limit::Function,
                Reason::Scaling => Limit::Scaling,
                Reason::Memory => Limit::Memory,
            };
            *counters.throttled.entry(limit).or_default() += 1;
            account.throttled(of.function);
            continue;
        }
        let report = one.done.report.as_ref().filter(|report| report.status == Status::Success);
        let Some(report) = report else {
            failed += 1;
            continue;
        };
        let met = match report.temperature {
            Temperature::Cold => Met::Cold,
            Temperature::Warm => Met::Warm,
        };
        *counters.calls.entry(met).or_default() += 1;
        let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let usual = mapping.get(of.function as usize).and_then(|at| measured.functions.get(*at));
        let memory = report.memory.or(usual.map(|usual| usual.memory)).unwrap_or(0);
        let billing = Billing {
            memory_mib: billed_mib(memory),
            handler_ns: ns(report.duration),
            init_ns: report.init.map(ns),
        };
        let paid = tariff.call(&billing);
        account.call(of.function, met, ns(report.waited), one.latency, paid);
    }
    if counted.is_none() {
        // As many as there were cold calls, at least.
        let cold = counters.met(Met::Cold);
        counters.starts.insert(Why::Call, cold);
    }
    let found = account.closed(policy, &counters, tariff, &trace.functions);
    let known = counted.is_some();
    let only = |of: Option<f64>| of.filter(|_| known);
    Played {
        failed,
        idle_gb_s: only(found.idle_gb_s),
        busy_gb_s: only(found.busy_gb_s),
        starting_gb_s: only(found.starting_gb_s),
        idle_cost: only(found.idle_cost),
        ..found
    }
}
