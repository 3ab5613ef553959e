//! Budgets of made-up runs: 186 ms in all, of which 62 are the function's own, 32 its init.

use super::*;
use crate::compare::budget::of_run;
use crate::cost::{Architecture, COLD_SHARE, Prices, Question, prices};
use crate::spec::budget::{Budget, EVERY, Limited};

fn with(maker: Maker, budgets: &[(Limited, f64)]) -> Maker {
    let mut maker = maker;
    let budget = |(metric, limit): &(Limited, f64)| Budget {
        function: EVERY.to_owned(),
        metric: *metric,
        limit: *limit,
    };
    maker.run.record.scenario.budgets = budgets.iter().map(budget).collect();
    maker
}

fn verdicts(maker: &Maker) -> Vec<(Limited, BudgetVerdict)> {
    of_run(&maker.run).iter().map(|row| (row.metric, row.verdict)).collect()
}

/// The only budget of a run.
fn one(maker: Maker, metric: Limited, limit: f64) -> BudgetRow {
    let mut rows = of_run(&with(maker, &[(metric, limit)]).run);
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

#[test]
fn a_run_without_budgets_has_none() {
    assert_eq!(of_run(&Maker::new(1, 20).run), []);
}

#[test]
fn the_interval_decides() {
    use BudgetVerdict::{Over, Unclear, Under};
    let limits = [
        (Limited::Total, 150.0 * MS),
        (Limited::Own, 100.0 * MS),
        (Limited::Init, 10.0 * MS),
        (Limited::Warm, 5.0 * MS),
        (Limited::Size, 1e6),
    ];
    let found = verdicts(&with(Maker::new(1, 20), &limits));
    let kinds = [Over, Under, Over, Under, Over];
    assert_eq!(found, limits.iter().map(|l| l.0).zip(kinds).collect::<Vec<_>>());
    let row = one(Maker::new(1, 20), Limited::Total, 150.0 * MS);
    let (low, high) = row.interval.unwrap();
    let median = row.value.unwrap();
    assert!(low < median && median < high.unwrap() && low > row.limit, "{row:?}");
    let within = one(Maker::new(1, 20), Limited::Total, median);
    assert_eq!((within.verdict, within.reason), (Unclear, None));
    // Exactly on the limit is within it.
    assert_eq!(one(Maker::new(1, 20), Limited::Total, high.unwrap()).verdict, Under);
}

#[test]
fn too_few_rounds_are_unclear_and_say_how_many_it_takes() {
    let row = one(Maker::new(1, 4), Limited::Total, MS);
    let needed = 6;
    assert_eq!(row.reason, Some(BudgetReason::TooFew { rounds: 3, needed }));
    assert_eq!(row.verdict, BudgetVerdict::Unclear);
    // So many are enough.
    let row = one(Maker::new(1, needed as u32 + 1), Limited::Total, MS);
    assert_eq!((row.n, row.verdict), (needed, BudgetVerdict::Over));
}

#[test]
fn a_function_that_never_succeeds_is_over_every_budget() {
    for metric in [Limited::Total, Limited::Own, Limited::Warm, Limited::Memory] {
        let row = one(Maker::new(1, 20).failing(|_| true), metric, 1e12);
        assert_eq!(row.verdict, BudgetVerdict::Over, "{metric}");
        let cause = Some("exit code 1".to_owned());
        assert_eq!(row.reason, Some(BudgetReason::Failed(cause)), "{metric}");
    }
    // Half of the rounds fail: the median may be among them.
    let half = Maker::new(1, 21).failing(|s: &Sample| s.round.is_multiple_of(2));
    assert_ne!(one(half, Limited::Total, 1e12).verdict, BudgetVerdict::Under);
}

#[test]
fn what_was_not_measured_is_unclear() {
    let row = one(Maker::new(1, 20), Limited::Memory, 1e12);
    assert_eq!((row.verdict, row.reason), (BudgetVerdict::Unclear, Some(BudgetReason::Unknown)));
    let row = one(Maker::new(1, 20), Limited::Cost, 1e12);
    assert_eq!((row.verdict, row.reason), (BudgetVerdict::Unclear, Some(BudgetReason::Unknown)));
}

#[test]
fn an_init_that_is_not_told_apart_is_judged_with_its_boot() {
    let silent = |s: &mut Sample| s.marks.clear(crate::sample::Mark::Main);
    let row = one(Maker::new(1, 20).with(|_| true, silent), Limited::Init, 50.0 * MS);
    assert!(row.whole && row.verdict == BudgetVerdict::Over, "{row:?}");
    let row = one(Maker::new(1, 20), Limited::Init, 50.0 * MS);
    assert!(!row.whole && row.verdict == BudgetVerdict::Under, "{row:?}");
}

#[test]
fn a_price_is_judged_by_the_calls_of_each_round() {
    let asked = || {
        let mut maker = Maker::new(1, 20);
        let (architecture, text) = (Architecture::X86, prices::BUILTIN.to_owned());
        let prices = Prices::builtin().unwrap();
        maker.run.cost = Some(Question { cold_share: COLD_SHARE, architecture, prices, text });
        maker
    };
    let row = one(asked(), Limited::Cost, 0.21);
    // 128 MiB: a millisecond, and 65 for one call in a hundred.
    let should = 0.2 + 0.125 * 16.6667 * (0.99 * 0.001 + 0.01 * 0.065);
    assert!((row.value.unwrap() - should).abs() < 1e-4, "{row:?} is not {should}");
    assert_eq!(row.verdict, BudgetVerdict::Under);
    assert_eq!(one(asked(), Limited::Cost, 0.2).verdict, BudgetVerdict::Over);
}

#[test]
fn a_budget_of_head_decides_beside_the_comparison() {
    let base = Maker::new(1, 20);
    let outcome = |limit: f64| {
        let head = with(Maker::new(2, 20), &[(Limited::Total, limit)]);
        gate(&base, &head).outcome
    };
    assert_eq!(outcome(1_000.0 * MS), GateOutcome::Passed);
    assert_eq!(outcome(1.0 * MS), GateOutcome::Regressed);
    // What base exceeds is nobody's business any more.
    let over = with(Maker::new(1, 20), &[(Limited::Total, MS)]);
    let found = gate(&over, &Maker::new(2, 20));
    assert!(found.budgets.is_empty() && found.outcome == GateOutcome::Passed);
}
