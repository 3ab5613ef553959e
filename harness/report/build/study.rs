//! The document of a study: what was found by calling a platform in a certain way.

use std::time::Duration;

use super::placing::Placing;
use crate::chart::Chart;
use crate::report::document::Importance::{Detail, Key, Usual};
use crate::report::document::{Block, Cell, Column, Document, Note, Row, Section, Strips, Table};
use crate::stats::ratio;
use crate::study::chain::Pass;
use crate::study::spike::{self, Shot};
use crate::study::surge::{Surge, by_size};
use crate::study::{Found, Of, Study, idle, median};
use crate::text::units::format_ms;
use crate::words::{DASH, counted, plain};

mod ladder;
mod thumbnail;

const IDLE: [Column; 4] = [
    Column::new("function").names().sparse().of_the_group(),
    Column::new("pause"),
    Column::new("probes"),
    Column::new("cold"),
];

const SURGE: [Column; 9] = [
    Column::new("function").names().sparse().of_the_group(),
    Column::new("calls"),
    Column::new("surges"),
    Column::new("all ready").ms(),
    Column::new("cold p50").ms(),
    Column::new("over least"),
    Column::new("cold max").ms(),
    Column::new("reused"),
    Column::new("refused, failed"),
];

const SPIKE: [Column; 5] = [
    Column::new("function").names().sparse().of_the_group(),
    Column::new("rounds"),
    Column::new("alone").ms(),
    Column::new("among all").ms(),
    Column::new("over alone"),
];

const SPIKE_CAPTION: &str = "What a cold call takes: alone, and when all functions are called at \
                             that instant; medians of the rounds";

const CHAIN: [Column; 5] = [
    Column::new("chain").names().sparse().of_the_group(),
    Column::new("link"),
    Column::new("cold").ms(),
    Column::new("warm").ms(),
    Column::new("over warm"),
];

const CHAIN_CAPTION: &str = "From an event to its answer, which is the next one's event: after a \
                             pause in which nothing is kept, and at once again; medians of the \
                             rounds";

/// The section that charts are in.
const SECTION: &str = "found";

/// The document, with the charts that are to be on it.
pub(in crate::report) fn document<'a>(study: &Study, charts: &'a [Chart]) -> Document<'a> {
    let Said { title, answer, strips, tables, notes } = said(study);
    let found = Placing::new(charts).of(SECTION).into_iter().chain(drawn(strips)).chain(tables);
    let pool = [("instances started", study.starts), ("of them never called", study.unused)];
    let pool = pool.into_iter().filter_map(|(name, n)| Some((name.to_owned(), n?.to_string())));
    let rows = study.run.as_ref().map(|_| Block::Link(ROWS, "report.html"));
    let made = vec![("command".to_owned(), plain(&study.command))];
    let (footer, whole) = match &study.run {
        Some(run) => (
            format!(
                "Made of run {}. Every call is a row of `samples.jsonl`, every figure is in \
                 `study.json`.",
                plain(run)
            ),
            "study.json and samples.jsonl",
        ),
        None => ("Every figure is in `study.json`.".to_owned(), "study.json"),
    };
    Document {
        title: format!("{}{title}", study.warning()),
        answer,
        place: plain(&study.place),
        sections: vec![
            Section::new(SECTION, "What was found", Key, found.collect()),
            Section::new("pool", "What it took", Usual, vec![Block::Facts(pool.collect())]),
            Section::new("known", "What went wrong", Key, vec![Block::Notes("note", notes)]),
            Section::new("calls", "Every call", Usual, rows.into_iter().collect()),
            Section::new("repeat", "How to reproduce it", Detail, vec![Block::Quoted(made)]),
        ],
        footer,
        whole,
        ..Document::default()
    }
}

/// What there is to say of what was found.
struct Said<'a> {
    title: &'static str,
    answer: String,
    /// Names of what was called, and what each call of it took, with its round.
    strips: Vec<(String, Vec<(u32, u64)>)>,
    tables: Vec<Block<'a>>,
    notes: Vec<Note>,
}

