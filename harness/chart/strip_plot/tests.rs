use super::super::ChartSpec;
use super::super::kit::canvas::Stroke;
use super::super::tests::wide;
use crate::report::tests::synthetic;
use crate::store::Run;

fn declutter(run: &Run) -> ChartSpec {
    wide(run, "spread").unwrap()
}

#[test]
fn the_narrowest_and_the_widest_are_named() {
    let chart = declutter(&synthetic::four(20));
    insta::assert_snapshot!(chart.caption, @r#"The middle half of the starts spans from 5.8 % of the median of jvm to 10.2 % of the median of python."#);
    insta::assert_snapshot!(chart.data.columns.join(" | "), @r#"function | n | failed | p25, ms | p50, ms | p75, ms | p75 - p25, ms | p75 - p25, % of p50 | p90 / p50"#);
    insta::assert_snapshot!(chart.data.rows[0].join(" | "), @r#"python | 19 | 0 | 207 | 216 | 229 | 22.0 | 10.2 | —"#);
}

#[test]
fn few_starts_have_no_quartiles_and_no_curve() {
    let chart = declutter(&synthetic::four(8));
    assert!(chart.caption.starts_with("Too few"), "{}", chart.caption);
    assert_eq!(chart.data.rows[0][3], "—");
    let many_points = |s: &Stroke| matches!(s, Stroke::Line { points, .. } if points.len() > 50);
    assert!(!chart.canvas.strokes.iter().any(many_points));
}

#[test]
fn a_large_run_is_thinned_and_says_so() {
    let mut run = synthetic::run(&synthetic::FOUR[..1], 20);
    let rows: Vec<_> = run.samples.iter().filter(|s| s.cell.step == "call").cloned().collect();
    for _ in 0..99 {
        run.samples.extend(rows.clone());
    }
    let chart = declutter(&run);
    assert!(chart.canvas.strokes.len() < 600, "{}", chart.canvas.strokes.len());
    assert!(super::super::tests::holds(&chart, "one in up to 5 is drawn"));
}
