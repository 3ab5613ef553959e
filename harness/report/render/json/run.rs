//! `summary.json` and `summary.csv`: the numbers for other programs, in
//! nanoseconds, a row a cell and phase.
//!
//! A quantile that the rows do not support is null (empty in CSV); one that
//! falls among the failures is the word `failed`.

use anyhow::Result;
use serde::Serialize;

use crate::analysis::{Analysis, is_simulated};
use crate::report::build::run::trust;
use crate::report::render::csv as sheet;
use crate::sample::{Cell, Temperature};
use crate::spec::factor::{Network, PageCache};
use crate::spec::scenario::LoadShape;
use crate::stats::{Bursts, DispatchLag, LatencySummary, Quantile, RankedValue, Summary, bursts};
use crate::store::Run;
use crate::text::sanitize::printable_json;
use crate::text::units::Cpus;

mod whole;

use whole::Whole;

/// The version of both files' form.
const FORMAT: u32 = 2;

#[derive(Serialize)]
struct Page<'a> {
    format: u32,
    run: &'a str,
    simulated: bool,
    complete: bool,
    unit: &'static str,
    #[serde(flatten)]
    whole: Whole<'a>,
    rows: Vec<Row<'a>>,
    cells: Vec<CellFacts<'a>>,
    bursts: Vec<Bursts>,
}

/// One cell and phase; `latency` stands for the whole.
#[derive(Serialize)]
struct Row<'a> {
    function: &'a str,
    network: Network,
    runtime: &'a str,
    cpus: Option<Cpus>,
    memory: u64,
    page_cache: PageCache,
    log_driver: &'a str,
    control: Option<String>,
    pattern: &'a str,
    step: &'a str,
    act: &'static str,
    size: u32,
    temperature: Temperature,
    phase: String,
    n: usize,
    errors: usize,
    min: Option<u64>,
    p50: Option<RankedValue>,
    p50_low: Option<RankedValue>,
    p50_high: Option<RankedValue>,
    p90: Option<RankedValue>,
    p90_low: Option<RankedValue>,
    p90_high: Option<RankedValue>,
    p95: Option<RankedValue>,
    p95_low: Option<RankedValue>,
    p95_high: Option<RankedValue>,
    p99: Option<RankedValue>,
    p99_low: Option<RankedValue>,
    p99_high: Option<RankedValue>,
    max: Option<u64>,
}

/// What is known of a cell beside its distributions.
#[derive(Serialize)]
struct CellFacts<'a> {
    cell: &'a Cell,
    first_ever_rows: usize,
    first_ever_p50: Option<RankedValue>,
    first_ever_used: bool,
    /// Trial and index of the row nearest the median.
    typical: Option<(u32, u32)>,
    below_range: u64,
    above_range: u64,
    lag: Option<DispatchLag>,
    invalid_bursts: usize,
    cold_to_warm: Option<f64>,
    warm_cell: Option<&'a Cell>,
}

/// `summary.json`.
///
/// # Errors
/// Never, in truth: every value can be written.
pub(in crate::report) fn json(analysis: &Analysis) -> Result<String> {
    let (run, summaries) = (analysis.run, &analysis.summaries);
    let faults = trust::faults(analysis);
    let causes = trust::causes(&analysis.machine);
    let page = Page {
        format: FORMAT,
        run: &run.record.id,
        simulated: is_simulated(run),
        complete: run.record.complete,
        unit: "ns",
        whole: Whole::of(analysis, &faults, &causes),
        rows: rows(summaries),
        cells: summaries.iter().map(|s| facts(run, s)).collect(),
        bursts: bursts(&run.samples, summaries),
    };
    Ok(printable_json(&serde_json::to_string_pretty(&page)?) + "\n")
}

/// `summary.csv`: the same rows, with a heading.
///
/// # Errors
/// Never, in truth: every value can be written.
pub(in crate::report) fn csv(analysis: &Analysis) -> Result<String> {
    let rows = rows(&analysis.summaries);
    let rows: Result<Vec<_>, _> = rows.iter().map(serde_json::to_value).collect();
    Ok(sheet::rows(COLUMNS, &rows?))
}

/// The columns of `summary.csv`, in order: those of the JSON.
const COLUMNS: &str = "function network runtime cpus memory page_cache log_driver control pattern \
    step act size temperature phase n errors min p50 p50_low p50_high p90 p90_low p90_high p95 \
    p95_low p95_high p99 p99_low p99_high max";

