//! When a run ends before its last round.

use super::*;

/// Two functions, `f` whose starts spread so much and `g` likewise, under a scenario
/// with more lines at its top.
fn spread(f: f64, g: f64, lines: &str) -> Setup {
    let text = format!(
        r#"
        name = "t"
        rounds = 30
        keep-alive = "100ms"
        {lines}
        [[pattern]]
        name = "single"
        steps = [{{ name = "call", burst = 1 }}]
        "#
    );
    let scripts = [f, g].map(|spread| Script { spread, ..Script::default() });
    measuring(scenario::parse(&text, "t.toml").unwrap(), &scripts, |e| e, |making| making)
}

/// The rounds in which a function, or with none a control, was measured.
fn rounds(samples: &[Sample], function: Option<&str>) -> Vec<u32> {
    let mut rounds: Vec<u32> = samples
        .iter()
        .filter(|s| match function {
            Some(name) => s.cell.function == name && s.cell.control.is_none(),
            None => s.cell.control.is_some(),
        })
        .map(|s| s.round)
        .collect();
    rounds.dedup();
    rounds
}

#[tokio::test(start_paused = true)]
async fn what_is_known_well_enough_is_left_out_and_the_rest_goes_on_with_its_controls() {
    let setup = spread(0.0, 0.5, "until = \"1%\"");
    let (ended, samples) = run(&setup).await;
    assert_eq!(ended.unwrap(), RunEnd::Complete);
    // Round 1 is in no interval, and ten more are the least.
    assert_eq!(rounds(&samples, Some("f")), (1..=11).collect::<Vec<_>>());
    assert_eq!(rounds(&samples, Some("g")), (1..=30).collect::<Vec<_>>());
    assert_eq!(rounds(&samples, None), (1..=30).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_run_is_complete_when_every_cell_is_known_well_enough() {
    let setup = spread(0.0, 0.0, "until = \"1%\"");
    let (ended, samples) = run(&setup).await;
    assert_eq!(ended.unwrap(), RunEnd::Complete);
    assert_eq!(samples.iter().map(|s| s.round).max(), Some(11));
    assert_eq!(samples.len(), 11 * (2 + 5 + 5), "every round that was begun is whole");
}

#[tokio::test(start_paused = true)]
async fn a_wide_interval_is_enough_where_a_wide_one_was_asked_for() {
    let setup = spread(0.05, 0.05, "until = \"50%\"\ncontrols = false");
    let (_, samples) = run(&setup).await;
    assert_eq!(samples.len(), 11 * 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_stopping_rule_every_round_is_measured() {
    let setup = spread(0.0, 0.0, "controls = false");
    let (_, samples) = run(&setup).await;
    assert_eq!(samples.len(), 30 * 2);
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_time_is_over_says_so_and_keeps_its_rows() {
    let setup = spread(0.0, 0.0, "max-time = \"3s\"\ncontrols = false");
    let (ended, samples) = run(&setup).await;
    assert_eq!(ended.unwrap(), RunEnd::OutOfTime);
    assert!(!samples.is_empty() && samples.len() < 30 * 2, "{}", samples.len());
    assert!(samples.iter().all(|s| s.outcome.is_ok()), "no trial is cut short");
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_that_is_not_reached_changes_nothing() {
    let setup = spread(0.0, 0.0, "max-time = \"10h\"\ncontrols = false");
    let (ended, samples) = run(&setup).await;
    assert_eq!((ended.unwrap(), samples.len()), (RunEnd::Complete, 30 * 2));
}
