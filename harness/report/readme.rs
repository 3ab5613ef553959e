//! The results block of the project's front page, and how it gets there.

use std::fmt::Write;

use anyhow::{Result, bail};

use super::build::run::reply::reply;
use super::build::run::{controls, title, trust};
use super::document::{Cell, Column, Row};
use super::render::markdown::{code, escape, table};
use crate::analysis::Analysis;
use crate::sample::Temperature;
use crate::spec::control::Calibrated;
use crate::spec::scenario::LoadShape;
use crate::stats::Summary;
use crate::store::Run;
use crate::words::{conditions, conditions_in_a_name, members, quantile, ratio};

/// The line before the block.
pub const BEGIN: &str = "<!-- coldstart:results:begin -->";
/// The line after the block.
pub const END: &str = "<!-- coldstart:results:end -->";

/// Heading of the block's table.
const COLUMNS: [Column; 8] = [
    Column::new("function"),
    Column::new("cold p50, ms"),
    Column::new("over the null container"),
    Column::new("max"),
    Column::new("n"),
    Column::new("in a burst"),
    Column::new("warm p50"),
    Column::new("cold / warm"),
];

/// Where the charts of the committed run are, seen from the front page.
const CHARTS: &str = "results/reference/charts";

/// The block for a committed run: a row a function, charts, where it was
/// measured, and the command that repeats it.
#[must_use]
pub fn block(analysis: &Analysis) -> String {
    let (run, cold) = (analysis.run, analysis.headline());
    let rows: Vec<Row> = cold.iter().map(|cold| row(analysis, cold)).collect();
    let mut text = format!("{}:\n\n", escape(&title(run)));
    text += &table(&COLUMNS, &rows);
    let several = run.record.scenario.factors.combinations().len() > 1;
    let first = cold.first().map(|s| &s.cell.factors);
    let suffix = match first {
        Some(factors) if several => format!("-{}", conditions_in_a_name(run, factors)),
        _ => String::new(),
    };
    let _ = write!(
        text,
        "\nIn brackets: 95 % interval. From the instant an invocation was wanted to the last byte \
         of {}.\n\n\
         {}\n\n\
         ![Cold start, share answered within a time]({CHARTS}/cold{suffix}.svg)\n\
         ![Where a cold start goes]({CHARTS}/phases{suffix}.svg)\n{}\n\
         {}, {}. Repeat it: {}\n",
        escape(&reply(run)),
        escape(&trusted(analysis)),
        waterfall(run, &cold, &suffix),
        escape(&run.record.place()),
        escape(&run.record.started),
        code(&run.record.command)
    );
    text
}

/// One start process by process, where the kernel told of its processes.
fn waterfall(run: &Run, cold: &[&Summary], suffix: &str) -> String {
    let mut typical = cold.iter().filter_map(|s| run.samples.get(s.typical?));
    if typical.all(|sample| sample.processes.is_empty()) {
        return String::new();
    }
    format!("![One cold start, process by process]({CHARTS}/waterfall{suffix}.svg)\n")
}

/// How far the figures can be trusted: why not at all, the calibration, the machine.
fn trusted(analysis: &Analysis) -> String {
    let (controls, faults) = (&analysis.controls, trust::faults(analysis));
    let whole = controls.kinds.iter().find(|of| of.kind.calibrated == Calibrated::Whole);
    let calibrated = whole.and_then(|of| {
        let line = controls::calibration(of.line.as_ref()?);
        Some(format!("Calibration, {}: {line}", of.kind.name))
    });
    let parts = [
        (!faults.is_empty()).then(|| format!("INVALID: {}", faults.join("; "))),
        (!controls.are_there()).then(|| controls::NONE.to_owned()),
        calibrated,
        Some(format!("Machine: {}.", trust::verdict(&analysis.machine))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(". ")
}

fn row(analysis: &Analysis, cold: &Summary) -> Row {
    let cell = &cold.cell;
    let members = members(&analysis.summaries, &(cell.function.clone(), cell.factors.clone()));
    let size = |s: &Summary| match s.cell.act {
        LoadShape::Burst(n) if s.cell.temperature == Temperature::Cold => n,
        _ => 0,
    };
    let burst = members.iter().filter(|s| size(s) > 1).max_by_key(|s| size(s));
    let burst = burst.map(|s| format!("{}, {} at once", quantile(&s.latency.p50), size(s)));
    let warm_cell = cold.cold_to_warm.as_ref().map(|r| &r.warm);
    let warm = members.iter().find(|s| Some(&s.cell) == warm_cell);
    let over = analysis.over_the_null_container(cold);
    Row::from(vec![
        Cell::Text(format!("{}, {}", cell.function, conditions(analysis.run, &cell.factors))),
        Cell::Interval(cold.latency.p50),
        over.map_or(Cell::Empty, Cell::ns),
        Cell::or_unknown(cold.latency.max, |ns| Cell::ns(ns as f64)),
        Cell::Count(cold.latency.n as u64),
        burst.map_or(Cell::Empty, Cell::Figure),
        warm.map_or(Cell::Empty, |s| Cell::Interval(s.latency.p50)),
        ratio(cold).map_or(Cell::Empty, Cell::Times),
    ])
}

/// Puts a block between the marks of a page.
///
/// # Errors
/// When the page has not exactly one of each mark, in order.
pub fn splice(page: &str, block: &str) -> Result<String> {
    let once = |mark: &str| page.matches(mark).count() == 1;
    let (Some(begin), Some(end)) = (page.find(BEGIN), page.find(END)) else {
        bail!("the page has no `{BEGIN}` and `{END}`: put them where the results belong");
    };
    if !once(BEGIN) || !once(END) || end < begin {
        bail!("the page must have `{BEGIN}` once and then `{END}` once");
    }
    let before = &page[..begin + BEGIN.len()];
    Ok(format!("{before}\n{}\n{}", block.trim_end(), &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splicing_replaces_what_is_between_and_nothing_else() {
        let page = format!("head\n{BEGIN}\nold\n{END}\ntail\n");
        let once = splice(&page, "new\n").unwrap();
        assert_eq!(once, format!("head\n{BEGIN}\nnew\n{END}\ntail\n"));
        assert_eq!(splice(&once, "new\n").unwrap(), once, "twice is once");
    }

    #[test]
    fn a_page_without_marks_is_refused() {
        for page in ["", BEGIN, END, &format!("{END} {BEGIN}"), &format!("{BEGIN}{BEGIN}{END}")] {
            assert!(splice(page, "x").is_err(), "{page}");
        }
    }
}
