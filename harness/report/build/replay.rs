//! The document of a trace that was played: what came of each policy, whose calls waited
//! longest, and what all of it rests on.

use crate::chart::Chart;
use crate::replay::{Played, Quantiles, Replay};
use crate::report::document::Importance::{Detail, Key, Usual};
use crate::report::document::{Block, Cell, Column, Document, Note, Row, Section, Table};
use crate::text::units::{format_size, format_wait};
use crate::words::{DASH, counted, money, nines, percent, plain};

use super::placing::Placing;

const TERMS: &str = "cold: the call waited until an instance was started for it\n\
    fresh: the instance was ready before the call came, and had never served\n\
    nines: how many nines the share of calls has that were not cold: 99.9 % are 3\n\
    waited: from when a call came until an instance had it\n\
    refused: too many calls at a time, too many starts in ten seconds, or no memory left\n\
    unused: instances that were started and never served\n\
    idle GB-s: memory of instances that had no call, over time; what a policy wastes\n\
    calls cost: requests, duration and init, as AWS Lambda bills them\n\
    idle cost: idle memory at the price of provisioned concurrency, what AWS asks for memory \
    that stands by; it asks nothing for what it keeps by itself\n\
    $ per cold start avoided: calls and idle memory together, less those of none, over the cold \
    starts that none has more; not of a policy that refuses more calls than none";

const COLUMNS: [Column; 13] = [
    Column::new("policy").names(),
    Column::new("cold"),
    Column::new("nines"),
    Column::new("idle GB-s"),
    Column::of("waited p90", Usual).ms(),
    Column::new("waited p99").ms(),
    Column::of("latency p99", Detail).ms(),
    Column::of("fresh", Usual).sparse(),
    Column::of("refused", Usual).sparse(),
    Column::of("unused", Usual).sparse(),
    Column::of("calls cost", Usual),
    Column::of("idle cost", Usual),
    Column::new("per cold start avoided"),
];

/// The document, with the chart that is to be on it.
pub(in crate::report) fn document<'a>(of: &Replay, charts: &'a [Chart]) -> Document<'a> {
    let placing = Placing::new(charts);
    let made = vec![
        ("command".to_owned(), plain(&of.command)),
        ("begun".to_owned(), plain(&of.started)),
        ("by".to_owned(), plain(&of.tool)),
    ];
    let trace = &of.trace;
    Document {
        title: format!(
            "{}{} under {}",
            of.measured.warning(),
            plain(&trace.name),
            counted_policies(of)
        ),
        answer: answer(of),
        place: format!(
            "{} of {} in {}, {}; starts as measured in run {}",
            counted(trace.calls as u64, "call"),
            counted(trace.functions as u64, "function"),
            format_wait(std::time::Duration::from_nanos(trace.span)),
            match is_real(of) {
                true => "on the virtual clock and on real instances",
                false => "on the virtual clock",
            },
            plain(&of.measured.run)
        ),
        sections: vec![
            Section::new("policies", "Policies", Key, vec![policies(of)]),
            Section::new("waste", "Waste against cold calls", Usual, placing.of("waste")),
            Section::new("worst", "Whose calls waited longest", Usual, vec![worst(of)]),
            Section::new("mapping", "What the functions stand for", Usual, vec![mapping(of)]),
            Section::new("known", "What this rests on", Key, vec![Block::Notes("note", notes(of))]),
            Section::new("terms", "What the words mean", Detail, vec![Block::Terms(TERMS)]),
            Section::new("again", "Again", Detail, vec![Block::Quoted(made)]),
        ],
        footer:
            "Every figure is in `replay.json`; `coldstart report FOLDER` makes this page again."
                .to_owned(),
        whole: "replay.json",
        ..Document::default()
    }
}

fn is_real(of: &Replay) -> bool {
    of.policies.iter().any(|played| played.run.is_some())
}

fn counted_policies(of: &Replay) -> String {
    match of.policies.len() {
        1 => "1 policy".to_owned(),
        n => format!("{n} policies"),
    }
}

