//! Functions beside their variants: is it worth it here? Their names and sentences are
//! foreign text: tamed here.

use crate::compare::{Pair, PairOutcome, Reason, Row as Judged, Variants, Verdict};
use crate::report::build::comparison::words::{
    change, mark, name, remark, row_change, row_reason, signed, tone, verdict,
};
use crate::report::build::comparison::{names::Names, tables};
use crate::report::build::placing::Placing;
use crate::report::document::Importance::Usual;
use crate::report::document::{Block, Cell, Column, Entry, Fact, Row, Table};
use crate::store::BuildRecord;
use crate::words::{DASH, counted};

/// The section of a page that they are in.
pub(super) const SECTION: &str = "variants";

/// Functions whose variants are named in the answer, at most.
const MOST_NAMED: usize = 4;

const COLUMNS: [Column; 11] = [
    Column::new(""),
    Column::new("function").names(),
    Column::new("variant").names(),
    Column::new("conditions").sparse(),
    Column::new("cold [95 %]"),
    Column::new("verdict"),
    Column::of("boot+init", Usual).sparse(),
    Column::of("warm", Usual).sparse(),
    Column::of("memory", Usual).sparse(),
    Column::of("image", Usual),
    Column::of("build", Usual),
];

/// How a table of them is read.
const CAPTION: &str = "Variant against function, in turns: less is faster, smaller. Cold starts, \
    and the function's own part of them, are judged as a gate judges, all pairs together; warm \
    calls and memory are told. Build: preparing and building, as noted when it was done.";

/// What each variant comes to; nothing where there are none.
pub(super) fn blocks<'a>(variants: Option<&Variants>, placing: &Placing<'a>) -> Vec<Block<'a>> {
    let Some(variants) = variants else { return Vec::new() };
    let names = Names::of(&variants.comparison);
    let all = variants.comparison.worst_first();
    let every = "Every row of every variant, the worst first. Base is the function.";
    let mut blocks = vec![
        Block::Facts(variants.by_function().iter().map(|of| fact(variants, &names, of)).collect()),
        Block::Table(table(variants, &names)),
    ];
    blocks.extend(too_few(variants).map(Block::Paragraph));
    blocks.extend(placing.of(SECTION));
    blocks.push(Block::Folded(
        "What each variant changes, and what shows it".to_owned(),
        vec![Block::Entries(variants.pairs.iter().map(meaning).collect())],
    ));
    blocks.push(Block::Folded(
        "Every row of the variants".to_owned(),
        vec![Block::Table(tables::rows("variant-rows", every, &names, &all))],
    ));
    blocks
}

/// That there are too few rounds, once for all variants.
fn too_few(variants: &Variants) -> Option<String> {
    let mut rows = variants.comparison.rows.iter().filter(|row| row.gated);
    let row = rows.find(|row| matches!(row.reason, Some(Reason::TooFew { .. })))?;
    row_reason(row)
}

/// `Variants: f_quick answers cold 12 ms sooner than f (-18.1 %); ...`.
pub(super) fn answer(variants: &Variants) -> String {
    let all = variants.by_function();
    let best = |of: &(&str, Vec<&Pair>)| best(variants, of);
    let mut told: Vec<String> = all.iter().filter_map(best).collect();
    let without: Vec<String> =
        all.iter().filter(|of| best(of).is_none()).map(|(function, _)| name(function)).collect();
    if let Some(more) = told.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        told.truncate(MOST_NAMED);
        told.push(format!("and of {} more", counted(more as u64, "function")));
    }
    if !without.is_empty() {
        let shown = without.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = without.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        told.push(format!("of {shown}{more} none is shown to answer cold sooner"));
    }
    format!("Variants: {}", told.join("; "))
}

/// The one that gains most, under the first of the conditions; none where none does.
fn best(variants: &Variants, (function, pairs): &(&str, Vec<&Pair>)) -> Option<String> {
    let first = |pair: &&&Pair| variants.outcomes(pair).into_iter().next();
    let gains = pairs.iter().filter_map(|pair| Some((pair, first(&pair)?)));
    let faster = gains.filter(|(_, outcome)| outcome.verdict() == Verdict::Improved);
    let mut faster: Vec<(&&Pair, &Judged)> =
        faster.filter_map(|(pair, outcome)| Some((pair, outcome.cold?))).collect();
    faster.sort_by(|a, b| ratio(a.1).total_cmp(&ratio(b.1)));
    let (pair, row) = faster.first()?;
    let most = if faster.len() > 1 { ", the most of those that do" } else { "" };
    let by = row.difference.map_or_else(String::new, |by| {
        signed(row.metric, by.value).trim_start_matches('-').to_owned()
    });
    Some(format!(
        "{} answers cold {by} sooner than {} ({}){most}",
        name(&pair.name),
        name(function),
        change(row.ratio)
    ))
}

fn ratio(row: &Judged) -> f64 {
    row.ratio.map_or(f64::INFINITY, |ratio| ratio.value)
}

