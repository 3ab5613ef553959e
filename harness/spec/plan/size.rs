//! Whether a plan is of a size that can be carried out: asked before it is made.

use super::{Plan, subjects};
use crate::spec::scenario::Scenario;
use crate::text::units::LONGEST;

/// The most trials of a plan, all sides together: each is in memory, and a row on disk.
const MAX_TRIALS: u64 = 1_000_000;
/// The most invocations of a plan: a report has all of their rows in memory.
const MAX_INVOCATIONS: u64 = 10_000_000;

/// Checks the plan that `functions` (how many) on some sides would have.
///
/// # Errors
/// Says what is too much, and of what there must be less.
pub fn check(scenario: &Scenario, functions: usize, sides: usize) -> Result<(), String> {
    let rounds = u64::from(scenario.rounds);
    let less = "fewer rounds, functions, factors or patterns";
    let trials = a_round(scenario, functions).saturating_mul(sides as u64).saturating_mul(rounds);
    if trials > MAX_TRIALS {
        return Err(format!("the plan has {trials} trials, and {MAX_TRIALS} are the most: {less}"));
    }
    let one = of_one_round(scenario, functions, sides);
    let invocations = one.invocations().saturating_mul(rounds);
    if invocations > MAX_INVOCATIONS {
        return Err(format!(
            "the plan has {invocations} invocations, and {MAX_INVOCATIONS} are the most: {less}"
        ));
    }
    if one.estimate().saturating_mul(scenario.rounds) > LONGEST && scenario.max_time.is_none() {
        return Err(format!("the plan takes more than a year: {less}, or shorter pauses"));
    }
    Ok(())
}

/// Invocations that the plan of one side has, without making more of it than a round.
#[must_use]
pub fn invocations(scenario: &Scenario, functions: usize) -> u64 {
    let one = of_one_round(scenario, functions, 1);
    one.invocations().saturating_mul(u64::from(scenario.rounds))
}

fn of_one_round(scenario: &Scenario, functions: usize, sides: usize) -> Plan {
    Plan::in_turns(&Scenario { rounds: 1, ..scenario.clone() }, functions, sides, 0)
}

/// Trials of a round on one side, without making them.
fn a_round(scenario: &Scenario, functions: usize) -> u64 {
    let visited = scenario.factors.combinations().len().saturating_mul(scenario.patterns.len());
    let controls = subjects(scenario, 0).len() as u64;
    (visited as u64).saturating_mul(functions as u64).saturating_add(controls)
}