fn said<'a>(study: &Study) -> Said<'a> {
    let table = |id, caption: &str, columns: &[Column<'a>], rows| {
        vec![Block::Table(Table::new(id, caption, columns, rows).key())]
    };
    match &study.found {
        Found::Idle(all) => Said {
            title: "How long idle instances are kept",
            answer: each(all, kept),
            strips: Vec::new(),
            tables: table("pauses", IDLE_CAPTION, &IDLE, rows(all, pauses)),
            notes: failures(all),
        },
        Found::Surge(all) => Said {
            title: "What surges do",
            answer: each(all, |name, found| surged(name, found)),
            strips: Vec::new(),
            tables: table("surges", SURGE_CAPTION, &SURGE, rows(all, |found| sizes(found))),
            notes: causes(all),
        },
        Found::Spike(all) => Said {
            title: "Functions at one instant",
            answer: spiked(all),
            strips: Vec::new(),
            tables: table("spike", SPIKE_CAPTION, &SPIKE, rows(all, |found| shots(found))),
            notes: lost(all),
        },
        Found::Chain(all) => Said {
            title: "A chain of functions",
            answer: each(all, |name, found| chained(name, found)),
            strips: Vec::new(),
            tables: table("chain", CHAIN_CAPTION, &CHAIN, rows(all, |found| links(found))),
            notes: broken(all),
        },
        Found::Ladder(all) => Said {
            title: "One function, rung by rung",
            answer: each(all, ladder::answer),
            strips: all.iter().flat_map(ladder::strips).collect(),
            tables: ladder::tables(all),
            notes: all.iter().flat_map(ladder::notes).collect(),
        },
        Found::Thumbnail(all) => Said {
            title: "From an upload to what is made of it",
            answer: each(all, |name, found| thumbnail::answer(name, found)),
            strips: all.iter().flat_map(thumbnail::strips).collect(),
            tables: table(
                "uploads",
                thumbnail::CAPTION,
                &thumbnail::COLUMNS,
                rows(all, |found| thumbnail::rows(found)),
            ),
            notes: all.iter().filter_map(thumbnail::notes).collect(),
        },
    }
}

/// What each call took, on one scale, for a terminal.
fn drawn<'a>(strips: Vec<(String, Vec<(u32, u64)>)>) -> Option<Block<'a>> {
    let ns = |taken: Vec<(u32, u64)>| taken.into_iter().map(|(_, ns)| ns as f64).collect();
    let rows = strips.into_iter().filter(|(_, taken)| !taken.is_empty());
    let rows: Vec<(String, Vec<f64>)> = rows.map(|(name, taken)| (name, ns(taken))).collect();
    let strips = Strips { heading: "ms, logarithmic scale", rows };
    (!strips.rows.is_empty()).then_some(Block::Strips(strips))
}

const ROWS: &str = "The run that these calls are the rows of: phases, and what was wrong with it";

const IDLE_CAPTION: &str = "Pause: from an answer to the next call; cold: after so many of these \
                            pauses no instance was left";

const SURGE_CAPTION: &str = "Of all surges of a size: all ready: from the first call until the \
                             last that was not refused had its instance, the median of surges; \
                             cold: what calls took that met an instance which had never served; \
                             over least: that median over the one of the smallest size; reused: \
                             calls that another's instance took";

