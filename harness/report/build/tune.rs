//! The document of a tuned run: its sizes, what they cost, and which stand out.

use crate::chart::Chart;
use crate::report::document::Importance::{Detail, Key, Usual};
use crate::report::document::{Block, Cell, Column, Document, Row, Section, Table};
use crate::tune::{Figure, Size, Tuned, Tuning, link};
use crate::words::{DASH, plain, warning};

use super::placing::Placing;
use super::run::banners;

mod notes;
pub(in crate::report) mod words;

use words::{choices, money, percent, sentence, shortly, under};

const COLUMNS: [Column; 10] = [
    Column::new("function").names().sparse().of_the_group(),
    Column::new("memory"),
    Column::new("which"),
    Column::new("$ a million").interval(Usual),
    Column::new("average").ms().interval(Usual),
    Column::new("cold p50").ms().interval(Usual),
    Column::of("cold p90", Detail).ms().interval(Detail).sparse(),
    Column::new("warm p50").ms().interval(Usual),
    Column::of("warm p90", Detail).ms().interval(Detail).sparse(),
    Column::of("billed cold, warm", Detail).ms(),
];

/// The document, with the charts that are to be on it.
pub(in crate::report) fn document<'a>(tuning: &Tuning, charts: &'a [Chart]) -> Document<'a> {
    let run = tuning.run;
    let placing = Placing::new(charts);
    let notes = vec![Block::Notes("note", notes::notes(tuning))];
    let made = vec![("command".to_owned(), plain(&run.record.command))];
    Document {
        title: format!("{}memory against latency and price, {}", warning(run), under(tuning)),
        banners: banners(run),
        badge: None,
        answer: tuning.functions.iter().map(sentence_of(tuning)).collect::<Vec<_>>().join(" "),
        place: plain(&run.record.place()),
        sections: vec![
            Section::new("sizes", "Sizes, the cheapest first", Key, vec![sizes(tuning)]),
            Section::new("price", "Latency against price", Usual, placing.of("price")),
            Section::new("known", "What this rests on", Key, notes),
            Section::new("shares", "By share of cold calls", Usual, vec![shares(tuning)]),
            Section::new("viewer", "For another viewer", Key, viewer(tuning)),
            Section::new("repeat", "How to reproduce it", Detail, vec![Block::Quoted(made)]),
        ],
        footer: format!(
            "Made by {} of run {}. Every row is in `samples.jsonl`, every figure in `tune.json`; \
             `coldstart report FOLDER` makes this page again from the rows.",
            plain(&run.record.tool),
            plain(&run.record.id)
        ),
        whole: "tune.json and samples.jsonl",
        bounded: false,
        most_bytes: None,
    }
}

fn sentence_of(tuning: &Tuning) -> impl Fn(&Tuned) -> String {
    let (currency, share) = (tuning.bill.prices.currency.clone(), tuning.bill.cold_share);
    move |tuned| sentence(tuned, &currency, share)
}

/// The sizes of a function in the order in which they are shown: the cheapest first, and last
/// those that are not to be chosen.
fn in_order(tuned: &Tuned) -> Vec<(usize, &Size)> {
    let mut sizes: Vec<(usize, &Size)> = tuned.sizes.iter().enumerate().collect();
    let price = |size: &Size| size.price.filter(|_| size.is_eligible()).map(|price| price.value);
    let order = |size: &Size| price(size).unwrap_or(f64::INFINITY);
    sizes.sort_by(|(_, a), (_, b)| order(a).total_cmp(&order(b)));
    sizes
}

fn sizes<'a>(tuning: &Tuning) -> Block<'a> {
    let rows = tuning.functions.iter().flat_map(|tuned| {
        let row = |(at, size)| row(tuning, tuned, at, size);
        in_order(tuned).into_iter().map(row).collect::<Vec<_>>()
    });
    let share = percent(tuning.bill.cold_share);
    let caption = format!(
        "At {share} of cold calls; $ a million: {}; average: of all calls, what the function \
         itself takes; cold: as measured here, this engine's part with it; in ms, in brackets 95 % \
         intervals. as cheap, as fast: not told from that one",
        plain(&tuning.bill.prices.currency)
    );
    Block::Table(Table::new("sizes", caption, &COLUMNS, rows.collect()).key().sortable())
}

