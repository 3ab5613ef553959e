use super::super::tests::comparison::{self, FOUR};
use super::super::tests::{holds, texts};
use super::*;
use crate::compare::{Reason, Values, Verdict};
use crate::stats::Fault;
use crate::stats::hodges_lehmann::Estimate;

fn forest(c: &Comparison) -> ChartSpec {
    // The narrow one is readable too.
    let [wide, _] = comparison::on_both(|layout| compose(c, layout)).unwrap();
    wide
}

#[test]
fn one_of_four_became_slower() {
    let chart = forest(&comparison::four(30));
    for text in
        ["▲ slower", "= same", "python", "change, %", "change, ms", "informational, not gated"]
    {
        assert!(holds(&chart, text), "{text}");
    }
    insta::assert_snapshot!(chart.title, @"Change from main (1a2b3c4d5e6f) to warm-config (9f8e7d6c5b4a)");
    insta::assert_snapshot!(chart.caption, @"8 gated rows: 2 worse, 6 the same. Worst is python, boot+init: +24.2 ms [+23.7, +24.6], margin 2.00 ms. Where it sits: python: init +24.0 ms. n = 29 rounds a side.");
    assert!(!holds(&chart, "more row"));
}

#[test]
fn names_and_causes_are_tamed_and_fit() {
    let name = "a_function_with_a_name_of_40_characters_";
    let mut c = comparison::of(&[(name, 150.0, 20.0, 9.0), ("b\u{1b}[31m", 9e6, 8e6, -4e6)], 30);
    c.base.label = "x".repeat(300);
    c.head.label = "</svg><script>".into();
    c.head.simulated = true;
    c.base.invalid = vec![Fault::Slope("process", 1.04)];
    let mut host = c.rows.clone();
    for cell in host.iter_mut().filter_map(|row| row.cell.as_mut()) {
        cell.factors.network = Some(crate::spec::factor::Network::Host);
        cell.factors.runtime = Some("a-runtime-of-a-long-name".into());
        cell.step = "another-step-of-a-long-name".into();
    }
    c.rows.extend(host);
    let chart = forest(&c);
    assert!(chart.title.starts_with("INVALID: SIMULATED: Change from xxx"), "{}", chart.title);
    assert!(holds(&chart, name), "40 characters are not cut");
    assert!(holds(&chart, "bridge · runc"));
    let svg = chart.canvas.svg(&chart.title, &chart.caption).unwrap();
    assert!(!svg.contains("<script>") && !svg.contains('\u{1b}'));
}

#[test]
fn what_leaves_the_axis_is_an_arrow_and_figures() {
    let mut c = comparison::four(30);
    let mut ends = [(0.5, 900.0), (70.0, 80.0), (1e-9, 1e-3), (0.0, f64::INFINITY)].into_iter();
    for row in c.rows.iter_mut().filter(|row| row.metric == Metric::Total) {
        let (low, high) = ends.next().unwrap();
        row.ratio = Some(Estimate { value: f64::midpoint(low, high), interval: Some((low, high)) });
    }
    for row in c.rows.iter_mut().filter(|row| row.metric == Metric::Own) {
        row.difference = Some(Estimate { value: 3e15, interval: Some((f64::NEG_INFINITY, 4e15)) });
    }
    let chart = forest(&c);
    assert!(holds(&chart, "[-50.0, +9.0e4]") && holds(&chart, "+∞"), "{:?}", texts(&chart.canvas));
}

#[test]
fn nothing_known_is_said() {
    let mut c = comparison::four(30);
    c.rows[0].ratio = Some(Estimate { value: f64::NAN, interval: None });
    for row in &mut c.rows[1..] {
        (row.verdict, row.ratio, row.difference) = (Verdict::Invalid, None, None);
        row.reason = Some(Reason::BothFailed(Some("no answer in time ".repeat(4))));
        row.head = Values { n: 29, failed: 29, median: None };
        row.base = Values::default();
    }
    let chart = forest(&c);
    assert!(holds(&chart, "— → failed") && holds(&chart, "! invalid"));
    assert!(holds(&chart, "every round"));
    assert!(holds(&chart, "12 rows not gated, without an interval"));
}

#[test]
fn one_row_and_none() {
    let mut c = comparison::of(&FOUR[..1], 30);
    c.rows.truncate(1);
    assert!(!holds(&forest(&c), "informational"));
    c.rows[0].margin = crate::spec::tolerance::Margin { share: 0.0, floor: 0.0 };
    forest(&c);
    c.rows[0].margin.share = f64::INFINITY;
    c.rows[0].base.median = Some(0.0);
    forest(&c);
    c.rows.clear();
    assert!(compose(&c, Layout::Wide).is_none());
}

#[test]
fn too_many_rows_are_counted() {
    let names: Vec<String> = (0..30).map(|i| format!("function_{i}")).collect();
    let shapes: Vec<comparison::Shape> =
        names.iter().enumerate().map(|(i, n)| (n.as_str(), 150.0, 20.0, i as f64 - 5.0)).collect();
    let chart = forest(&comparison::of(&shapes, 30));
    let lines = texts(&chart.canvas).iter().filter(|(t, _)| t.starts_with("function_")).count();
    assert_eq!(lines, MOST);
    assert!(holds(&chart, "and 80 more rows, "), "{:?}", texts(&chart.canvas).last());
}

#[test]
fn figures_are_told_as_a_table() {
    let chart = forest(&comparison::four(30));
    let line = |row: &Vec<String>| row.join(" | ");
    let lines = [&chart.data.columns, &chart.data.rows[0], &chart.data.rows[9]].map(line);
    insta::assert_snapshot!(lines.join("\n"), @r#"
    function | what | base, median | head, median | change | 95 % interval, low | 95 % interval, high | margin | p (adjusted) | verdict
    python | boot+init · single/call | 30.0 ms | 54.2 ms | +24.2 ms | +23.7 ms | +24.6 ms | 2.00 ms | — | ▲ slower
    python | memory · single/call | 20.0 MiB | 20.2 MiB | +1.0 % | +0.4 % | +1.5 % | 5.0 % | — | = same
    "#);
}
