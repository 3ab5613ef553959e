//! What is said of a function on several rungs.

use super::{failed, rows};
use crate::report::document::Importance::{Detail, Usual};
use crate::report::document::{Block, Cell, Column, Kind, Note, Table};
use crate::stats::{LatencySummary, RankedValue};
use crate::study::Of;
use crate::study::ladder::{Counted, Found, Hour, Rung, Which, rungs, summary, taken};
use crate::text::units::{format_ms, format_size};
use crate::words::{DASH, counted, money, percent, plain};

const CALLS: [Column; 8] = [
    Column::new("function").names().sparse().of_the_group(),
    Column::new("rung").names(),
    Column::of("cold", Usual),
    Column::new("cold p50").ms().interval(Usual),
    Column::of("cold p95", Detail).ms().interval(Detail).sparse(),
    Column::of("warm", Usual),
    Column::new("warm p50").ms().interval(Usual),
    Column::of("warm p95", Detail).ms().interval(Detail).sparse(),
];

const CALLS_CAPTION: &str = "From a call's instant to its answer, with 95 % intervals; cold: the \
                             instance had never served; rungs took turns, each after a pause in \
                             which all went that does not stay";

const HOURS: [Column; 6] = [
    Column::new("function").names().sparse().of_the_group(),
    Column::new("rung").names(),
    Column::new("calls an hour"),
    Column::new("cold"),
    Column::new("an hour costs"),
    Column::new("idle, GB-s"),
];

/// Both tables of all functions: of what calls took, and of what an hour costs.
pub(super) fn tables<'a>(all: &[Of<Found>]) -> Vec<Block<'a>> {
    let calls = Table::new("rungs", CALLS_CAPTION, &CALLS, rows(all, called)).key();
    let how = all.first().map(|of| caption(&of.found)).unwrap_or_default();
    let hours = Table::new("hours", how, &HOURS, rows(all, hours)).key();
    vec![Block::Table(calls), Block::Table(hours)]
}

/// Every call, rung by rung, for a terminal.
pub(super) fn strips(of: &Of<Found>) -> Vec<(String, Vec<(u32, u64)>)> {
    let shots = &of.found.shots;
    let kinds = [(Which::Cold, "cold"), (Which::Warm, "warm")];
    let of_rung = |rung: Rung| {
        kinds.map(|(which, kind)| (format!("{} {kind}", rung.title()), taken(shots, rung, which)))
    };
    rungs(shots).into_iter().flat_map(of_rung).collect()
}

/// By what an hour is counted, which nobody can see in a figure.
fn caption(found: &Found) -> String {
    let Counted { memory, policy, machine, architecture, prices, .. } = &found.counted;
    let machine = machine.as_deref().map_or("a machine without a price".to_owned(), plain);
    let bare = match found.hours.iter().any(|hour| hour.rung == Rung::Process) {
        true => format!(" Bare process: {machine}, which it has to itself."),
        false => String::new(),
    };
    format!(
        "By what these calls took, for instances of {} and calls at random instants, at the prices \
         of {}, {architecture}.{bare} Always on: rented \
         as of Fargate, with the vCPUs that Lambda gives with that memory. For each call, and in \
         the pool: as of Lambda, init included; the pool, which keeps by {}, is played on a \
         virtual clock, and what it keeps is not billed. Idle: memory of instances over time that \
         had nothing to do",
        format_size(*memory),
        plain(prices),
        plain(policy),
    )
}

fn called(found: &Found) -> Vec<Vec<Cell>> {
    let of = |summary: Option<LatencySummary>| {
        let n = summary.map_or(0, |of| of.n as u64);
        let quantile = |q| Cell::or_unknown(q, Cell::Interval);
        let (p50, p95) = (summary.map(|of| of.p50), summary.map(|of| of.p95));
        [Cell::Count(n), quantile(p50), quantile(p95)]
    };
    let row = |rung: Rung| {
        let [cold, warm] =
            [Which::Cold, Which::Warm].map(|which| of(summary(&found.shots, rung, which)));
        let first = [Cell::Text(rung.title().to_owned())];
        first.into_iter().chain(cold).chain(warm).collect()
    };
    rungs(&found.shots).into_iter().map(row).collect()
}

fn hours(found: &Found) -> Vec<Vec<Cell>> {
    let currency = &found.counted.currency;
    let row = |hour: &Hour| {
        let idle = |of: f64| Cell::Figure(format!("{of:.1}"));
        vec![
            Cell::Text(hour.rung.title().to_owned()),
            Cell::Count(hour.calls.into()),
            Cell::or_unknown(hour.cold, |share| Cell::Figure(percent(share))),
            Cell::or_unknown(hour.cost, |cost| Cell::Figure(money(cost, currency))),
            Cell::or_unknown(hour.idle_gb_s, idle),
        ]
    };
    found.hours.iter().map(row).collect()
}

pub(super) fn answer(name: &str, found: &Found) -> String {
    let of = |rung: Rung, which: Which| {
        let p50 = summary(&found.shots, rung, which)?.p50.value.and_then(RankedValue::ns)?;
        Some(format!("{} ms", format_ms(p50)))
    };
    let is_there = |rung: &Rung| rungs(&found.shots).contains(rung);
    let part = |rung: Rung| match (of(rung, Which::Warm), of(rung, Which::Cold)) {
        (Some(warm), Some(cold)) => format!("{}: {warm} warm, {cold} cold", rung.title()),
        (Some(warm), None) => format!("{}: {warm}", rung.title()),
        (None, Some(cold)) => format!("{}: {cold}", rung.title()),
        (None, None) => format!("{}: {DASH}", rung.title()),
    };
    let rungs = [Rung::Process, Rung::AlwaysOn, Rung::ToZero, Rung::Pooled];
    let parts: Vec<String> = rungs.into_iter().filter(is_there).map(part).collect();
    format!("A call of {name} takes, at the median: {}.", parts.join("; "))
}

pub(super) fn notes(of: &Of<Found>) -> Vec<Note> {
    let left_out = of.found.left_out.iter().map(|left| {
        let text = format!("{} is left out", left.rung.title());
        Note::new(Kind::Remark, text).quoting(plain(&left.why))
    });
    let causes: Vec<&String> = of.found.shots.iter().filter_map(|s| s.cause.as_ref()).collect();
    let calls = counted(causes.len() as u64, "call");
    let name = plain(&of.function);
    let text = format!("{calls} of {name} are in no figure, the first of them");
    let lost = causes.first().map(|why| failed(text, why));
    left_out.chain(lost).collect()
}