/// The variants of a function by what is said of their cold starts.
fn fact(variants: &Variants, names: &Names, (function, pairs): &(&str, Vec<&Pair>)) -> Fact {
    let mut found: Vec<(Verdict, String)> = Vec::new();
    for pair in pairs {
        let outcomes = variants.outcomes(pair);
        let several = outcomes.len() > 1;
        if outcomes.is_empty() {
            found.push((Verdict::Invalid, name(&pair.variant.name)));
        }
        for outcome in &outcomes {
            found.push((outcome.verdict(), subject(names, pair, outcome, several)));
        }
    }
    let groups = [
        (Verdict::Improved, "faster"),
        (Verdict::Unchanged, "same"),
        (Verdict::Regressed, "slower"),
        (Verdict::Inconclusive, "unclear"),
        (Verdict::Invalid, "invalid"),
    ];
    let told = groups.into_iter().filter_map(|(verdict, word)| {
        let of = found.iter().filter(|(of, _)| *of == verdict).map(|(_, text)| text.as_str());
        let of: Vec<&str> = of.collect();
        (!of.is_empty()).then(|| format!("{word}: {}", of.join(", ")))
    });
    (name(function), told.collect::<Vec<_>>().join("; "))
}

/// `quick -12 ms (-18.1 %)`, with conditions where there are several.
fn subject(names: &Names, pair: &Pair, outcome: &PairOutcome<'_>, several: bool) -> String {
    let mut text = name(&pair.variant.name);
    let Some(row) = outcome.cold else { return text };
    if let Some(cell) = row.cell.as_ref().filter(|_| several) {
        text += &format!(" under {}", names.conditions(cell));
    }
    match (row.difference, row_reason(row)) {
        (Some(by), _) if row.verdict != Verdict::Invalid => {
            format!("{text} {} ({})", signed(row.metric, by.value), change(row.ratio))
        }
        (_, Some(why)) => format!("{text} ({why})"),
        _ => text,
    }
}

fn table(variants: &Variants, names: &Names) -> Table<'static> {
    let rows = variants.pairs.iter().flat_map(|pair| {
        let outcomes = variants.outcomes(pair).into_iter();
        outcomes.map(|outcome| row(names, pair, &outcome)).collect::<Vec<_>>()
    });
    let mut table = Table::new("variant-pairs", CAPTION, &COLUMNS, rows.collect()).key().sortable();
    if let Some(under) = table.say_once("conditions") {
        table.caption += &format!(" All under {under}.");
    }
    table
}

fn row(names: &Names, pair: &Pair, outcome: &PairOutcome<'_>) -> Row {
    let under = outcome.cold.and_then(|row| row.cell.as_ref());
    let under = under.map_or_else(String::new, |cell| names.conditions(cell));
    let of = |row: Option<&Judged>, text: fn(&Judged) -> String| {
        Cell::or_unknown(row, |row| Cell::Figure(text(row)))
    };
    let cells = vec![
        Cell::Mark(mark(outcome.verdict()), tone(outcome.verdict())),
        Cell::Text(name(&pair.variant.of)),
        Cell::Text(name(&pair.variant.name)),
        Cell::words(under),
        of(outcome.cold, whole),
        Cell::Text(outcome.cold.map_or("invalid", verdict).to_owned()),
        of(outcome.own, row_change),
        of(outcome.warm, row_change),
        of(outcome.memory, amount),
        of(outcome.size, amount),
        Cell::Figure(build(pair.build)),
    ];
    cells.into()
}

/// `-12 ms, -18.1 % [-20.2, -16.1]`.
fn whole(row: &Judged) -> String {
    let by = row.difference.map(|by| format!("{}, ", signed(row.metric, by.value)));
    format!("{}{}", by.unwrap_or_default(), row_change(row))
}

/// `+1.5 MiB (+12.0 %)`.
fn amount(row: &Judged) -> String {
    match row.difference {
        Some(by) => format!("{} ({})", signed(row.metric, by.value), change(row.ratio)),
        None => DASH.to_owned(),
    }
}

/// How much longer it takes to be made, as far as that is known.
fn build([function, variant]: [Option<BuildRecord>; 2]) -> String {
    let seconds = |of: BuildRecord| of.ms as f64 / 1e3;
    match (function, variant) {
        (_, None) => "not built in this run".to_owned(),
        (None, Some(is)) => format!("{:.1} s (its function: not known)", seconds(is)),
        (Some(was), Some(is)) => {
            format!("{:+.1} s ({:.1} s)", seconds(is) - seconds(was), seconds(is))
        }
    }
}

/// What a variant changes, where that is documented, and what shows it.
fn meaning(pair: &Pair) -> Entry {
    let of = &pair.variant;
    let shown = match &of.shown {
        Some(line) => format!("in effect, its image says: {}", remark(line)),
        None => "nothing shows that it is in effect: it has no proof".to_owned(),
    };
    let link = of.link.as_deref().map(remark).unwrap_or_default();
    Entry::new(&name(&pair.name), vec![remark(&of.about), link, shown])
}

#[cfg(test)]
mod tests;
