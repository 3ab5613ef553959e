//! The chart of the recipe in `harness/docs/ADDING.md`: this file and one line of a table.

use super::super::kit::axis::{Axis, Scale};
use super::super::kit::mark;
use super::super::kit::plot::{Edge, Name, Plot};
use super::super::{ChartContext, ChartSpec, Compose, Data, Definition, Layout, chart, drawn};
use crate::report::tests::synthetic;
use crate::stats::summarise;

const HOW_TO_READ: &str = "A line that rises is a function that became slower.";

/// The line in `CHARTS`.
const LINE: Definition = chart("drift", "trust", HOW_TO_READ, Compose::Conditions(compose));

/// Every cold start by its round.
fn compose(context: &ChartContext) -> Option<ChartSpec> {
    let series = context.cold();
    let y = Scale::log_about(series.iter().flat_map(|s| s.sorted_ms()))?;
    let x = Scale::from_nought(series.iter().flat_map(|s| &s.rows).map(|s| f64::from(s.round)))?;
    let title = context.title("Cold starts, round by round");
    let name = |s: &super::super::Series| Name { position: s.position, text: s.name.clone() };
    let plot = Plot {
        title: title.clone(),
        subtitle: context.subtitle(&series),
        legend: Vec::new(),
        names: series.iter().map(name).collect(),
        note: "",
        edge: Edge::Right,
        x: Axis::new(x, "round"),
        fields: vec![(Axis::new(y, "latency, ms (log)"), 300.0)],
    };
    let mut plot = plot.draw(context.layout, |_, _| ());
    let frame = plot.frame();
    let mut ends = Vec::new();
    let mut data = Data::new(["function", "answered"]);
    for one in &series {
        let at = |s: &&crate::sample::Sample| {
            Some(frame.point(f64::from(s.round), s.latency()? as f64 / 1e6))
        };
        let points: Vec<(f64, f64)> = one.rows.iter().filter_map(at).collect();
        mark::dashed_line(&mut plot.canvas, one.position, &points);
        ends.push(points.last().copied().unwrap_or((frame.right, frame.top)));
        data.row(vec![one.name.clone(), points.len().to_string()]);
    }
    let caption = "Every cold start by its round.".to_owned();
    Some(ChartSpec { title, caption, data, canvas: plot.named(&ends) })
}

#[test]
fn a_chart_is_a_file_and_a_line() {
    let run = synthetic::four(12);
    let summaries = summarise(&run.samples);
    let context = |layout| ChartContext::new(&run, &summaries, "bridge".to_owned(), layout);
    super::comparison::on_both(|layout| compose(&context(layout))).unwrap();
    let contexts = [Layout::Wide, Layout::Narrow].map(context);
    let charts = drawn(&[LINE], "-bridge", |chart| match chart.compose {
        Compose::Conditions(compose) => contexts.each_ref().map(compose),
        _ => [None, None],
    });
    let charts = charts.unwrap();
    super::keep(&charts);
    assert_eq!((&*charts[0].name, charts[0].section), ("drift-bridge", "trust"));
    assert!(charts[0].caption.ends_with(HOW_TO_READ) && charts[0].narrow.is_some());
}
