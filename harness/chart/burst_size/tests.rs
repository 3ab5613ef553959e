use super::super::ChartSpec;
use super::super::tests::wide;
use crate::report::tests::synthetic;
use crate::spec::scenario::LoadShape;
use crate::store::Run;

fn chart(run: &Run) -> Option<ChartSpec> {
    wide(run, "burst-size")
}

#[test]
fn the_factor_from_the_smallest_to_the_largest() {
    let chart = chart(&synthetic::four(20)).unwrap();
    insta::assert_snapshot!(chart.caption, @r#"From 1 to 4 at once, the median takes 2.02 times (rust) to 2.04 times (node) as long."#);
    insta::assert_snapshot!(chart.data.rows[1].join(" | "), @r#"python | 4 | 76 | 0 | 435 (431–441) | 506"#);
    assert_eq!(chart.data.rows.len(), 8);
}

#[test]
fn one_size_is_no_line() {
    let mut run = synthetic::four(4);
    run.samples.retain(|s| s.cell.act == LoadShape::Burst(1));
    assert!(chart(&run).is_none());
}

#[test]
fn a_function_of_one_size_is_a_point_among_lines() {
    let mut run = synthetic::four(4);
    run.samples.retain(|s| s.cell.function != "node" || s.cell.act == LoadShape::Burst(1));
    let chart = chart(&run).unwrap();
    assert_eq!(chart.data.rows.len(), 7);
    assert!(!chart.caption.contains("node"), "{}", chart.caption);
}
