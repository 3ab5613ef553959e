//! A failure is a value: it ranks above every success.

use super::*;

const CRASHED: &str = "exit code 1";

#[test]
fn a_head_that_fails_in_every_round_has_regressed() {
    let found = gate(&Maker::new(1, 30), &Maker::new(2, 30).failing(is_cold));
    let total = row(&found, Metric::Total);
    assert_eq!(total.verdict, Verdict::Regressed);
    assert_eq!(failing(total).rounds, [(0, 29), (29, 29)]);
    assert_eq!(failing(total).cause.as_deref(), Some(CRASHED));
    assert_eq!((total.head.n, total.head.failed, total.head.median), (29, 29, None));
    assert!(total.ratio.is_none() && total.difference.is_none() && total.detectable.is_none());
    assert_eq!(found.outcome, GateOutcome::Regressed);
    assert_eq!(found.alarmed().len(), 1, "it is measured again");
}

#[test]
fn a_base_that_fails_in_every_round_cannot_be_judged_against() {
    let found = gate(&Maker::new(1, 30).failing(is_cold), &Maker::new(2, 30));
    let total = row(&found, Metric::Total);
    assert_eq!(total.verdict, Verdict::Invalid);
    assert_eq!(total.reason, Some(Reason::BaseFailed(Some(CRASHED.to_owned()))));
    assert_eq!(found.outcome, GateOutcome::Invalid);
}

#[test]
fn failures_of_every_round_on_both_sides_cannot_be_judged() {
    let failing = |seed| Maker::new(seed, 30).failing(is_cold);
    let found = gate(&failing(1), &failing(2));
    let total = row(&found, Metric::Total);
    assert_eq!(total.verdict, Verdict::Invalid);
    assert!(matches!(total.reason, Some(Reason::BothFailed(_))), "{total:#?}");
    assert_eq!(found.outcome, GateOutcome::Invalid);
    assert!(found.rows.iter().all(|row| row.metric != Metric::Own), "nobody tells of it");
}

#[test]
fn more_failures_than_before_are_a_regression_though_the_rest_is_as_fast() {
    // 10 of 29: too few to move the median, too many for chance.
    let found = gate(&Maker::new(1, 30), &Maker::new(2, 30).failing(from_round(21)));
    let total = row(&found, Metric::Total);
    assert_eq!(total.verdict, Verdict::Regressed);
    assert!(total.p.unwrap() > 0.05, "not by its latency: {total:#?}");
    assert_eq!(failing(total).rounds, [(0, 29), (10, 29)]);
    assert_eq!(total.head.failed, 10);
    // What is known of the own part is that of the rounds which answered.
    let own = row(&found, Metric::Own);
    assert_eq!((own.head.n, own.verdict), (19, Verdict::Unchanged));
}

#[test]
fn a_failure_now_and_then_is_no_regression() {
    let found = gate(&Maker::new(1, 30), &Maker::new(2, 30).failing(from_round(30)));
    let total = row(&found, Metric::Total);
    assert_eq!(total.verdict, Verdict::Unchanged);
    assert_eq!((total.head.failed, total.head.n), (1, 29));
    assert_eq!(found.outcome, GateOutcome::Passed);
}

#[test]
fn as_many_failures_on_both_sides_are_no_change() {
    let failing = |seed| Maker::new(seed, 30).failing(from_round(21));
    let found = gate(&failing(1), &failing(2));
    assert_eq!(verdict(&found, Metric::Total), Verdict::Unchanged);
    assert_eq!(found.outcome, GateOutcome::Passed);
}

#[test]
fn fewer_failures_are_no_regression() {
    let found = gate(&Maker::new(1, 30).failing(from_round(21)), &Maker::new(2, 30));
    let total = row(&found, Metric::Total);
    assert_ne!(total.verdict, Verdict::Regressed);
    assert_eq!(total.reason, None);
}

/// Counts alone would say that head fails less often.
#[test]
fn failures_are_told_as_a_share_of_the_rounds() {
    let base = Maker::new(1, 101).failing(|s| s.round > 81);
    let head = Maker::new(2, 21).failing(|s| s.round > 3);
    let found = gate(&base, &head);
    let total = row(&found, Metric::Total);
    assert_eq!(total.verdict, Verdict::Regressed);
    assert_eq!(failing(total).rounds, [(20, 100), (18, 20)]);
}

#[test]
fn what_fails_has_regressed_whatever_the_machine_did() {
    let base = Maker::new(1, 30).with_floor(3, 100.0);
    let head = Maker::new(2, 30).failing(from_round(11)).with_floor(4, 130.0);
    let found = later(&base, &head);
    assert_eq!(verdict(&found, Metric::Total), Verdict::Regressed);
    assert_eq!(found.outcome, GateOutcome::Regressed);
}

/// With so few rounds not even that is beyond chance.
#[test]
fn a_head_that_never_answers_does_not_pass_however_few_the_rounds() {
    let rules = Rules { gated: vec![Metric::Total], ..Rules::default() };
    let found = gate_by(&rules, &Maker::new(1, 3), &Maker::new(2, 3).failing(is_cold));
    let total = row(&found, Metric::Total);
    assert_eq!(total.verdict, Verdict::Invalid);
    let failed = Failing { rounds: [(0, 2), (2, 2)], cause: Some(CRASHED.to_owned()) };
    assert_eq!(total.reason, Some(Reason::HeadFailed(Some(failed))));
    assert_eq!(found.outcome, GateOutcome::Invalid);
}
