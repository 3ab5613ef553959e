//! Budgets: those that name what is not there, and what becomes of a run that is checked.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::anyhow;

use super::{ExitReason, images};
use coldstart::compare::{BudgetVerdict, budget};
use coldstart::spec::budget::EVERY;
use coldstart::spec::function::unknown;
use coldstart::spec::scenario::Scenario;
use coldstart::stats::Controls;
use coldstart::store::Run;

/// Whether every budget is of a function that there is, and where a run is to be checked
/// whether any is of one that is measured.
///
/// # Errors
/// Names the function and the known ones, or says that nothing would be checked.
pub(super) fn known(scenario: &Scenario, described: &[String]) -> Result<(), ExitReason> {
    let there: BTreeSet<&String> = scenario.functions.iter().chain(described).collect();
    let mut named = scenario.budgets.iter().map(|budget| &budget.function);
    match named.find(|name| *name != EVERY && !there.contains(name)) {
        None => Ok(()),
        Some(name) => Err(ExitReason::Usage(anyhow!(
            "scenario {}: [gate.budgets] has an {}, and `{EVERY}` stands for all",
            scenario.name,
            unknown("function", name, there.iter())
        ))),
    }
}

/// The names of what a file describes; none where there is no such file.
pub(super) fn described(file: &Path) -> Vec<String> {
    let all = if file.exists() { images::described(file).ok() } else { None };
    all.unwrap_or_default().into_iter().map(|function| function.name).collect()
}

/// That a run that is to be checked has something to be checked by.
///
/// # Errors
/// Where no budget is of what is measured.
pub(super) fn to_check(scenario: &Scenario) -> Result<(), ExitReason> {
    let measured = |name: &String| name == EVERY || scenario.functions.contains(name);
    if scenario.budgets.iter().any(|budget| measured(&budget.function)) {
        return Ok(());
    }
    Err(ExitReason::Usage(anyhow!(
        "--check: scenario {} has no budget of a function that is measured; it has one by \
         `[gate.budgets.NAME]` and a line such as `total = \"1s\"`",
        scenario.name
    )))
}

/// What becomes of a run that is checked: as of a gate.
///
/// # Errors
/// Where the run is invalid, or a budget is exceeded, or unclear and that is no pass.
pub(super) fn check(run: &Run, strict: bool) -> Result<(), ExitReason> {
    let rows = budget::of_run(run);
    let any = |verdict| rows.iter().any(|row| row.verdict == verdict);
    let invalid = run.salvaged.is_some() || !Controls::of(&run.samples, &[]).faults().is_empty();
    match () {
        () if invalid => Err(ExitReason::Invalid),
        () if any(BudgetVerdict::Over) => Err(ExitReason::Regression),
        () if any(BudgetVerdict::Unclear) && strict => Err(ExitReason::Inconclusive),
        () => Ok(()),
    }
}
