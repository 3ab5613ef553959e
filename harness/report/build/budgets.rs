//! Budgets in words: what functions may take at most, and whether they do. The same of a
//! run and of a comparison.

use crate::compare::{
    BudgetReason, BudgetRow, BudgetVerdict, Cell as ComparedCell, Row as ComparedRow,
};
use crate::report::document::Importance::Usual;
use crate::report::document::{Block, Cell, Column, Row, Table, Tone};
use crate::spec::budget::Limited;
use crate::spec::tolerance::Metric;
use crate::text::sanitize::both_ends;
use crate::text::units::{format_ms, format_ns, format_size};
use crate::words::{DASH, plain, shortened, step};

/// Budgets that a sentence names, at most.
const MOST_NAMED: usize = 3;
/// Nanoseconds from which on a time is told in seconds.
const LONG: f64 = 1e11;
/// Longest name and longest reason, in characters.
const LONGEST: (usize, usize) = (60, 400);

/// The budgets that a compared row is under, for a form without room of their own: `over
/// budget (init, 250 ms)`. What is no row of its own stands with the one that it is part of.
pub(in crate::report) fn beside(rows: &[BudgetRow], of: &ComparedRow) -> Option<String> {
    let is_of = |row: &&BudgetRow| {
        let metric = match row.metric {
            Limited::Total | Limited::Cost => Metric::Total,
            Limited::Own | Limited::Init => Metric::Own,
            Limited::Warm => Metric::Warm,
            Limited::Memory => Metric::Memory,
            Limited::Size => Metric::Size,
        };
        let is_there = row.cell.is_none() || row.cell == of.cell;
        row.function == of.function && metric == of.metric && is_there
    };
    let told = rows
        .iter()
        .filter(is_of)
        .map(|row| format!("{} ({}, {})", verdict(row), metric(row), amount(row, row.limit)));
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// What is limited, for readers.
pub(in crate::report) fn metric(row: &BudgetRow) -> &'static str {
    match row.metric {
        Limited::Total => "total",
        Limited::Own => "boot+init",
        Limited::Init if row.whole => "init (with boot)",
        Limited::Init => "init",
        Limited::Warm => "warm total",
        Limited::Memory => "memory",
        Limited::Size => "image size",
        Limited::Cost => "cost of a million",
    }
}

/// A verdict in a reader's words.
pub(in crate::report) fn verdict(row: &BudgetRow) -> &'static str {
    match row.verdict {
        BudgetVerdict::Over => "over budget",
        BudgetVerdict::Unclear => "unclear",
        BudgetVerdict::Under => "within budget",
    }
}

fn amount(row: &BudgetRow, value: f64) -> String {
    match row.metric {
        Limited::Memory | Limited::Size => format_size(value.round() as u64),
        Limited::Cost => format!("{value:.3}"),
        // Milliseconds, so that a column has one unit, but of what is no start's time.
        _ if value >= LONG => format_ns(value),
        _ => format!("{} ms", format_ms(value)),
    }
}

/// `285 ms (280–291)`, or what stands for it.
fn value(row: &BudgetRow) -> String {
    let Some(value) = row.value else {
        return if row.failed > 0 { "failed".to_owned() } else { DASH.to_owned() };
    };
    let end = |value: f64| match row.metric {
        Limited::Memory => amount(row, value),
        _ => amount(row, value).replace(" ms", ""),
    };
    let high = |high: Option<f64>| high.map_or("failed".to_owned(), end);
    let interval = row.interval.map(|(low, to)| format!(" ({}–{})", end(low), high(to)));
    format!("{}{}", amount(row, value), interval.unwrap_or_default())
}

/// Why a budget is over or unclear, tamed; none where the figures say it.
pub(in crate::report) fn reason(row: &BudgetRow) -> Option<String> {
    let text = match row.reason.as_ref()? {
        BudgetReason::Failed(None) => "nothing succeeded".to_owned(),
        BudgetReason::Failed(Some(cause)) => format!("nothing succeeded: {}", plain(cause)),
        BudgetReason::TooFew { rounds, needed } => format!(
            "{rounds} rounds are too few for an interval: it takes {needed}, the first not counted"
        ),
        BudgetReason::Unknown => match row.metric {
            Limited::Cost => "no warm calls, or no prices".to_owned(),
            _ => "it was not measured".to_owned(),
        },
    };
    Some(both_ends(&text, LONGEST.1))
}

