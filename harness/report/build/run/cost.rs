//! What the calls of a run would have cost: by use, on a machine that is always on, with
//! instances that stand by.

use crate::analysis::{Analysis, Cost, FunctionCost, InitFrom};
use crate::cost::{Crossing, HOURS_A_MONTH, Machine, PING_EVERY, Rental, Standby, Traffic};
use crate::report::build::placing::Placing;
use crate::report::document::Importance::Usual;
use crate::report::document::{Block, Cell, Column, Table};
use crate::stats::LatencySummary;
use crate::text::units::{format_share, format_size, format_wait};
use crate::words::{conditions, money, percent, plain, rate};

/// Cold starts a month that an instance that stands by is to avoid, and how that is said.
const AVOIDED: [(f64, &str); 2] = [(30.0, "one a day"), (HOURS_A_MONTH, "one an hour")];

/// What is said of paying by use: cheaper by some at half use, dearer by some at full use.
const CLAIMED: (f64, f64) = (0.40, -0.20);
/// How near to what is said a share must be for that to hold.
const NEAR: f64 = 0.05;

/// Why there is no price.
const NO_WARM_CALLS: &str = "What a million calls cost is known only where warm calls were made \
    too: a scenario has them with a step such as `sequence = 20` after the cold one.";

/// All of it; nothing where nobody asked.
pub(super) fn blocks<'a>(analysis: &Analysis, placing: &Placing<'a>) -> Vec<Block<'a>> {
    let Some(cost) = &analysis.cost else { return Vec::new() };
    let mut blocks = vec![Block::Paragraph(premises(cost))];
    blocks.push(Block::Table(said_once(prices(analysis, cost)).key()));
    if cost.functions.iter().any(|f| f.warm.is_none()) {
        blocks.push(Block::Paragraph(NO_WARM_CALLS.to_owned()));
    }
    if cost.functions.iter().any(|f| f.bill.is_some()) {
        blocks.extend(machine(cost).map(Block::Paragraph));
    }
    blocks.extend(placing.of("cost"));
    let crossings = cost.crossings();
    if !crossings.is_empty() {
        blocks.push(Block::Paragraph(claim(&crossings)));
        blocks.push(Block::Table(machines(cost, &crossings)));
    }
    blocks
}

/// What an instance that stands by would cost; nothing where nobody asked.
pub(super) fn standing_by<'a>(analysis: &Analysis) -> Vec<Block<'a>> {
    let Some(cost) = &analysis.cost else { return Vec::new() };
    if cost.functions.iter().all(|f| f.bill.is_none()) {
        return Vec::new();
    }
    vec![
        Block::Paragraph(meaning_of_standing_by()),
        Block::Table(said_once(standby(analysis, cost))),
    ]
}

/// Whose prices, and what they leave out.
fn premises(cost: &Cost) -> String {
    let question = cost.question;
    let prices = &question.prices;
    let starts = cost.functions.iter().filter(|f| f.init_from == Some(InitFrom::Start)).count();
    let from = match starts {
        0 => "A cold call's initialisation counts from the function's exec to its readiness, as \
              AWS Lambda bills from its own start of the runtime"
            .to_owned(),
        _ => "The kernel did not tell of every function's exec: there a cold call's \
              initialisation counts from the start of the container, and is more than AWS Lambda \
              would bill"
            .to_owned(),
    };
    format!(
        "What AWS Lambda would bill on {} in {}, by list prices of {}, where {} of the calls are \
         cold: no free tier, no volume tiers, no network, no logs. {from}. Times are those of \
         this machine. Intervals go from the lower ends of the medians' 95 % intervals to the \
         upper ones.",
        question.architecture,
        plain(&prices.region),
        plain(&prices.as_of),
        format_share(question.cold_share).replace('%', " %"),
    )
}

/// A row a function and combination of factors.
fn prices(analysis: &Analysis, cost: &Cost) -> Table<'static> {
    let currency = &cost.question.prices.currency;
    let name = |f: &&FunctionCost| Cell::Text(plain(&f.function));
    let under = |f: &&FunctionCost| Cell::Text(conditions(analysis.run, &f.factors));
    let time = |of: Option<&LatencySummary>| Cell::or_unknown(of, |of| Cell::Interval(of.p50));
    let per_million = |f: &&FunctionCost| {
        Cell::or_unknown(f.bill.as_ref(), |bill| {
            let interval = bill.per_million.interval.map_or_else(String::new, |(low, high)| {
                format!(" ({}–{})", money(low, currency), money(high, currency))
            });
            Cell::Figure(format!("{}{interval}", money(bill.per_million.value, currency)))
        })
    };
    let gb_seconds = |f: &&FunctionCost| {
        Cell::or_unknown(f.gb_seconds_per_million(cost.question.cold_share), |of| {
            Cell::Figure(format!("{of:.0}"))
        })
    };
    let crossing = |f: &&FunctionCost| {
        let rental = cost.machine().and_then(|machine| cost.rental(f, machine));
        Cell::or_unknown(rental, |rental| Cell::Figure(crossing(&rental)))
    };
    let per_million_heading = Column::new("a million calls (95 %)");
    Table::of(
        "cost",
        "What is billed of a call, median in ms, and what a million calls cost",
        &cost.functions,
        &[
            (Column::new("function").names(), &name),
            (Column::new("conditions").sparse(), &under),
            (Column::new("memory"), &|f| Cell::Figure(memory(f.memory_mib))),
            (Column::new("cold").ms().interval(Usual), &|f| time(f.cold.as_ref())),
            (Column::new("warm").ms().interval(Usual), &|f| time(f.warm.as_ref())),
            (Column::new("GB-s a million"), &gb_seconds),
            (per_million_heading, &per_million),
            (Column::new("as dear as the machine"), &crossing),
        ],
    )
}