fn rows(summaries: &[Summary]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for summary in summaries {
        rows.push(row(&summary.cell, "latency".to_owned(), &summary.latency));
        for (span, distribution) in &summary.phases {
            rows.push(row(&summary.cell, span.to_string(), distribution));
        }
    }
    rows
}

fn row<'a>(cell: &'a Cell, phase: String, of: &LatencySummary) -> Row<'a> {
    let low = |q: Quantile| q.interval.map(|i| i.low);
    let high = |q: Quantile| q.interval.map(|i| i.high);
    let act = match cell.act {
        LoadShape::Burst(_) => "burst",
        LoadShape::Sequence(_) => "sequence",
        LoadShape::Parallel { .. } => "parallel",
    };
    Row {
        function: &cell.function,
        network: cell.factors.network,
        runtime: &cell.factors.runtime,
        cpus: cell.factors.cpus,
        memory: cell.factors.memory,
        page_cache: cell.factors.page_cache,
        log_driver: &cell.factors.log_driver,
        control: cell.control.map(|control| control.to_string()),
        pattern: &cell.pattern,
        step: &cell.step,
        act,
        size: cell.act.invocations(),
        temperature: cell.temperature,
        phase,
        n: of.n,
        errors: of.failed,
        min: of.min,
        p50: of.p50.value,
        p50_low: low(of.p50),
        p50_high: high(of.p50),
        p90: of.p90.value,
        p90_low: low(of.p90),
        p90_high: high(of.p90),
        p95: of.p95.value,
        p95_low: low(of.p95),
        p95_high: high(of.p95),
        p99: of.p99.value,
        p99_low: low(of.p99),
        p99_high: high(of.p99),
        max: of.max,
    }
}

fn facts<'a>(run: &Run, summary: &'a Summary) -> CellFacts<'a> {
    let typical = summary.typical.and_then(|i| run.samples.get(i));
    CellFacts {
        cell: &summary.cell,
        first_ever_rows: summary.first_ever.rows,
        first_ever_p50: summary.first_ever.median,
        first_ever_used: summary.first_ever.used,
        typical: typical.map(|s| (s.trial, s.index)),
        below_range: summary.out_of_range.below,
        above_range: summary.out_of_range.above,
        lag: summary.lag,
        invalid_bursts: summary.invalid_bursts,
        cold_to_warm: summary.cold_to_warm.as_ref().map(|r| r.ratio),
        warm_cell: summary.cold_to_warm.as_ref().map(|r| &r.warm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::synthetic;

    fn written(run: &Run) -> serde_json::Value {
        serde_json::from_str(&json(&Analysis::of(run)).unwrap()).unwrap()
    }

    #[test]
    fn csv_and_json_hold_the_same_rows() {
        let mut run = synthetic::four(4);
        run.samples[40].cell.function = "odd,\"name\"".into();
        let json = written(&run);
        let rows = json["rows"].as_array().unwrap();
        let csv = csv(&Analysis::of(&run)).unwrap();
        assert_eq!(csv.lines().count(), rows.len() + 1);
        assert_eq!(rows[0].as_object().unwrap().len(), COLUMNS.split(' ').count());
        assert_eq!((&json["format"], &json["unit"]), (&2.into(), &"ns".into()));
        assert!(
            csv.contains("\"odd,\"\"name\"\"\",bridge,runc,,134217728,warm,json-file,,"),
            "{csv}"
        );
        assert!(csv.contains(",burst,1,cold,engine+boot,3,0,"), "{csv}");
    }

    #[test]
    fn unsupported_is_null_and_lost_is_failed() {
        let mut run = synthetic::run(&synthetic::FOUR[..1], 2);
        for sample in run.samples.iter_mut().filter(|s| s.cell.step == "call") {
            sample.outcome = crate::sample::Outcome::Crashed { cause: "x".into() };
        }
        let json = written(&run);
        let rows = json["rows"].as_array().unwrap();
        let call = rows.iter().find(|r| r["step"] == "call").unwrap();
        assert_eq!((&call["p50"], &call["p90"]), (&"failed".into(), &serde_json::Value::Null));
        assert_eq!((&call["errors"], &call["min"]), (&1.into(), &serde_json::Value::Null));
    }
}
