use super::super::ChartSpec;
use super::super::tests::{holds, on_both};
use crate::report::tests::synthetic;
use crate::sample::Mark;
use crate::store::Run;

fn phases(run: &Run) -> [ChartSpec; 2] {
    on_both(run, "phases").unwrap()
}

#[test]
fn figures_add_up_in_both_papers() {
    let [wide, narrow] = phases(&synthetic::four(9));
    for chart in [&wide, &narrow] {
        assert!(holds(chart, "python") && holds(chart, "ms since the intended instant"));
    }
    let row = &wide.data.rows[0];
    let value = |text: &String| text.parse::<f64>().unwrap_or(0.0);
    let sum: f64 = row[1..row.len() - 1].iter().map(value).sum();
    assert!((sum - value(&row[row.len() - 1])).abs() < 0.01, "{row:?}");
    insta::assert_snapshot!(wide.data.columns.join("; "), @r#"function; queue, ms; create, ms; engine+boot, ms; init, ms; invoke, ms; total, ms"#);
}

#[test]
fn a_traced_start_has_all_its_phases() {
    let mut run = synthetic::four(9);
    synthetic::with_processes(&mut run, "rust");
    let [wide, narrow] = phases(&run);
    for name in ["create", "daemon", "network", "boot", "invoke"] {
        assert!(holds(&wide, name), "{name}");
    }
    assert!(holds(&narrow, "network") && holds(&narrow, "also "));
}

#[test]
fn names_of_forty_letters() {
    let names: Vec<String> = (0..8).map(|i| format!("{i}{}", "W".repeat(39))).collect();
    let shapes: Vec<synthetic::Shape> =
        names.iter().map(|name| (&*name.clone().leak(), 150.0, 5.0, 0.3)).collect();
    phases(&synthetic::run(&shapes, 6));
}

#[test]
fn eight_functions_of_very_different_lengths() {
    let names: Vec<String> = (0..8).map(|i| format!("function_{i}")).collect();
    let shapes: Vec<synthetic::Shape> = names
        .iter()
        .enumerate()
        .map(|(i, name)| (&*name.clone().leak(), 20.0 * 2_f64.powi(i as i32), 5.0, 0.3))
        .collect();
    phases(&synthetic::run(&shapes, 6));
}

#[test]
fn what_is_shorter_than_a_millisecond_is_told_in_microseconds() {
    let mut run = synthetic::four(6);
    for sample in &mut run.samples {
        let at = sample.marks.get(Mark::Intended).unwrap();
        sample.marks = [(Mark::Intended, at), (Mark::Responded, at + 5_000)].into_iter().collect();
    }
    let [wide, _] = phases(&run);
    assert!(holds(&wide, "5.00 us") && holds(&wide, "us since the intended instant"));
    assert!(wide.data.columns.last().unwrap().ends_with(", us"));
    // Nothing took any time at all.
    for sample in &mut run.samples {
        let at = sample.marks.get(Mark::Intended).unwrap();
        sample.marks.set(Mark::Responded, at);
    }
    phases(&run);
}
