use super::super::tests::comparison::{self, FOUR};
use super::super::tests::{holds, texts};
use super::*;

fn order(c: &Comparison) -> ChartSpec {
    // The narrow one is readable too.
    let [wide, _] = comparison::on_both(|layout| compose(c, layout)).unwrap();
    wide
}

#[test]
fn both_sides_take_turns() {
    let chart = order(&comparison::four(30));
    assert!(holds(&chart, "both sides on one clock"));
    insta::assert_snapshot!(chart.title, @"Every cold start in time: base main (1a2b3c4d5e6f), head warm-config (9f8e7d6c5b4a)");
    insta::assert_snapshot!(chart.caption, @"Both sides were measured in one run, in turns (head, base, base, head, ..., at most 2 of a side in a row): what drifts meets both. From the first half of the run to the second the base's own median moved most in jvm: by -2.4 %.");
}

#[test]
fn one_after_the_other_has_two_clocks() {
    let mut c = comparison::four(30);
    c.interleaved = false;
    for [_, head] in c.order.values_mut() {
        head.iter_mut().for_each(|start| start.at += 7_200_000_000_000);
    }
    let chart = order(&c);
    assert!(holds(&chart, "measured one after the other"));
    assert!(chart.caption.contains("one after the other"), "{}", chart.caption);
}

#[test]
fn failures_and_far_values_keep_their_place() {
    let mut c = comparison::four(20);
    for (i, sides) in c.order.values_mut().enumerate() {
        for start in sides.iter_mut().flatten() {
            match start.round as usize {
                3 | 7 => start.latency = None,
                9 => start.latency = start.latency.map(|ns| ns * 90),
                11 => start.latency = Some(0),
                _ if i == 2 => start.latency = None,
                _ => {}
            }
        }
    }
    let chart = order(&c);
    assert!(holds(&chart, "failed") && holds(&chart, "beyond an edge"));
    let labels = texts(&chart.canvas).iter().filter(|(text, _)| text.starts_with("head ")).count();
    assert_eq!(labels, 3, "most starts of one failed: it has no median");
}

#[test]
fn all_failed() {
    let mut c = comparison::four(20);
    c.order.values_mut().flatten().flatten().for_each(|start| start.latency = None);
    let chart = order(&c);
    assert!(chart.caption.contains("Too few starts"), "{}", chart.caption);
    assert!(!holds(&chart, "NaN"));
}

#[test]
fn many_cells_and_long_names() {
    let names: Vec<String> = (0..12).map(|i| format!("{i:02}_{}", "x".repeat(37))).collect();
    let shapes: Vec<comparison::Shape> =
        names.iter().enumerate().map(|(i, n)| (n.as_str(), 150.0, 20.0, i as f64 - 5.0)).collect();
    let mut c = comparison::of(&shapes, 8);
    c.base.simulated = true;
    let chart = order(&c);
    assert!(holds(&chart, "128 starts of the 8 worst cells, 4 not drawn"));
    assert!(chart.title.starts_with("SIMULATED: "));
}

#[test]
fn one_start_one_side_and_none() {
    let mut c = comparison::of(&FOUR[..1], 1);
    order(&c);
    c.order.values_mut().for_each(|[base, _]| base.clear());
    assert!(holds(&order(&c), "only one side"));
    c.interleaved = false;
    order(&c);
    c.order.values_mut().for_each(|[_, head]| head.clear());
    assert!(compose(&c, Layout::Wide).is_none());
}

#[test]
fn a_large_run_is_thinned() {
    let mut c = comparison::of(&FOUR[..1], 3);
    for side in c.order.values_mut().flatten() {
        *side = side.iter().copied().cycle().take(9_000).collect();
    }
    assert!(order(&c).canvas.strokes.len() < 13_000);
}

#[test]
fn the_same_comparison_gives_the_same_bytes() {
    let c = comparison::four(12);
    let twice = [0, 1].map(|_| crate::report::comparison::pictured(&c).unwrap());
    assert!(twice[0] == twice[1]);
    let all = twice[0].iter().map(|a| a.path.display().to_string());
    let paths: Vec<String> = all.filter(|path| path.starts_with("charts/")).collect();
    let expected = ["compare-forest.svg", "compare-order.svg"];
    assert_eq!(paths, expected.map(|name| format!("charts/{name}")));
}

#[test]
fn medians_are_told_as_a_table() {
    let chart = order(&comparison::four(30));
    let line = |row: &Vec<String>| row.join(" | ");
    let lines = [&chart.data.columns, &chart.data.rows[0], &chart.data.rows[1]].map(line);
    insta::assert_snapshot!(lines.join("\n"), @r#"
    cell | side | starts | used | failed | median, ms | median of the first half, ms | median of the second half, ms
    python | base | 30 | 29 | 0 | 152 | 152 | 152
    python | head | 30 | 29 | 0 | 175 | 175 | 173
    "#);
}