/// Which has the fewest cold calls, and which the best bargain.
fn answer(of: &Replay) -> String {
    let Some((none, others)) = of.policies.split_first() else { return String::new() };
    let share = |played: &Played| played.cold_share().map_or_else(|| DASH.to_owned(), percent);
    let mut text = format!("{} has {} of its calls cold", plain(&none.policy), share(none));
    let Some(fewest) = others.iter().min_by_key(|played| played.cold + played.throttled()) else {
        return text + ".";
    };
    text += &format!("; {} has the fewest, {}", plain(&fewest.name()), share(fewest));
    if fewest.throttled() > 0 {
        text += &format!(" ({} refused)", counted(fewest.throttled(), "call"));
    }
    if let Some(idle) = fewest.idle_gb_s {
        text += &format!(", for {} GB-s idle", rounded(idle));
    }
    let price = |played: &&Played| played.per_cold_start_avoided;
    let cheapest = others.iter().filter(|played| price(played).is_some());
    let cheapest = cheapest
        .min_by(|a, b| price(a).partial_cmp(&price(b)).unwrap_or(std::cmp::Ordering::Equal));
    if let Some(cheapest) = cheapest
        && let Some(each) = cheapest.per_cold_start_avoided
    {
        text += &format!(
            ". The cheapest for each cold start that it avoids is {}: {}",
            plain(&cheapest.name()),
            money(each, &of.currency)
        );
    }
    text + "."
}

fn policies<'a>(of: &Replay) -> Block<'a> {
    let row = |played: &Played| {
        let sum =
            |sum: Option<f64>| Cell::or_unknown(sum, |sum| Cell::Figure(money(sum, &of.currency)));
        let some = |n: u64| if n == 0 { Cell::Empty } else { Cell::Count(n) };
        Row::from(vec![
            Cell::Text(plain(&played.name())),
            Cell::or_unknown(played.cold_share(), |share| Cell::Figure(percent(share))),
            Cell::or_unknown(played.cold_share(), |share| Cell::Figure(nines(share))),
            Cell::or_unknown(played.idle_gb_s, |idle| Cell::Figure(rounded(idle))),
            time(played.waited.p90),
            time(played.waited.p99),
            time(played.latency.p99),
            some(played.fresh),
            some(played.throttled()),
            some(played.unused),
            sum(Some(played.calls_cost)),
            sum(played.idle_cost),
            sum(played.per_cold_start_avoided),
        ])
    };
    let caption = format!(
        "Of calls that were not refused; costs of the whole trace in {}, per cold start avoided \
         against none",
        plain(&of.currency)
    );
    let rows = of.policies.iter().map(row).collect();
    Block::Table(Table::new("policies", caption, &COLUMNS, rows).key().sortable())
}

fn time(ns: Option<u64>) -> Cell {
    Cell::or_unknown(ns, |ns| Cell::ns(ns as f64))
}