fn memory(mib: u32) -> String {
    format_size(u64::from(mib) << 20)
}

/// The same, with conditions that all rows have said once.
fn said_once(mut table: Table<'static>) -> Table<'static> {
    if let Some(under) = table.say_once("conditions") {
        table.caption += &format!(", all under {under}");
    }
    table
}

/// `at 12 %, 31/s`.
fn crossing(rental: &Rental) -> String {
    match (rental.crossing.at(), rental.calls_a_second()) {
        (Some(at), Some(calls)) => format!("at {}, {}", percent(at), rate(calls)),
        _ => "never".to_owned(),
    }
}

/// Which machine, and when it is full.
fn machine(cost: &Cost) -> Option<String> {
    let machine = cost.machine()?;
    let currency = &cost.question.prices.currency;
    Some(format!(
        "The machine is an always-on {} ({} vCPUs, {} GiB) at {} an hour. It is full when it runs \
         as many calls at a time as AWS Lambda's rule (a vCPU for {} MiB) and its memory allow, \
         each as long as a warm one here: that is kind to it, as nothing is spare. Above that \
         use, or that rate of calls, it is cheaper than paying by use.",
        plain(&machine.name),
        machine.vcpus,
        machine.memory_gib,
        money(machine.hour, currency),
        cost.question.prices.lambda.mib_per_vcpu,
    ))
}

/// What is said of paying by use, beside what these prices say.
fn claim(crossings: &[(&Machine, Option<Crossing>, Crossing)]) -> String {
    let (half, full) = (percent(CLAIMED.0), percent(-CLAIMED.1));
    let rented = crossings.iter().filter_map(|(machine, of, _)| Some((*machine, (*of)?)));
    let called = crossings.iter().map(|(machine, _, of)| (*machine, *of));
    let services = [
        told("rented containers (Fargate)", rented.collect()),
        told("calls (AWS Lambda)", called.collect()),
    ];
    format!(
        "It is said that at half use paying by use is some {half} cheaper than machines, and at \
         full use some {full} dearer. By these prices, and for the same vCPUs: {}.",
        services.into_iter().flatten().collect::<Vec<_>>().join("; and ")
    )
}

/// What becomes of the claim for one service, by machine.
fn told(service: &str, all: Vec<(&Machine, Crossing)>) -> Option<String> {
    let of = |verdict: &str, is: fn(&Crossing) -> bool| {
        let (names, of): (Vec<String>, Vec<Crossing>) =
            all.iter().filter(|(_, of)| is(of)).map(|(m, of)| (plain(&m.name), *of)).unzip();
        (!of.is_empty())
            .then(|| format!("{verdict} against {} ({})", names.join(", "), figures(&of)))
    };
    let parts = [
        of("it holds", holds),
        of("the sign turns before half use", |of| !holds(of) && turns(of)),
        of("the figures are others", |of| !holds(of) && !turns(of)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("of {service} {}", parts.join("; ")))
}

/// Whether the claim is right, as nearly as it is said.
fn holds(of: &Crossing) -> bool {
    let near = |at: f64, claimed: f64| {
        of.saving(at).is_some_and(|saving| (saving - claimed).abs() <= NEAR)
    };
    near(0.5, CLAIMED.0) && near(1.0, CLAIMED.1)
}

/// Whether use is dearer at half use already.
fn turns(of: &Crossing) -> bool {
    of.saving(0.5).is_some_and(|saving| saving < 0.0)
}

/// `39 to 42 % cheaper at half use, 16 to 21 % dearer at full use, alike at 82 to 86 %`.
fn figures(of: &[Crossing]) -> String {
    let at = |use_: f64, when: &str| {
        let (low, high) = ends(of.iter().filter_map(|c| c.saving(use_)));
        let told = |word: &str, low: f64, high: f64| {
            low.is_finite().then(|| format!("{} {word} at {when} use", range(low, high)))
        };
        match () {
            () if low < 0.0 && high > 0.0 => told("saved", low, high),
            () if high <= 0.0 => told("dearer", -high, -low),
            () => told("cheaper", low, high),
        }
    };
    let (low, high) = ends(of.iter().filter_map(Crossing::at));
    let alike = low.is_finite().then(|| format!("alike at {}", range(low, high)));
    let parts = [at(0.5, "half"), at(1.0, "full"), alike];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

/// `39 to 42 %`.
fn range(low: f64, high: f64) -> String {
    let (low, high) = (percent(low), percent(high));
    if low == high { low } else { format!("{} to {high}", low.trim_end_matches(" %")) }
}

/// A row a machine: the claim in figures.
fn machines<'a>(cost: &Cost, crossings: &[(&Machine, Option<Crossing>, Crossing)]) -> Table<'a> {
    type Of<'a> = (&'a Machine, Option<Crossing>, Crossing);
    let currency = &cost.question.prices.currency;
    let saved = |of: Option<&Crossing>, at: f64| {
        Cell::or_unknown(of.and_then(|of| of.saving(at)), |saving| {
            let word = if saving < 0.0 { "dearer" } else { "cheaper" };
            Cell::Figure(format!("{} {word}", percent(saving.abs())))
        })
    };
    let alike = |of: Option<&Crossing>| {
        Cell::or_unknown(of.and_then(Crossing::at), |at| Cell::Figure(percent(at)))
    };
    Table::of(
        "always-on",
        "Paying by use against a machine of the same vCPUs, by how much of it is used",
        crossings,
        &[
            (Column::new("machine").names(), &|of: &&Of| Cell::Text(plain(&of.0.name))),
            (Column::new("an hour"), &|of| Cell::Figure(money(of.0.hour, currency))),
            (Column::new("containers at 50 %"), &|of| saved(of.1.as_ref(), 0.5)),
            (Column::new("at 100 %"), &|of| saved(of.1.as_ref(), 1.0)),
            (Column::new("alike at"), &|of| alike(of.1.as_ref())),
            (Column::new("calls at 50 %"), &|of| saved(Some(&of.2), 0.5)),
            (Column::new("calls at 100 %"), &|of| saved(Some(&of.2), 1.0)),
            (Column::new("calls alike at"), &|of| alike(Some(&of.2))),
        ],
    )
}

fn meaning_of_standing_by() -> String {
    format!(
        "One instance that stands by, called every {} by nobody who needs it, or provisioned. \
         For each cold start that it avoids: all calls with it less all calls without, over the \
         cold ones; less than nothing where it saves money, as a cold start is billed too. It \
         avoids no start of a second call at the same time.",
        format_wait(PING_EVERY).trim_end_matches(" 0 s")
    )
}

/// A row a function: dollars for each cold start that is avoided.
fn standby(analysis: &Analysis, cost: &Cost) -> Table<'static> {
    let prices = &cost.question.prices;
    let (architecture, share) = (cost.question.architecture, cost.question.cold_share);
    let money = |sum: f64| Cell::Figure(money(sum, &prices.currency));
    let month = |f: &FunctionCost, standby| {
        let bill = f.bill.as_ref();
        Cell::or_unknown(bill, |b| money(prices.standby_a_month(architecture, &b.warm, standby)))
    };
    let avoided = |f: &FunctionCost, standby, cold: f64| {
        let traffic = Traffic { cold, share };
        let paid = f.bill.as_ref().and_then(|bill| {
            prices.per_cold_start_avoided(architecture, &bill.warm, &bill.cold, standby, traffic)
        });
        Cell::or_unknown(paid, money)
    };
    let [(day, a_day), (hour, an_hour)] = AVOIDED;
    let (pings, provisioned) = (Standby::Pings, Standby::Provisioned);
    let caption = format!(
        "What an instance that stands by costs a month, and for each cold start that it avoids, \
         {a_day} or {an_hour}"
    );
    Table::of(
        "standby",
        caption,
        &cost.functions,
        &[
            (Column::new("function").names(), &|f: &&FunctionCost| Cell::Text(plain(&f.function))),
            (Column::new("conditions").sparse(), &|f| {
                Cell::Text(conditions(analysis.run, &f.factors))
            }),
            (Column::new("pinged, a month"), &|f| month(f, pings)),
            (Column::new("of one a day"), &|f| avoided(f, pings, day)),
            (Column::new("of one an hour"), &|f| avoided(f, pings, hour)),
            (Column::new("provisioned, a month"), &|f| month(f, provisioned)),
            (Column::new("of one a day, provisioned"), &|f| avoided(f, provisioned, day)),
            (Column::new("of one an hour, provisioned"), &|f| avoided(f, provisioned, hour)),
        ],
    )
}

#[cfg(test)]
mod tests;
