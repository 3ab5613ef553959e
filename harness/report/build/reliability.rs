//! The document of the gate's reliability.

use super::comparison::words;
use super::tune::words::percent;
use crate::compare::{Head, Rate, Reliability};
use crate::report::document::Importance::Key;
use crate::report::document::{Block, Cell, Column, Document, Fact, Section, Table};
use crate::spec::tolerance::Metric;
use crate::text::units::{format_ms, format_wait};
use crate::words::plain;

/// The document: what each kind of head did, and how it was made.
pub(in crate::report) fn document(found: &Reliability) -> Document<'static> {
    let simulated = if found.simulated { "SIMULATED: " } else { "" };
    let answer: Vec<String> = found.heads.iter().map(sentence).collect();
    let gates = found.heads.iter().flat_map(blocks).collect();
    Document {
        title: format!("{simulated}how far the gate can be trusted"),
        banners: Vec::new(),
        badge: None,
        answer: answer.join(" "),
        place: String::new(),
        sections: vec![
            Section::new("gates", "How often gates alarmed", Key, gates),
            Section::new("made", "How it was measured", Key, vec![Block::Quoted(made(found))]),
        ],
        footer: "Every rate with its interval is in `aa.json`.".to_owned(),
        whole: "aa.json",
        bounded: false,
        most_bytes: None,
    }
}

fn sentence(head: &Head) -> String {
    let gates = told(&head.rates.gates);
    match &head.injected {
        None => format!("Same code on both sides: {gates} of the gates raised a false alarm."),
        Some(sleep) => {
            let (what, time) = match sleep.split_once(':') {
                Some((_, time)) => ("works", time),
                None => ("sleeps", sleep.as_str()),
            };
            format!("Head {what} {time} longer in its init: {gates} of the gates alarmed.")
        }
    }
}

fn blocks(head: &Head) -> Vec<Block<'static>> {
    let rates = &head.rates;
    let mut blocks = vec![Block::Paragraph(sentence(head))];
    if rates.invalid > 0 {
        let invalid = rates.invalid;
        let text = format!("{invalid} gates could not be judged and are in no rate.");
        blocks.push(Block::Paragraph(text));
    }
    blocks.push(Block::Table(table(head)));
    if let (None, Some(margin)) = (&head.injected, rates.suggested_margin()) {
        blocks.push(Block::Paragraph(format!(
            "Suggested margin for this host: {:.0} %. Within it 95 % of the unchanged totals would \
             have been called unchanged; a smaller one leaves more of them unclear.",
            margin * 100.0
        )));
    }
    blocks
}

fn table(head: &Head) -> Table<'static> {
    let rate = |name: &str, metric| {
        let rate = head.rates.rows.get(&(name.to_owned(), metric));
        rate.map_or(Cell::Empty, |rate| Cell::Figure(count(rate)))
    };
    let least = |name: &str, metric| {
        let ns = head.rates.detectable(name, metric);
        ns.map_or(Cell::Empty, |ns| Cell::Figure(format!("+{} ms", format_ms(ns))))
    };
    let sleep = |name: &str| head.sleeps.get(name).map(|ms| format!("{ms} ms"));
    let table = Table::of(
        "rates",
        "Gates that alarmed, by function and by what alarmed",
        &head.rates.functions,
        &[
            (Column::new("function").names(), &|(name, _)| Cell::Text(plain(name))),
            (Column::new(if head.works { "work" } else { "sleep" }), &|(name, _)| {
                Cell::or_unknown(sleep(name), Cell::Figure)
            }),
            (Column::new("any"), &|(_, any)| Cell::Figure(count(any))),
            (Column::new("total"), &|(name, _)| rate(name, Metric::Total)),
            (Column::new("boot+init"), &|(name, _)| rate(name, Metric::Own)),
            (Column::new("CPU time").sparse(), &|(name, _)| rate(name, Metric::Cpu)),
            (Column::new("smallest detectable change: total"), &|(name, _)| {
                least(name, Metric::Total)
            }),
            (Column::new("smallest detectable change: boot+init"), &|(name, _)| {
                least(name, Metric::Own)
            }),
            (Column::new("smallest detectable change: CPU time").sparse(), &|(name, _)| {
                least(name, Metric::Cpu)
            }),
        ],
    );
    table.key()
}

fn made(found: &Reliability) -> Vec<Fact> {
    let again = if found.confirm { "measured again" } else { "not measured again" };
    let facts = [
        ("rounds a side", format!("{}, the first discarded", found.rounds)),
        ("margins", margins(found)),
        ("alarms", again.to_owned()),
        ("source", plain(&found.source)),
        ("took", format_wait(found.elapsed)),
        ("command", plain(&found.command)),
    ];
    facts.map(|(name, text)| (name.to_owned(), text)).to_vec()
}

/// `total 5 %, boot+init 2 %`: by what each was judged.
fn margins(found: &Reliability) -> String {
    let told = Metric::GATED.into_iter().filter_map(|metric| {
        let of_heads = found.heads.iter().flat_map(|head| &head.rates.margins);
        let of_metric = of_heads.filter(|((_, of), _)| *of == metric);
        let mut shares: Vec<f64> = of_metric.map(|(_, margin)| margin.share).collect();
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        let shares: Vec<String> = shares.into_iter().map(percent).collect();
        (!shares.is_empty()).then(|| format!("{} {}", words::metric(metric), shares.join(" or ")))
    });
    told.collect::<Vec<_>>().join(", ")
}

/// `1 of 20 (5.0 %, 95 % interval 0.1 to 24.9)`.
fn told(rate: &Rate) -> String {
    let (low, high) = rate.interval();
    let share = rate.share().unwrap_or(0.0);
    format!(
        "{} of {} ({:.1} %, 95 % interval {:.1} to {:.1})",
        rate.hits,
        rate.of,
        share * 100.0,
        low * 100.0,
        high * 100.0
    )
}

fn count(rate: &Rate) -> String {
    format!("{} of {}", rate.hits, rate.of)
}