fn each<T>(all: &[Of<T>], sentence: impl Fn(&str, &T) -> String) -> String {
    let one = |of: &Of<T>| sentence(&plain(&of.function), &of.found);
    all.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn rows<T>(all: &[Of<T>], of: impl Fn(&T) -> Vec<Vec<Cell>>) -> Vec<Row> {
    let several = all.len() > 1;
    let rows = all.iter().flat_map(|one| {
        let name = if several { plain(&one.function) } else { String::new() };
        of(&one.found).into_iter().map(move |cells| {
            let first = if name.is_empty() { Cell::Empty } else { Cell::Text(name.clone()) };
            let cells = [vec![first], cells].concat();
            Row { group: name.clone(), cells, ..Row::default() }
        })
    });
    rows.collect()
}

fn kept(name: &str, found: &idle::Found) -> String {
    let time = |time: Duration| shortly(time);
    match (found.kept, found.gone) {
        (Some(kept), Some(gone)) if found.is_one_time() => {
            format!("An idle instance of {name} is kept for {} to {}.", time(kept), time(gone))
        }
        (Some(kept), Some(gone)) => format!(
            "Idle instances of {name} are kept for no one time: one was gone after {}, and one \
             was there after {}.",
            time(gone),
            time(kept)
        ),
        (Some(kept), None) => {
            format!("An idle instance of {name} was there after every pause, {} too.", time(kept))
        }
        (None, Some(gone)) => {
            format!("No instance of {name} was there after a pause of {}.", time(gone))
        }
        (None, None) => format!("Nothing was found of {name}: no call was answered twice."),
    }
}

/// To the millisecond, or a tenth of a second where that is long: no probe knows more.
fn shortly(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 60.0 => format!("{seconds:.3} s"),
        seconds => format!("{seconds:.1} s"),
    }
}

fn pauses(found: &idle::Found) -> Vec<Vec<Cell>> {
    let row = |point: idle::Point| {
        vec![
            Cell::Figure(shortly(point.pause)),
            Cell::Count(point.probes.into()),
            Cell::Count(point.cold.into()),
        ]
    };
    found.curve().into_iter().map(row).collect()
}