/// `python, total`: the function and what is limited; of a function that was measured under
/// several combinations of factors, which too.
pub(in crate::report) fn name(row: &BudgetRow, rows: &[BudgetRow]) -> String {
    let under = |row: &BudgetRow| row.cell.as_ref().map(conditions);
    let alike = |other: &&BudgetRow| (&other.function, other.metric) == (&row.function, row.metric);
    let is_told = rows.iter().filter(alike).any(|other| under(other) != under(row));
    let under = under(row).filter(|_| is_told).map(|under| format!(" {under}"));
    let function = shortened(&plain(&row.function), LONGEST.0);
    format!("{function}{}, {}", under.unwrap_or_default(), metric(row))
}

/// The network, and what else was asked for.
fn conditions(cell: &ComparedCell) -> String {
    shortened(&plain(&cell.factors.to_string()), LONGEST.0)
}

/// All of a row in a sentence: `285 ms (280 ms–291 ms) of 250 ms: over budget`.
pub(in crate::report) fn line(row: &BudgetRow) -> String {
    let why = reason(row).map_or_else(String::new, |why| format!(" ({why})"));
    format!("{} of {}: {}{why}", value(row), amount(row, row.limit), verdict(row))
}

/// The budgets of a verdict in a sentence, without its stop; none where there are none.
pub(in crate::report) fn sentence(rows: &[BudgetRow], of: BudgetVerdict) -> Option<String> {
    let found: Vec<&BudgetRow> = rows.iter().filter(|row| row.verdict == of).collect();
    let told = |row: &&BudgetRow| {
        let why = reason(row).map_or_else(String::new, |why| format!(" ({why})"));
        format!("{} {} of {}{why}", name(row, rows), value(row), amount(row, row.limit))
    };
    let named: Vec<String> = found.iter().take(MOST_NAMED).map(told).collect();
    let more = match found.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let begin = match of {
        BudgetVerdict::Over => "Over budget",
        BudgetVerdict::Unclear => "Unclear whether within budget",
        BudgetVerdict::Under => "Within budget",
    };
    (!found.is_empty()).then(|| format!("{begin}: {}{more}", named.join("; ")))
}

/// A verdict's mark, which is read without colour, and its meaning.
fn mark(row: &BudgetRow) -> (char, Option<Tone>) {
    match row.verdict {
        BudgetVerdict::Over => ('▲', Some(Tone::Bad)),
        BudgetVerdict::Unclear => ('?', Some(Tone::Odd)),
        BudgetVerdict::Under => ('=', None),
    }
}

/// A row a budget, those that are exceeded first; nothing without any. The verdict stands
/// before all that a narrow page has no room for.
pub(in crate::report) fn blocks<'a>(all: &[BudgetRow]) -> Vec<Block<'a>> {
    const COLUMNS: [Column; 8] = [
        Column::new(""),
        Column::new("function").names(),
        Column::new("verdict"),
        Column::new("median (95 %)"),
        Column::new("budget"),
        Column::of("step", Usual),
        Column::of("n", Usual),
        Column::of("why", Usual).sparse(),
    ];
    let mut sorted: Vec<&BudgetRow> = all.iter().collect();
    sorted.sort_by_key(|row| row.verdict);
    let row = |of: &&BudgetRow| {
        let (mark, tone) = mark(of);
        let step = of.cell.as_ref().map_or_else(String::new, |c| {
            format!("{} {}", shortened(&step(c), LONGEST.0), c.temperature)
        });
        let cells = vec![
            Cell::Mark(mark, tone),
            Cell::Text(name(of, all)),
            Cell::Text(verdict(of).to_owned()),
            Cell::Figure(value(of)),
            Cell::Figure(amount(of, of.limit)),
            Cell::words(step),
            Cell::Count(of.n as u64),
            reason(of).map_or(Cell::Empty, Cell::Text),
        ];
        Row::from(cells)
    };
    let rows: Vec<Row> = sorted.iter().map(row).collect();
    let caption = "What functions may take at most, judged by the interval over rounds";
    vec![Block::Table(Table::new("limited", caption, &COLUMNS, rows).key())]
}