/// A large number as it is taken in: three figures, and thousands apart.
fn rounded(value: f64) -> String {
    let digits = if value >= 1.0 { value.log10().floor() as i32 } else { 0 };
    let step = 10f64.powi((digits - 2).max(-1));
    let value = (value / step).round() * step;
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let text = format!("{value:.0}");
    let mut apart = String::new();
    for (at, digit) in text.chars().enumerate() {
        if at > 0 && (text.len() - at) % 3 == 0 {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart
}

/// Functions of each policy that are shown.
const SHOWN: usize = 3;

const WORST: [Column; 6] = [
    Column::new("policy").names().of_the_group(),
    Column::new("function").names(),
    Column::new("calls"),
    Column::new("cold"),
    Column::of("refused", Usual).sparse(),
    Column::new("waited p99").ms(),
];

fn worst<'a>(of: &Replay) -> Block<'a> {
    let mut rows = Vec::new();
    for played in &of.policies {
        for function in played.worst.iter().take(SHOWN) {
            let Quantiles { p99, .. } = function.waited;
            let refused = function.throttled;
            let cells = vec![
                Cell::Text(plain(&played.name())),
                Cell::Text(plain(&function.function)),
                Cell::Count(function.calls),
                Cell::Count(function.cold),
                if refused == 0 { Cell::Empty } else { Cell::Count(refused) },
                time(p99),
            ];
            rows.push(Row { group: plain(&played.name()), cells, ..Row::default() });
        }
    }
    let caption = "By the 99th percentile of what their calls waited, three of each policy";
    Block::Table(Table::new("worst", caption, &WORST, rows).sortable())
}

const MAPPING: [Column; 6] = [
    Column::new("function").names(),
    Column::new("stands for"),
    Column::new("calls"),
    Column::new("memory"),
    Column::new("start p50").ms(),
    Column::new("warm p50").ms(),
];

fn mapping<'a>(of: &Replay) -> Block<'a> {
    let row = |function: &crate::replay::played::MappedFunction| {
        Row::from(vec![
            Cell::Text(plain(&function.function)),
            Cell::Figure(counted(function.stands_for as u64, "function")),
            Cell::Count(function.calls),
            Cell::Figure(format_size(function.memory)),
            Cell::ns(function.start_p50 as f64),
            Cell::ns(function.warm_p50 as f64),
        ])
    };
    let caption = "Which measured function those of the trace are taken for: that whose warm \
                   calls take most nearly as long; start: a cold call less a warm one";
    let rows = of.measured.functions.iter().map(row).collect();
    Block::Table(Table::new("mapping", caption, &MAPPING, rows))
}

/// What was changed of the trace, and what is not in any figure.
fn notes(of: &Replay) -> Vec<Note> {
    let trace = &of.trace;
    let mut notes = Vec::new();
    if trace.left_out > 0 {
        let calls = counted(trace.left_out, "call");
        notes.push(Note::warning(format!("{calls} of the trace beyond --limit were not played")));
    }
    if trace.clipped > 0 {
        let calls = counted(trace.clipped, "call");
        notes.push(Note::remark(format!("{calls} took longer than --longest, and end there")));
    }
    if trace.without_duration > 0 {
        let calls = counted(trace.without_duration, "call");
        notes.push(Note::remark(format!(
            "the trace does not say how long {calls} took: as long as the median of that trace"
        )));
    }
    let idle: Vec<&str> =
        of.measured.functions.iter().filter(|f| f.stands_for == 0).map(|f| &*f.function).collect();
    if !idle.is_empty() {
        let names = idle.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", ");
        notes.push(Note::remark(format!(
            "no function of the trace takes nearly as long as {names}: they are in no figure; \
             --functions names those that are to be taken"
        )));
    }
    notes.push(Note::remark(match of.measured.runs.as_str() {
        "measured" => "calls take as long as warm calls of the measured function, not as long as \
                       the trace says"
            .to_owned(),
        _ => "calls take as long as the trace says; what a start takes is drawn from the measured \
              run, the same for every policy"
            .to_owned(),
    }));
    notes.extend(of_real(of));
    let memory = match of.memory {
        Some(memory) => format!("{} for all instances", format_size(memory)),
        None => "memory without end".to_owned(),
    };
    notes.push(Note::remark(format!(
        "{memory}; {} at a time, and 1,000 starts of a function in 10 s; starts do not slow each \
         other, as they would on one machine",
        counted(u64::from(of.concurrency), "call")
    )));
    notes.push(Note::remark(format!(
        "prices of {} in {}, {}",
        plain(&of.prices_as_of),
        plain(&of.region),
        of.architecture
    )));
    notes
}

/// Where the rows of real instances are, and that some failed.
fn of_real(of: &Replay) -> Vec<Note> {
    let real = of.policies.iter().filter(|played| played.run.is_some());
    let failed: u64 = real.clone().map(|played| played.failed).sum();
    let runs: Vec<String> = real.filter_map(|played| played.run.as_deref()).map(plain).collect();
    if runs.is_empty() {
        return Vec::new();
    }
    let mut notes = vec![Note::remark(format!(
        "what says real was played with instances that were started, each call a row of a run \
         beside this page: {}; those runs do not tell a fresh instance from one that has served. \
         Functions of the trace that stand for one share its instances, on both clocks",
        runs.join(", ")
    ))];
    if failed > 0 {
        let calls = counted(failed, "call");
        notes.push(Note::warning(format!("{calls} of real instances failed: see those runs")));
    }
    notes
}