fn row(tuning: &Tuning, tuned: &Tuned, at: usize, size: &Size) -> Row {
    let billed = size.billed_ms.map(|[cold, warm]| format!("{cold}, {warm}"));
    let works = size.is_eligible();
    let figure = |of: Option<Figure>, text: &dyn Fn(f64) -> String| match of.filter(|_| works) {
        Some(of) => Cell::Figure(with_interval(of, text)),
        None => Cell::Unknown,
    };
    let several = tuning.functions.len() > 1;
    let cells = vec![
        if several { Cell::Text(plain(&tuned.name)) } else { Cell::Empty },
        Cell::Figure(format!("{} MiB", size.mib)),
        Cell::words(choices(tuned, at, size)),
        figure(size.price, &shortly),
        figure(size.average, &crate::text::units::format_ms),
        Cell::Interval(size.cold.p50),
        Cell::Interval(size.cold.p90),
        Cell::Interval(size.warm.p50),
        Cell::Interval(size.warm.p90),
        billed.filter(|_| works).map_or(Cell::Unknown, Cell::Figure),
    ];
    let group = if several { plain(&tuned.name) } else { String::new() };
    Row { group, cells, ..Row::default() }
}

/// `0.43 (0.42–0.44)`.
fn with_interval(of: Figure, text: &dyn Fn(f64) -> String) -> String {
    let [value, low, high] = match of.interval {
        Some([low, high]) => [of.value, low, high].map(text),
        None => return text(of.value),
    };
    // Where all three are written alike there is nothing in the brackets to be read.
    if low == value && high == value { value } else { format!("{value} ({low}–{high})") }
}

/// What a million calls cost under each size, by the share of those that are cold.
fn shares<'a>(tuning: &Tuning) -> Block<'a> {
    let headings: Vec<String> = crate::tune::SHARES.iter().map(|share| percent(*share)).collect();
    let mut data = Vec::new();
    for tuned in &tuning.functions {
        for (_, size) in in_order(tuned).into_iter().filter(|(_, size)| size.is_eligible()) {
            let mut cells =
                vec![Cell::Text(plain(&tuned.name)), Cell::Figure(format!("{} MiB", size.mib))];
            cells.extend(size.prices.iter().map(|(_, price)| Cell::Figure(shortly(*price))));
            data.push(Row::from(cells));
        }
    }
    let mut columns = vec![Column::new("function").names(), Column::new("memory")];
    columns.extend(HEADINGS.map(Column::new));
    debug_assert_eq!(headings, HEADINGS);
    let currency = plain(&tuning.bill.prices.currency);
    let caption = format!("{currency} for a million calls, by the share of them that is cold");
    Block::Table(Table::new("shares", caption, &columns, data))
}

/// Those of the shares.
const HEADINGS: [&str; 5] = ["0 %", "0.1 %", "1 %", "10 %", "100 %"];

fn viewer<'a>(tuning: &Tuning) -> Vec<Block<'a>> {
    let links = tuning.functions.iter().filter_map(|t| Some((plain(&t.name), link(t)?)));
    let links: Vec<_> = links.collect();
    if links.is_empty() {
        return Vec::new();
    }
    let about = "What aws-lambda-power-tuning's viewer reads: average call and price of a call by \
                 size. They stand behind the #, which no browser sends anywhere.";
    vec![Block::Paragraph(about.to_owned()), Block::Quoted(links)]
}

/// A price in the words of a sentence, or that there is none.
pub(super) fn priced(size: &Size, currency: &str) -> String {
    size.price.map_or_else(|| DASH.to_owned(), |price| money(currency, price.value))
}