fn tried(found: &[Surge]) -> Vec<u32> {
    let mut sizes: Vec<u32> = found.iter().map(|surge| surge.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

fn surged(name: &str, found: &[Surge]) -> String {
    let all = by_size(found, &tried(found));
    let cold: Vec<_> = all.iter().filter_map(|of| Some((of, of.cold_p50? as f64))).collect();
    let [(first, least), .., (last, most)] = cold.as_slice() else {
        return format!("No cold call of {name} was answered at two sizes of surge.");
    };
    let factor = ratio(*most, *least).map_or(DASH.to_owned(), |factor| format!("{factor:.2}"));
    format!(
        "A cold start of {name} takes {} ms among {} at once, {factor} times as long as among {}; \
         all {} had their instances after {} ms.",
        format_ms(*most),
        last.size,
        first.size,
        last.size,
        last.all_ready.map_or(DASH.to_owned(), |ns| format_ms(ns as f64))
    )
}

fn sizes(found: &[Surge]) -> Vec<Vec<Cell>> {
    let all = by_size(found, &tried(found));
    let least = all.iter().find_map(|of| of.cold_p50);
    let row = |of: &crate::study::surge::OfSize| {
        let [_, warm, refused, failed] = of.calls;
        vec![
            Cell::Count(of.size.into()),
            Cell::Count(of.rounds.into()),
            time(of.all_ready),
            time(of.cold_p50),
            over(of.cold_p50, least),
            time(of.cold_max),
            Cell::Count(warm.into()),
            Cell::Figure(format!("{refused}, {failed}")),
        ]
    };
    all.iter().map(row).collect()
}

fn spiked(all: &[Of<Vec<Shot>>]) -> String {
    let factors = all.iter().filter_map(|of| {
        let [alone, among] = spike::medians(&of.found);
        Some((ratio(among? as f64, alone? as f64)?, plain(&of.function)))
    });
    let worst = factors.max_by(|a, b| a.0.total_cmp(&b.0));
    match worst {
        Some((factor, name)) => format!(
            "Among {} functions at one instant a cold start takes up to {factor:.2} times as long \
             as alone: {name}.",
            all.len()
        ),
        None => "No cold call was answered both alone and among all.".to_owned(),
    }
}

fn shots(found: &[Shot]) -> Vec<Vec<Cell>> {
    let [alone, among] = spike::medians(found);
    let rounds = found.iter().map(|shot| shot.round).max().unwrap_or(0);
    vec![vec![Cell::Count(rounds.into()), time(alone), time(among), over(among, alone)]]
}

fn lost(all: &[Of<Vec<Shot>>]) -> Vec<Note> {
    let of = |of: &Of<Vec<Shot>>| {
        let causes: Vec<&String> = of.found.iter().filter_map(|shot| shot.cause.as_ref()).collect();
        let (name, calls) = (plain(&of.function), counted(causes.len() as u64, "call"));
        Some(failed(
            format!("{calls} of {name} are in no figure, the first of them"),
            causes.first()?,
        ))
    };
    all.iter().filter_map(of).collect()
}

/// Medians of passes after a pause and of those at once again, of all links or of one.
fn passed(found: &[Pass], link: Option<usize>) -> [Option<u64>; 2] {
    [true, false].map(|after_pause| {
        let of = found.iter().filter(|pass| pass.after_pause == after_pause);
        let took = |pass: &Pass| match link {
            None => pass.took(),
            Some(link) => pass.links_ns.get(link).copied(),
        };
        median(&mut of.filter_map(took).collect::<Vec<_>>())
    })
}

fn chained(name: &str, found: &[Pass]) -> String {
    let [cold, warm] = passed(found, None);
    match (cold, warm) {
        (Some(cold), Some(warm)) => format!(
            "{name} takes {} ms from end to end when nothing is warm, {} when all is.",
            format_ms(cold as f64),
            format_ms(warm as f64)
        ),
        _ => format!("{name} was not gone through to its end both cold and warm."),
    }
}

fn links(found: &[Pass]) -> Vec<Vec<Cell>> {
    let longest = found.iter().map(|pass| pass.links_ns.len()).max().unwrap_or(0);
    let row = |name: String, [cold, warm]: [Option<u64>; 2]| {
        vec![Cell::Text(name), time(cold), time(warm), over(cold, warm)]
    };
    let each = (0..longest).map(|link| row((link + 1).to_string(), passed(found, Some(link))));
    each.chain([row("all".to_owned(), passed(found, None))]).collect()
}

fn broken(all: &[Of<Vec<Pass>>]) -> Vec<Note> {
    let causes = all.iter().flat_map(|of| &of.found).filter_map(|pass| pass.cause.as_deref());
    let causes: Vec<&str> = causes.collect();
    let passes = counted(causes.len() as u64, "pass");
    let note =
        |why: &&str| failed(format!("{passes} did not come to an end, the first of them"), why);
    causes.first().map(note).into_iter().collect()
}

fn time(ns: Option<u64>) -> Cell {
    Cell::or_unknown(ns, |ns| Cell::ns(ns as f64))
}

fn over(one: Option<u64>, other: Option<u64>) -> Cell {
    let factor = one.zip(other).and_then(|(one, other)| ratio(one as f64, other as f64));
    Cell::or_unknown(factor, Cell::Times)
}

fn failures(all: &[Of<idle::Found>]) -> Vec<Note> {
    let of = |of: &Of<idle::Found>| {
        let causes = of.found.failures.iter();
        let name = plain(&of.function);
        let note = |why: &String| failed(format!("a call of {name} failed"), why);
        causes.map(note).collect::<Vec<_>>()
    };
    all.iter().flat_map(of).collect()
}

fn causes(all: &[Of<Vec<Surge>>]) -> Vec<Note> {
    let of = |of: &Of<Vec<Surge>>| {
        let calls: u64 = of.found.iter().map(|surge| u64::from(surge.failed)).sum();
        let cause = of.found.iter().find_map(|surge| surge.cause.as_deref())?;
        let (name, calls) = (plain(&of.function), counted(calls, "call"));
        Some(failed(format!("{calls} of {name} failed, the first of them"), cause))
    };
    all.iter().filter_map(of).collect()
}

fn failed(text: String, cause: &str) -> Note {
    Note { quote: Some(plain(cause)), ..Note::warning(text) }
}
