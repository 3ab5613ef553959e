//! Budgets for other programs: of `compare.json`, `summary.json`, `budgets.csv`.

use serde_json::Value;

use super::cell::cell;
use super::{Json, object};
use crate::compare::BudgetRow;
use crate::report::build::budgets::reason;
use crate::report::render::csv as sheet;
use crate::spec::factor::FACTORS;
use crate::words::plain;

/// The member `budgets`; no member where there are none.
pub(super) fn member(rows: &[BudgetRow]) -> Json<'static> {
    match rows {
        [] => Json::Object(Vec::new()),
        rows => object! { "budgets": rows.iter().map(budget).collect::<Json>() },
    }
}

fn budget(row: &BudgetRow) -> Json<'static> {
    let unit = row.metric.unit();
    // Whole nanoseconds and bytes; a price to a millionth.
    let figure = |value: f64| match unit {
        "per million" => Value::from((value * 1e6).round() / 1e6),
        _ => Value::from(value.round() as u64),
    };
    let (low, high) = row.interval.map_or((None, None), |(low, high)| (Some(low), high));
    object! {
        "function": plain(&row.function),
        "cell": Json::or_null(row.cell.as_ref().map(cell)),
        "metric": row.metric.name(),
        "unit": unit,
        "verdict": row.verdict.name(),
        "reason": reason(row),
        "limit": figure(row.limit),
        "n": row.n,
        "failed": row.failed,
        "median": row.value.map(figure),
        "low": low.map(figure),
        "high": high.map(figure),
        // Whether its boot is in it too, as an init that is not told apart.
        "with_boot": row.whole,
    }
}

/// The columns of `budgets.csv` after those of the factors.
const COLUMNS: &str = "metric unit limit verdict reason n failed median low high with_boot";

/// `budgets.csv`: a row a budget; none where there are none.
pub(in crate::report) fn csv(rows: &[BudgetRow]) -> Option<anyhow::Result<String>> {
    if rows.is_empty() {
        return None;
    }
    let rows: Result<Vec<Value>, _> =
        rows.iter().map(|r| serde_json::to_value(budget(r))).collect();
    let factors = FACTORS.iter().map(|factor| factor.key);
    let of_cell = factors.chain(["pattern", "step", "temperature"]);
    let written = |rows: Vec<Value>| {
        let rows: Vec<Value> = rows.into_iter().map(sheet::with_its_cell).collect();
        let columns = ["function"].into_iter().chain(of_cell).chain(COLUMNS.split_whitespace());
        sheet::rows(columns, &rows)
    };
    Some(rows.map(written).map_err(Into::into))
}
