use super::super::ChartSpec;
use super::super::tests::{texts, wide};
use crate::report::tests::synthetic;
use crate::sample::Mark;
use crate::spec::control::Control;
use crate::stats::summarise;
use crate::store::Run;

fn controlled(slope: f64, noise: f64) -> Run {
    let mut run = synthetic::run(&synthetic::FOUR[..1], 20);
    synthetic::with_controls(&mut run, slope, noise);
    run
}

fn calibration(run: &Run) -> Option<ChartSpec> {
    wide(run, "calibration")
}

fn words(chart: &ChartSpec) -> Vec<&str> {
    texts(&chart.canvas).into_iter().map(|(text, _)| text).collect()
}

#[test]
fn small_residuals_are_not_pressed_flat_by_the_limits() {
    let run = controlled(1.0002, 0.03);
    let chart = calibration(&run).unwrap();
    assert!(words(&chart).contains(&"measured less known, us"), "{:?}", words(&chart));
    assert!(!words(&chart).contains(&"within 1 ms"));
    insta::assert_snapshot!(chart.caption, @"Measured against known: null process: slope 1.0001 ± 0.0001, intercept 2.14 ms, furthest median 5.10 us off its line; null container, after its engine: slope 1.0002 ± 0.0001, intercept 2.13 ms, furthest median -10.1 us off its line. A valid run has every median within 1 ms of its line (further out than this chart).");
}

#[test]
fn every_known_sleep_is_a_row_of_figures() {
    let chart = calibration(&controlled(1.0002, 0.03)).unwrap();
    let line = |row: &Vec<String>| row.join(" | ");
    insta::assert_snapshot!(line(&chart.data.columns), @r#"control | known sleep, ms | n | measured median, ms | less known, ms | less known and intercept, ms | p25 to p75 of that, ms"#);
    insta::assert_snapshot!(line(&chart.data.rows[4]), @r#"null process | 100 | 19 | 102 | +2.14 | +0.007 | +0.001 to +0.019"#);
    assert_eq!(chart.data.rows.len(), 10);
}

#[test]
fn large_residuals_are_drawn_with_the_limits() {
    let run = controlled(1.0, 0.5);
    let chart = calibration(&run).unwrap();
    assert!(words(&chart).contains(&"within 1 ms"));
    assert!(words(&chart).contains(&"measured less known, ms"));
}

#[test]
fn a_wrong_clock_is_said() {
    let chart = calibration(&controlled(1.05, 0.03)).unwrap();
    assert!(chart.caption.contains("Not to be believed"), "{}", chart.caption);
}

#[test]
fn none_without_controls_and_one_a_run() {
    assert!(calibration(&synthetic::four(3)).is_none());
    let mut run = controlled(1.0, 0.05);
    let mut host = run.samples.clone();
    host.iter_mut().for_each(|s| s.cell.factors.network = crate::spec::factor::Network::Host);
    run.samples.extend(host);
    let charts = super::super::charts(&run, &summarise(&run.samples)).unwrap();
    let names: Vec<&str> = charts.iter().map(|c| &*c.name).collect();
    assert_eq!(names.iter().filter(|n| n.contains("calibration")).count(), 1, "{names:?}");
    assert!(names.contains(&"calibration"));
}

#[test]
fn of_a_fleet_every_node_has_a_series_with_its_name() {
    let mut run = controlled(1.0002, 0.03);
    let on = |node: &str| {
        let mut rows = run.samples.clone();
        rows.iter_mut().for_each(|s| s.cell.factors = s.cell.factors.clone().on_node(node));
        rows
    };
    run.samples = [on("a"), on("b")].concat();
    let chart = calibration(&run).unwrap();
    let mut names: Vec<&str> = chart.data.rows.iter().map(|row| &*row[0]).collect();
    names.dedup();
    insta::assert_snapshot!(names.join(" | "), @"null process, a | null process, b | null container, after its engine, a | null container, after its engine, b");
    assert_eq!(chart.data.rows.len(), 20);
}

#[test]
fn one_series_fills_the_chart() {
    let mut run = controlled(1.0, 0.05);
    run.samples.retain(|s| !matches!(s.cell.control, Some(Control::Container(_))));
    let chart = calibration(&run).unwrap();
    assert!(!chart.caption.contains("container"));
}

#[test]
fn extremes_have_a_chart() {
    let mut equal = controlled(1.0, 0.0);
    for sample in equal.samples.iter_mut().filter(|s| s.cell.control.is_some()) {
        let slept = u64::from(sample.cell.control.unwrap().sleep_ms()) * 1_000_000;
        let from = sample.marks.get(Mark::Intended).unwrap();
        sample.marks.set(Mark::Exec, from);
        sample.marks.set(Mark::Responded, from + slept);
    }
    calibration(&equal).unwrap();

    let mut wild = controlled(1.0, 0.05);
    for (i, sample) in wild.samples.iter_mut().enumerate() {
        if i % 9 == 0 {
            sample.marks.set(Mark::Responded, u64::MAX - i as u64);
        }
    }
    calibration(&wild).unwrap();

    // A file may hold any known sleep.
    let mut many = controlled(1.0, 0.05);
    for (i, sample) in many.samples.iter_mut().enumerate() {
        if sample.cell.control.is_some() {
            sample.cell.control = Some(Control::Process(i as u32 / 2 % 90 * 40_000_000));
        }
    }
    calibration(&many).unwrap();
}

#[test]
fn a_large_run_is_thinned() {
    let mut run = controlled(1.0, 0.05);
    let rows: Vec<_> = run.samples.iter().filter(|s| s.cell.control.is_some()).cloned().collect();
    for _ in 0..70 {
        run.samples.extend(rows.clone());
    }
    let chart = calibration(&run).unwrap();
    assert!(chart.canvas.strokes.len() < 8_000, "{}", chart.canvas.strokes.len());
}
