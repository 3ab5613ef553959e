//! What `summary.json` and `cost.csv` tell of what a run's calls would have cost.

use anyhow::Result;

use super::whole::level;
use crate::analysis::{Analysis, Bill, Cost, FunctionCost, InitFrom};
use crate::cost::{Crossing, HOURS_A_MONTH, Machine, Standby, Traffic, billed_ms};
use crate::report::render::csv as sheet;
use crate::report::render::json::{Json, factors, object};
use crate::spec::factor::FACTORS;
use crate::stats::LatencySummary;
use crate::words::plain;

/// Cold starts a month for which standing by is told: one a day, one an hour.
const AVOIDED: [f64; 2] = [30.0, HOURS_A_MONTH];

/// The member `cost`; no member where nobody asked.
pub(super) fn member<'a>(analysis: &'a Analysis) -> Json<'a> {
    let Some(cost) = &analysis.cost else { return Json::Object(Vec::new()) };
    let (question, prices) = (cost.question, &cost.question.prices);
    object! {
        "cost": object! {
            "cold_share": question.cold_share,
            "architecture": question.architecture.to_string(),
            "as_of": plain(&prices.as_of),
            "currency": plain(&prices.currency),
            "region": plain(&prices.region),
            "source": plain(&prices.lambda.rates(question.architecture).source),
            "machine": Json::or_null(cost.machine().map(|m| plain(&m.name).into())),
            "functions": cost.functions.iter().map(|f| function(cost, f)).collect::<Json>(),
            "machines": cost.crossings().into_iter().map(machine).collect::<Json>(),
        },
    }
}

/// The columns of `cost.csv` after those of the factors, in the order of the JSON.
const COLUMNS: &str = "memory_mib init_from cold_p50 cold_low cold_high cold_billed_ms warm_p50 \
    warm_low warm_high warm_billed_ms gb_seconds per_million per_million_low per_million_high \
    machine_full_calls machine_at machine_calls pings_month pings_avoided_daily \
    pings_avoided_hourly provisioned_month provisioned_avoided_daily provisioned_avoided_hourly";

/// `cost.csv`: a row a function and combination of factors; none where nobody asked.
pub(in crate::report) fn csv(analysis: &Analysis) -> Option<Result<String>> {
    let cost = analysis.cost.as_ref()?;
    let rows = cost.functions.iter().map(|f| serde_json::to_value(function(cost, f)));
    let rows: Result<Vec<_>, _> = rows.collect();
    let factors = FACTORS.iter().map(|factor| factor.key);
    let columns = ["function"].into_iter().chain(factors).chain(COLUMNS.split_whitespace());
    Some(rows.map(|rows| sheet::rows(columns, &rows)).map_err(Into::into))
}

fn function<'a>(cost: &Cost, of: &FunctionCost) -> Json<'a> {
    let bill = of.bill.as_ref();
    let interval = bill.and_then(|b| b.per_million.interval).unzip();
    let rental = cost.machine().and_then(|machine| cost.rental(of, machine));
    let per_second = |calls: f64| calls / 3_600.0;
    Json::joined([
        object! { "function": plain(&of.function) },
        factors(&of.factors.asked()),
        object! {
            "memory_mib": of.memory_mib,
            // From where a cold call's initialisation counts.
            "init_from": of.init_from.map(|from| match from {
                InitFrom::Exec => "exec",
                InitFrom::Start => "start",
            }),
        },
        duration("cold", of.cold.as_ref(), bill.map(|b| billed_ms(b.cold.handler_ns, None))),
        duration("warm", of.warm.as_ref(), bill.map(|b| billed_ms(b.warm.handler_ns, None))),
        object! {
            "gb_seconds": of.gb_seconds_per_million(cost.question.cold_share),
            "per_million": bill.map(|b| b.per_million.value),
            "per_million_low": interval.0,
            "per_million_high": interval.1,
            // Calls a second that fill the machine, the share of it at which it is as dear,
            // and calls a second there.
            "machine_full_calls": rental.map(|r| per_second(r.calls)),
            "machine_at": rental.and_then(|r| r.crossing.at()),
            "machine_calls": rental.and_then(|r| r.calls_a_second()),
        },
        standby("pings", cost, of, Standby::Pings),
        standby("provisioned", cost, of, Standby::Provisioned),
    ])
}

/// What is billed of a call, in nanoseconds, and at the median in milliseconds.
fn duration<'a>(name: &str, of: Option<&LatencySummary>, billed: Option<u64>) -> Json<'a> {
    let interval = of.and_then(|of| of.p50.interval);
    let values = [
        ("p50", level(of.and_then(|of| of.p50.value))),
        ("low", level(interval.map(|i| i.low))),
        ("high", level(interval.map(|i| i.high))),
        ("billed_ms", billed.into()),
    ];
    Json::by_name(values.into_iter().map(|(part, value)| (format!("{name}_{part}"), value)))
}

fn standby<'a>(name: &str, cost: &Cost, of: &FunctionCost, standby: Standby) -> Json<'a> {
    let (question, prices) = (cost.question, &cost.question.prices);
    let bill = of.bill.as_ref();
    let month = bill.map(|b| prices.standby_a_month(question.architecture, &b.warm, standby));
    let [daily, hourly] = AVOIDED.map(|cold| {
        let traffic = Traffic { cold, share: question.cold_share };
        let Bill { warm, cold, .. } = bill?;
        prices.per_cold_start_avoided(question.architecture, warm, cold, standby, traffic)
    });
    let values = [("month", month), ("avoided_daily", daily), ("avoided_hourly", hourly)];
    Json::by_name(values.into_iter().map(|(part, value)| (format!("{name}_{part}"), value)))
}

fn machine<'a>((machine, containers, calls): (&Machine, Option<Crossing>, Crossing)) -> Json<'a> {
    object! {
        "name": plain(&machine.name),
        "hour": machine.hour,
        "containers": Json::or_null(containers.map(crossing)),
        "calls": crossing(calls),
    }
}

/// By use against a machine: what it costs at full use, the share of use at which both cost
/// the same, and what is saved at half and at full use.
fn crossing<'a>(of: Crossing) -> Json<'a> {
    object! {
        "hour_at_full_use": of.by_use,
        "at": of.at(),
        "saving_at_half": of.saving(0.5),
        "saving_at_full": of.saving(1.0),
    }
}
